/** Ctrl-C and SIGTERM of commands that work for a while: the first asks the work to clean up and end, the second ends it. */
import { isLoadlineError, LoadlineError } from '../errors.ts';

const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Runs `work` with a signal that aborts on SIGINT or SIGTERM. Interrupted work rejects with LL6017 whatever it threw, and
 * the process exits 130 or 143.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let code: number | null = null;
  const stop = (name: keyof typeof EXIT_CODE): void => {
    if (code !== null) {
      process.exit(EXIT_CODE[name]);
    }
    code = EXIT_CODE[name];
    controller.abort();
  };
  const handlers = { SIGINT: () => stop('SIGINT'), SIGTERM: () => stop('SIGTERM') };
  for (const [name, handler] of Object.entries(handlers)) {
    process.on(name, handler);
  }
  try {
    return await work(controller.signal);
  } catch (error) {
    if (code === null) {
      throw error;
    }
    const exit = code;
    // After the error has been shown, which sets the code of a failure.
    process.once('exit', () => {
      process.exitCode = exit;
    });
    throw isLoadlineError(error) && error.code === 'LL6017'
      ? error
      : new LoadlineError('LL6017', 'Interrupted', { cause: error });
  } finally {
    for (const [name, handler] of Object.entries(handlers)) {
      process.off(name, handler);
    }
  }
}
