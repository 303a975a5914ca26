/** The life of a running server as its operator steers it: change, reload, drain, end. */
import type { CheckReport, FollowStatus, RosterPlan } from './roster/plan.ts';

/** A server, of one process or of several. */
export interface Running {
  /** What it serves now. */
  plan(): RosterPlan;
  /**
   * Serves another plan: every process opens and checks what is new in it, and only when all could does any serve it. One
   * change follows the other. Rejects with what opening and checking threw; all goes on as before then.
   */
  apply(plan: RosterPlan): Promise<readonly CheckReport[]>;
  /** Tells every process how following references goes: for `/readyz` and the metrics. */
  note(follows: readonly FollowStatus[]): void;
  /** Is not ready but serves for `periodMs`, finishes what is in flight, ends. */
  stop(periodMs: number): Promise<void>;
  /** Ends at once. */
  kill(): void;
}

export interface SignalOptions {
  /** What SIGHUP does: looks again at what is served. */
  readonly reload: () => Promise<void>;
  /** How long SIGTERM keeps serving, in milliseconds: until load balancers have seen that it is not ready. */
  readonly drainMs: number;
  readonly log: (message: string) => void;
  /** Where signals come from; `process` outside of tests. */
  readonly source?: Pick<NodeJS.EventEmitter, 'on' | 'off'>;
}

const SIGNAL_EXIT = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Obeys signals until the server has ended; gives the exit code. SIGHUP reloads. SIGTERM drains for `drainMs` and
 * SIGINT (a person at a terminal, with no load balancer before it) without waiting; both give 0. A second one ends at once
 * with 143 or 130.
 */
export function obeySignals(
  running: Pick<Running, 'stop' | 'kill'>,
  options: SignalOptions,
): Promise<number> {
  const { drainMs, log, reload, source = process } = options;
  const { promise, resolve } = Promise.withResolvers<number>();
  let stopping = false;
  const stop = (signal: keyof typeof SIGNAL_EXIT): void => {
    if (stopping) {
      running.kill();
      finish(SIGNAL_EXIT[signal]);
      return;
    }
    stopping = true;
    const periodMs = signal === 'SIGTERM' ? drainMs : 0;
    log(`${signal}: draining${periodMs > 0 ? ` for ${periodMs / 1000} s` : ''}; once more ends at once`);
    void running.stop(periodMs).then(
      () => finish(0),
      (error: unknown) => {
        log(`could not drain: ${error instanceof Error ? error.message : error}`);
        running.kill();
        finish(1);
      },
    );
  };
  const handlers = {
    SIGTERM: () => stop('SIGTERM'),
    SIGINT: () => stop('SIGINT'),
    SIGHUP: () => {
      reload().catch((error: unknown) => {
        log(
          `reload failed, the old model goes on serving: ${error instanceof Error ? error.message : error}`,
        );
      });
    },
  };
  const finish = (code: number): void => {
    for (const [signal, handler] of Object.entries(handlers)) {
      source.off(signal, handler);
    }
    resolve(code);
  };
  for (const [signal, handler] of Object.entries(handlers)) {
    source.on(signal, handler);
  }
  return promise;
}
