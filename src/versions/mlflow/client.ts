/** Requests to one MLflow server: its JSON, its files, and what its failures mean. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { explainFault, oneLine } from '../../net/fault.ts';
import { Passing, parseRetryAfter, type Timing, withRetries } from '../../net/retry.ts';
import {
  type Body,
  createTransport,
  type HttpRequest,
  readBody,
  type Transport,
} from '../../net/transport.ts';
import type { Work } from '../types.ts';
import { type Fields, objectOf } from './answers.ts';
import type { MlflowSettings } from './settings.ts';

/** What MLflow answers to a request that it understood and will not do. */
export interface Refusal {
  readonly status: number;
  /** As `RESOURCE_DOES_NOT_EXIST`. */
  readonly code: string;
  readonly message: string;
}

export type Reply =
  | { readonly value: Fields; readonly refusal: null }
  | { readonly value: null; readonly refusal: Refusal };

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** After `/api/2.0/mlflow/`, as `registered-models/alias`; or a whole address. */
  readonly path: string | URL;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Makes something: it is not sent again once it may have been done. */
  readonly creates?: boolean;
}

export interface MlflowClient {
  /** Address of the server, without credentials. */
  readonly url: string;
  readonly timing: Timing;
  /** Its answer or its refusal. Throws LL7002, LL7003, LL7004. */
  ask(ask: Ask, work: Pick<Work, 'signal'>): Promise<Reply>;
  /** Its answer; a refusal is LL7001 for what does not exist, LL7003 for what may not be done, else LL7018. */
  want(ask: Ask, work: Pick<Work, 'signal'>): Promise<Fields>;
  /**
   * One try at a file's bytes. The answer is 200, 206 or 416, and its body is the caller's to read or to destroy.
   *
   * @throws Passing what may work later; LoadlineError LL7001 for 404, LL7002, LL7003, LL7004, LL7018.
   */
  open(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage>;
  /** Sends a file. Throws what `want` throws. */
  put(url: URL, body: Body, work: Pick<Work, 'signal'>): Promise<void>;
  /** The failure of a connection, or of an answer that broke off. */
  connectionFailure(error: unknown, doing: string): LoadlineError | Passing;
  /** Ends idle connections. */
  close(): void;
}

/** The longest answer: a search of 1,000 models with their versions and tags. */
const MAX_JSON = 64 * 2 ** 20;
const MAX_WORDS_BODY = 64 * 1024;
/** Of a whole answer in JSON, in patiences: whoever sends a byte now and then does not hold us for ever. */
const DEADLINE = 3;
const PASSING = new Set([429, 502, 503, 504]);
/** Nothing was done yet when these came, so that even what makes something may be sent again. */
const NOT_DONE = new Set([429, 503]);

/** Three pauses of 1.75 s in all at most: a poll comes again by itself, and a person waits. */
const TIMING = { pauseMs: 250, maxPauseMs: 5_000, random: Math.random } as const;

export function createMlflowClient(
  settings: MlflowSettings,
  env: Readonly<Record<string, string | undefined>>,
  changes: Partial<Timing> = {},
): MlflowClient {
  const { url: base, authorization, account, idleMs } = settings;
  const origin = new URL(base).origin;
  const timing: Timing = {
    ...TIMING,
    idleMs,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    ...changes,
  };
  const transport: Transport = createTransport({ tls: () => settings.tls, env, idleMs: timing.idleMs });

  /** The server's credentials go to the server only, wherever its artifacts are. */
  const headersFor = (url: URL): Record<string, string> =>
    authorization === null || url.origin !== origin ? {} : { Authorization: authorization };

  const connectionFailure = (error: unknown, doing: string): LoadlineError | Passing => {
    if (isLoadlineError(error) || error instanceof Passing) {
      return error;
    }
    const { kind, code, reason } = explainFault(error);
    const message = `Cannot ${doing}: the MLflow server ${base} cannot be reached: ${reason}`;
    const detail = { where: base, cause: error };
    switch (kind) {
      case 'certificate':
        return new LoadlineError('LL7002', message, {
          ...detail,
          fix: 'Put the certificate of its authority into a file and its path into MLFLOW_TRACKING_SERVER_CERT_PATH; or set MLFLOW_TRACKING_INSECURE_TLS=true to do without.',
        });
      case 'not-tls':
        return new LoadlineError('LL7002', message, {
          ...detail,
          fix: 'Check the port, or write http:// in MLFLOW_TRACKING_URI if it is meant to be plain HTTP.',
        });
      case 'unknown-name':
        return new LoadlineError('LL7002', message, detail);
      case 'passing': {
        const failure = new LoadlineError('LL7002', message, detail);
        // Silence was waited for long enough.
        return code === 'ETIMEDOUT' ? failure : new Passing(failure);
      }
    }
  };

  /** What an answer that is neither a success nor MLflow's own refusal stands for. */
  const statusFailure = (response: IncomingMessage, text: string, doing: string): LoadlineError | Passing => {
    const status = response.statusCode ?? 0;
    const words = isHtml(response, text) ? 'with HTML' : oneLine(text) === '' ? '' : `(${wordsOf(text)})`;
    const message = `Cannot ${doing}: the MLflow server ${base} answers ${status} ${words}`.trimEnd();
    const detail = { where: base };
    if (status === 403 && text.includes('Invalid Host header')) {
      return new LoadlineError('LL7018', message, {
        ...detail,
        fix: `Start the server with --allowed-hosts ${new URL(base).host}: it takes only the hosts that it was told of.`,
      });
    }
    if (status === 401 || status === 403) {
      return new LoadlineError('LL7003', `${message}; asked ${account}`, detail);
    }
    if (/--no-serve-artifacts|Artifact serving is disabled/.test(text)) {
      return new LoadlineError('LL7018', message, {
        ...detail,
        fix: 'Start the server without --no-serve-artifacts, so that it hands out the artifacts.',
      });
    }
    if (status >= 300 && status < 400) {
      const { location = '' } = response.headers;
      return new LoadlineError('LL7004', `${message}: it sends on to ${oneLine(location)}`, {
        ...detail,
        fix: 'Set MLFLOW_TRACKING_URI to the address where the server itself answers; a page to log in stands before it perhaps.',
      });
    }
    if (status >= 500 || status === 429) {
      const failure = new LoadlineError('LL7002', message, detail);
      const { 'retry-after': after, date } = response.headers;
      return PASSING.has(status) ? new Passing(failure, parseRetryAfter(after, date)) : failure;
    }
    return new LoadlineError('LL7004', message, detail);
  };

  const send = (request: HttpRequest): Promise<IncomingMessage> => {
    const headers = { ...headersFor(request.url), ...request.headers };
    return transport.send({ ...request, headers });
  };

  const askOnce = async (ask: Ask, signal: AbortSignal): Promise<Reply> => {
    const { method, path, query, body } = ask;
    const doing = `ask for ${nameOf(path)}`;
    const url = new URL(typeof path === 'string' ? `${base}/api/2.0/mlflow/${path}` : path);
    for (const [key, value] of Object.entries(query ?? {})) {
      url.searchParams.set(key, value);
    }
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body));
    return withDeadline(signal, timing.idleMs * DEADLINE, async (within) => {
      let response: IncomingMessage;
      let text: string;
      try {
        response = await send({
          method,
          url,
          signal: within,
          headers: {
            Accept: 'application/json',
            ...(bytes === null ? {} : { 'Content-Type': 'application/json' }),
          },
          ...(bytes === null ? {} : { body: { size: bytes.length, open: () => Readable.from([bytes]) } }),
        });
        const found = await readBody(response, MAX_JSON);
        if (found.length > MAX_JSON) {
          throw new LoadlineError(
            'LL7004',
            `Cannot ${doing}: the answer of ${base} has more than ${MAX_JSON} bytes`,
          );
        }
        text = found.toString();
      } catch (thrown) {
        const error = within.aborted ? within.reason : thrown;
        const failure = connectionFailure(error, doing);
        throw ask.creates === true &&
          failure instanceof Passing &&
          explainFault(error).code !== 'ECONNREFUSED'
          ? failure.failure
          : failure;
      }
      const status = response.statusCode ?? 0;
      const json = parseJson(text);
      if (status >= 200 && status < 300) {
        if (json === null) {
          const what = isHtml(response, text) ? 'HTML' : 'no JSON';
          throw new LoadlineError('LL7004', `Cannot ${doing}: ${base} answers ${status} with ${what}`, {
            where: base,
          });
        }
        return { value: json, refusal: null };
      }
      const { error_code: code, message = '' } = json ?? {};
      if (
        typeof code === 'string' &&
        status >= 400 &&
        status < 500 &&
        status !== 401 &&
        status !== 403 &&
        status !== 429
      ) {
        return { value: null, refusal: { status, code, message: oneLine(String(message)) } };
      }
      const failure = statusFailure(response, text, doing);
      throw ask.creates === true && failure instanceof Passing && !NOT_DONE.has(status)
        ? failure.failure
        : failure;
    });
  };

  const ask = (request: Ask, { signal }: Pick<Work, 'signal'>): Promise<Reply> =>
    withRetries(
      timing,
      signal,
      () => {},
      () => askOnce(request, signal),
    );

  return {
    url: base,
    timing,
    ask,
    async want(request, work) {
      const { value, refusal } = await ask(request, work);
      if (refusal === null) {
        return value;
      }
      throw refused(refusal, nameOf(request.path), base);
    },
    async open(url, headers, signal) {
      const doing = `read ${decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1))}`;
      try {
        const response = await send({ method: 'GET', url, headers, signal });
        const status = response.statusCode ?? 0;
        if (status === 200 || status === 206 || status === 416) {
          return response;
        }
        const text = (await readBody(response, MAX_WORDS_BODY)).toString();
        if (status === 404 && parseJson(text) !== null) {
          throw new LoadlineError('LL7001', `Cannot ${doing}: ${base} answers 404 (${wordsOf(text)})`, {
            where: base,
          });
        }
        throw statusFailure(response, text, doing);
      } catch (error) {
        throw connectionFailure(error, doing);
      }
    },
    async put(url, body, { signal }) {
      const doing = `send ${decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1))}`;
      await withRetries(
        timing,
        signal,
        () => {},
        async () => {
          try {
            const response = await send({
              method: 'PUT',
              url,
              signal,
              headers: { 'Content-Type': 'application/octet-stream' },
              body,
            });
            const text = (await readBody(response, MAX_WORDS_BODY)).toString();
            const status = response.statusCode ?? 0;
            if (status < 200 || status >= 300) {
              throw statusFailure(response, text, doing);
            }
          } catch (error) {
            throw connectionFailure(error, doing);
          }
        },
      );
    },
    connectionFailure,
    close: transport.close,
  };
}

