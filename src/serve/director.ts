/** Who decides what a running server serves: start, reload, load and unload all end in a plan that it is told to serve. */
import type { Repository } from './protocols/define.ts';
import { type ModelPlan, type RosterPlan, type VersionPlan, versionsOf } from './roster/plan.ts';
import type { Running } from './run.ts';

export interface DirectorOptions {
  /** Looks up what every model's reference leads to now and brings its files here. */
  readonly resolve: () => Promise<RosterPlan>;
  readonly running: () => Running;
  readonly log: (message: string) => void;
}

export interface Director {
  /** Looks again at every reference and serves what is there now. Rejects when some of it cannot be; all goes on as before then. */
  reload(): Promise<void>;
  readonly repository: Repository;
}

export function createDirector({ resolve, running, log }: DirectorOptions): Director {
  const unloaded = new Set<string>();
  const change = async (): Promise<void> => {
    const now = running().plan();
    const next = await resolve();
    await running().apply({
      models: next.models.map((model) => {
        const before = now.models.find(({ name }) => name === model.name) ?? null;
        return unloaded.has(model.name) ? { ...model, champion: null, warm: [] } : keepWarm(model, before);
      }),
    });
    for (const { name, champion } of next.models) {
      log(
        champion === null || unloaded.has(name) ? `unloaded ${name}` : `serving ${name}/${champion.version}`,
      );
    }
  };
  return {
    async reload() {
      unloaded.clear();
      await change();
    },
    repository: {
      async load(name) {
        const was = unloaded.delete(name);
        try {
          await change();
        } catch (error) {
          if (was) {
            unloaded.add(name);
          }
          throw error;
        }
      },
      async unload(name) {
        unloaded.add(name);
        await change();
      },
    },
  };
}

/** A plan in which the champion before, when it is another one, stays open: a rollback to it is then instant. */
export function keepWarm(next: ModelPlan, before: ModelPlan | null): ModelPlan {
  const old = before?.champion ?? null;
  const taken = (version: VersionPlan): boolean =>
    versionsOf(next).some((other) => other.version === version.version);
  return old === null || taken(old) ? next : { ...next, warm: [old, ...next.warm] };
}
