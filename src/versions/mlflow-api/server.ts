/** The embedded store as an MLflow server: HTTP on one side, the API on the other. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../clock.ts';
import { type ApiKey, checkExposure, createKeyring } from '../../config/keys.ts';
import { listenError } from '../../config/listen-error.ts';
import type { Logger } from '../../log.ts';
import { reading, writing } from '../store/transaction.ts';
import type { Store } from '../store/types.ts';
import { type Api, notFound, openApi } from './api.ts';
import { errorBody, faultOf, invalid, MlflowFault } from './errors.ts';
import type { Fields } from './fields.ts';
import { credentialsOf, isForeignWrite, isOwnHost, needsNoKey, REFUSALS } from './guard.ts';
import type { Call } from './route.ts';

export interface MlflowApiOptions {
  readonly store: Store;
  /** Loopback by default: whoever wants to be reached says so. */
  readonly host?: string;
  /** 0 takes any free port. MLflow's tutorial has 5001, which is left to the command. */
  readonly port: number;
  /** Without any, everybody who reaches it may ask: only on loopback. */
  readonly keys?: readonly ApiKey[];
  /** Lets everyone ask who reaches an address that is not loopback. */
  readonly allowAnonymous?: boolean;
  /** Names by which clients call it, `*` for any text in them; addresses, loopback and `host` need none. */
  readonly allowedHosts?: readonly string[];
  readonly logger?: Logger;
}

export interface MlflowApiServer {
  /** For MLFLOW_TRACKING_URI. */
  readonly url: string;
  readonly port: number;
  /** Takes no more, finishes what is in flight for at most 10 s, and ends. The store stays open. */
  close(): Promise<void>;
}

/** Version of MLflow that this speaks as; clients ask for it and show it. */
export const SPOKEN_VERSION = '3.17.2';

const MAX_BODY = 16 * 1024 * 1024;
/** A body of JSON in all: 16 MiB at 2 Mbit/s. */
const BODY_MS = 65_000;
/** Without a byte either way. */
const IDLE_MS = 60_000;
const HEADERS_MS = 10_000;
/** Longer than load balancers keep an idle connection, so that they and not this close it. */
const KEEP_ALIVE_MS = 75_000;
const FINISH_MS = 10_000;
const SWEEP_MS = 50;

const API = /^\/(?:ajax-)?api\/[23]\.0\/mlflow\/(.*)$/;
const ARTIFACTS = /^\/(?:ajax-)?api\/2\.0\/mlflow-artifacts\/artifacts(?:\/(.*))?$/;
const MODEL_FILES = /^\/(?:ajax-)?api\/2\.0\/mlflow\/logged-models\/([^/]+)\/artifacts\/files$/;
const SERVER_INFO = /^\/(?:ajax-)?api\/3\.0\/mlflow\/server-info$/;
/** Requests that change nothing though they are POST. */
const READS = /(?:\/search|\/get-latest-versions)$/;

/** What clients of 3.x look up to know how to send files. */
const INFO = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: false,
  multipart_downloads_enabled: false,
  presigned_upload_run_id_supported: false,
  presigned_upload_model_id_supported: false,
  features_enabled: { gateway: false },
};

const GREETING =
  "This is Loadline's model store. It answers MLflow's REST API and has no web page: set MLFLOW_TRACKING_URI to this address, or run `loadline models list`.\n";

/**
 * Starts to answer MLflow's API from a store.
 *
 * @throws LoadlineError LL1003 for a taken port, LL1004 for an exposed address without keys, LL1005 for an address that is
 * not there, LL7008, LL7009
 */
