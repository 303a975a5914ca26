/** Where a new version's files come from: what MLflow 3.17 takes as `source`, and which folder of the store that is. */
import { posix } from 'node:path';
import type { StoredVersion } from '../store/types.ts';
import { artifactPathOf, joinPath } from './artifact-uri.ts';
import { invalid, MlflowFault } from './errors.ts';
import type { LoggedModelRow, LoggedModels } from './logged-models.ts';
import type { RegisteredModels } from './registered-models.ts';
import type { RunRow, Runs } from './runs.ts';

export interface Origin {
  readonly source: string;
  readonly runId: string | null;
  readonly modelId: string | null;
  /** Null for a place outside the store. */
  readonly artifactPath: string | null;
}

export interface Claim {
  readonly source: string;
  /** Null where the request has none. */
  readonly runId: string | null;
  readonly modelId: string | null;
}

interface Known {
  readonly runs: Runs;
  readonly loggedModels: LoggedModels;
  readonly registeredModels: RegisteredModels;
  /** The version that an alias, a stage or `latest` of a model means. */
  readonly newest: (name: string, suffix: string) => StoredVersion;
}

/** Follows a source. Throws INVALID_PARAMETER_VALUE for one that the named run or logged model does not hold. */
export function originOf(claim: Claim, known: Known): Origin {
  const { source } = claim;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase() ?? '';
  if (scheme === 'models') {
    return ofModel(claim, known);
  }
  if (scheme === '' || scheme === 'file') {
    throw localSource(claim);
  }
  checkNoSteps(source);
  const { runId, modelId } = claim;
  if (scheme === 'runs') {
    return ofRun(claim, known);
  }
  if (scheme === 'mlflow-artifacts' || isArtifactRoute(source)) {
    return ofArtifacts(claim, known);
  }
  return { source, runId, modelId, artifactPath: null };
}

function ofModel(claim: Claim, known: Known): Origin {
  const { source, runId, modelId } = claim;
  if (/^models:\/\/[^/]/i.test(source)) {
    throw invalid(
      `Invalid model version source: '${source}'. Registered model sources must use the active model registry.`,
    );
  }
  const [name = '', suffix, ...rest] = source.slice('models:'.length).replace(/^\/+/, '').split('/');
  if (name.trim() === '' || suffix?.trim() === '' || rest.length > 0 || !source.startsWith('models:/')) {
    throw notIn(source, 'model_id');
  }
  const at = name.lastIndexOf('@');
  if (suffix === undefined && at < 0) {
    if (name !== modelId) {
      throw notIn(source, 'model_id');
    }
    const model = known.loggedModels.get(name);
    return {
      source,
      runId: runId || model.source_run || null,
      modelId,
      artifactPath: known.loggedModels.artifactPath(model),
    };
  }
  const registered = suffix === undefined ? name.slice(0, at) : name;
  known.registeredModels.check(registered);
  const version = /^\d+$/.test(suffix ?? '')
    ? known.registeredModels.version(registered, suffix!)
    : known.newest(registered, suffix ?? name.slice(at));
  if ((runId !== null && runId !== (version.runId ?? '')) || (modelId !== null && modelId !== '')) {
    throw invalid(
      `Invalid model version source: '${source}'. The run_id and model_id request parameters must match the referenced model version.`,
    );
  }
  return {
    source: `models:/${registered}/${version.version}`,
    runId: version.runId,
    modelId: null,
    artifactPath: version.artifactPath,
  };
}

function ofRun(claim: Claim, known: Known): Origin {
  const { source, runId, modelId } = claim;
  const [id = '', ...parts] = source.slice('runs:'.length).replace(/^\/+/, '').split('/');
  if (modelId) {
    throw notIn(source, 'model_id');
  }
  if (id === '' || id !== runId || source.startsWith('runs://')) {
    throw notIn(source, 'run_id');
  }
  const path = parts.filter((part) => part !== '').join('/');
  // Mlflow 3 keeps a model beside its run and not below it; `runs:/ID/NAME` goes on naming it.
  const model = known.loggedModels.ofRun(id, path);
  return {
    source,
    runId,
    modelId: null,
    artifactPath:
      model === null
        ? joinPath(known.runs.artifactPath(known.runs.get(id)), path)
        : known.loggedModels.artifactPath(model),
  };
}

function ofArtifacts(claim: Claim, known: Known): Origin {
  const { source, runId, modelId } = claim;
  const owner = modelId ? modelOf(modelId, source, known) : runId ? runOf(runId, source, known) : null;
  if (owner === null || !isBelow(source, owner.artifact_uri)) {
    throw notIn(source, modelId ? 'model_id' : 'run_id');
  }
  const model = 'source_run' in owner ? owner.source_run : '';
  return { source, runId: runId || model || null, modelId, artifactPath: artifactPathOf(decodeAll(source)) };
}

function runOf(id: string, source: string, { runs }: Known): RunRow {
  return ownerOf(() => runs.get(id), source, 'run_id');
}

function modelOf(id: string, source: string, { loggedModels }: Known): LoggedModelRow {
  return ownerOf(() => loggedModels.get(id), source, 'model_id');
}

function ownerOf<T>(find: () => T, source: string, field: string): T {
  try {
    return find();
  } catch (error) {
    throw error instanceof MlflowFault ? notIn(source, field) : error;
  }
}

function notIn(source: string, field: string): MlflowFault {
  return invalid(
    `Invalid model version source: '${source}'. The ${field} request parameter must identify the resource that contains the source.`,
  );
}

function localSource({ source, modelId }: Claim): MlflowFault {
  const field = modelId ? 'model_id' : 'run_id';
  return invalid(
    `Invalid model version source: '${source}'. To use a local path as a model version source, the ${field} request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the ${field}.`,
  );
}

function checkNoSteps(source: string): void {
  const decoded = decodeAll(source.replaceAll('+', ' '));
  const path = decoded
    .replace(/^[^:]+:(\/\/[^/]*)?/, '')
    .replace(/\/+/g, '/')
    .replace(/\/$/, '');
  if (
    decoded.includes('\0') ||
    decoded.split('/').includes('..') ||
    posix.normalize(path) !== (path || '.')
  ) {
    throw invalid(
      `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path.`,
    );
  }
}

/** Whether an address is that of MLflow's artifact proxy. */
function isArtifactRoute(source: string): boolean {
  return /^https?:\/\//i.test(source) && decodeAll(source).includes('/api/2.0/mlflow-artifacts/artifacts');
}

function isBelow(source: string, root: string): boolean {
  const [below, above] = [partsOf(source), partsOf(root)];
  return above.length > 1 && above.every((part, i) => part === below[i]);
}

/** Scheme and host, then the parts of the path. */
function partsOf(uri: string): readonly string[] {
  const [, start = '', path = ''] = /^([^:]+:(?:\/\/[^/]*)?)(.*)$/.exec(uri) ?? [];
  return [
    start.toLowerCase().replace(/\/\/$/, ''),
    ...path
      .split('/')
      .filter((part) => part !== '')
      .map(decodeAll),
  ];
}

/** Percent-decodes until nothing changes; what is no UTF-8 stays as it is. */
function decodeAll(text: string): string {
  let decoded = text;
  for (let i = 0; i < 10; i++) {
    let next: string;
    try {
      next = decodeURIComponent(decoded);
    } catch {
      return decoded;
    }
    if (next === decoded) {
      return decoded;
    }
    decoded = next;
  }
  return decoded;
}
