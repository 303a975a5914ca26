/** Rows of recent requests, for holding a new version against the one it replaces. */
import type { Data } from '../../model/data.ts';

export interface Recent {
  /** Keeps some of the rows of every sixteenth request. */
  offer(rows: Data): void;
  /** Oldest first. */
  rows(): readonly Data[];
}

/** Enough that a share of 2 % of differing requests is likely seen (1 − 0.98¹²⁸ = 92 %). */
const KEPT = 128;
/** One in so many: rows that live on cost the garbage collector more than those that die young. */
const EVERY = 16;
/** Larger requests are not kept: 128 of them would hold memory for no more knowledge. */
const MOST_ROWS = 16;

export function createRecent(): Recent {
  const ring: Data[] = [];
  let seen = 0;
  let next = 0;
  return {
    offer(rows) {
      // The first ones are all kept, so that a server with little traffic has something to compare too.
      if (rows.nRows > MOST_ROWS || (ring.length === KEPT && seen++ % EVERY !== 0)) {
        return;
      }
      ring[next] = rows;
      next = (next + 1) % KEPT;
    },
    rows: () => [...ring.slice(next), ...ring.slice(0, next)],
  };
}
