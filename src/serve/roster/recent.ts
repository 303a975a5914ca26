/** Rows of recent requests, for holding a new version against the one it replaces. */
import type { Data } from '../../model/data.ts';
import { rowBytes } from '../row-bytes.ts';

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

/** Wide rows and long texts are kept for as long as they fit; one request takes no more than an eighth. */
const MOST_BYTES = 2 ** 23;

export function createRecent(): Recent {
  const kept: { readonly rows: Data; readonly bytes: number }[] = [];
  let keptBytes = 0;
  let isFull = false;
  let seen = 0;
  return {
    offer(rows) {
      // The first ones are all kept, so that a server with little traffic has something to compare too.
      if (rows.nRows > MOST_ROWS || (isFull && seen++ % EVERY !== 0)) {
        return;
      }
      const bytes = rowBytes(rows);
      if (bytes > MOST_BYTES / 8) {
        return;
      }
      kept.push({ rows, bytes });
      keptBytes += bytes;
      while (kept.length > KEPT || keptBytes > MOST_BYTES) {
        keptBytes -= kept.shift()!.bytes;
      }
      isFull = kept.length === KEPT || keptBytes > MOST_BYTES / 2;
    },
    rows: () => kept.map(({ rows }) => rows),
  };
}
