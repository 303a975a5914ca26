/** Which version a reference to MLflow leads to. */
import { nearest } from '../../bytes/nearest.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { VersionPick } from '../reference.ts';
import type { Work } from '../types.ts';
import {
  decodeLoggedModel,
  decodeModel,
  decodeRun,
  decodeVersion,
  type LoggedModelAnswer,
  listOf,
  type ModelAnswer,
  optionalText,
  type RunAnswer,
  type VersionAnswer,
} from './answers.ts';
import type { Ask, MlflowClient, Refusal } from './client.ts';
import { refused } from './client.ts';

/** A page of a listing: the most that every server gives. */
const PAGE = 1000;
/** Pages until an answer that goes on and on is given up. */
const MOST_PAGES = 100;
const MOST_NAMED = 12;

/** The version that a pick leads to: one small request. Throws LL7001 with what there is, LL7002 to LL7004. */
export async function findVersion(
  client: MlflowClient,
  name: string,
  pick: VersionPick,
  work: Work,
): Promise<VersionAnswer> {
  switch (pick.kind) {
    case 'alias': {
      const query = { name, alias: pick.alias };
      const { value, refusal } = await client.ask(
        { method: 'GET', path: 'registered-models/alias', query },
        work,
      );
      if (refusal === null) {
        return decodeVersion(value.model_version);
      }
      throw await missing(client, name, `alias "${pick.alias}"`, refusal, work, (model) =>
        aliasesText(model, pick.alias),
      );
    }
    case 'version': {
      const query = { name, version: pick.version };
      const { value, refusal } = await client.ask({ method: 'GET', path: 'model-versions/get', query }, work);
      if (refusal === null) {
        return decodeVersion(value.model_version);
      }
      throw await missing(client, name, `version ${pick.version}`, refusal, work, () =>
        versionsText(client, name, work),
      );
    }
    case 'latest':
      return newestOf(client, name, null, work);
    case 'stage':
      return newestOf(client, name, pick.stage, work);
  }
}

/** MLflow gives the newest version of each stage. */
async function newestOf(
  client: MlflowClient,
  name: string,
  stage: string | null,
  work: Work,
): Promise<VersionAnswer> {
  const body = stage === null ? { name } : { name, stages: [stage] };
  const { value, refusal } = await client.ask(
    { method: 'POST', path: 'registered-models/get-latest-versions', body },
    work,
  );
  const what = stage === null ? 'version' : `version in the stage "${stage}"`;
  const found = refusal === null ? listOf(value, 'model_versions').map(decodeVersion) : [];
  const newest = found.reduce<VersionAnswer | null>(
    (best, one) => (best === null || Number(one.version) > Number(best.version) ? one : best),
    null,
  );
  if (newest !== null) {
    return newest;
  }
  throw await missing(client, name, what, refusal, work, async (model) => {
    // What older servers call a stage is an alias by now.
    const isAlias = stage !== null && Object.hasOwn(model.aliases, stage);
    return isAlias
      ? `"${stage}" is an alias: write models:/${name}@${stage}`
      : versionsText(client, name, work);
  });
}

/**
 * What to say of something that is not there: without the model, the names that are near; with it, what the model has.
 * A refusal that is about something else stays what it is.
 */
async function missing(
  client: MlflowClient,
  name: string,
  what: string,
  refusal: Refusal | null,
  work: Work,
  has: (model: ModelAnswer) => string | Promise<string>,
): Promise<LoadlineError> {
  const isMissing =
    refusal === null || /_DOES_NOT_EXIST|^INVALID_PARAMETER_VALUE|^NOT_FOUND/.test(refusal.code);
  if (!isMissing) {
    return refused(refusal, name, client.url);
  }
  const model = await findModel(client, name, work);
  return new LoadlineError('LL7001', `"${name}" on ${client.url} has no ${what}: ${await has(model)}`, {
    where: `models:/${name}`,
  });
}

function aliasesText({ aliases }: ModelAnswer, meant: string): string {
  const known = Object.entries(aliases).map(([alias, version]) => `${alias} → ${version}`);
  if (known.length === 0) {
    return 'it has none';
  }
  const near = nearest(meant, Object.keys(aliases));
  return `it has ${listed(known)}${near === null ? '' : `; perhaps ${near} is meant`}`;
}

async function versionsText(client: MlflowClient, name: string, work: Work): Promise<string> {
  const versions = await findVersions(client, name, work);
  return versions.length === 0
    ? 'it has no versions'
    : `it has ${listed(versions.map(({ version }) => version).reverse())}`;
}

function listed(words: readonly string[]): string {
  return words.length > MOST_NAMED
    ? `… ${words.slice(-MOST_NAMED).join(', ')} (${words.length} in all)`
    : words.join(', ');
}

