/** From what a person asked to be served to the first plan: every reference looked up, every version on this machine. */
import { LoadlineError } from '../../errors.ts';
import { type ModelReference, parseReference } from '../../versions/reference.ts';
import type { FoundVersion, Source, Work } from '../../versions/types.ts';
import type { CanaryPlan, ModelPlan, RosterPlan, VersionPlan } from '../roster/plan.ts';
import type { Followed } from './follow.ts';

/** One model as the command line or loadline.yaml has it. */
export interface ModelRequest {
  /** Null: the name that the reference leads to. */
  readonly name: string | null;
  readonly reference: string;
  /** Version to answer as where the reference has no number, which a file has not; without it what it leads to. */
  readonly asVersion?: string | undefined;
  /** How often the reference is looked up again, in milliseconds; null for only when a person says so. */
  readonly watch: number | null;
  /** `version` is `NAME/4` of the registry that `reference` is in, or any reference to the same model; so of the others. */
  readonly canary: { readonly version: string; readonly share: number; readonly keyHeader: string } | null;
  readonly shadow: string | null;
  /** Further versions that may be asked for by number. */
  readonly versions: readonly string[];
}

/** How references are read and opened; `src/versions/open.ts` does both. */
export interface Sources {
  readonly parse: (text: string) => ModelReference;
  readonly open: (reference: ModelReference) => Source;
}

export interface PreparedPlan {
  readonly plan: RosterPlan;
  /** One for each model, in the same order. */
  readonly followed: readonly Followed[];
}

/**
 * Looks up and fetches all that a server starts with, one after the other. Throws what the sources throw, LL7016 for a
 * canary, shadow or version of another model, and LL1005 for two models of one name.
 */
export async function preparePlan(
  requests: readonly ModelRequest[],
  sources: Sources,
  work: Work,
): Promise<PreparedPlan> {
  const models: ModelPlan[] = [];
  const followed: Followed[] = [];
  for (const request of requests) {
    const source = numbered(sources.open(sources.parse(request.reference)), request.asVersion ?? null);
    const found = await source.find(work);
    const name = request.name ?? found.name;
    if (models.some((model) => model.name === name)) {
      throw new LoadlineError('LL1005', `Two models are to be served as "${name}": give one another name`, {
        where: request.reference,
      });
    }
    const champion = await fetchVersion(source, found, work);
    const bring = async (text: string, role: string): Promise<VersionPlan> => {
      const other = sources.open(versionReference(text, role, name, source.reference, sources));
      return fetchVersion(other, await other.find(work), work);
    };
    // As when the champion moves to it while the server runs: such a seat has done its work, and may not take its share
    // again when the champion goes back.
    const bringOther = async (text: string, role: string): Promise<VersionPlan | null> => {
      const version = await bring(text, role);
      if (version.version !== champion.version || version.identity !== champion.identity) {
        return version;
      }
      work.note?.(`the ${role} ${text} is the version that answers already: there is nothing to compare`);
      return null;
    };
    const other = request.canary === null ? null : await bringOther(request.canary.version, 'canary');
    const canary: CanaryPlan | null =
      request.canary === null || other === null
        ? null
        : { ...other, share: request.canary.share, keyHeader: request.canary.keyHeader };
    const shadow = request.shadow === null ? null : await bringOther(request.shadow, 'shadow');
    const warm: VersionPlan[] = [];
    for (const version of request.versions) {
      warm.push(await bring(version, 'version'));
    }
    models.push({
      name,
      champion,
      canary,
      shadow,
      warm: warm.filter(({ version }) => version !== champion.version),
    });
    followed.push({
      name,
      reference: request.reference,
      source,
      intervalMs: request.watch,
      pinned: warm.map(({ version }) => version),
    });
  }
  return { plan: { models }, followed };
}

/** A source whose first content has this number; what it changes to has that of its content. */
function numbered(source: Source, version: string | null): Source {
  if (version === null) {
    return source;
  }
  if (source.reference.kind !== 'file') {
    throw new LoadlineError('LL1001', 'Only a file is given a version: what is registered has its own');
  }
  let first: string | null = null;
  const rename = <Found extends FoundVersion>(found: Found): Found => {
    first ??= found.identity;
    return found.identity === first ? { ...found, version } : found;
  };
  return {
    ...source,
    find: async (work) => rename(await source.find(work)),
    fetch: async (found, work) => rename(await source.fetch(found, work)),
  };
}

async function fetchVersion(source: Source, found: FoundVersion, work: Work): Promise<VersionPlan> {
  const { version, identity, path } = await source.fetch(found, work);
  return { version, identity, path };
}

/** `house-price/4` beside `models:/house-price@champion` is `models:/house-price/4`. */
function versionReference(
  text: string,
  role: string,
  servedAs: string,
  champion: ModelReference,
  sources: Sources,
): ModelReference {
  if (champion.kind !== 'mlflow' && champion.kind !== 'store') {
    return sources.parse(text);
  }
  if (/^[^/@:]+[/@][^/@:]+$/.test(text)) {
    // Read as a version whatever files there are: beside a version nothing else is meant.
    const bare = parseReference(`models:/${text}`, { exists: () => false });
    if (bare.kind === 'mlflow' && (bare.name === champion.name || bare.name === servedAs)) {
      return { ...champion, pick: bare.pick };
    }
  }
  const other = sources.parse(text);
  if (other.kind === champion.kind && other.name === champion.name) {
    return other;
  }
  throw new LoadlineError(
    'LL7016',
    `The ${role} "${text}" is no version of "${champion.name}": expected ${champion.name}/VERSION`,
    { where: text },
  );
}
