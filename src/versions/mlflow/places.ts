/** Where a model's files lie: behind the server's proxy, on this machine's disk, or wherever only the server can read. */
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LoadlineError } from '../../errors.ts';
import { checkArtifactPath } from '../store/names.ts';
import type { Work } from '../types.ts';
import { type Fields, listOf, objectOf, optionalText, textOf } from './answers.ts';
import type { MlflowClient } from './client.ts';
import { findRun } from './find.ts';

export interface PlaceFile {
  /** Relative to the model's folder. */
  readonly path: string;
  /** Bytes; null where the listing does not say. */
  readonly size: number | null;
}

export interface Place {
  /** As MLflow says it. */
  readonly uri: string;
  /** Every file below, checked: no path leaves the folder. Throws LL7002 to LL7004, LL7007. */
  list(work: Work): Promise<readonly PlaceFile[]>;
  /** Address of a file, or the file itself. */
  locate(path: string): URL | string;
}

/** What MLflow knows a model by, for routes through the server. */
export interface Owner {
  readonly runId: string | null;
  readonly modelId: string | null;
}

const MOST_FILES = 10_000;
const PROXY = '/api/2.0/mlflow-artifacts/artifacts';
const LOGGED_MODEL = /(?:^|\/)models\/(m-[0-9a-f]{32})\/artifacts\/?$/;

/**
 * The place that an artifact URI names, tried in this order: the server's proxy, the disk where it has the folder, the
 * server's own routes, which reach any storage that it has.
 *
 * @throws LoadlineError LL7018 naming a storage that cannot be reached.
 */
export async function openPlace(client: MlflowClient, uri: string, owner: Owner, work: Work): Promise<Place> {
  const proxied = proxyUrl(client.url, uri);
  if (proxied !== null) {
    return proxyPlace(client, uri, proxied);
  }
  const folder = diskPath(uri);
  if (folder !== null && (await isFolder(folder))) {
    return diskPlace(uri, folder);
  }
  const modelId = LOGGED_MODEL.exec(uri)?.[1] ?? owner.modelId;
  if (modelId !== null) {
    return modelPlace(client, uri, modelId);
  }
  if (owner.runId !== null) {
    const run = await findRun(client, owner.runId, work);
    const path = below(run.artifactUri, uri);
    if (path !== null) {
      return runPlace(client, uri, owner.runId, path);
    }
  }
  throw new LoadlineError(
    'LL7018',
    `Cannot read the artifacts at ${uri}: ${folder === null ? 'Loadline does not read this storage itself' : 'this machine has no such folder'}, and the server lists only those of runs and logged models`,
    {
      where: uri,
      fix: 'Start the MLflow server with --artifacts-destination, so that it hands its artifacts out; then log the model again.',
    },
  );
}

/** The proxy's address of `mlflow-artifacts:` and of the http: addresses that MLflow writes; null for other URIs. */
function proxyUrl(base: string, uri: string): URL | null {
  const [, host, path = ''] = /^mlflow-artifacts:(?:\/\/([^/]*))?\/*(.*)$/.exec(uri) ?? [];
  if (uri.startsWith('mlflow-artifacts:')) {
    // As MLflow's client: another host has the same scheme and no path before the API.
    const root = host ? `${new URL(base).protocol}//${host}` : base;
    return new URL(`${root}${PROXY}/${encodePath(path.replace(/\/+$/, ''))}`);
  }
  if (/^https?:/.test(uri) && uri.includes(PROXY)) {
    const at = uri.indexOf(PROXY) + PROXY.length;
    return new URL(`${uri.slice(0, at)}/${encodePath(uri.slice(at).replace(/^\/+|\/+$/g, ''))}`);
  }
  return null;
}

function proxyPlace(client: MlflowClient, uri: string, root: URL): Place {
  const at = root.href.indexOf(PROXY) + PROXY.length;
  const base = root.href.slice(0, at);
  const path = decodeURIComponent(root.href.slice(at + 1));
  return {
    uri,
    list: (work) =>
      walk(uri, async (folder) => {
        const url = new URL(base);
        url.searchParams.set('path', folder === '' ? path : `${path}/${folder}`);
        const answer = await client.want({ method: 'GET', path: url }, work);
        return entriesOf(answer).map((entry) => ({
          ...entry,
          path: folder === '' ? entry.path : `${folder}/${entry.path}`,
        }));
      }),
    locate: (file) => new URL(`${root.href}/${encodePath(file)}`),
  };
}

/** A logged model of MLflow 3, through the routes that its pages use. */
function modelPlace(client: MlflowClient, uri: string, modelId: string): Place {
  return {
    uri,
    list: (work) =>
      walk(uri, async (folder) => {
        const query = folder === '' ? {} : { artifact_directory_path: folder };
        const path = `logged-models/${modelId}/artifacts/directories`;
        return entriesOf(await client.want({ method: 'GET', path, query }, work));
      }),
    locate(file) {
      const url = new URL(`${client.url}/ajax-api/2.0/mlflow/logged-models/${modelId}/artifacts/files`);
      url.searchParams.set('artifact_file_path', file);
      return url;
    },
  };
}

/** What lies below a run; here paths start at the run's root. */
function runPlace(client: MlflowClient, uri: string, runId: string, root: string): Place {
  return {
    uri,
    list: (work) =>
      walk(uri, async (folder) => {
        const query = { run_id: runId, path: folder === '' ? root : `${root}/${folder}` };
        const answer = await client.want({ method: 'GET', path: 'artifacts/list', query }, work);
        return entriesOf(answer).map((entry) => ({ ...entry, path: withoutRoot(entry.path, root) }));
      }),
    locate(file) {
      const url = new URL(`${client.url}/get-artifact`);
      url.searchParams.set('run_id', runId);
      url.searchParams.set('path', `${root}/${file}`);
      return url;
    },
  };
}

function diskPlace(uri: string, folder: string): Place {
  return {
    uri,
    async list() {
      const files: PlaceFile[] = [];
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (!entry.isDirectory()) {
          const { size } = await lstat(file);
          files.push({ path: relative(folder, file).split(sep).join('/'), size });
        }
        if (!entry.isDirectory() && !entry.isFile()) {
          throw new LoadlineError('LL7007', `Refused ${file}: expected a file, found a link or a device`, {
            where: uri,
          });
        }
      }
      return checkListing(uri, files);
    },
    locate: (file) => join(folder, file),
  };
}

