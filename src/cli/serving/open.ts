/** From what is asked for to what a server starts with: every reference looked up, every version here, and who follows them. */
import { hostname } from 'node:os';
import { LoadlineError } from '../../errors.ts';
import { openModel } from '../../formats/open.ts';
import type { Model } from '../../model/model.ts';
import { checkVersion } from '../../serve/roster/check.ts';
import { openFirst } from '../../serve/roster/keeper.ts';
import { modelOf, type OpenRoster, openRoster } from '../../serve/roster/open.ts';
import { type RosterPlan, versionsOf } from '../../serve/roster/plan.ts';
import type { ServeSettings } from '../../serve/settings.ts';
import { createFollower, type Followed, type Follower, type Hold } from '../../serve/watch/follow.ts';
import { preparePlan } from '../../serve/watch/plan.ts';
import { openSources, type Sources } from '../../versions/open.ts';
import { text } from '../define.ts';
import { interruptible } from '../interrupt.ts';
import { progressDisplay, versionWork } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';
import type { Asked } from './asked.ts';

/** What a server starts with. */
export interface Opened {
  /** The champion of the first model, for people to see. */
  readonly model: Model;
  /** The plan with its models, where this process is the one that serves them. */
  readonly roster: OpenRoster | null;
}

export interface Serving {
  readonly plan: RosterPlan;
  /** Null once the server has started: kept here, the first version would stay in memory long after it was replaced. */
  opened: Opened | null;
  readonly followed: readonly Followed[];
  readonly follower: Follower;
  /** Ends following and lets go of what was held. */
  close(): void;
}

/** A serving process waits no longer for the store, because requests wait meanwhile: what fails is tried again. */
const STORE_PATIENCE_MS = 100;

/** Throws what looking up, fetching, opening and checking throw; Ctrl-C ends it. */
export function openServing(
  { requests, options, env, folder }: Asked,
  settings: ServeSettings,
  terminal: Terminal,
  log: (message: string) => void,
): Promise<Serving> {
  return interruptible(async (signal) => {
    const display = progressDisplay(terminal, options.json === true);
    const store = text(options, 'store');
    const sources = openSources({ env, cwd: folder, ...(store === undefined ? {} : { store }) });
    try {
      const note = (words: string): void => {
        display.end();
        log(words);
      };
      const work = { ...versionWork(display, signal), note };
      const { plan, followed } = await preparePlan(requests, sources, work);
      const opened = await openPlan(plan, settings);
      const hold = await holdOf(sources, followed);
      const follower = createFollower({ references: followed, log, hold });
      return {
        plan,
        opened,
        followed,
        follower,
        close() {
          follower.stop();
          sources.close();
        },
      };
    } catch (error) {
      sources.close();
      throw error;
    } finally {
      display.end();
    }
  });
}

/** Where workers serve, this process opens only the first model: each worker opens and checks all of them. */
async function openPlan(plan: RosterPlan, { workers, limits }: ServeSettings): Promise<Opened> {
  const open = (path: string): Promise<Model> => openModel(path, limits);
  const [first] = plan.models;
  if (first === undefined || first.champion === null) {
    throw new LoadlineError('LL1099', 'A plan without a model');
  }
  const isServed = workers === 1;
  const roster = isServed
    ? await openFirst(plan, { open, check: checkVersion })
    : await openRoster({ models: [{ ...first, canary: null, shadow: null, warm: [] }] }, open);
  const { name, champion } = roster.plan.models[0]!;
  return { model: modelOf(roster, name, champion!), roster: isServed ? roster : null };
}

/** Keeps what is served in the embedded store and in the cache of what was fetched. */
async function holdOf(sources: Sources, followed: readonly Followed[]): Promise<Hold> {
  const inStore = await storeHoldOf(sources, followed);
  return {
    keep(plan) {
      sources.keep(plan.models.flatMap(versionsOf).map(({ path }) => path));
      inStore?.keep(plan);
    },
    release() {
      inStore?.release();
    },
  };
}

/** Null where no model comes from the embedded store. */
async function storeHoldOf(sources: Sources, followed: readonly Followed[]): Promise<Hold | null> {
  if (!followed.some(({ source }) => source.reference.kind === 'store')) {
    return null;
  }
  const store = await sources.openStore();
  // What a server writes, which versions it holds, may be lost with the machine: it is not waited for until it is on disk.
  store.database.exec(`PRAGMA busy_timeout = ${STORE_PATIENCE_MS}; PRAGMA synchronous = NORMAL`);
  const { storeHold } = await import('../../serve/watch/hold.ts');
  // Containers that share a store have the same process number.
  const holder = `loadline serve, process ${process.pid} on ${hostname()}`;
  return storeHold(store.holds, holder, followed);
}
