/** Makes a run with a model in it, as `mlflow.sklearn.log_model` of MLflow 2 does: both majors of the server register it. */
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { cannotWrite } from '../../config/write-whole.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { buildModel } from '../../formats/model-file.ts';
import { inspectModel } from '../../formats/open.ts';
import { modelFolder } from '../store/model-folder.ts';
import type { AddRequest, Work } from '../types.ts';
import { decodeRun, objectOf, type RunAnswer, textOf } from './answers.ts';
import type { MlflowClient } from './client.ts';
import { refused } from './client.ts';
import { uploadPlace } from './places.ts';

/** Where the model lies in its run. */
const MODEL_FOLDER = 'model';
/** Runs that Loadline makes, where MLFLOW_EXPERIMENT_NAME says nothing else. */
const EXPERIMENT = 'loadline';

/** A file on its way into a run: on disk or in memory. */
type FileSource = { readonly file: string; readonly size: number } | { readonly text: string };

export interface Uploaded {
  readonly runId: string;
  /** What the version's source is. */
  readonly source: string;
  /** Of the model file. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * The model is opened before anything is sent: what is unsafe or no model goes nowhere. A run whose upload fails is marked
 * as failed, and nothing is registered.
 */
export async function uploadModel(
  client: MlflowClient,
  env: Readonly<Record<string, string | undefined>>,
  request: AddRequest,
  path: string,
  work: Work,
): Promise<Uploaded> {
  const { files, sha256, bytes } = await examine(path);
  if (request.data !== null) {
    const { size } = await stat(request.data).catch((cause: Error) => {
      throw new LoadlineError('LL1006', `Cannot read ${request.data}: ${cause.message}`, { cause });
    });
    const name = `loadline/training-data${extname(request.data).toLowerCase() || '.csv'}`;
    files.set(name, { file: request.data, size });
  }
  const experimentId = await experimentOf(client, env, work);
  const run = await createRun(client, experimentId, request, work);
  try {
    await logBatch(client, run.runId, request, work);
    await sendFiles(client, run, files, work);
    await endRun(client, run.runId, 'FINISHED', work);
  } catch (error) {
    await endRun(client, run.runId, 'FAILED', { signal: AbortSignal.timeout(client.timing.idleMs) }).catch(
      () => {},
    );
    throw error;
  }
  return {
    runId: run.runId,
    source: `${run.artifactUri.replace(/\/+$/, '')}/${MODEL_FOLDER}`,
    sha256,
    bytes,
  };
}

async function examine(
  path: string,
): Promise<{ readonly files: Map<string, FileSource>; readonly sha256: string; readonly bytes: number }> {
  const entry = await stat(path).catch((cause: Error) => {
    throw new LoadlineError('LL1006', `Cannot add ${path}: ${cause.message}`, { where: path, cause });
  });
  const read = await inspectModel(path);
  const model = buildModel(read);
  const { sha256, bytes } = read.origin;
  const files = new Map<string, FileSource>();
  if (!entry.isDirectory()) {
    const { modelFile, texts } = modelFolder(read, model, Date.now());
    files.set(modelFile, { file: path, size: entry.size });
    for (const [name, text] of texts) {
      files.set(name, { text });
    }
    return { files, sha256, bytes };
  }
  for (const each of await readdir(path, { recursive: true, withFileTypes: true })) {
    const file = join(each.parentPath, each.name);
    if (each.isFile()) {
      files.set(relative(path, file).split(sep).join('/'), { file, size: (await stat(file)).size });
    } else if (!each.isDirectory()) {
      throw new LoadlineError('LL7007', `Cannot add ${file}: expected a file, found a link or a device`, {
        where: file,
        fix: 'Copy the folder with its links followed (cp -rL) and add the copy.',
      });
    }
  }
  return { files, sha256, bytes };
}

/** The experiment that MLFLOW_EXPERIMENT_ID or MLFLOW_EXPERIMENT_NAME names, else Loadline's, made where it is missing. */
async function experimentOf(
  client: MlflowClient,
  env: Readonly<Record<string, string | undefined>>,
  work: Work,
): Promise<string> {
  if (env.MLFLOW_EXPERIMENT_ID) {
    return env.MLFLOW_EXPERIMENT_ID;
  }
  const name = env.MLFLOW_EXPERIMENT_NAME || EXPERIMENT;
  const find = async (): Promise<string | null> => {
    const path = 'experiments/get-by-name';
    const { value, refusal } = await client.ask(
      { method: 'GET', path, query: { experiment_name: name } },
      work,
    );
    if (refusal === null) {
      return textOf(objectOf(value.experiment, 'experiment'), 'experiment_id');
    }
    if (refusal.code === 'RESOURCE_DOES_NOT_EXIST') {
      return null;
    }
    throw refused(refusal, path, client.url);
  };
  const found = await find();
  if (found !== null) {
    return found;
  }
  const path = 'experiments/create';
  const { value, refusal } = await client.ask({ method: 'POST', path, body: { name }, creates: true }, work);
  if (refusal === null) {
    return textOf(value, 'experiment_id');
  }
  // Another process was first.
  const again = refusal.code === 'RESOURCE_ALREADY_EXISTS' ? await find() : null;
  if (again !== null) {
    return again;
  }
  throw refused(refusal, path, client.url);
}

async function createRun(
  client: MlflowClient,
  experimentId: string,
  { name, by, description }: AddRequest,
  work: Work,
): Promise<RunAnswer> {
  const tags = [
    { key: 'mlflow.user', value: by },
    { key: 'mlflow.source.name', value: 'loadline models add' },
    { key: 'mlflow.source.type', value: 'LOCAL' },
    { key: 'mlflow.runName', value: name },
    ...(description === '' ? [] : [{ key: 'mlflow.note.content', value: description }]),
  ];
  const body = { experiment_id: experimentId, user_id: by, run_name: name, start_time: Date.now(), tags };
  const answer = await client.want({ method: 'POST', path: 'runs/create', body, creates: true }, work);
  return decodeRun(answer.run);
}

/** What MLflow takes in one request. */
const MOST_METRICS = 1000;
const MOST_PARAMS = 100;

/** Metrics, parameters and tags of a run. */
export async function logBatch(
  client: MlflowClient,
  runId: string,
  { metrics, params, tags }: Pick<AddRequest, 'metrics' | 'params' | 'tags'>,
  work: Work,
): Promise<void> {
  const timestamp = Date.now();
  // Infinity has no place in JSON; MLflow reads it as text.
  const all = Object.entries(metrics).map(([key, value]) => ({
    key,
    value: Number.isFinite(value) ? value : String(value),
    timestamp,
    step: 0,
  }));
  const pairs = (of: Readonly<Record<string, string>>): readonly { key: string; value: string }[] =>
    Object.entries(of).map(([key, value]) => ({ key, value }));
  const batches = [
    ...slices(all, MOST_METRICS).map((some) => ({ metrics: some })),
    ...slices(pairs(params), MOST_PARAMS).map((some) => ({ params: some })),
    ...slices(pairs(tags), MOST_PARAMS).map((some) => ({ tags: some })),
  ];
  for (const batch of batches) {
    await client.want({ method: 'POST', path: 'runs/log-batch', body: { run_id: runId, ...batch } }, work);
  }
}

function slices<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

async function endRun(
  client: MlflowClient,
  runId: string,
  status: 'FINISHED' | 'FAILED',
  work: Pick<Work, 'signal'>,
): Promise<void> {
  const body = { run_id: runId, status, end_time: Date.now() };
  await client.want({ method: 'POST', path: 'runs/update', body }, work);
}

async function sendFiles(
  client: MlflowClient,
  { artifactUri }: RunAnswer,
  files: ReadonlyMap<string, FileSource>,
  work: Work,
): Promise<void> {
  const place = uploadPlace(client.url, artifactUri);
  if (place === null) {
    throw new LoadlineError(
      'LL7018',
      `Cannot send the model to ${artifactUri}: Loadline sends artifacts through the server or to a folder of this machine`,
      {
        where: artifactUri,
        fix: 'Start the MLflow server with --artifacts-destination, so that it takes artifacts in; or log the model with MLflow and add it as runs:/RUN/PATH.',
      },
    );
  }
  for (const [name, source] of files) {
    const path = `${MODEL_FOLDER}/${name}`;
    if ('folder' in place) {
      await copyInto(join(place.folder, path), source);
      continue;
    }
    const size = 'text' in source ? Buffer.byteLength(source.text) : source.size;
    let sent = 0;
    const body = {
      size,
      open: (): Readable => {
        sent = 0;
        return 'text' in source ? Readable.from([Buffer.from(source.text)]) : createReadStream(source.file);
      },
      onSent(bytes: number): void {
        sent += bytes;
        work.onProgress(basename(name), sent, size);
      },
    };
    await client.put(place.url(path), body, work).catch((error: unknown) => {
      // The transport is one of images too, and says what it cannot read as they do.
      throw isLoadlineError(error) && error.code === 'LL6016'
        ? new LoadlineError('LL7006', `Cannot send ${name}: it changed while it was read`, { cause: error })
        : error;
    });
  }
}

/** A server that leaves artifacts to its clients has a folder that they write themselves. */
async function copyInto(target: string, source: FileSource): Promise<void> {
  try {
    await mkdir(dirname(target), { recursive: true });
    await ('text' in source ? writeFile(target, source.text) : copyFile(source.file, target));
  } catch (cause) {
    throw cannotWrite(target, cause);
  }
}
