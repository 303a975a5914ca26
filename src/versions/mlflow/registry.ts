/** The registry of an MLflow server as `loadline models` steers it. */

import { own } from '../../bytes/own.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { each } from '../../net/each.ts';
import { previousOf } from '../previous.ts';
import type {
  AddRequest,
  AliasMove,
  HistoryEvent,
  Mark,
  ModelRegistry,
  ModelVersion,
  MoveMark,
  RegisteredModel,
  Work,
} from '../types.ts';
import { decodeVersion, type ModelAnswer, type VersionAnswer } from './answers.ts';
import type { MlflowClient } from './client.ts';
import { refused } from './client.ts';
import {
  findLoggedModel,
  findModel,
  findModels,
  findRun,
  findRunModel,
  findVersion,
  findVersions,
} from './find.ts';
import { addMove, completeMoves, MOVES_TAG, parseMoves } from './moves.ts';

/** Tags of a version that Loadline added: MLflow knows neither. */
const SHA256_TAG = 'loadline.sha256';
const BYTES_TAG = 'loadline.bytes';
const BY_TAG = 'loadline.by';
/** Runs and logged models that are asked for at a time. */
const AT_ONCE = 4;
/** Versions of a model whose metrics are read: one request each. */
const MOST_METRICS = 50;

export function mlflowRegistry(
  client: MlflowClient,
  env: Readonly<Record<string, string | undefined>>,
): ModelRegistry {
  return {
    kind: 'mlflow',
    place: client.url,
    models: (work) => listModels(client, work),
    model: (name, work) => readModel(client, name, work),
    add: (request, work) => add(client, env, request, work),
    setAlias: (name, alias, version, mark, work) => setAlias(client, name, alias, version, mark, work),
    deleteAlias: (name, alias, mark, work) => deleteAlias(client, name, alias, mark, work),
    setTag: (name, version, key, value, work) => setTag(client, name, version, key, value, work),
    history: (name, work) => history(client, name, work),
    previous: (name, alias, work) => previous(client, name, alias, work),
    close: () => client.close(),
  };
}

/** Without metrics: they would take a request for every version. */
async function listModels(client: MlflowClient, work: Work): Promise<readonly RegisteredModel[]> {
  const models = await findModels(client, work);
  const versions = models.length === 0 ? [] : await findVersions(client, null, work);
  return models.map((model) =>
    registeredModel(
      model,
      versions.filter(({ name }) => name === model.name).map((version) => modelVersion(version, model, null)),
    ),
  );
}

async function readModel(client: MlflowClient, name: string, work: Work): Promise<RegisteredModel> {
  const model = await findModel(client, name, work);
  const versions = await findVersions(client, name, work);
  const logged = new Map<VersionAnswer, Logged>();
  await each(versions.slice(0, MOST_METRICS), AT_ONCE, async (version) => {
    logged.set(version, await loggedFor(client, version, work));
  });
  return registeredModel(
    model,
    versions.map((version) => modelVersion(version, model, logged.get(version) ?? null)),
  );
}

type Logged = Pick<ModelVersion, 'metrics' | 'params'>;

const NOTHING: Logged = { metrics: {}, params: {} };

/** Of the run, which may be deleted or not ours to see; then of the logged model. */
async function loggedFor(
  client: MlflowClient,
  { runId, source }: VersionAnswer,
  work: Work,
): Promise<Logged> {
  const [, modelId = null] = /^models:\/(m-[0-9a-f]{32})$/.exec(source) ?? [];
  try {
    if (runId !== null) {
      return await findRun(client, runId, work);
    }
    return modelId === null ? NOTHING : await findLoggedModel(client, modelId, work);
  } catch (error) {
    if (isLoadlineError(error) && ['LL7001', 'LL7003', 'LL7018'].includes(error.code)) {
      return NOTHING;
    }
    throw error;
  }
}

function registeredModel(model: ModelAnswer, versions: readonly ModelVersion[]): RegisteredModel {
  const { name, description, createdAt, tags, aliases } = model;
  return { name, description, createdAt, tags: withoutOwn(tags), aliases, versions };
}

function modelVersion(version: VersionAnswer, { aliases }: ModelAnswer, logged: Logged | null): ModelVersion {
  const { metrics, params } = logged ?? NOTHING;
  const bytes = Number(version.tags[BYTES_TAG] ?? Number.NaN);
  return {
    name: version.name,
    version: version.version,
    createdAt: version.createdAt,
    description: version.description,
    tags: withoutOwn(version.tags),
    metrics,
    params,
    source: version.source,
    runId: version.runId,
    stage: version.stage,
    status: version.status,
    aliases: Object.keys(aliases).filter((alias) => aliases[alias] === version.version),
    sha256: version.tags[SHA256_TAG] ?? null,
    bytes: Number.isInteger(bytes) ? bytes : null,
  };
}

