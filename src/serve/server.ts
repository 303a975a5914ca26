/**
 * The data plane of one process: sockets on one side, the pipeline on the other. The path of `POST /predict` is kept
 * short on purpose: no promise, no date, no header object is made for it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { checkExposure } from '../config/keys.ts';
import { listenError } from '../config/listen-error.ts';
import { LoadlineError } from '../errors.ts';
import type { Data } from '../model/data.ts';
import type { Snapshot } from '../monitor/metrics/snapshot.ts';
import { count } from '../monitor/metrics/store.ts';
import type { Job } from './admission.ts';
import { createCore, DEFAULT_HOST, DEFAULT_PORT, type ServeOptions } from './core.ts';
import type { Answer } from './http.ts';
import { beginRequest, closeIdle, endRequest } from './idle.ts';
import {
  answerPlain,
  countAnswer,
  createTask,
  enter,
  type Head,
  type Refusal,
  refuse,
  stepTask,
  type Task,
  tooLarge,
  type Visit,
} from './pipeline.ts';
import type { SiteState } from './protocols/define.ts';
import type { OpenRoster } from './roster/open.ts';
import type { FollowStatus } from './roster/plan.ts';

export interface Address {
  /** With 127.0.0.1 where the server listens on every address. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

export interface Service {
  /** Throws LL1004 for an exposed address without keys, LL1003 for a taken port, LL1005 for an address that is not there. */
  listen(): Promise<Address>;
  /** What it serves. */
  roster(): OpenRoster;
  /** Serves another roster from the next request on. */
  swap(roster: OpenRoster): void;
  /** Rows of recent requests of a model, oldest first. */
  recent(name: string): readonly Data[];
  /** Refuses less while this process opens a new version. */
  lenient(on: boolean): void;
  /** How following references goes: for `/readyz` and the metrics. */
  note(follows: readonly FollowStatus[]): void;
  /** Is not ready but serves for `periodMs`, then stops to listen, finishes what is in flight and resolves. */
  drain(periodMs: number): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
  state(): SiteState;
  snapshot(): Snapshot;
}

/**
 * Load balancers reuse an idle connection for up to 60 s (nginx and the AWS ALB by default). A server that closes
 * earlier races with their next request, which then fails; one that closes later never does.
 */
const KEEP_ALIVE_MS = 75_000;

/** A client that needs longer for its headers is not one. */
const HEADERS_MS = 10_000;

/** The whole request: 16 MiB at 2 Mbit/s. */
const REQUEST_MS = 65_000;

/** A client that takes nothing of a large answer for this long is gone; a small one fits the socket's buffer. */
const IDLE_MS = 60_000;
const LARGE_ANSWER = 64 * 1024;

/** Bodies that are being received, together: this many of the largest. Beyond it the next one is refused, so that slow uploads cannot fill the memory. */
const UPLOADS = 16;

/** After a refusal the rest of a body is read and dropped for this long, because a socket closed at once would lose the answer. */
const LINGER_MS = 2_000;

/** Smaller answers are not worth the time of compressing them. */
const COMPRESS_FROM = 64 * 1024;

/** After the drain period, for what is still in flight. */
const FINISH_MS = 10_000;

const EMPTY = Buffer.alloc(0);

