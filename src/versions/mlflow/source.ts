/** References to an MLflow server: where they lead, and how the files come here. */
import { constants, createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { DEFAULT_LIMITS } from '../../bytes/limits.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { readMlmodelOf } from '../../formats/mlflow/folder.ts';
import { readBytes } from '../../formats/read-bytes.ts';
import { each } from '../../net/each.ts';
import { type Cache, digest, fileName } from '../cache.ts';
import { defaultName } from '../default-name.ts';
import { formatReference, type ModelReference } from '../reference.ts';
import type { FoundVersion, Source, Work } from '../types.ts';
import { textOf } from './answers.ts';
import type { MlflowClient } from './client.ts';
import { download } from './download.ts';
import { findLoggedModel, findRun, findRunModel, findVersion } from './find.ts';
import { type Owner, openPlace, type Place, type PlaceFile } from './places.ts';

export type MlflowReference = Extract<
  ModelReference,
  { kind: 'mlflow' | 'logged-model' | 'run' | 'artifacts' }
>;

export interface MlflowContext {
  readonly client: MlflowClient;
  /** Opened at the first fetch. */
  readonly cache: () => Promise<Cache>;
  /** Bytes of all files of a version; default: what a model file may have. */
  readonly maxBytes?: number;
}

/** A version and where its files are said to be. */
interface Target {
  readonly found: FoundVersion;
  readonly uri: string;
  readonly owner: Owner;
}

const LOGGED_READY = 'LOGGED_MODEL_READY';
/** Source of a version whose files lie with a logged model. */
const LOGGED_MODEL = /^models:\/(m-[0-9a-f]{32})$/;
/** Files that come at a time: a model is one large file and some small ones. */
const AT_ONCE = 4;
/** Bytes of an MLmodel: a signature of 20,000 columns takes 1.5 MB. */
const MOST_MLMODEL = 8 * 2 ** 20;

export function mlflowSource(reference: MlflowReference, context: MlflowContext): Source {
  return {
    reference,
    moves: reference.kind === 'mlflow' && reference.pick.kind !== 'version',
    find: (work) => find(reference, context.client, work),
    async fetch(found, work) {
      const { client, cache, maxBytes = DEFAULT_LIMITS.fileBytes } = context;
      const { model, label } = entryNames(reference, found, client.url);
      const path = await (await cache()).ensure(
        { model, label, identity: found.identity },
        async ({ files, parts }) => {
          const target = await locate(reference, found, client, work);
          const place = await openPlace(client, target.uri, target.owner, work);
          const listed = checkFiles(found.uri, place, await place.list(work), maxBytes);
          const to = { files, parts, maxBytes };
          // First, because of a model that Loadline does not read nothing more has to come here.
          await bring(client, found.uri, place, listed.filter(isMlmodel), to, work);
          await checkModelFile(found.uri, files, listed);
          await bring(client, found.uri, place, listed, to, work);
        },
      );
      return { ...found, path };
    },
  };
}

async function find(reference: MlflowReference, client: MlflowClient, work: Work): Promise<FoundVersion> {
  return (await findTarget(reference, client, work)).found;
}

/** What is fetched, looked up again by its own number: the alias may have moved on. */
async function locate(
  reference: MlflowReference,
  found: FoundVersion,
  client: MlflowClient,
  work: Work,
): Promise<Target> {
  const exact: MlflowReference =
    reference.kind === 'mlflow'
      ? { ...reference, pick: { kind: 'version', version: found.version } }
      : reference;
  const target = await findTarget(exact, client, work);
  if (target.found.identity !== found.identity) {
    throw new LoadlineError(
      'LL7001',
      `${found.uri} on ${client.url} is not the one that was looked up: it was made again meanwhile`,
      { where: found.uri, fix: 'Look it up again.' },
    );
  }
  if (reference.kind !== 'mlflow') {
    return target;
  }
  const [, modelId] = LOGGED_MODEL.exec(target.uri) ?? [];
  if (modelId !== undefined) {
    const status = await logged(client, modelId, work);
    checkReady(found.uri, status ?? LOGGED_READY, LOGGED_READY);
  }
  const answer = await client.want(
    {
      method: 'GET',
      path: 'model-versions/get-download-uri',
      query: { name: reference.name, version: found.version },
    },
    work,
  );
  // Only the server knows where the version of another model, or a logged one, lies.
  return { ...target, uri: textOf(answer, 'artifact_uri') };
}

/** A version can be registered before the model behind it is whole. Null where it may not be looked at, or is no more. */
async function logged(client: MlflowClient, modelId: string, work: Work): Promise<string | null> {
  try {
    return (await findLoggedModel(client, modelId, work)).status;
  } catch (error) {
    if (isLoadlineError(error) && ['LL7001', 'LL7003', 'LL7018'].includes(error.code)) {
      return null;
    }
    throw error;
  }
}

async function findTarget(reference: MlflowReference, client: MlflowClient, work: Work): Promise<Target> {
  switch (reference.kind) {
    case 'mlflow': {
      const { name, version, source, createdAt, status, runId } = await findVersion(
        client,
        reference.name,
        reference.pick,
        work,
      );
      const uri = `models:/${name}/${version}`;
      checkReady(uri, status, 'READY');
      // A model that was deleted and made again counts from 1 again.
      const identity = `${client.url} ${uri} ${createdAt} ${source}`;
      return { found: { name, version, identity, uri }, uri: source, owner: { runId, modelId: null } };
    }
    case 'logged-model':
      return loggedModel(client, await findLoggedModel(client, reference.modelId, work));
    case 'run': {
      const run = await findRun(client, reference.runId, work);
      const uri = formatReference(reference);
      const owner = { runId: run.runId, modelId: null };
      const below = `${run.artifactUri.replace(/\/+$/, '')}/${reference.path}`;
      const place = await openPlace(client, below, owner, work);
      // MLflow 2 logs a model below its run, MLflow 3 beside the runs.
      if ((await place.list(work)).some(isMlmodel)) {
        const found = {
          name: defaultName(reference.path),
          version: run.runId,
          identity: `${client.url} ${uri} ${await contentStamp(client, place, uri, work)}`,
          uri,
        };
        return { found, uri: below, owner };
      }
      const model = await findRunModel(client, run, reference.path, work);
      if (model === null) {
        throw new LoadlineError(
          'LL7001',
          `The run ${run.runId} on ${client.url} has no model "${reference.path}"`,
          {
            where: uri,
            fix: 'The second part of runs:/RUN/PATH is the name that log_model was given; the page of the run shows it.',
          },
        );
      }
      const logged = loggedModel(client, model);
      return {
        ...logged,
        found: { ...logged.found, name: defaultName(reference.path), version: run.runId, uri },
      };
    }
    case 'artifacts': {
      const parts = reference.uri.split('/').filter((part) => part !== '' && part !== 'artifacts');
      const owner = { runId: null, modelId: null };
      const place = await openPlace(client, reference.uri, owner, work);
      const isModel = (await place.list(work)).some(isMlmodel);
      const stamp = isModel ? await contentStamp(client, place, reference.uri, work) : '';
      const found = {
        name: defaultName(parts.at(-1) ?? ''),
        version: digest(reference.uri),
        identity: `${client.url} ${reference.uri} ${stamp}`,
        uri: reference.uri,
      };
      return { found, uri: reference.uri, owner };
    }
  }
}

/**
 * sha256 of the MLmodel, in which MLflow writes an identifier and a time: what lies under a path can be logged again, and
 * would else come from the cache as it was.
 */
async function contentStamp(client: MlflowClient, place: Place, uri: string, work: Work): Promise<string> {
  const at = place.locate('MLmodel');
  if (typeof at === 'string') {
    return (await readBytes(at, { fileBytes: MOST_MLMODEL })).sha256;
  }
  const folder = await mkdtemp(join(tmpdir(), 'loadline-mlmodel-'));
  try {
    const file = join(folder, 'MLmodel');
    const what = { what: `MLmodel of ${uri}`, size: null, most: MOST_MLMODEL, onBytes() {} };
    await download(client, { ...what, url: at, file, part: `${file}.part` }, work.signal);
    return (await readBytes(file)).sha256;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function loggedModel(
  client: MlflowClient,
  { modelId, name, status, createdAt, artifactUri, runId }: Awaited<ReturnType<typeof findLoggedModel>>,
): Target {
  const uri = `models:/${modelId}`;
  checkReady(uri, status, LOGGED_READY);
  return {
    found: { name: defaultName(name), version: modelId, identity: `${client.url} ${uri} ${createdAt}`, uri },
    uri: artifactUri,
    owner: { runId, modelId },
  };
}

function checkReady(uri: string, status: string, wanted: string): void {
  if (status !== wanted) {
    throw new LoadlineError('LL7006', `Cannot use ${uri}: its status is ${status}, expected ${wanted}`, {
      where: uri,
      fix: 'It is still being logged, or logging it failed: wait for it to end, or log the model once more.',
    });
  }
}

/** Throws LL7005 for what is no model folder, LL3004 for one that is too large. */
function checkFiles(
  uri: string,
  place: Place,
  files: readonly PlaceFile[],
  maxBytes: number,
): readonly PlaceFile[] {
  if (!files.some(isMlmodel)) {
    const found =
      files.length === 0
        ? 'nothing: its files were removed, or the user may not see them'
        : `only ${files
            .slice(0, 5)
            .map(({ path }) => path)
            .join(', ')}${files.length > 5 ? ' …' : ''}`;
    throw new LoadlineError('LL7005', `Cannot use ${uri}: ${place.uri} has no MLmodel but ${found}`, {
      where: uri,
    });
  }
  const total = files.reduce((sum, { size }) => sum + (size ?? 0), 0);
  if (total > maxBytes) {
    throw new LoadlineError(
      'LL3004',
      `Cannot fetch ${uri}: it has ${total} bytes, the limit is ${maxBytes} (fileBytes)`,
      {
        where: uri,
      },
    );
  }
  return files;
}

function isMlmodel({ path }: PlaceFile): boolean {
  return path === 'MLmodel';
}

/**
 * Throws what `readMlmodelOf` throws, and LL7006 where the model's file is not listed: what is kept of a version is whole,
 * or a file that comes later would never be seen.
 */
async function checkModelFile(uri: string, folder: string, files: readonly PlaceFile[]): Promise<void> {
  const { modelFile } = await readMlmodelOf(folder, uri);
  if (!files.some(({ path }) => path === posix.normalize(modelFile))) {
    throw new LoadlineError(
      'LL7006',
      `Cannot use ${uri}: its MLmodel names ${modelFile}, which is not among its files`,
      { where: uri },
    );
  }
}

async function bring(
  client: MlflowClient,
  uri: string,
  place: Place,
  listed: readonly PlaceFile[],
  to: { readonly files: string; readonly parts: string; readonly maxBytes: number },
  work: Work,
): Promise<void> {
  const total = listed.every(({ size }) => size !== null)
    ? listed.reduce((sum, { size }) => sum + (size ?? 0), 0)
    : null;
  const here = new Map<string, number>();
  const onBytes = (path: string, bytes: number): void => {
    here.set(path, bytes);
    const done = [...here.values()].reduce((sum, one) => sum + one, 0);
    if (done > to.maxBytes) {
      throw new LoadlineError(
        'LL3004',
        `Cannot fetch ${uri}: it has more than ${to.maxBytes} bytes (fileBytes)`,
        {
          where: uri,
        },
      );
    }
    work.onProgress(uri, done, total);
  };
  await each(listed, AT_ONCE, async ({ path, size }) => {
    work.signal.throwIfAborted();
    const file = join(to.files, path);
    await mkdir(dirname(file), { recursive: true });
    // Files are moved to their place whole: one of an earlier try need not come again.
    const before = await stat(file).catch(() => null);
    if (before === null || before.size !== (size ?? before.size)) {
      const from = place.locate(path);
      const what = `${path} of ${uri}`;
      if (typeof from === 'string') {
        await copy(from, file, what);
      } else {
        const part = join(to.parts, digest(path));
        const progress = (bytes: number): void => onBytes(path, bytes);
        await download(
          client,
          { url: from, what, size, most: to.maxBytes, file, part, onBytes: progress },
          work.signal,
        );
      }
    }
    onBytes(path, (await stat(file)).size);
  });
}

async function copy(from: string, file: string, what: string): Promise<void> {
  // Opened first: what cannot be read is no fault of the disk that is written to.
  const source = createReadStream(from);
  await new Promise<void>((resolve, reject) => {
    source.once('open', () => resolve());
    source.once('error', (cause) =>
      reject(new LoadlineError('LL7006', `Cannot read ${what}: ${cause.message}`, { where: from, cause })),
    );
  });
  source.destroy();
  await copyFile(from, file, constants.COPYFILE_FICLONE);
}

/** Names of the folders of the cache, for people: `house-price-3f2a91c0/house-price-3-…`. */
function entryNames(
  reference: MlflowReference,
  found: FoundVersion,
  url: string,
): { readonly model: string; readonly label: string } {
  const model = reference.kind === 'mlflow' ? `${url} ${reference.name}` : found.identity;
  return {
    model: `${fileName(found.name)}-${digest(model)}`,
    label: `${found.name}-${found.version.slice(0, 20)}`,
  };
}
