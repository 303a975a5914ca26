/** Changes of what a process serves, in two steps: open and check all that is new, then swap at once or not at all. */
import type { Data } from '../../model/data.ts';
import type { Model } from '../../model/model.ts';
import { modelOf, type OpenRoster, openRoster, versionKey } from './open.ts';
import type { CheckReport, RosterPlan, VersionPlan } from './plan.ts';

/** What a keeper keeps: a server. */
export interface Kept {
  roster(): OpenRoster;
  swap(roster: OpenRoster): void;
  /** Rows of recent requests of a model, oldest first. */
  recent(name: string): readonly Data[];
  /** Refuses less while this process takes time for a change. */
  lenient?(on: boolean): void;
}

/** After a change, for the requests that waited for it. */
const LENIENT_AFTER_MS = 500;

export interface KeeperOptions {
  readonly open: (path: string) => Promise<Model>;
  /** Throws LL7013 for a version that may not answer. */
  readonly check: (
    next: Model,
    name: string,
    version: string,
    previous: Model | null,
    recent: readonly Data[],
  ) => Promise<CheckReport>;
}

export interface Keeper {
  /** Opens and checks what is new in a plan and keeps it aside. Throws what opening and checking throw; nothing has changed then. */
  prepare(plan: RosterPlan): Promise<readonly CheckReport[]>;
  /** Serves what was prepared. */
  commit(): void;
  /** Drops what was prepared. */
  discard(): void;
}

export function createKeeper(kept: Kept, { open, check }: KeeperOptions): Keeper {
  // Shadows and versions that are asked for by number answer nobody unasked: they are checked once they are to.
  let checked = new Set(answering(kept.roster()).map(({ name, version }) => versionKey(name, version)));
  let prepared: { readonly roster: OpenRoster; readonly checked: Set<string> } | null = null;
  // Whoever gave up waiting for a plan may ask for the next one, or drop it, while the first is still being opened.
  let latest = 0;
  let strict: NodeJS.Timeout | undefined;
  const prepare = async (plan: RosterPlan): Promise<readonly CheckReport[]> => {
    const mine = ++latest;
    prepared = null;
    const before = kept.roster();
    const next = await openRoster(plan, open, before);
    const reports: CheckReport[] = [];
    const sound = new Set(checked);
    for (const { name, version } of answering(next)) {
      const key = versionKey(name, version);
      if (!sound.has(key)) {
        const old = championOf(before, name);
        reports.push(
          await check(modelOf(next, name, version), name, version.version, old, kept.recent(name)),
        );
        sound.add(key);
      }
    }
    if (mine === latest) {
      prepared = { roster: next, checked: sound };
    }
    return reports;
  };
  return {
    async prepare(plan) {
      clearTimeout(strict);
      kept.lenient?.(true);
      try {
        return await prepare(plan);
      } finally {
        strict = setTimeout(() => kept.lenient?.(false), LENIENT_AFTER_MS).unref();
      }
    },
    commit() {
      if (prepared !== null) {
        const { roster } = prepared;
        checked = new Set([...prepared.checked].filter((key) => roster.models.has(key)));
        prepared = null;
        kept.swap(roster);
      }
    },
    discard() {
      latest++;
      prepared = null;
    },
  };
}

/** Opens and checks the plan that a server starts with; a canary against its champion. Throws what opening and checking throw. */
export async function openFirst(plan: RosterPlan, { open, check }: KeeperOptions): Promise<OpenRoster> {
  const roster = await openRoster(plan, open);
  for (const { name, version } of answering(roster)) {
    const model = modelOf(roster, name, version);
    const champion = championOf(roster, name);
    await check(model, name, version.version, champion === model ? null : champion, []);
  }
  return roster;
}

/** Champions and canaries: what answers requests that name no version. */
function answering({
  plan,
}: OpenRoster): readonly { readonly name: string; readonly version: VersionPlan }[] {
  return plan.models.flatMap(({ name, champion, canary }) =>
    [champion, canary].filter((version) => version !== null).map((version) => ({ name, version })),
  );
}

function championOf(roster: OpenRoster, name: string): Model | null {
  const champion = roster.plan.models.find((model) => model.name === name)?.champion ?? null;
  return champion === null ? null : modelOf(roster, name, champion);
}