/** Makes a server; it listens when it is told to. */
export function createService(options: ServeOptions): Service {
  const core = createCore(options);
  const { pipeline, admission, slot } = core;
  const { clock, logger, maxBodyBytes } = pipeline;
  // No function below may use `options`: with it the first roster would be kept for as long as the server lives.
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, keys = [], allowAnonymous = false } = options;
  const accessLog = createAccessLog(options);
  let uploading = 0;

  const server = createServer({
    keepAliveTimeout: 0,
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 2_000,
    maxHeaderSize: 16_384,
  });
  closeIdle(server, options.keepAliveMs ?? KEEP_ALIVE_MS);
  server.on('request', (message, response) => receive(message, response, false));
  server.on('checkContinue', (message, response) => receive(message, response, true));

  function receive(message: IncomingMessage, response: ServerResponse, asksFirst: boolean): void {
    beginRequest(message.socket);
    const visit = enter(pipeline, message);
    if ('answer' in visit) {
      refuseEarly(message, response, visit, asksFirst);
      return;
    }
    if (message.method !== 'POST') {
      void answer(visit, response, EMPTY);
      return;
    }
    if (asksFirst) {
      response.writeContinue();
    }
    let first: Buffer | null = null;
    let chunks: Buffer[] | null = null;
    let size = 0;
    let refused = false;
    message.on('data', (chunk: Buffer) => {
      if (refused) {
        return;
      }
      size += chunk.length;
      if (first === null) {
        first = chunk;
      } else {
        if (chunks === null) {
          chunks = [first];
          uploading += first.length;
          message.once('close', () => {
            uploading -= size;
          });
        }
        uploading += chunk.length;
        chunks.push(chunk);
      }
      const error =
        size > maxBodyBytes
          ? tooLarge(maxBodyBytes, -1)
          : uploading > UPLOADS * maxBodyBytes
            ? new LoadlineError('LL5001', 'Too many bodies are being received')
            : null;
      if (error !== null) {
        refused = true;
        first = EMPTY;
        chunks = null;
        const { protocol, metric } = visit.endpoint;
        const refusal = refuse(pipeline, protocol, error);
        finish(message, metric, refusal.status, clock.now());
        linger(message, response, refusal);
      }
    });
    message.on('end', () => {
      if (!refused) {
        handle(visit, response, chunks === null ? (first ?? EMPTY) : Buffer.concat(chunks));
      }
    });
  }

  function handle(visit: Visit, response: ServerResponse, body: Buffer): void {
    if (visit.endpoint.route.kind === 'plain') {
      void answer(visit, response, body);
      return;
    }
    const receivedAt = clock.now();
    const task = createTask(visit, body);
    const job: Job = {
      size: body.length,
      gone: () => response.destroyed,
      step() {
        const answer = stepTask(pipeline, task);
        if (answer === null) {
          return false;
        }
        send(response, compressed(visit, answer));
        finish(visit.head, visit.endpoint.metric, answer.status, receivedAt, task);
        return true;
      },
      refuse(waitSeconds) {
        const { metrics } = pipeline;
        count(metrics, metrics.layout.shed);
        const { protocol, metric } = visit.endpoint;
        const refusal = refuse(pipeline, protocol, new LoadlineError('LL5001', 'The server is saturated'));
        const headers = [...(refusal.headers ?? []), 'retry-after', String(waitSeconds)];
        send(response, { ...refusal, headers });
        finish(visit.head, metric, refusal.status, receivedAt);
      },
    };
    admission.offer(job);
  }

  async function answer(visit: Visit, response: ServerResponse, body: Buffer): Promise<void> {
    const receivedAt = clock.now();
    const plain = await answerPlain(pipeline, visit, body);
    send(response, plain);
    finish(visit.head, visit.endpoint.metric, plain.status, receivedAt);
  }

  /** Answers before the body is there; what comes of it is read and dropped. */
  function refuseEarly(
    message: IncomingMessage,
    response: ServerResponse,
    { answer: refusal, metric }: Refusal,
    asksFirst: boolean,
  ): void {
    finish(message, metric, refusal.status, clock.now());
    if (refusal.status === 413 && !asksFirst) {
      linger(message, response, refusal);
      return;
    }
    // Whoever waits for "100 Continue" may send the body or not: the connection cannot go on.
    response.shouldKeepAlive = response.shouldKeepAlive && !asksFirst;
    send(response, refusal);
  }

  /** Answers at once but closes later: a client that is still sending would lose the answer with the connection. */
  function linger(message: IncomingMessage, response: ServerResponse, refusal: Answer): void {
    response.shouldKeepAlive = false;
    writeHead(response, refusal, Buffer.byteLength(refusal.body));
    endRequest(message.socket);
    response.write(refusal.body);
    const timer = setTimeout(() => response.end(), LINGER_MS);
    message.once('close', () => {
      clearTimeout(timer);
      response.end();
    });
    message.resume();
  }

  function send(response: ServerResponse, answer: Answer): void {
    const { body } = answer;
    endRequest(response.req.socket);
    if (slot.phase !== 'open') {
      response.shouldKeepAlive = false;
    }
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    if (bytes > LARGE_ANSWER) {
      response.setTimeout(IDLE_MS, () => response.destroy());
    }
    if (typeof body !== 'string') {
      writeHead(response, answer, bytes);
      response.end(body);
      return;
    }
    writeHead(response, answer, bytes);
    // Head and body go out in one write; ASCII needs no look at every character.
    response.end(body, bytes === body.length ? 'latin1' : 'utf8');
  }

  function finish(
    head: Head,
    metric: number,
    status: number,
    receivedAt: number,
    task: Task | null = null,
  ): void {
    countAnswer(pipeline, metric, status, receivedAt, task);
    if (accessLog !== null) {
      accessLog(head, status, receivedAt);
    }
  }

  return {
    async listen() {
      checkExposure({ host, keys, allowAnonymous });
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
        server.listen({ host, port, backlog: 4096 }, resolve);
      });
      const { port: taken } = server.address() as AddressInfo;
      const shown = host === '0.0.0.0' || host === '::' ? DEFAULT_HOST : host;
      const bracketed = shown.includes(':') ? `[${shown}]` : shown;
      return { url: `http://${bracketed}:${taken}`, host, port: taken };
    },
    roster: () => slot.seats.open,
    swap: core.swap,
    recent: (name) => slot.seats.byName.get(name)?.recent.rows() ?? [],
    lenient: admission.lenient,
    note(follows) {
      slot.follows = follows;
    },
    async drain(periodMs) {
      slot.phase = 'draining';
      await new Promise((resolve) => setTimeout(resolve, periodMs));
      slot.phase = 'closing';
      const late = setTimeout(() => {
        logger?.warn(`closing connections that are still busy ${FINISH_MS / 1000} s after the drain period`);
        server.closeAllConnections();
      }, FINISH_MS);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      clearTimeout(late);
    },
    async close() {
      slot.phase = 'closing';
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
    state: pipeline.site.state,
    snapshot: core.snapshot,
  };
}

