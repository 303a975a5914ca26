/** Which model of which registry a command is about: `house-price/3` in the store, `models:/house-price@champion` on MLflow. */

import { nearest } from '../bytes/nearest.ts';
import { own } from '../bytes/own.ts';
import { LoadlineError } from '../errors.ts';
import { parseReference, type VersionPick } from '../versions/reference.ts';
import type { ModelVersion, RegisteredModel } from '../versions/types.ts';

export interface Target {
  readonly where: 'store' | 'mlflow';
  readonly name: string;
  /** Null where only the model is named. */
  readonly pick: VersionPick | null;
}

const MLFLOW = 'models:/';

/** Reads `NAME`, `NAME/3`, `NAME/latest` or `NAME@ALIAS`, with `models:/` before it or not. Throws LL7016. */
export function parseTarget(text: string): Target {
  const [, mlflow, only] = /^(models:\/)?([^/@:]+)$/.exec(text) ?? [];
  if (only !== undefined) {
    return { where: mlflow === undefined ? 'store' : 'mlflow', name: only, pick: null };
  }
  // A file of that name has no part in it: commands about registries are given no files.
  const reference = parseReference(text, { exists: () => false });
  if (reference.kind !== 'store' && reference.kind !== 'mlflow') {
    throw new LoadlineError(
      'LL7016',
      `"${text}" names no registered model: expected NAME, NAME/3 or NAME@ALIAS, with models:/ before it on MLflow`,
      { where: text },
    );
  }
  return { where: reference.kind, name: reference.name, pick: reference.pick };
}

/** As a person would write it. */
export function formatTarget(
  { where, name }: Pick<Target, 'where' | 'name'>,
  version: string | null = null,
): string {
  return `${where === 'mlflow' ? MLFLOW : ''}${name}${version === null ? '' : `/${version}`}`;
}

/** The version that is meant; without a pick the newest. Throws LL7001 naming those that there are. */
export function pickVersion(model: RegisteredModel, pick: VersionPick | null): ModelVersion {
  const { name, versions } = model;
  const wanted = wantedVersion(model, pick);
  const found = versions.find(({ version }) => version === wanted);
  if (found !== undefined) {
    return found;
  }
  if (versions.length === 0) {
    throw new LoadlineError('LL7001', `${name} has no versions`, { where: name });
  }
  const known = versions.map(({ version }) => version).reverse();
  throw new LoadlineError('LL7001', `${name} has no version ${wanted}: it has ${listed(known)}`, {
    where: name,
  });
}

function wantedVersion(
  { name, versions, aliases }: RegisteredModel,
  pick: VersionPick | null,
): string | undefined {
  switch (pick?.kind) {
    case 'version':
      return pick.version;
    case 'alias': {
      const version = own(aliases, pick.alias);
      if (version === null) {
        const known = Object.entries(aliases).map(([alias, at]) => `${alias} → ${at}`);
        const meant = nearest(pick.alias, Object.keys(aliases));
        throw new LoadlineError(
          'LL7001',
          `${name} has no alias "${pick.alias}"${meant === null ? '' : `, perhaps ${meant}`}: it has ${
            known.length === 0 ? 'none' : listed(known)
          }`,
          { where: name },
        );
      }
      return version;
    }
    case 'stage': {
      const inStage = versions.filter(({ stage }) => stage.toLowerCase() === pick.stage.toLowerCase());
      if (inStage[0] === undefined) {
        throw new LoadlineError('LL7001', `${name} has no version in the stage "${pick.stage}"`, {
          where: name,
        });
      }
      return inStage[0].version;
    }
    default:
      return versions[0]?.version;
  }
}

function listed(words: readonly string[]): string {
  const most = 12;
  return words.length > most
    ? `… ${words.slice(-most).join(', ')} (${words.length} in all)`
    : words.join(', ');
}
