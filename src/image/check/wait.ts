/** Waiting that ends in time. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 10;

/** What `promise` gives, or null after `mostMs`. Rejects when `signal` fires. */
export async function within<T>(promise: Promise<T>, mostMs: number, signal: AbortSignal): Promise<T | null> {
  const over = new AbortController();
  try {
    return await Promise.race([
      promise,
      sleep(mostMs, null, { signal: AbortSignal.any([signal, over.signal]) }),
    ]);
  } finally {
    // A timer that goes on would keep the process from ending.
    over.abort();
  }
}

/** Waits until `done` says so; false when `mostMs` are over before. Rejects when `signal` fires. */
export async function until(
  done: () => boolean | Promise<boolean>,
  mostMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const latest = performance.now() + mostMs;
  while (!(await done())) {
    if (performance.now() >= latest) {
      return false;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  return true;
}
