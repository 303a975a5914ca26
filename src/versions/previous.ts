/** Where a rollback goes: the same for the embedded store and for what is kept of MLflow's aliases. */
import type { HistoryEvent } from './types.ts';

/**
 * The version that an alias was at before the one it is at now; null where there is none.
 *
 * Each move is a step forward, each rollback takes steps back: after 1, 2, 3 two rollbacks lead to 1 and a third to
 * nothing, instead of going to and fro between 3 and 2. A move forward after a rollback counts from there on: 1, 2, 3,
 * back to 2, forward to 4 leads back to 2. Versions that are no more are passed over, and so are times without a version.
 *
 * @param events of this alias, newest first
 * @param exists whether a version can still be served
 */
export function previousOf(
  events: readonly HistoryEvent[],
  exists: (version: string) => boolean,
): string | null {
  const steps: (string | null)[] = [];
  for (const event of events.toReversed()) {
    if (event.kind === 'alias-deleted') {
      steps.push(null);
    } else if (event.kind === 'alias-moved') {
      const back = event.rollback === true ? steps.lastIndexOf(event.to) : -1;
      if (back >= 0) {
        steps.length = back + 1;
      } else {
        steps.push(event.to);
      }
    }
  }
  const now = steps.pop();
  return steps.findLast((step) => step !== null && step !== now && exists(step)) ?? null;
}