/** Tags as people set them: Loadline's own are shown as what they say. */
function withoutOwn(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(tags).filter(([key]) => ![MOVES_TAG, SHA256_TAG, BYTES_TAG, BY_TAG].includes(key)),
  );
}

async function add(
  client: MlflowClient,
  env: Readonly<Record<string, string | undefined>>,
  request: AddRequest,
  work: Work,
): Promise<ModelVersion> {
  const { name, description, from, by } = request;
  // Opens the model: only what adds one loads the estimators.
  const { uploadModel } = await import('./upload.ts');
  const origin: Origin =
    'path' in from
      ? await uploadModel(client, env, request, from.path, work).then(({ runId, source, sha256, bytes }) => ({
          runId,
          source,
          tags: { [SHA256_TAG]: sha256, [BYTES_TAG]: String(bytes) },
        }))
      : await ofRun(client, request, from, work);
  const { refusal } = await client.ask(
    { method: 'POST', path: 'registered-models/create', body: { name } },
    work,
  );
  // The usual case: it is there already.
  if (refusal !== null && refusal.code !== 'RESOURCE_ALREADY_EXISTS') {
    throw refusal.code === 'INVALID_PARAMETER_VALUE'
      ? new LoadlineError('LL7010', `Cannot name a model ${JSON.stringify(name)} (${refusal.message})`)
      : refused(refusal, 'registered-models/create', client.url);
  }
  const tags = Object.entries({ ...request.tags, ...origin.tags, [BY_TAG]: by }).map(([key, value]) => ({
    key,
    value,
  }));
  const { modelId, runId, source } = origin;
  const answer = await client.want(
    {
      method: 'POST',
      path: 'model-versions/create',
      creates: true,
      body: {
        name,
        source,
        run_id: runId,
        tags,
        ...(description === '' ? {} : { description }),
        ...(modelId === undefined ? {} : { model_id: modelId }),
      },
    },
    work,
  );
  const version = decodeVersion(answer.model_version);
  return modelVersion(version, await findModel(client, name, work), await loggedFor(client, version, work));
}