export async function startMlflowApi(options: MlflowApiOptions): Promise<MlflowApiServer> {
  checkExposure(options);
  const { host = '127.0.0.1', port, keys = [], allowedHosts = [] } = options;
  const api = openApi(options.store);
  const visitors: Visitors = {
    keyring: keys.length === 0 ? null : createKeyring(keys, null, systemClock),
    names: keys.map(({ name }) => name),
    hosts: [host, ...allowedHosts],
  };
  const server = createServer({
    headersTimeout: HEADERS_MS,
    // Uploads take as long as they take; a body of JSON has its own limit, and nothing may pause for long.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: 16_384,
  });
  server.setTimeout(IDLE_MS);
  server.on('request', (request, response) => {
    answer(options, api, visitors, request, response).catch((error: unknown) => {
      fail(options, request, response, error);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return {
    url: `http://${shown.includes(':') ? `[${shown}]` : shown}:${taken}`,
    port: taken,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // Those that are busy now stay open for a next request when they are done, which nobody would answer.
      const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
      const late = setTimeout(() => server.closeAllConnections(), FINISH_MS);
      await closed;
      clearInterval(sweep);
      clearTimeout(late);
    },
  };
}

interface Visitors {
  /** Null where everybody may ask. */
  readonly keyring: { find(authorization: string | undefined): number } | null;
  readonly names: readonly string[];
  readonly hosts: readonly string[];
}

async function answer(
  options: MlflowApiOptions,
  api: Api,
  visitors: Visitors,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('x-content-type-options', 'nosniff').setHeader('x-frame-options', 'SAMEORIGIN');
  const method = request.method === 'HEAD' ? 'GET' : request.method!;
  const [path = '', search = ''] = splitOnce(request.url!, '?');
  if (!isOwnHost(request.headers.host, path, visitors.hosts)) {
    sendText(response, 403, REFUSALS.host);
    return;
  }
  if (isForeignWrite(method, request.headers.origin)) {
    sendText(response, 403, REFUSALS.origin);
    return;
  }
  const user = needsNoKey(path) ? null : visitorOf(visitors, request);
  if (user === 'nobody') {
    sendText(response, 401, REFUSALS.key, { 'www-authenticate': 'Basic realm="mlflow"' });
    return;
  }
  const call = { params: [], user: user?.name ?? null };
  const query = queryFields(search);
  if (method === 'GET' && answerPlain(path, response)) {
    return;
  }
  if (await answerFile(options, api, request, response, { method, path, query, call })) {
    return;
  }
  const below = API.exec(path)?.[1];
  if (below === undefined) {
    throw notFound(method, path);
  }
  const { handler, params } = api.route(method, below);
  const fields = method === 'GET' && search !== '' ? query : await readFields(request, method);
  const work = () => handler(fields, { ...call, params });
  const { store } = options;
  const result = method === 'GET' || READS.test(below) ? reading(store.folder, work) : writing(store, work);
  sendJson(response, 200, JSON.stringify(result));
}

/** Who asks; `nobody` without a key that is one of the server's. */
function visitorOf(
  { keyring, names }: Visitors,
  request: IncomingMessage,
): { readonly name: string | null } | 'nobody' {
  const { bearer, user } = credentialsOf(request.headers.authorization);
  if (keyring === null) {
    return { name: user };
  }
  const key = keyring.find(bearer);
  return key < 0 ? 'nobody' : { name: user ?? names[key]! };
}

function answerPlain(path: string, response: ServerResponse): boolean {
  if (SERVER_INFO.test(path)) {
    sendJson(response, 200, JSON.stringify(INFO));
    return true;
  }
  const text =
    path === '/health' ? 'OK' : path === '/version' ? SPOKEN_VERSION : path === '/' ? GREETING : null;
  if (text === null) {
    return false;
  }
  sendText(response, 200, text);
  return true;
}

interface Visit {
  readonly method: string;
  readonly path: string;
  readonly query: Fields;
  readonly call: Call;
}

/** Whether it was about a file. */
async function answerFile(
  options: MlflowApiOptions,
  { artifacts, route }: Api,
  request: IncomingMessage,
  response: ServerResponse,
  { method, path, query, call }: Visit,
): Promise<boolean> {
  const { folder } = options.store;
  const named = artifacts.files[path];
  if (named !== undefined && method === 'GET') {
    await artifacts.send(
      reading(folder, () => named(query, call)),
      request,
      response,
    );
    return true;
  }
  const model = MODEL_FILES.exec(path)?.[1];
  if (model !== undefined && method === 'GET') {
    // Only the web page asks so; what it lists has the folder's address.
    const { handler } = route('GET', `logged-models/${model}/artifacts/directories`);
    const { root_uri } = reading(folder, () =>
      handler({ values: {}, fromQuery: true }, { ...call, params: [decodePath(model)] }),
    ) as { root_uri: string };
    const file = query.values.artifact_file_path;
    if (typeof file !== 'string' || file === '') {
      throw new MlflowFault('BAD_REQUEST', 'Request must include the "artifact_file_path" query parameter.');
    }
    await artifacts.send(`${root_uri.replace(/^mlflow-artifacts:\/+/, '')}/${file}`, request, response);
    return true;
  }
  const matched = ARTIFACTS.exec(path);
  if (matched === null) {
    return false;
  }
  const artifact = decodePath(matched[1] ?? '');
  if (method === 'GET' && matched[1] === undefined) {
    sendJson(response, 200, JSON.stringify(reading(folder, () => artifacts.list(query))));
  } else if (method === 'GET') {
    await artifacts.send(artifact, request, response);
  } else if (method === 'PUT') {
    await artifacts.receive(artifact, request);
    response.writeHead(200, { 'content-length': 0 }).end();
  } else if (method === 'DELETE') {
    artifacts.remove(artifact);
    sendJson(response, 200, '{}');
  } else {
    throw notFound(method, path, ['GET', 'PUT', 'DELETE']);
  }
  return true;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid('Invalid path');
  }
}

async function readFields(request: IncomingMessage, method: string): Promise<Fields> {
  if (method === 'POST' || method === 'PUT') {
    checkContentType(request.headers['content-type']);
  }
  const body = await readBody(request);
  return { values: body.length === 0 ? {} : parseBody(body), fromQuery: false };
}

function queryFields(search: string): Fields {
  const values: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [key, value] of new URLSearchParams(search)) {
    const kept = values[key];
    values[key] = kept === undefined ? value : [kept, value].flat();
  }
  return { values, fromQuery: true };
}

function checkContentType(header: string | undefined): void {
  if (header === undefined) {
    throw invalid('Bad Request. Content-Type header is missing.');
  }
  if (header.split(';')[0]!.trim().toLowerCase() !== 'application/json') {
    throw invalid("Bad Request. Content-Type must be one of ['application/json'].");
  }
}

function parseBody(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
    // Old clients sent the JSON as a text within JSON.
    value = typeof value === 'string' ? JSON.parse(value) : value;
  } catch (error) {
    throw new MlflowFault('BAD_REQUEST', `The request's body is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new MlflowFault('BAD_REQUEST', "The request's body is not a JSON object");
  }
  return (value ?? {}) as Record<string, unknown>;
}

/** The rest of a body that is too large is read and dropped: a connection that is closed on it would lose the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let size = 0;
  const late = setTimeout(() => request.destroy(), BODY_MS);
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY) {
      chunks.push(chunk);
    } else {
      reject(
        new MlflowFault('BAD_REQUEST', `The request's body is larger than ${MAX_BODY / 2 ** 20} MiB`, {
          status: 413,
        }),
      );
    }
  });
  request.once('end', () => resolve(Buffer.concat(chunks)));
  request.once('error', reject);
  request.once('close', () => {
    clearTimeout(late);
    reject(new Error('the client went away'));
  });
  return promise;
}

/** Answers with what went wrong, where the client still listens. */
function fail(
  { logger }: MlflowApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const fault = faultOf(error);
  const gone = request.destroyed && !request.complete;
  if (fault === null && !gone) {
    logger?.error(
      { err: error, method: request.method, path: splitOnce(request.url!, '?')[0] },
      'request failed',
    );
  }
  if (response.headersSent || gone) {
    response.destroy();
    return;
  }
  const said =
    fault ?? new MlflowFault('INTERNAL_ERROR', 'Loadline failed at this request; its log says why.');
  sendJson(response, said.status, errorBody(said), said.headers);
}

type Headers = Readonly<Record<string, string>>;

function sendJson(response: ServerResponse, status: number, body: string, headers: Headers = {}): void {
  send(response, status, 'application/json', body, headers);
}

function sendText(response: ServerResponse, status: number, body: string, headers: Headers = {}): void {
  send(response, status, 'text/plain; charset=utf-8', body, headers);
}

function send(response: ServerResponse, status: number, type: string, body: string, headers: Headers): void {
  response
    .writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers })
    .end(body);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
