/** Files of runs, models and versions: streamed in and out of the store, and listed. */
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { ArtifactFile, Store } from '../store/types.ts';
import { joinPath } from './artifact-uri.ts';
import { invalid, missing } from './errors.ts';
import { type Fields, requiredText, runIdOf, text } from './fields.ts';
import type { LoggedModels } from './logged-models.ts';
import type { RegisteredModels } from './registered-models.ts';
import { type Call, type Routes, some } from './route.ts';
import type { Runs } from './runs.ts';

export interface ArtifactApi {
  readonly routes: Routes;
  /** By path of the request: gives the path among the store's artifacts. */
  readonly files: Readonly<Record<string, (fields: Fields, call: Call) => string>>;
  /** `GET mlflow-artifacts/artifacts?path=`. */
  list(fields: Fields): object;
  /** Answers with a file, a part of it where `Range` asks for one. Throws RESOURCE_DOES_NOT_EXIST. */
  send(path: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes a file; it is there when this resolves, and not in part where the client goes away. */
  receive(path: string, request: IncomingMessage): Promise<void>;
  remove(path: string): void;
}

/** Files that a browser or an editor shows as text (mlflow 3.17 utils/mime_type_utils.py); all else is bytes. HTML is too. */
const TEXT =
  /(?:^|\/)(?:MLmodel|MLproject)$|\.(?:txt|log|err|cfg|conf|cnf|cf|ini|properties|prop|hocon|toml|yaml|yml|xml|json|js|py|py3|csv|tsv|md|rst)$/;

export function openArtifactApi(
  { artifacts }: Store,
  runs: Runs,
  loggedModels: LoggedModels,
  registeredModels: RegisteredModels,
): ArtifactApi {
  function entries(folder: string, shownBelow: string): readonly object[] | undefined {
    const listed = artifacts.list(folder.replace(/\/+$/, ''));
    return some(
      listed.map(({ path, isFolder, size }) => ({
        path: joinPath(shownBelow, path),
        is_dir: isFolder,
        file_size: size ?? undefined,
      })),
    );
  }

  function below(root: string, rootUri: string, path: string): object {
    checkRelative(path);
    const inside = path.replace(/\/+$/, '');
    return { root_uri: rootUri, files: entries(joinPath(root, inside), inside) };
  }

  function open(path: string): ArtifactFile {
    const file = artifacts.open(path);
    if (file === null) {
      if (artifacts.list(path).length > 0) {
        throw invalid(`Artifact path refers to a directory, not a file: '${path}'`);
      }
      throw missing(`No such artifact: '${path}'`);
    }
    return file;
  }

  return {
    routes: {
      'GET artifacts/list': (fields) => {
        const run = runs.get(runIdOf(fields));
        return below(runs.artifactPath(run), run.artifact_uri, text(fields, 'path') ?? '');
      },
      'GET logged-models/:id/artifacts/directories': (fields, { params: [id] }) => {
        const model = loggedModels.get(id!);
        const path = text(fields, 'artifact_directory_path') ?? '';
        return below(loggedModels.artifactPath(model), model.artifact_uri, path);
      },
    },
    files: {
      '/get-artifact': (fields) =>
        inside(runs.artifactPath(runs.get(runIdOf(fields))), requiredText(fields, 'path')),
      '/model-versions/get-artifact': (fields) => {
        const version = registeredModels.version(
          requiredText(fields, 'name'),
          requiredText(fields, 'version'),
        );
        return inside(version.artifactPath, requiredText(fields, 'path'));
      },
    },
    list: (fields) => ({ files: entries(text(fields, 'path') ?? '', '') }),
    async send(path, request, response) {
      const { file, size, sha256 } = open(path);
      const etag = `"${sha256}"`;
      const headers = {
        'content-type': TEXT.test(path) ? 'text/plain; charset=utf-8' : 'application/octet-stream',
        'content-disposition': attachment(posix.basename(path)),
        'accept-ranges': 'bytes',
        etag,
      };
      const asked = request.headers['if-range'] ?? etag;
      const range = asked === etag ? rangeOf(request.headers.range, size) : null;
      if (range === 'none') {
        response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
        return;
      }
      const { start, end } = range ?? { start: 0, end: size - 1 };
      response.writeHead(range === null ? 200 : 206, {
        ...headers,
        'content-length': end - start + 1,
        ...(range !== null && { 'content-range': `bytes ${start}-${end}/${size}` }),
      });
      if (request.method === 'HEAD' || size === 0) {
        response.end();
        return;
      }
      await pipeline(createReadStream(file, { start, end }), response);
    },
    async receive(path, request) {
      if (path === '' || path.endsWith('/')) {
        throw invalid("Artifact path must include a filename (cannot end with '/').");
      }
      // A large file takes its time to reach the disk, while nothing moves on the connection.
      request.once('end', () => request.socket.setTimeout(0));
      await artifacts.put(path, request);
    },
    remove(path) {
      artifacts.remove(path);
    },
  };
}

function inside(root: string, path: string): string {
  checkRelative(path);
  return joinPath(root, path);
}

/** What is below a folder must not lead out of it; the store itself only looks whether it leads out of the store. */
function checkRelative(path: string): void {
  if (path.startsWith('/')) {
    throw invalid('Invalid path');
  }
}

/** RFC 6266: a name that is not ASCII goes into `filename*`. */
function attachment(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
  return ascii === name
    ? `attachment; filename="${name}"`
    : `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(name)}`;
}

/** One range of bytes (RFC 9110, 14.2); null where none is asked for or several are, `none` where nothing is in it. */
function rangeOf(
  header: string | undefined,
  size: number,
): { readonly start: number; readonly end: number } | 'none' | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || (first === '' && last === '')) {
    return null;
  }
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end || start >= size ? 'none' : { start, end };
}
