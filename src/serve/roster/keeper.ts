/** Changes of what a process serves, in two steps: open and check all that is new, then swap at once or not at all. */
import type { Data } from '../../model/data.ts';
import type { Model } from '../../model/model.ts';
import { modelOf, type OpenRoster, openRoster, versionKey } from './open.ts';
import type { CheckReport, RosterPlan } from './plan.ts';

/** What a keeper keeps: a server. */
export interface Kept {
  roster(): OpenRoster;
  swap(roster: OpenRoster): void;
  /** Rows of recent requests of a model, oldest first. */
  recent(name: string): readonly Data[];
}

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
  let prepared: OpenRoster | null = null;
  return {
    async prepare(plan) {
      const before = kept.roster();
      const next = await openRoster(plan, open, before);
      const reports: CheckReport[] = [];
      for (const { name, champion, canary } of next.plan.models) {
        const old = before.plan.models.find((model) => model.name === name)?.champion ?? null;
        for (const version of [champion, canary]) {
          if (version !== null && !before.models.has(versionKey(name, version))) {
            const previous = old === null ? null : modelOf(before, name, old);
            reports.push(
              await check(modelOf(next, name, version), name, version.version, previous, kept.recent(name)),
            );
          }
        }
      }
      prepared = next;
      return reports;
    },
    commit() {
      if (prepared !== null) {
        kept.swap(prepared);
        prepared = null;
      }
    },
    discard() {
      prepared = null;
    },
  };
}