function writeHead(response: ServerResponse, answer: Answer, bytes: number): void {
  const { status, type, headers } = answer;
  const all = status === 204 ? [] : ['content-type', type, 'content-length', String(bytes)];
  if (headers !== undefined) {
    all.push(...headers);
  }
  response.writeHead(status, all);
}

/** A large answer in the coding that the client asked for, on routes that have it. */
function compressed(visit: Visit, answer: Answer): Answer {
  const { route } = visit.endpoint;
  if (route.kind !== 'predict' || route.compress !== true || answer.body.length < COMPRESS_FROM) {
    return answer;
  }
  const accepts = String(visit.head.headers['accept-encoding'] ?? '');
  const coding = /\bgzip\b/.test(accepts) ? 'gzip' : /\bdeflate\b/.test(accepts) ? 'deflate' : null;
  if (coding === null) {
    return answer;
  }
  // The fastest level: digits of numbers hardly get smaller at a higher one.
  const body =
    coding === 'gzip' ? gzipSync(answer.body, { level: 1 }) : deflateSync(answer.body, { level: 1 });
  return {
    ...answer,
    body,
    headers: [...(answer.headers ?? []), 'content-encoding', coding, 'vary', 'accept-encoding'],
  };
}

type AccessLog = (head: Head, status: number, receivedAt: number) => void;

/** Writes at most so many requests per second: the log is a sample, the counters are complete. */
function createAccessLog(options: ServeOptions): AccessLog | null {
  const { logger = null, accessLogPerSecond = 0 } = options;
  if (logger === null || accessLogPerSecond === 0) {
    return null;
  }
  let windowStart = 0;
  let written = 0;
  return (head, status, receivedAt) => {
    const now = performance.now();
    if (now - windowStart >= 1000) {
      windowStart = now;
      written = 0;
    }
    if (written < accessLogPerSecond) {
      written++;
      const ms = Math.round((now - receivedAt) * 1000) / 1000;
      logger.info({ method: head.method, path: (head.url ?? '/').split('?', 1)[0], status, ms }, 'request');
    }
  };
}
