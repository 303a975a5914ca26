/** A plan with its models opened: what one process needs to serve it. */
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import { VERSION_DIGITS } from '../../versions/file-source.ts';
import type { ModelPlan, RosterPlan, VersionPlan } from './plan.ts';

export interface OpenRoster {
  readonly plan: RosterPlan;
  /** By `versionKey`. */
  readonly models: ReadonlyMap<string, Model>;
}

/** Same name, version and identity: the same bytes. */
export function versionKey(name: string, { version, identity }: VersionPlan): string {
  return JSON.stringify([name, version, identity]);
}

/**
 * Opens what of a plan is not open yet, one after the other; what fails says where. A file that was written over since the plan was made is
 * served as what it is now. Throws what `open` throws.
 */
export async function openRoster(
  plan: RosterPlan,
  open: (path: string) => Promise<Model>,
  known: OpenRoster | null = null,
): Promise<OpenRoster> {
  const models = new Map<string, Model>();
  const bring = async <Version extends VersionPlan>(name: string, version: Version): Promise<Version> => {
    const key = versionKey(name, version);
    const model = models.get(key) ?? known?.models.get(key) ?? (await openVersion(name, version, open));
    const found = trueVersion(version, model);
    models.set(versionKey(name, found), model);
    return found;
  };
  const opened: ModelPlan[] = [];
  for (const { name, champion, canary, shadow, warm } of plan.models) {
    const stillWarm: VersionPlan[] = [];
    const next = {
      name,
      champion: champion === null ? null : await bring(name, champion),
      canary: canary === null ? null : await bring(name, canary),
      shadow: shadow === null ? null : await bring(name, shadow),
      warm: stillWarm,
    };
    for (const version of warm) {
      stillWarm.push(await bring(name, version));
    }
    opened.push(next);
  }
  return { plan: { models: opened }, models };
}

/** Of several models the one that cannot be opened is named. */
async function openVersion(
  name: string,
  { version, path }: VersionPlan,
  open: (path: string) => Promise<Model>,
): Promise<Model> {
  try {
    return await open(path);
  } catch (error) {
    if (!isLoadlineError(error) || error.detail.where !== undefined) {
      throw error;
    }
    const where = `${name}/${version}, ${path}`;
    throw new LoadlineError(error.code, error.message, { ...error.detail, where, cause: error });
  }
}

/**
 * A bare file is numbered by its content, and another content may have come since. A version that it was given by hand is
 * that of the content it had then.
 */
function trueVersion<Version extends VersionPlan>(plan: Version, { declared, origin }: Model): Version {
  const { sha256 } = origin;
  const isByContent = declared === null && /^[0-9a-f]{64}$/.test(plan.identity);
  return isByContent && plan.identity !== sha256
    ? { ...plan, version: sha256.slice(0, VERSION_DIGITS), identity: sha256 }
    : plan;
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
