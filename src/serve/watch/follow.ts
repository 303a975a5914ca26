/**
 * Follows the references of a running server: looks where they lead now, brings a new version here and has it checked
 * and served. A version that fails anywhere on that way never takes a request. Every change of what a server serves goes
 * through here, one after the other.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import { systemClock } from '../../clock.ts';
import { type ErrorCode, isLoadlineError, LoadlineError } from '../../errors.ts';
import type { FoundVersion, Source, Work } from '../../versions/types.ts';
import type { Repository } from '../protocols/define.ts';
import type { CheckReport, FollowStatus, ModelPlan, RosterPlan, VersionPlan } from '../roster/plan.ts';
import type { Running } from '../run.ts';
import { decide, type Failure, moveChampion, noteFailure } from './decide.ts';
import { failedLine, movedLine } from './lines.ts';

/** A model of the server and what its champion follows. */
export interface Followed {
  /** Name it is served by. */
  readonly name: string;
  /** As it was given. */
  readonly reference: string;
  readonly source: Source;
  /** Null where it is looked up only when a person says so. */
  readonly intervalMs: number | null;
  /** Versions that were asked for by number and stay open. */
  readonly pinned: readonly string[];
}

/** Says which versions are in use, so that nobody removes them. */
export interface Hold {
  /** Before versions are fetched, and again every minute. */
  keep(plan: RosterPlan): void;
  /** Once, when the server ends. */
  release(): void;
}

export interface FollowerOptions {
  readonly references: readonly Followed[];
  readonly log: (message: string) => void;
  readonly hold?: Hold | null;
  readonly clock?: Clock;
  /** Milliseconds since 1970; the system's by default. */
  readonly wallClock?: () => number;
}

export interface Follower {
  /** Begins to poll, now that the server runs. */
  start(running: Running): void;
  /**
   * Looks up every reference at once, and serves a model that was unloaded again. Rejects with the first reason why one
   * of them is not at the version that it should be at; all goes on as before then.
   */
  reload(): Promise<void>;
  /** As a poll of every reference: a version that failed lately is not tried again, an unloaded model stays so. */
  look(): Promise<void>;
  readonly repository: Repository;
  /** Ends at once; a change that is under way is still carried out. */
  stop(): void;
}

/** How often `keep` is called: a write to the disk of a store, for which a single process lets requests wait. */
const HOLD_EVERY_MS = 60_000;

interface Thread {
  readonly followed: Followed;
  failure: Failure | null;
  /** Why the reference cannot be looked up. */
  outage: FollowStatus['problem'];
  seenAt: number | null;
  wanted: string | null;
  looking: Promise<unknown>;
}