interface Entry extends PlaceFile {
  readonly isFolder: boolean;
}

/** Lists folder by folder. */
async function walk(
  uri: string,
  list: (folder: string) => Promise<readonly Entry[]>,
): Promise<readonly PlaceFile[]> {
  const files: PlaceFile[] = [];
  const folders = [''];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { isFolder: isBelow, ...file } of await list(folder)) {
      seen++;
      if (seen > MOST_FILES) {
        throw new LoadlineError(
          'LL7005',
          `Cannot use ${uri}: it has more than ${MOST_FILES} files and folders`,
          {
            where: uri,
          },
        );
      }
      checkPath(uri, file.path);
      // A listing that names its own folder again would be walked for ever.
      if (folder !== '' && !file.path.startsWith(`${folder}/`)) {
        throw escaping(uri, file.path, `it is not below "${folder}", where it is listed`);
      }
      if (isBelow) {
        folders.push(file.path);
      } else {
        files.push(file);
      }
    }
  }
  return checkListing(uri, files);
}

/** No path leaves the folder, and no two are one on a disk that takes capitals and accents for equal. */
function checkListing(uri: string, files: readonly PlaceFile[]): readonly PlaceFile[] {
  const seen = new Map<string, string>();
  for (const { path } of files) {
    checkPath(uri, path);
    const key = path.normalize('NFC').toLowerCase();
    const other = seen.get(key);
    if (other !== undefined) {
      throw escaping(
        uri,
        path,
        other === path
          ? 'it is listed twice'
          : `it is the same file as ${JSON.stringify(other)} on some disks`,
      );
    }
    seen.set(key, path);
  }
  return files;
}

function checkPath(uri: string, path: string): void {
  try {
    checkArtifactPath(path);
  } catch (error) {
    throw error instanceof LoadlineError
      ? new LoadlineError(error.code, `${error.message} (listed at ${uri})`, { where: uri })
      : error;
  }
}

function escaping(uri: string, path: string, why: string): LoadlineError {
  return new LoadlineError(
    'LL7007',
    `Refused the artifact path ${JSON.stringify(path)} listed at ${uri}: ${why}`,
    {
      where: uri,
    },
  );
}

function entriesOf(answer: Fields): readonly Entry[] {
  return listOf(answer, 'files').map((value) => {
    const entry = objectOf(value, 'file');
    const size = optionalText(entry, 'file_size');
    return {
      path: textOf(entry, 'path'),
      isFolder: entry.is_dir === true,
      size: size === null || !/^\d+$/.test(size) ? null : Number(size),
    };
  });
}

function withoutRoot(path: string, root: string): string {
  if (!path.startsWith(`${root}/`)) {
    throw new LoadlineError(
      'LL7007',
      `Refused the artifact path ${JSON.stringify(path)}: it is not below "${root}"`,
    );
  }
  return path.slice(root.length + 1);
}

/** Path of `uri` below another; null where it is not. */
function below(root: string, uri: string): string | null {
  const prefix = `${root.replace(/\/+$/, '')}/`;
  const path = uri.startsWith(prefix) ? uri.slice(prefix.length).replace(/^\/+|\/+$/g, '') : '';
  return path === '' ? null : path;
}

/** A folder of this machine as `file:` or a bare path; null for what is none. */
function diskPath(uri: string): string | null {
  if (uri.startsWith('/')) {
    return uri;
  }
  if (!uri.startsWith('file:') || !URL.canParse(uri)) {
    return null;
  }
  const url = new URL(uri);
  return url.host === '' || url.host === 'localhost'
    ? fileURLToPath(new URL(`file://${url.pathname}`))
    : null;
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null))?.isDirectory() === true;
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** Where a file of a run is sent to: the proxy, or this disk; null for a storage that only the server reaches. */
export function uploadPlace(
  base: string,
  uri: string,
): { readonly url: (path: string) => URL } | { readonly folder: string } | null {
  const root = proxyUrl(base, uri);
  if (root !== null) {
    return { url: (path) => new URL(`${root.href}/${encodePath(path)}`) };
  }
  const folder = diskPath(uri);
  return folder === null ? null : { folder };
}
