/**
 * The parent of several workers: starts them, replaces those that die, adds up their metrics, and has all of them
 * reload or drain together. It never touches a request: the workers share the listening socket.
 */
import cluster, { type Worker } from 'node:cluster';
import { LoadlineError } from '../../errors.ts';
import { renderMetrics } from '../../monitor/metrics/render.ts';
import { knownCounts, noCounts, retire, type Snapshot, sumCounts } from '../../monitor/metrics/snapshot.ts';
import { metricsOf } from '../core.ts';
import type { Repository } from '../protocols/define.ts';
import type { CheckReport, FollowStatus, RosterPlan } from '../roster/plan.ts';
import { joinReports } from '../roster/reports.ts';
import type { Running } from '../run.ts';
import type { Address } from '../server.ts';
import type { ServeSettings } from '../settings.ts';
import { type Backoff, NO_BACKOFF, nextBackoff } from './backoff.ts';
import { trackHandovers } from './handover.ts';
import { createLink, fromWire, type Link, toWire } from './link.ts';
import type { FromWorker, ToWorker, WireError } from './messages.ts';

/** Patience with a worker that is asked for its counts: beyond it the last ones it sent are taken. */
const SNAPSHOT_MS = 500;
/** Patience with a worker that opens a model: a forest of gigabytes takes a minute. */
const PREPARE_MS = 300_000;
/** Patience with everything that is only a word. */
const WORD_MS = 10_000;

interface Done {
  readonly error: WireError | null;
  readonly reports?: readonly CheckReport[];
}

interface Slot {
  readonly index: number;
  worker: Worker | null;
  /** What it serves, or was told to begin with. */
  plan: RosterPlan | null;
  startedAt: number;
  ready: boolean;
  backoff: Backoff;
  timer: NodeJS.Timeout | null;
  last: Snapshot | null;
  readonly snapshots: Link<Snapshot>;
  readonly words: Link<Done>;
}

export interface PrimaryOptions {
  /** File that a worker process runs, and its arguments; it begins with `runWorker`. */
  readonly exec: string;
  readonly args: readonly string[];
  readonly settings: ServeSettings;
  readonly plan: RosterPlan;
  /** What loads and unloads over HTTP do. */
  readonly repository: Repository;
  /**
   * Looks whether what is served has moved: called when a successor cannot start, which may be because a file was written
   * over. What the others accept it starts with next time.
   */
  readonly look?: () => Promise<void>;
  /** Told about deaths, replacements and reloads. */
  readonly log: (message: string) => void;
}