export function createFollower(options: FollowerOptions): Follower {
  const { log, clock = systemClock, wallClock = Date.now } = options;
  const ending = new AbortController();
  const work: Work = { signal: ending.signal, onProgress() {} };
  let running: Running | null = null;
  let changing: Promise<unknown> = Promise.resolve();
  let holdFails = false;
  const threads = options.references.map(
    (followed): Thread => ({
      followed,
      failure: null,
      outage: null,
      seenAt: wallClock(),
      wanted: null,
      looking: Promise.resolve(),
    }),
  );

  const server = (): Running => {
    if (running === null) {
      throw new LoadlineError('LL5003', 'The server has not started yet');
    }
    return running;
  };
  const modelOf = (name: string): ModelPlan => {
    const model = server()
      .plan()
      .models.find((one) => one.name === name);
    if (model === undefined) {
      throw new LoadlineError('LL2012', `Model with name ${name.slice(0, 120)} does not exist.`);
    }
    return model;
  };

  const hold = (plan: RosterPlan): void => {
    try {
      options.hold?.keep(plan);
      holdFails = false;
    } catch (error) {
      if (!holdFails) {
        log(`cannot say which versions are in use, so that they may be removed: ${textOf(error)}`);
      }
      holdFails = true;
    }
  };

  const report = (): void => {
    const watched = threads.filter(({ followed }) => isWatched(followed));
    running?.note(
      watched.map(({ followed, seenAt, wanted, outage, failure }) => ({
        name: followed.name,
        reference: followed.reference,
        seenAt,
        wanted,
        problem:
          outage ??
          (failure === null ? null : { code: failure.code, message: failure.message, since: failure.since }),
      })),
    );
  };

  /** Makes a change of the plan out of what is served when its turn has come; null where there is none to make any more. */
  const change = (next: (plan: RosterPlan) => RosterPlan | null): Promise<readonly CheckReport[] | null> => {
    const turn = changing
      .catch(() => null)
      .then(() => {
        const plan = next(server().plan());
        if (plan === null) {
          return null;
        }
        hold(plan);
        return server().apply(plan);
      });
    changing = turn;
    return turn;
  };

  const look = async (thread: Thread, forced: boolean): Promise<void> => {
    const { followed } = thread;
    let found: FoundVersion;
    try {
      found = await followed.source.find(work);
    } catch (error) {
      noteOutage(thread, error);
      throw error;
    }
    noteSeen(thread, found);
    const decision = decide(modelOf(followed.name), found, thread.failure, forced, clock.now());
    if (decision.kind === 'move') {
      await move(thread, found, decision.open);
    } else if (decision.kind === 'stay') {
      thread.failure = null;
    }
  };

  const move = async (thread: Thread, found: FoundVersion, open: VersionPlan | null): Promise<void> => {
    const { name, source, pinned } = thread.followed;
    const { champion } = modelOf(name);
    const start = clock.now();
    try {
      const next = open ?? (await fetchHeld(name, source, found));
      const fetched = clock.now();
      // Who unloads a model while its next version is on its way does not want that one either.
      const reports = await change((plan) =>
        champion !== null && modelOf(name).champion === null
          ? null
          : moveChampion(plan, name, next, new Set(pinned)),
      );
      thread.failure = null;
      if (reports === null) {
        return;
      }
      log(
        movedLine({
          name,
          reference: thread.followed.reference,
          from: champion?.version ?? null,
          to: next.version,
          fetchMs: open === null ? fetched - start : null,
          swapMs: clock.now() - fetched,
          difference:
            reports.find((one) => one.name === name && one.version === next.version)?.difference ?? null,
        }),
      );
    } catch (error) {
      if (ending.signal.aborted) {
        throw error;
      }
      const known = problemOf(error);
      const before = thread.failure;
      const intervalMs = thread.followed.intervalMs ?? 0;
      thread.failure = noteFailure(before, found, known, intervalMs, {
        now: clock.now(),
        wall: wallClock(),
      });
      if (thread.failure.tries === 1 || before?.message !== known.message) {
        log(failedLine(name, found.version, champion?.version ?? null, known));
      }
      throw error;
    }
  };

  /** Brings a version here; it is in use from before its bytes are read. */
  const fetchHeld = async (name: string, source: Source, found: FoundVersion): Promise<VersionPlan> => {
    const { version, identity } = found;
    const plan = server().plan();
    hold(moveChampion(plan, name, { version, identity, path: '' }, versionNames(plan, name)));
    const { path } = await source.fetch(found, work);
    return { version, identity, path };
  };

  const noteSeen = (thread: Thread, found: FoundVersion): void => {
    if (thread.outage !== null) {
      const seconds = Math.round((wallClock() - thread.outage.since) / 1000);
      log(`${thread.followed.name}: ${thread.followed.reference} can be looked up again, after ${seconds} s`);
    }
    thread.outage = null;
    thread.seenAt = wallClock();
    thread.wanted = found.version;
  };

  const noteOutage = (thread: Thread, error: unknown): void => {
    if (ending.signal.aborted) {
      return;
    }
    const { name, reference } = thread.followed;
    const known = problemOf(error);
    if (thread.outage === null || thread.outage.code !== known.code) {
      log(`${name}: cannot look up ${reference}, what is served goes on: ${known.message} (${known.code})`);
    }
    thread.outage = { ...known, since: thread.outage?.since ?? wallClock() };
  };

  /** One look at a time per reference. */
  const enqueue = (thread: Thread, forced: boolean): Promise<void> => {
    const turn = thread.looking
      .catch(() => null)
      .then(() => look(thread, forced))
      .finally(report);
    thread.looking = turn;
    return turn;
  };

  const poll = async (thread: Thread, intervalMs: number): Promise<void> => {
    let due = clock.now() + intervalMs;
    while (true) {
      await wait(Math.max(0, due - clock.now()), null, { signal: ending.signal });
      due = clock.now() + intervalMs;
      await enqueue(thread, false).catch(() => null);
    }
  };

  const keepHold = async (): Promise<void> => {
    while (true) {
      hold(server().plan());
      await wait(HOLD_EVERY_MS, null, { signal: ending.signal });
    }
  };

  return {
    start(server) {
      running = server;
      for (const thread of threads) {
        thread.wanted = modelOf(thread.followed.name).champion?.version ?? null;
      }
      report();
      const loops = threads
        .filter(({ followed }) => isWatched(followed))
        .map((thread) => poll(thread, thread.followed.intervalMs!));
      if (options.hold) {
        loops.push(keepHold());
      }
      for (const loop of loops) {
        // It ends by being aborted.
        loop.catch(() => null);
      }
    },
    async reload() {
      const looks = await Promise.allSettled(threads.map((thread) => enqueue(thread, true)));
      const failed = looks.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) {
        throw failed.reason;
      }
    },
    async look() {
      await Promise.allSettled(threads.map((thread) => enqueue(thread, false)));
    },
    repository: {
      async load(name) {
        modelOf(name);
        const thread = threads.find(({ followed }) => followed.name === name);
        if (thread !== undefined) {
          await enqueue(thread, true);
        }
      },
      async unload(name) {
        modelOf(name);
        const pinned = threads.find(({ followed }) => followed.name === name)?.followed.pinned ?? [];
        await change((plan) => ({
          models: plan.models.map((model) =>
            model.name === name
              ? {
                  ...model,
                  champion: null,
                  warm: model.warm.filter(({ version }) => pinned.includes(version)),
                }
              : model,
          ),
        }));
        log(`unloaded ${name}`);
      },
    },
    stop() {
      ending.abort();
      try {
        options.hold?.release();
      } catch {
        // It counts for nothing some minutes later.
      }
    },
  };
}

/** Whether it is looked up by itself: what cannot move is not. */
function isWatched({ source, intervalMs }: Followed): boolean {
  return source.moves && intervalMs !== null;
}

function versionNames(plan: RosterPlan, name: string): ReadonlySet<string> {
  const model = plan.models.find((one) => one.name === name);
  return new Set(model?.warm.map(({ version }) => version));
}

function problemOf(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  return { code: isLoadlineError(error) ? error.code : 'LL1099', message: textOf(error) };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
