/**
 * A server that fails as a test says, with just enough of MLflow's API for one version of one model. Everything that can be
 * tried on a real server is tried there; but a real one cannot be made to break off in the middle, to answer HTML or to
 * list paths that leave their folder.
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import * as https from 'node:https';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Of the client: the same where a connection is used again. */
  readonly port: number | undefined;
}

/** Answers a request and says so, or leaves it to the model. */
export type Fault = (asked: Asked, response: ServerResponse) => boolean;

export interface FaultServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** Requests for a file's bytes. */
  readonly files: () => readonly Asked[];
  /** Replaces the fault. */
  fail(fault: Fault): void;
  close(): Promise<void>;
}

export interface FaultOptions {
  /** By path; the size that is listed may be another than the file's. */
  readonly files?: Readonly<Record<string, Buffer>>;
  /** What is listed instead. */
  readonly listing?: (folder: string) => readonly unknown[];
  readonly artifactUri?: string;
  readonly etag?: string | null;
  readonly status?: string;
  /** Speaks HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

const ROOT = '1/models/m-0123456789abcdef0123456789abcdef/artifacts';
const PROXY = '/api/2.0/mlflow-artifacts/artifacts';
export const MODEL = Buffer.from('a model file '.repeat(50_000));
export const FILES: Readonly<Record<string, Buffer>> = {
  MLmodel: Buffer.from('flavors:\n  sklearn:\n    pickled_model: model.pkl\n'),
  'model.pkl': MODEL,
};

export async function startFaults(
  options: FaultOptions = {},
  first: Fault = () => false,
): Promise<FaultServer> {
  const {
    files = FILES,
    listing,
    artifactUri = `mlflow-artifacts:/${ROOT}`,
    etag = '"v1"',
    status = 'READY',
  } = options;
  const asked: Asked[] = [];
  let fault = first;
  const version = {
    name: 'house-price',
    version: '3',
    creation_timestamp: 1795429867436,
    current_stage: 'None',
    source: 'models:/m-0123456789abcdef0123456789abcdef',
    run_id: '0a1b2c3d',
    status,
  };
  const list = (folder: string): readonly unknown[] =>
    listing?.(folder) ??
    (folder === ''
      ? Object.entries(files).map(([path, bytes]) => ({ path, is_dir: false, file_size: bytes.length }))
      : []);
  const answer = (one: Asked, response: ServerResponse): void => {
    const name = decodeURIComponent(one.path.slice(`${PROXY}/${ROOT}/`.length));
    const bytes = files[name];
    if (/\/(registered-models\/alias|model-versions\/get)$/.test(one.path)) {
      json(response, 200, { model_version: version });
    } else if (one.path.endsWith('/model-versions/get-download-uri')) {
      json(response, 200, { artifact_uri: artifactUri });
    } else if (one.path === PROXY) {
      json(response, 200, { files: list((one.query.get('path') ?? '').slice(ROOT.length + 1)) });
    } else if (bytes === undefined) {
      json(response, 404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: `No such artifact: '${name}'` });
    } else {
      sendFile(one, response, bytes, etag);
    }
  };
  const listener: RequestListener = (request, response) => {
    const url = new URL(request.url ?? '/', 'http://server');
    const one = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      port: request.socket.remotePort,
    };
    asked.push(one);
    request.resume();
    if (!fault(one, response)) {
      answer(one, response);
    }
  };
  const server: Server =
    options.tls === undefined ? createServer(listener) : https.createServer(options.tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : null;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    asked,
    files: () => asked.filter(({ path }) => path.startsWith(`${PROXY}/`)),
    fail(next) {
      fault = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

/** As MLflow sends files: with a tag, and the rest of one that is asked for. */
export function sendFile(
  { headers }: Asked,
  response: ServerResponse,
  bytes: Buffer,
  etag: string | null,
  most = Number.POSITIVE_INFINITY,
): void {
  const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
  const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
  const start = from === undefined || !isSame ? 0 : Number(from);
  const rest = bytes.subarray(start);
  response.writeHead(start === 0 ? 200 : 206, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': rest.length,
    ...(etag === null ? {} : { ETag: etag }),
    ...(start === 0 ? {} : { 'Content-Range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
  });
  if (rest.length <= most) {
    response.end(rest);
    return;
  }
  // Breaks off once the first part has gone out: an end and no reset, which would take what is under way with it.
  response.write(rest.subarray(0, most), () => response.socket?.end());
}
