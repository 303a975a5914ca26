/** From what is asked for to what a server starts with: every reference looked up, every version here, and who follows them. */
import { existsSync } from 'node:fs';
import { LoadlineError } from '../../errors.ts';
import { openModel } from '../../formats/open.ts';
import type { Model } from '../../model/model.ts';
import { checkVersion } from '../../serve/roster/check.ts';
import { openFirst } from '../../serve/roster/keeper.ts';
import { modelOf, type OpenRoster } from '../../serve/roster/open.ts';
import type { RosterPlan } from '../../serve/roster/plan.ts';
import type { ServeSettings } from '../../serve/settings.ts';
import { createFollower, type Followed, type Follower, type Hold } from '../../serve/watch/follow.ts';
import { type ModelRequest, preparePlan } from '../../serve/watch/plan.ts';
import { fileSource } from '../../versions/file-source.ts';
import { type ModelReference, parseReference } from '../../versions/reference.ts';
import type { Store } from '../../versions/store/types.ts';
import type { Source } from '../../versions/types.ts';
import type { Options } from '../define.ts';
import { interruptible } from '../interrupt.ts';
import { storeFolder } from '../models.ts';
import { progressDisplay, versionWork } from '../output/progress.ts';
import type { Terminal } from '../output/terminal.ts';

export interface Serving {
  readonly plan: RosterPlan;
  /** The champion of the first model, for people to see. */
  readonly model: Model;
  /** The plan with its models, where this process is the one that serves them. */
  readonly roster: OpenRoster | null;
  readonly followed: readonly Followed[];
  readonly follower: Follower;
  /** Ends following and lets go of what was held. */
  close(): void;
}

/** A serving process waits no longer for the store, because requests wait meanwhile: what fails is tried again. */
const STORE_PATIENCE_MS = 100;

/** Throws what looking up, fetching, opening and checking throw; Ctrl-C ends it. */
export function openServing(
  requests: readonly ModelRequest[],
  settings: ServeSettings,
  options: Options,
  terminal: Terminal,
  log: (message: string) => void,
): Promise<Serving> {
  return interruptible(async (signal) => {
    const display = progressDisplay(terminal, options.json === true);
    const parse = (text: string): ModelReference => parseReference(text, { exists: existsSync });
    const store = requests.some(({ reference }) => parse(reference).kind === 'store')
      ? await openStoreOf(storeFolder(options, terminal.env))
      : null;
    try {
      const open = await sourcesOf(store);
      const { plan, followed } = await preparePlan(requests, { parse, open }, versionWork(display, signal));
      const { model, roster } = await openPlan(plan, settings);
      const follower = createFollower({ references: followed, log, hold: await holdOf(store, followed) });
      return {
        plan,
        model,
        roster,
        followed,
        follower,
        close() {
          follower.stop();
          store?.close();
        },
      };
    } catch (error) {
      store?.close();
      throw error;
    } finally {
      display.end();
    }
  });
}

/** Where workers serve, this process opens only the first model: each worker opens and checks all of them. */
async function openPlan(
  plan: RosterPlan,
  { workers, limits }: ServeSettings,
): Promise<Pick<Serving, 'model' | 'roster'>> {
  const open = (path: string): Promise<Model> => openModel(path, limits);
  const first = plan.models[0]?.champion;
  if (first === undefined || first === null) {
    throw new LoadlineError('LL1099', 'A plan without a model');
  }
  if (workers > 1) {
    return { model: await open(first.path), roster: null };
  }
  const roster = await openFirst(plan, { open, check: checkVersion });
  const { name, champion } = roster.plan.models[0]!;
  return { model: modelOf(roster, name, champion!), roster };
}

async function sourcesOf(store: Store | null): Promise<(reference: ModelReference) => Source> {
  const { storeSource } = await import('../../versions/store/source.ts');
  return (reference) => {
    if (reference.kind === 'file') {
      return fileSource(reference);
    }
    if (reference.kind === 'store' && store !== null) {
      return storeSource(reference, store);
    }
    throw new LoadlineError('LL7016', 'not yet');
  };
}

async function openStoreOf(folder: string): Promise<Store> {
  const { openStore } = await import('../../versions/store/open.ts');
  const store = openStore(folder, { create: false });
  store.database.exec(`PRAGMA busy_timeout = ${STORE_PATIENCE_MS}`);
  return store;
}

async function holdOf(store: Store | null, followed: readonly Followed[]): Promise<Hold | null> {
  if (store === null) {
    return null;
  }
  const { storeHold } = await import('../../serve/watch/hold.ts');
  return storeHold(store.holds, `loadline serve, process ${process.pid}`, followed);
}
