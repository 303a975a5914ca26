/** Trying again what may work later, with growing pauses, and telling that one waits. */
import { setTimeout as sleepFor } from 'node:timers/promises';
import { LoadlineError } from '../errors.ts';

export interface Timing {
  /** Without a byte for so long a connection counts as dead. */
  readonly idleMs: number;
  /** The pause after the first failure; it doubles with each. */
  readonly pauseMs: number;
  /** The longest pause; who asks for a longer one is not waited for. */
  readonly maxPauseMs: number;
  /** From 0 to 1, as Math.random. */
  readonly random: () => number;
  /** Rejects when the signal fires. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** At most three minutes in all. */
export const TIMING: Timing = {
  idleMs: 30_000,
  pauseMs: 1_000,
  maxPauseMs: 60_000,
  random: Math.random,
  sleep: (ms, signal) => sleepFor(ms, undefined, { signal }),
};

/** How often something is tried in all. */
export const TRIES = 4;

const HTTP_DATE = /^[A-Z][a-z]{2}, .* GMT$/;

/** A failure that may pass, with the pause the other side asked for. */
export class Passing extends Error {
  readonly failure: LoadlineError;
  readonly afterMs: number | null;

  constructor(failure: LoadlineError, afterMs: number | null = null) {
    super(failure.message, { cause: failure });
    this.failure = failure;
    this.afterMs = afterMs;
  }
}

export interface Pause {
  readonly reason: string;
  readonly ms: number;
  /** Counted from 1: the try that follows. */
  readonly nextTry: number;
}

/**
 * Calls `work` until it succeeds, fails for good, or has failed `TRIES` times with a failure that may pass. Pauses are
 * between half and all of `pauseMs` · 2ⁿ, so that clients that failed together do not come back together, but at least
 * what the other side asked for.
 *
 * @throws LoadlineError LL6017 when the signal fires, else the last failure.
 */
export async function withRetries<T>(
  timing: Timing,
  signal: AbortSignal,
  onPause: (pause: Pause) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (signal.aborted) {
        throw signal.reason;
      }
      return await work();
    } catch (error) {
      if (signal.aborted) {
        throw new LoadlineError('LL6017', 'Interrupted', { cause: error });
      }
      if (!(error instanceof Passing)) {
        throw error;
      }
      const { failure, afterMs } = error;
      if (attempt === TRIES) {
        throw new LoadlineError(failure.code, `${failure.message} (tried ${TRIES} times)`, failure.detail);
      }
      if (afterMs !== null && afterMs > timing.maxPauseMs) {
        const seconds = Math.ceil(afterMs / 1000);
        throw new LoadlineError(
          failure.code,
          `${failure.message}; it asks to wait for ${seconds} s`,
          failure.detail,
        );
      }
      const grown = timing.pauseMs * 2 ** (attempt - 1) * (0.5 + timing.random() / 2);
      const ms = Math.round(Math.min(timing.maxPauseMs, Math.max(grown, afterMs ?? 0)));
      onPause({ reason: failure.message, ms, nextTry: attempt + 1 });
      await pause(timing, ms, signal);
    }
  }
}

async function pause(timing: Timing, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await timing.sleep(ms, signal);
  } catch (error) {
    throw new LoadlineError('LL6017', 'Interrupted', { cause: error });
  }
}

/** Milliseconds of a Retry-After header, in seconds or as a date set against the answer's own; null for none. */
export function parseRetryAfter(value: string | undefined, date: string | undefined): number | null {
  if (value === undefined) {
    return null;
  }
  if (/^\d+$/.test(value)) {
    return Number(value) * 1000;
  }
  // Date.parse takes more than dates of HTTP.
  const ms = HTTP_DATE.test(value) ? Date.parse(value) - Date.parse(date ?? '') : Number.NaN;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
