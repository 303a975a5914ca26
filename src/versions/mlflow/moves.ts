/** Where Loadline moved the aliases of a model, kept as a tag of it: MLflow itself remembers only where they are now. */
import type { HistoryEvent } from '../types.ts';
import { isTime } from './answers.ts';

/** Of the registered model. */
export const MOVES_TAG = 'loadline.history';

/** Below the 5,000 characters of a tag in MLflow 2 (later ones take more). */
const MOST_CHARACTERS = 4_500;
const MOST_WHY = 200;
const MOST_BY = 60;

/** As short as it can be: the fewer characters, the longer the history. */
interface Row {
  /** Milliseconds since 1970. */
  readonly t: number;
  readonly a: string;
  readonly f: string | null;
  /** Null where the alias was deleted. */
  readonly to: string | null;
  readonly by: string;
  readonly why?: string;
  /** 1 where it went back. */
  readonly r?: 1;
}

/** Moves of a model, newest first; none where the tag is not one that Loadline wrote. */
export function parseMoves(name: string, tag: string | undefined): readonly HistoryEvent[] {
  let rows: unknown;
  try {
    rows = JSON.parse(tag ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(rows) ? rows.filter(isRow).map((row) => eventOf(name, row)) : [];
}

/** The tag with one more move, the oldest left out where it would grow too long. */
export function addMove(
  tag: string | undefined,
  move: {
    readonly at: number;
    readonly alias: string;
    readonly from: string | null;
    readonly to: string | null;
    readonly by: string;
    readonly why: string;
    readonly rollback: boolean;
  },
): string {
  const { at, alias, from, to, by, why, rollback } = move;
  const rows: Row[] = [
    {
      t: at,
      a: alias,
      f: from,
      to,
      by: by.slice(0, MOST_BY),
      ...(why === '' ? {} : { why: why.slice(0, MOST_WHY) }),
      ...(rollback ? { r: 1 as const } : {}),
    },
    ...parseMoves('', tag).map(rowOf),
  ];
  let text = JSON.stringify(rows);
  while (text.length > MOST_CHARACTERS && rows.length > 1) {
    rows.pop();
    text = JSON.stringify(rows);
  }
  return text;
}

/**
 * Moves of one alias, newest first, with those put in that others made: where a move did not begin where the one before
 * it ended, and where the alias is now.
 */
export function completeMoves(moves: readonly HistoryEvent[], now: string | null): readonly HistoryEvent[] {
  const complete: HistoryEvent[] = [];
  let at: string | null = null;
  const add = (event: HistoryEvent): void => {
    complete.unshift(event);
    at = event.to;
  };
  const [newest] = moves;
  if (newest === undefined) {
    return [];
  }
  const foreign = (to: string | null): HistoryEvent => ({
    ...newest,
    kind: to === null ? 'alias-deleted' : 'alias-moved',
    rollback: false,
    from: at,
    to,
    version: to,
    by: '',
    why: '',
  });
  for (const move of moves.toReversed()) {
    if (move.from !== at) {
      add(foreign(move.from));
    }
    add(move);
  }
  if (now !== at) {
    add(foreign(now));
  }
  return complete;
}

function eventOf(name: string, { t, a, f, to, by, why = '', r }: Row): HistoryEvent {
  return {
    at: t,
    kind: to === null ? 'alias-deleted' : 'alias-moved',
    name,
    version: to,
    alias: a,
    from: f,
    to,
    ...(r === 1 ? { rollback: true } : {}),
    by,
    why,
  };
}

function rowOf({ at, alias, from, to, by, why, rollback }: HistoryEvent): Row {
  return {
    t: at,
    a: alias ?? '',
    f: from,
    to,
    by,
    ...(why === '' ? {} : { why }),
    ...(rollback === true ? { r: 1 as const } : {}),
  };
}

function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { t, a, f, to, by, why } = value as Record<string, unknown>;
  const isVersion = (version: unknown): boolean => version === null || typeof version === 'string';
  return (
    typeof t === 'number' &&
    isTime(t) &&
    typeof a === 'string' &&
    isVersion(f) &&
    isVersion(to) &&
    typeof by === 'string' &&
    (why === undefined || typeof why === 'string')
  );
}
