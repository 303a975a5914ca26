/** The embedded store as `loadline models` steers it. */
import { randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { AddRequest, ModelRegistry, ModelVersion, RegisteredModel, Work } from '../types.ts';
import { artifactWriter } from './artifacts.ts';
import { adoptBlob, type Staged, stageBlob } from './blobs.ts';
import { OWN_ARTIFACTS } from './catalog.ts';
import { checkOutFiles, contentName } from './checkout.ts';
import { checkArtifactPath, checkModelName } from './names.ts';
import { findRunModel, withRun } from './run-model.ts';
import { writing } from './transaction.ts';
import type { NewVersion, Store, StoredModel } from './types.ts';

/** Where in a version's folder its training data lie, with the extension that they came with. */
export const TRAINING_DATA = 'loadline/training-data';

/** A file on its way into a version: on disk or in memory. */
type FileSource = { readonly file: string } | { readonly text: string };

/** @param place as a person wrote it; default: the store's folder */
export function storeRegistry(store: Store, place: string = store.folder): ModelRegistry {
  const { catalog } = store;
  const withRuns = (model: StoredModel): RegisteredModel => ({
    ...model,
    versions: model.versions.map((version) => withRun(store, version)),
  });
  return {
    kind: 'store',
    place,
    models: async () => catalog.models().map(withRuns),
    model: async (name) => withRuns(catalog.model(name)),
    add: (request, work) => add(store, request, work),
    setAlias: async (name, alias, version, mark) => catalog.setAlias(name, alias, version, mark),
    async deleteAlias(name, alias, mark) {
      catalog.deleteAlias(name, alias, mark);
    },
    async setTag(name, version, key, value) {
      catalog.setTag(name, version, key, value);
    },
    history: async (name) => catalog.history(name),
    previous: async (name, alias) => catalog.previous(name, alias),
    close: () => store.close(),
  };
}

/** The model is opened before anything is kept: what is unsafe or no model is not added. */
async function add(store: Store, request: AddRequest, work: Work): Promise<ModelVersion> {
  checkModelName(request.name);
  const { from } = request;
  if ('runId' in from) {
    return addRun(store, request, from, work);
  }
  const { files, sha256, bytes } = await examine(from.path);
  if (request.data !== null) {
    files.set(`${TRAINING_DATA}${extname(request.data).toLowerCase() || '.csv'}`, { file: request.data });
  }
  const artifactPath = `${OWN_ARTIFACTS}/${randomBytes(16).toString('hex')}`;
  const staged = new Map<string, Staged>();
  try {
    for (const [path, source] of files) {
      checkArtifactPath(path);
      staged.set(path, await stageBlob(store.folder, read(source, path, work)));
    }
    if (![...staged.values()].some((blob) => blob.sha256 === sha256)) {
      throw new LoadlineError('LL7006', `Cannot add ${from.path}: it changed while it was read`);
    }
    return writing(store, () => {
      const pointAt = artifactWriter(store);
      for (const [path, blob] of staged) {
        adoptBlob(store.folder, blob);
        pointAt(`${artifactPath}/${path}`, blob);
      }
      const source = `mlflow-artifacts:/${artifactPath}`;
      return create(store, request, { source, artifactPath, runId: null, sha256, bytes });
    });
  } finally {
    for (const { temporary } of staged.values()) {
      rmSync(temporary, { force: true });
    }
  }
}

/** Registers what a run logged into this store; its files stay where they are. */
async function addRun(
  store: Store,
  request: AddRequest,
  { runId, artifactPath: path }: { readonly runId: string; readonly artifactPath: string },
  work: Work,
): Promise<ModelVersion> {
  const artifactPath = findRunModel(store, runId, path);
  const files = store.artifacts.files(artifactPath);
  const folder = await checkOutFiles(
    store,
    contentName({ uid: 'run' }, files),
    files,
    `runs:/${runId}/${path}`,
    work,
  );
  const { openModel } = await reader();
  const { origin } = await openModel(folder);
  const source = `runs:/${runId}/${path}`;
  return create(store, request, { source, artifactPath, runId, sha256: origin.sha256, bytes: origin.bytes });
}

function create(
  { catalog }: Store,
  { name, description, tags, metrics, params, by }: AddRequest,
  what: Pick<NewVersion, 'source' | 'artifactPath' | 'runId' | 'sha256' | 'bytes'>,
): ModelVersion {
  return catalog.createVersion({ ...what, name, description, tags, metrics, params, by, why: description });
}

interface Examined {
  /** By path in the version's folder. */
  readonly files: Map<string, FileSource>;
  /** Of the model file. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Every estimator that there is comes with it: only what is added is read, all else is quick to start. */
function reader(): Promise<typeof import('../../formats/open.ts')> {
  return import('../../formats/open.ts');
}

/** Throws what opening a model throws. */
async function examine(path: string): Promise<Examined> {
  const entry = await stat(path).catch((cause: unknown) => {
    throw new LoadlineError('LL1006', `Cannot add ${path}: ${(cause as Error).message}`, {
      where: path,
      cause,
    });
  });
  if (entry.isDirectory()) {
    const { openModel } = await reader();
    const { origin } = await openModel(path);
    return { files: await walk(path), sha256: origin.sha256, bytes: origin.bytes };
  }
  const { inspectModel } = await reader();
  const { buildModel } = await import('../../formats/model-file.ts');
  const { modelFolder } = await import('./model-folder.ts');
  const file = await inspectModel(path);
  const { modelFile, texts } = modelFolder(file, buildModel(file), Date.now());
  const files = new Map<string, FileSource>([[modelFile, { file: path }]]);
  for (const [name, text] of texts) {
    files.set(name, { text });
  }
  return { files, sha256: file.origin.sha256, bytes: file.origin.bytes };
}

/** All files of a folder. Throws LL7007 for a link: it may lead anywhere, and what is added may be served to others. */
async function walk(folder: string): Promise<Map<string, FileSource>> {
  const files = new Map<string, FileSource>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) {
      continue;
    }
    if (!entry.isFile()) {
      throw new LoadlineError('LL7007', `Cannot add ${file}: expected a file, found a link or a device`, {
        where: file,
        fix: 'Copy the folder with its links followed (cp -rL) and add the copy.',
      });
    }
    files.set(relative(folder, file).split(sep).join('/'), { file });
  }
  return files;
}

async function* read(source: FileSource, name: string, work: Work): AsyncGenerator<Uint8Array> {
  if ('text' in source) {
    yield Buffer.from(source.text);
    return;
  }
  let done = 0;
  try {
    const { size } = await stat(source.file);
    for await (const chunk of createReadStream(source.file, { signal: work.signal })) {
      done += (chunk as Buffer).length;
      work.onProgress(name, done, size);
      yield chunk as Buffer;
    }
  } catch (cause) {
    work.signal.throwIfAborted();
    if (isLoadlineError(cause)) {
      throw cause;
    }
    throw new LoadlineError('LL1006', `Cannot read ${source.file}: ${(cause as Error).message}`, {
      where: source.file,
      cause,
    });
  }
}
