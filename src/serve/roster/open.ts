/** A plan with its models opened: what one process needs to serve it. */
import { LoadlineError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { type RosterPlan, type VersionPlan, versionsOf } from './plan.ts';

export interface OpenRoster {
  readonly plan: RosterPlan;
  /** By `versionKey`. */
  readonly models: ReadonlyMap<string, Model>;
}

/** Same name, version and identity: the same bytes. */
export function versionKey(name: string, { version, identity }: VersionPlan): string {
  return JSON.stringify([name, version, identity]);
}

/** Opens what of a plan is not open yet, one after the other. Throws what `open` throws. */
export async function openRoster(
  plan: RosterPlan,
  open: (path: string) => Promise<Model>,
  known: OpenRoster | null = null,
): Promise<OpenRoster> {
  const models = new Map<string, Model>();
  for (const model of plan.models) {
    for (const version of versionsOf(model)) {
      const key = versionKey(model.name, version);
      models.set(key, models.get(key) ?? known?.models.get(key) ?? (await open(version.path)));
    }
  }
  return { plan, models };
}

/** The model of a version that `openRoster` opened. */
export function modelOf(roster: OpenRoster, name: string, version: VersionPlan): Model {
  const model = roster.models.get(versionKey(name, version));
  if (model === undefined) {
    throw new LoadlineError('LL1099', `Version ${version.version} of ${name} was not opened`);
  }
  return model;
}

/** A roster of one model that is already open; null while it is still to come. `version` is empty where there is none. */
export function soleModel(model: Model | null, name: string, version = ''): OpenRoster {
  const champion: VersionPlan | null =
    model === null ? null : { version, path: '', identity: model.origin.sha256 };
  return {
    plan: { models: [{ name, champion, canary: null, shadow: null, warm: [] }] },
    models: new Map(model === null || champion === null ? [] : [[versionKey(name, champion), model]]),
  };
}