/** A refusal as an error. */
export function refused({ status, code, message }: Refusal, path: string, base: string): LoadlineError {
  const found =
    code === 'RESOURCE_DOES_NOT_EXIST' ? 'LL7001' : code === 'PERMISSION_DENIED' ? 'LL7003' : 'LL7018';
  return new LoadlineError(
    found,
    `Cannot ask for ${path}: the MLflow server ${base} answers ${status} ${code} (${message})`,
    {
      where: base,
    },
  );
}

/** Calls `work` with a signal that also fires when the time is over, as a silence would. */
async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal.reason);
  const late = Object.assign(new Error('no whole answer in time'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => controller.abort(late), ms);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function nameOf(path: string | URL): string {
  return typeof path === 'string' ? path : `the files at ${path.searchParams.get('path') ?? path.pathname}`;
}

function parseJson(text: string): Fields | null {
  try {
    return objectOf(JSON.parse(text), 'object');
  } catch {
    return null;
  }
}

/** MLflow's own refusals say `text/html` of a plain sentence. */
function isHtml(response: IncomingMessage, text: string): boolean {
  const { 'content-type': type = '' } = response.headers;
  return /^\s*<(?:!doctype|html)/i.test(text) || (type.startsWith('text/html') && /^\s*</.test(text));
}

/** The message of MLflow's errors, of FastAPI's, or the first line. */
function wordsOf(text: string): string {
  const { message, detail } = parseJson(text) ?? {};
  return oneLine(typeof message === 'string' ? message : typeof detail === 'string' ? detail : text);
}