interface Origin {
  readonly runId: string;
  readonly source: string;
  readonly modelId?: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A run's model, where it already lies; what is given beside it is logged to the run. Throws LL7001, LL7006. */
async function ofRun(
  client: MlflowClient,
  request: AddRequest,
  { runId, artifactPath }: { readonly runId: string; readonly artifactPath: string },
  work: Work,
): Promise<Origin> {
  if (request.data !== null) {
    throw new LoadlineError(
      'LL1001',
      'Cannot keep --data beside a model that a run logged: log it with the run instead',
    );
  }
  const { logBatch } = await import('./upload.ts');
  const run = await findRun(client, runId, work);
  const model = await findRunModel(client, run, artifactPath, work);
  if (model !== null && model.status !== 'LOGGED_MODEL_READY') {
    throw new LoadlineError(
      'LL7006',
      `Cannot add runs:/${runId}/${artifactPath}: its status is ${model.status}, expected LOGGED_MODEL_READY`,
    );
  }
  if (model === null) {
    const { openPlace } = await import('./places.ts');
    const uri = `${run.artifactUri.replace(/\/+$/, '')}/${artifactPath}`;
    const place = await openPlace(client, uri, { runId, modelId: null }, work);
    if (!(await place.list(work)).some(({ path }) => path === 'MLmodel')) {
      throw new LoadlineError('LL7001', `The run ${runId} on ${client.url} has no model "${artifactPath}"`, {
        where: `runs:/${runId}/${artifactPath}`,
      });
    }
    await logBatch(client, runId, { ...request, tags: {} }, work);
    return { runId, source: uri, tags: {} };
  }
  await logBatch(client, runId, { ...request, tags: {} }, work);
  return { runId, source: `models:/${model.modelId}`, modelId: model.modelId, tags: {} };
}

async function setAlias(
  client: MlflowClient,
  name: string,
  alias: string,
  version: string,
  mark: MoveMark,
  work: Work,
): Promise<AliasMove> {
  const model = await findModel(client, name, work);
  const from = own(model.aliases, alias);
  if (mark.expected !== undefined && mark.expected !== from) {
    throw new LoadlineError(
      'LL7015',
      `Cannot move "${alias}" of "${name}" to ${version}: expected it at ${mark.expected ?? 'no version'}, found ${from ?? 'no version'}`,
      { where: `models:/${name}@${alias}` },
    );
  }
  await findVersion(client, name, { kind: 'version', version }, work);
  const { refusal } = await client.ask(
    { method: 'POST', path: 'registered-models/alias', body: { name, alias, version } },
    work,
  );
  if (refusal !== null) {
    throw refusal.code === 'INVALID_PARAMETER_VALUE'
      ? new LoadlineError('LL7010', `Cannot use the alias ${JSON.stringify(alias)} (${refusal.message})`)
      : refused(refusal, 'registered-models/alias', client.url);
  }
  const { by, why, rollback = false } = mark;
  await note(client, model, { alias, from, to: version, by, why, rollback }, work);
  return { name, alias, from, to: version };
}

async function deleteAlias(
  client: MlflowClient,
  name: string,
  alias: string,
  mark: Mark,
  work: Work,
): Promise<void> {
  const model = await findModel(client, name, work);
  const from = own(model.aliases, alias);
  await client.want({ method: 'DELETE', path: 'registered-models/alias', body: { name, alias } }, work);
  if (from !== null) {
    await note(client, model, { alias, from, to: null, by: mark.by, why: mark.why, rollback: false }, work);
  }
}

/** The alias has moved by now: a note that cannot be made is not worth an error. */
async function note(
  client: MlflowClient,
  model: ModelAnswer,
  move: Omit<Parameters<typeof addMove>[1], 'at'>,
  work: Work,
): Promise<void> {
  const value = addMove(model.tags[MOVES_TAG], { at: Date.now(), ...move });
  await client
    .want(
      {
        method: 'POST',
        path: 'registered-models/set-tag',
        body: { name: model.name, key: MOVES_TAG, value },
      },
      work,
    )
    .catch(() => {
      work.note?.(
        `the move could not be written to the tag ${MOVES_TAG} of ${model.name}: history and rollback do not know of it`,
      );
    });
}

async function setTag(
  client: MlflowClient,
  name: string,
  version: string | null,
  key: string,
  value: string | null,
  work: Work,
): Promise<void> {
  // Says what there is where the model or the version is missing: MLflow itself names only what is not there.
  if (version === null) {
    await findModel(client, name, work);
  } else {
    await findVersion(client, name, { kind: 'version', version }, work);
  }
  const on = version === null ? 'registered-models' : 'model-versions';
  const what = { name, key, ...(version === null ? {} : { version }) };
  await client.want(
    value === null
      ? { method: 'DELETE', path: `${on}/delete-tag`, body: what }
      : { method: 'POST', path: `${on}/set-tag`, body: { ...what, value } },
    work,
  );
}

/** Moves that Loadline made, and versions as the registry has them. */
async function history(client: MlflowClient, name: string, work: Work): Promise<readonly HistoryEvent[]> {
  const model = await findModel(client, name, work);
  const versions = await findVersions(client, name, work);
  const added = versions.map(
    (version): HistoryEvent => ({
      at: version.createdAt,
      kind: 'version-added',
      name,
      version: version.version,
      alias: null,
      from: null,
      to: null,
      by: version.tags[BY_TAG] ?? '',
      why: version.description,
    }),
  );
  // Stable: moves of the same millisecond stay in their order.
  return [...parseMoves(name, model.tags[MOVES_TAG]), ...added].sort((a, b) => b.at - a.at);
}

async function previous(client: MlflowClient, name: string, alias: string, work: Work): Promise<string> {
  const model = await findModel(client, name, work);
  const now = own(model.aliases, alias);
  const versions = await findVersions(client, name, work);
  const ready = versions.filter(({ status }) => status === 'READY').map(({ version }) => version);
  const moves = parseMoves(name, model.tags[MOVES_TAG]).filter((move) => move.alias === alias);
  const found = previousOf(completeMoves(moves, now), (version) => ready.includes(version));
  if (found !== null) {
    return found;
  }
  const below = now === null ? undefined : ready.find((version) => Number(version) < Number(now));
  if (moves.length === 0 && below !== undefined) {
    work.note?.(
      `Loadline never moved "${alias}" of ${name}, and MLflow does not say where it was: taking the version below ${now}, ${below}`,
    );
    return below;
  }
  throw new LoadlineError(
    'LL7014',
    now === null
      ? `Cannot roll back "${alias}" of "${name}": it is at no version`
      : `Cannot roll back "${alias}" of "${name}": it is at ${now}, and no version before is known`,
    { where: `models:/${name}@${alias}` },
  );
}