/** Throws LL7001 with the names that are near, or all of a few. */
export async function findModel(client: MlflowClient, name: string, work: Work): Promise<ModelAnswer> {
  const { value, refusal } = await client.ask(
    { method: 'GET', path: 'registered-models/get', query: { name } },
    work,
  );
  if (refusal === null) {
    return decodeModel(value.registered_model);
  }
  if (refusal.code !== 'RESOURCE_DOES_NOT_EXIST') {
    throw refused(refusal, name, client.url);
  }
  const names = (await findModels(client, work)).map((model) => model.name);
  const near = nearest(name, names);
  const known =
    near !== null
      ? `perhaps "${near}" is meant`
      : names.length === 0
        ? 'it has no models'
        : `it has ${listed(names)}`;
  throw new LoadlineError('LL7001', `The MLflow server ${client.url} has no model "${name}": ${known}`, {
    where: `models:/${name}`,
  });
}

/** All of them; prompts, which MLflow keeps among them, left out. */
export async function findModels(client: MlflowClient, work: Work): Promise<readonly ModelAnswer[]> {
  const path = 'registered-models/search';
  const models = await pages(
    client,
    { method: 'GET', path, query: { max_results: String(PAGE) } },
    'registered_models',
    work,
  );
  return models.map(decodeModel).filter(({ tags }) => tags['mlflow.prompt.is_prompt'] !== 'true');
}

/** Newest first; of all models without a name. */
export async function findVersions(
  client: MlflowClient,
  name: string | null,
  work: Work,
): Promise<readonly VersionAnswer[]> {
  const path = 'model-versions/search';
  // The filter has no escapes: a name with both quotes is picked out here.
  const quote = name?.includes("'") ? '"' : "'";
  const filter = name === null || name.includes(quote) ? {} : { filter: `name=${quote}${name}${quote}` };
  const query = { max_results: String(PAGE), ...filter };
  const versions = (await pages(client, { method: 'GET', path, query }, 'model_versions', work)).map(
    decodeVersion,
  );
  return versions
    .filter((version) => name === null || version.name === name)
    .sort((a, b) => Number(b.version) - Number(a.version));
}

async function pages(client: MlflowClient, ask: Ask, key: string, work: Work): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  let token: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const next = token === null ? {} : { page_token: token };
    const paged =
      ask.method === 'GET' ? { query: { ...ask.query, ...next } } : { body: { ...ask.body, ...next } };
    const answer = await client.want({ ...ask, ...paged }, work);
    found.push(...listOf(answer, key));
    token = optionalText(answer, 'next_page_token') || null;
    if (token === null) {
      return found;
    }
  }
  throw new LoadlineError(
    'LL7004',
    `The answer of ${client.url} to ${ask.path} has more than ${MOST_PAGES} pages`,
  );
}

/** Throws LL7001. */
export async function findRun(
  client: MlflowClient,
  runId: string,
  work: Pick<Work, 'signal'>,
): Promise<RunAnswer> {
  const { value, refusal } = await client.ask(
    { method: 'GET', path: 'runs/get', query: { run_id: runId } },
    work,
  );
  if (refusal === null) {
    return decodeRun(value.run);
  }
  if (refusal.code === 'RESOURCE_DOES_NOT_EXIST' || refusal.code === 'INVALID_PARAMETER_VALUE') {
    throw new LoadlineError(
      'LL7001',
      `The MLflow server ${client.url} has no run ${runId} (${refusal.message})`,
      {
        where: `runs:/${runId}`,
      },
    );
  }
  throw refused(refusal, 'runs/get', client.url);
}

/** Throws LL7001. */
export async function findLoggedModel(
  client: MlflowClient,
  modelId: string,
  work: Pick<Work, 'signal'>,
): Promise<LoggedModelAnswer> {
  const { value, refusal } = await client.ask({ method: 'GET', path: `logged-models/${modelId}` }, work);
  if (refusal === null) {
    return decodeLoggedModel(value.model);
  }
  if (refusal.code === 'RESOURCE_DOES_NOT_EXIST') {
    throw new LoadlineError(
      'LL7001',
      `The MLflow server ${client.url} has no logged model ${modelId} (${refusal.message})`,
      { where: `models:/${modelId}` },
    );
  }
  throw refused(refusal, 'logged-models', client.url);
}

/** The newest model that a run of MLflow 3 logged under a name; null where there is none, as on every server of MLflow 2. */
export async function findRunModel(
  client: MlflowClient,
  { runId, experimentId }: RunAnswer,
  name: string,
  work: Work,
): Promise<LoggedModelAnswer | null> {
  const quote = name.includes("'") ? '"' : "'";
  const body = { experiment_ids: [experimentId], filter: `name = ${quote}${name}${quote}` };
  const found = await pages(
    client,
    { method: 'POST', path: 'logged-models/search', body },
    'models',
    work,
  ).catch((error: unknown) => {
    // MLflow 2 has no such route and says so in HTML; a name with both quotes fits into no filter.
    if (isLoadlineError(error) && (error.code === 'LL7004' || error.code === 'LL7018')) {
      return [];
    }
    throw error;
  });
  return found
    .map(decodeLoggedModel)
    .filter((model) => model.runId === runId)
    .reduce<LoggedModelAnswer | null>(
      (best, model) => (best === null || model.createdAt > best.createdAt ? model : best),
      null,
    );
}