/** Starts the workers; resolves when all of them listen. Rejects with a worker's own error when it cannot start. */
export async function startPrimary(
  options: PrimaryOptions,
): Promise<{ readonly running: Running; readonly address: Address }> {
  const { settings, log, repository } = options;
  const metrics = metricsOf(settings);
  const slots: Slot[] = Array.from({ length: settings.workers }, (_, index) => ({
    index,
    worker: null,
    plan: null,
    startedAt: 0,
    ready: false,
    backoff: NO_BACKOFF,
    timer: null,
    last: null,
    snapshots: createLink<Snapshot>(),
    words: createLink<Done>(),
  }));
  // Counts of workers that are gone, already added up.
  let retired = noCounts(metrics.layout);
  let { plan } = options;
  let follows: readonly FollowStatus[] = [];
  let stopping = false;
  let starting = true;
  let changing: Promise<unknown> = Promise.resolve();
  const started = Promise.withResolvers<Address>();

  cluster.setupPrimary({ exec: options.exec, args: [...options.args], serialization: 'advanced' });

  const send = (slot: Slot, message: ToWorker): void => {
    if (slot.worker?.isConnected() === true) {
      slot.worker.send(message, () => {
        // A worker that died meanwhile is dealt with where its exit is.
      });
    }
  };
  const live = (): Slot[] => slots.filter((slot) => slot.worker?.isConnected() === true && slot.ready);

  const start = (slot: Slot): void => {
    slot.timer = null;
    slot.ready = false;
    slot.startedAt = performance.now();
    const worker = cluster.fork({ LOADLINE_WORKER: String(slot.index) });
    slot.worker = worker;
    const dropHandovers = trackHandovers(worker);
    slot.plan = plan;
    send(slot, { type: 'start', settings, plan, isSuccessor: !starting });
    worker.on('message', (message: FromWorker) => {
      // What a dead worker said last may arrive after its end; its counts are then already added up.
      if (slot.worker === worker) {
        receive(slot, worker, message);
      }
    });
    // Writing to a worker that has just died fails here; the exit, which follows, deals with it.
    worker.on('error', () => {});
    worker.once('exit', (code: number | null, signal: string | null) => {
      dropHandovers();
      ended(slot, code, signal);
    });
  };

  const ended = (slot: Slot, code: number | null, signal: string | null): void => {
    slot.worker = null;
    slot.snapshots.close('The worker ended');
    slot.words.close('The worker ended');
    if (slot.last !== null) {
      const known = slots.map(({ last }) => last).filter((last) => last !== null);
      retired = knownCounts(sumCounts(metrics.layout, [retired, retire(metrics, slot.last)]), known);
      slot.last = null;
    }
    if (stopping) {
      return;
    }
    if (starting) {
      started.reject(
        new LoadlineError(
          'LL1099',
          `Worker ${slot.index} ended while starting (${signal ?? `exit ${code}`})`,
        ),
      );
      return;
    }
    slot.backoff = nextBackoff(slot.backoff, slot.ready ? performance.now() - slot.startedAt : 0);
    slot.ready = false;
    log(
      `worker ${slot.index} ended (${signal ?? `exit ${code}`}); a new one starts in ${slot.backoff.delayMs} ms`,
    );
    slot.timer = setTimeout(start, slot.backoff.delayMs, slot);
  };

  const receive = (slot: Slot, worker: Worker, message: FromWorker): void => {
    // Its successor numbers its questions anew.
    const reply = (answer: ToWorker): void => {
      if (slot.worker === worker) {
        send(slot, answer);
      }
    };
    switch (message.type) {
      case 'listening':
        slot.ready = true;
        send(slot, { type: 'note', follows });
        catchUp();
        if (starting && slots.every((other) => other.ready)) {
          starting = false;
          started.resolve(message.address);
        } else if (!starting) {
          log(`worker ${slot.index} is back`);
        }
        break;
      case 'failed':
        if (starting) {
          started.reject(fromWire(message.error));
        } else {
          log(`worker ${slot.index} could not start: ${message.error.message}`);
          options.look?.().catch(() => null);
        }
        break;
      case 'snapshot':
        slot.last = message.snapshot;
        if (message.id !== null) {
          slot.snapshots.answer(message.id, message.snapshot);
        }
        break;
      case 'done':
        slot.words.answer(message.id, message);
        break;
      case 'metrics':
        void allMetrics().then((text) => reply({ type: 'metrics', id: message.id, text }));
        break;
      case 'load':
      case 'unload': {
        const { name } = message;
        const work = message.type === 'load' ? repository.load(name) : repository.unload(name);
        work.then(
          () => reply({ type: 'done', id: message.id, error: null }),
          (error: unknown) => reply({ type: 'done', id: message.id, error: toWire(error) }),
        );
        break;
      }
    }
  };

  const allMetrics = async (): Promise<string> => {
    await Promise.all(
      live().map((slot) =>
        slot.snapshots.ask((id) => send(slot, { type: 'snapshot', id }), SNAPSHOT_MS).catch(() => null),
      ),
    );
    const snapshots = slots.map((slot) => slot.last).filter((snapshot) => snapshot !== null);
    return renderMetrics(metrics.layout, snapshots, retired);
  };

  const tell = async (
    targets: readonly Slot[],
    message: (id: number) => ToWorker,
    patienceMs: number = WORD_MS,
  ): Promise<Done[]> =>
    Promise.all(targets.map((slot) => slot.words.ask((id) => send(slot, message(id)), patienceMs)));

  /** All workers open the plan, and only when all could do they serve it: a bad model leaves every one as it was. */
  const changeOnce = async (next: RosterPlan): Promise<readonly CheckReport[]> => {
    const targets = live();
    let answers: Done[];
    try {
      answers = await tell(targets, (id) => ({ type: 'prepare', id, plan: next }), PREPARE_MS);
      const failed = answers.find((answer) => answer.error !== null);
      if (failed?.error != null) {
        throw fromWire(failed.error);
      }
    } catch (error) {
      const left = targets.filter((slot) => slot.worker !== null);
      await tell(left, (id) => ({ type: 'discard', id })).catch(() => null);
      throw error;
    }
    // A worker that starts from now on begins with the new plan.
    plan = next;
    for (const slot of targets) {
      slot.plan = next;
    }
    // The change is made: whoever dies on it is replaced by a worker that begins with the new plan.
    const commits = targets.map((slot) => tell([slot], (id) => ({ type: 'commit', id })));
    for (const [i, commit] of (await Promise.allSettled(commits)).entries()) {
      if (commit.status === 'rejected') {
        log(`worker ${targets[i]!.index} did not say that it serves the change: ${textOf(commit.reason)}`);
      }
    }
    catchUp();
    return joinReports(answers.map(({ reports = [] }) => reports));
  };
  const apply = (next: RosterPlan): Promise<readonly CheckReport[]> => {
    const change = changing.catch(() => null).then(() => changeOnce(next));
    changing = change;
    return change;
  };
  /** A worker that was starting during a change began with the plan before it. */
  const catchUp = (): void => {
    for (const slot of live().filter((slot) => slot.plan !== plan)) {
      changing = changing.catch(() => null).then(() => catchUpOnce(slot));
    }
  };
  const catchUpOnce = async (slot: Slot): Promise<void> => {
    const now = plan;
    const { worker } = slot;
    if (slot.plan === now) {
      return;
    }
    slot.plan = now;
    try {
      const [answer] = await tell([slot], (id) => ({ type: 'prepare', id, plan: now }), PREPARE_MS);
      if (answer?.error != null) {
        throw fromWire(answer.error);
      }
      await tell([slot], (id) => ({ type: 'commit', id }));
    } catch (error) {
      if (worker === null || slot.worker !== worker) {
        // It ended; its successor begins with the new plan.
        return;
      }
      // Else it would answer by a version that is no longer served, and nobody would know.
      log(`worker ${slot.index} cannot serve what the others do and is replaced: ${textOf(error)}`);
      slot.ready = false;
      send(slot, { type: 'drain', periodMs: 0 });
    }
  };
  const note = (now: readonly FollowStatus[]): void => {
    follows = now;
    for (const slot of slots) {
      send(slot, { type: 'note', follows });
    }
  };

  for (const slot of slots) {
    start(slot);
  }
  const kill = (): void => {
    stopping = true;
    for (const slot of slots) {
      clearTimeout(slot.timer ?? undefined);
      slot.worker?.process.kill('SIGKILL');
    }
  };
  let address: Address;
  try {
    address = await started.promise;
  } catch (error) {
    kill();
    throw error;
  }
  const running: Running = {
    plan: () => plan,
    apply,
    note,
    async stop(periodMs) {
      stopping = true;
      const exits = slots.map(async (slot) => {
        clearTimeout(slot.timer ?? undefined);
        const { worker } = slot;
        if (worker !== null) {
          const exit = new Promise((resolve) => worker.once('exit', resolve));
          send(slot, { type: 'drain', periodMs });
          await exit;
        }
      });
      await Promise.all(exits);
    },
    kill,
  };
  return { running, address };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
