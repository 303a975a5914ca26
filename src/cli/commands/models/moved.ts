/** An alias that moved, in words. */
import type { AliasMove } from '../../../versions/types.ts';

/** `champion was 3, now 2`. */
export function movedText({ alias, from, to }: AliasMove): string {
  if (from === to) {
    return `${alias} is at ${to} already`;
  }
  return from === null ? `${alias} is now at ${to}` : `${alias} was ${from}, now ${to}`;
}

/** What follows from a move. */
export const FOLLOW_NOTE = 'running servers with --watch follow within their poll interval';
