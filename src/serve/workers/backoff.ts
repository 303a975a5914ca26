/** How long to wait before a worker that died is replaced. */

const FIRST_MS = 100;
const MOST_MS = 10_000;
/** A worker that lived this long was healthy: the next death starts from the first delay again. */
const HEALTHY_MS = 10_000;

export interface Backoff {
  /** Deaths in a row without a healthy life between them. */
  readonly failures: number;
  readonly delayMs: number;
}

export const NO_BACKOFF: Backoff = { failures: 0, delayMs: 0 };

/** The next delay after a worker that lived `livedMs`: 100 ms, doubling up to 10 s, from the start again after a healthy life. */
export function nextBackoff(previous: Backoff, livedMs: number): Backoff {
  const failures = livedMs >= HEALTHY_MS ? 1 : previous.failures + 1;
  return { failures, delayMs: Math.min(FIRST_MS * 2 ** (failures - 1), MOST_MS) };
}
