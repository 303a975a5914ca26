/** One HTTP request at a time over node's own client, which streams both ways and takes certificates per host. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Readable } from 'node:stream';
import { isLoopback } from '../config/keys.ts';
import { isLoadlineError, LoadlineError } from '../errors.ts';

export interface Body {
  readonly size: number;
  /** Called for each try. */
  readonly open: () => Readable;
  /** Called with the bytes of each piece that was sent. */
  readonly onSent?: (bytes: number) => void;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** Ends the request, and its answer if that is still being read; default: the transport's. */
  readonly signal?: AbortSignal;
}

export interface TransportOptions {
  /** Certificates that a host of HTTPS is checked against, or not. */
  readonly tls: (url: URL) => Pick<https.AgentOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized'>;
  /** For HTTP_PROXY and its like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Longest silence. */
  readonly idleMs: number;
  /** Ends every request that has no signal of its own. */
  readonly signal?: AbortSignal;
}

export interface Transport {
  /**
   * Sends one request and gives the answer's head; its body is the caller's to read to the end or to destroy.
   *
   * @throws What node throws when a connection fails; LoadlineError LL6016 when the body cannot be read.
   */
  send(request: HttpRequest): Promise<http.IncomingMessage>;
  /** Bytes of bodies sent so far. */
  readonly sentBytes: number;
  close(): void;
}

/** Who gets an upload hashes and stores it before it answers, and is silent meanwhile: so many times the usual patience. */
const UPLOAD_PATIENCE = 4;

export function createTransport(options: TransportOptions): Transport {
  const { tls, env, idleMs } = options;
  const agents = new Map<string, http.Agent>();
  let sentBytes = 0;

  const agentOf = (url: URL): http.Agent => {
    let agent = agents.get(url.origin);
    if (agent === undefined) {
      // A proxy cannot reach what is loopback here. Node older than 24.5 does without `proxyEnv`.
      const common = { keepAlive: true, ...(isLoopback(url.hostname) ? {} : { proxyEnv: env }) };
      agent = url.protocol === 'http:' ? new http.Agent(common) : new https.Agent({ ...common, ...tls(url) });
      agents.set(url.origin, agent);
    }
    return agent;
  };

  const send = (request: HttpRequest): Promise<http.IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { method, url, body, signal = options.signal } = request;
      const length = body === undefined && method !== 'POST' ? {} : { 'Content-Length': body?.size ?? 0 };
      const outgoing = (url.protocol === 'http:' ? http : https).request(url, {
        method,
        agent: agentOf(url),
        // Some gateways refuse who does not say a name.
        headers: { ...request.headers, 'User-Agent': 'loadline', 'Accept-Encoding': 'identity', ...length },
        timeout: idleMs,
        ...(signal === undefined ? {} : { signal }),
      });
      let answer: http.IncomingMessage | null = null;
      outgoing.on('error', reject);
      outgoing.on('timeout', () => {
        const error = Object.assign(new Error('no byte in time'), { code: 'ETIMEDOUT' });
        (answer ?? outgoing).destroy(error);
      });
      outgoing.once('response', (response) => {
        answer = response;
        // What happens to an answer nobody reads any more is of no interest.
        response.on('error', () => {});
        if (!outgoing.writableEnded) {
          // Refused in the middle: the rest of the body never comes, and the connection would wait for it.
          response.once('close', () => outgoing.destroy());
        }
        resolve(response);
      });
      if (body === undefined) {
        outgoing.end();
        return;
      }
      const onSent = (bytes: number): void => {
        sentBytes += bytes;
        body.onSent?.(bytes);
      };
      sendBody(outgoing, body, onSent, () => answer !== null).then(
        () => outgoing.setTimeout(idleMs * UPLOAD_PATIENCE),
        (error) => {
          reject(error);
          outgoing.destroy();
        },
      );
    });

  return {
    send,
    get sentBytes() {
      return sentBytes;
    },
    close() {
      for (const agent of agents.values()) {
        agent.destroy();
      }
    },
  };
}

/** The body of an answer, or as much of it as goes over `limit` bytes by one piece; then the rest is given up. */
export async function readBody(response: http.IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) {
      break;
    }
  }
  return Buffer.concat(chunks);
}

async function sendBody(
  outgoing: http.ClientRequest,
  body: Body,
  onSent: (bytes: number) => void,
  isAnswered: () => boolean,
): Promise<void> {
  const source = body.open();
  // A refusal in the middle, or a failure that `error` tells of.
  const isOver = (): boolean => outgoing.destroyed || isAnswered();
  outgoing.once('response', () => source.destroy());
  outgoing.once('close', () => source.destroy());
  let sent = 0;
  try {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      if (isOver()) {
        return;
      }
      sent += chunk.length;
      if (sent > body.size) {
        break;
      }
      if (!outgoing.write(chunk)) {
        await roomIn(outgoing);
      }
      onSent(chunk.length);
    }
  } catch (error) {
    if (isOver()) {
      return;
    }
    throw isLoadlineError(error)
      ? error
      : new LoadlineError('LL6016', `Cannot read what is to be sent: ${(error as Error).message}`, {
          cause: error,
        });
  }
  if (sent !== body.size) {
    throw new LoadlineError(
      'LL6016',
      `Cannot send a blob: expected ${body.size} bytes, found ${sent < body.size ? sent : 'more'}`,
    );
  }
  outgoing.end();
}

/** Waits until more may be written, or there is no sense in it. */
function roomIn(outgoing: http.ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'response']) {
        outgoing.off(event, done);
      }
      resolve();
    };
    for (const event of ['drain', 'close', 'response']) {
      outgoing.once(event, done);
    }
  });
}
