/** A proxy in front of a real registry that injects failures and keeps what was asked. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** What to do with a request instead of passing it on as it is. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Never answers. */
  | { readonly kind: 'stall' }
  /** Closes the connection, when `afterBytes` of the request's body have come. */
  | { readonly kind: 'cut'; readonly afterBytes?: number }
  /** Sends the start of the answer's body: as if it were all of it, or closes the connection, or falls silent. */
  | { readonly kind: 'truncate'; readonly bytes: number; readonly end: 'whole' | 'cut' | 'stall' }
  /** Another byte at the start of the body. */
  | { readonly kind: 'damage' }
  /** More bytes after the body. */
  | { readonly kind: 'lengthen'; readonly bytes: number }
  /** Passed on, with other headers in the answer. */
  | { readonly kind: 'headers'; readonly headers: Record<string, string> }
  /** Passed on, but the answer never comes back. */
  | { readonly kind: 'swallow' };

export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** Body bytes that came. */
  bytes: number;
}

export interface FaultProxy {
  readonly host: string;
  readonly url: string;
  readonly seen: readonly Seen[];
  /** How many requests matched. */
  count(method: string, pattern: RegExp): number;
  /** Decides about each request; null passes it on. Replaced by the tests. */
  fault: (seen: Seen) => Fault | null;
  /** Forgets what was seen and what to do. */
  reset(): void;
}

/** Starts a proxy of `upstream`, a URL of plain HTTP; it ends with the test. */
export async function startFaultProxy(t: Pick<TestContext, 'after'>, upstream: string): Promise<FaultProxy> {
  const seen: Seen[] = [];
  const listener = createServer((incoming, outgoing) => {
    const one: Seen = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      bytes: 0,
    };
    seen.push(one);
    incoming.on('data', (chunk: Buffer) => {
      one.bytes += chunk.length;
    });
    incoming.on('error', () => {});
    apply(proxy.fault(one), upstream, incoming, outgoing);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const { port } = listener.address() as AddressInfo;
  const proxy: FaultProxy = {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    seen,
    count: (method, pattern) => seen.filter((one) => one.method === method && pattern.test(one.path)).length,
    fault: () => null,
    reset() {
      seen.length = 0;
      proxy.fault = () => null;
    },
  };
  return proxy;
}

/** A fault for the first `times` requests that match. */
export function times(count: number, method: string, pattern: RegExp, fault: Fault): FaultProxy['fault'] {
  let left = count;
  return (seen) => {
    if (seen.method !== method || !pattern.test(seen.path) || left === 0) {
      return null;
    }
    left -= 1;
    return fault;
  };
}

function apply(
  fault: Fault | null,
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  switch (fault?.kind) {
    case 'stall':
      return;
    case 'answer':
      incoming.resume();
      outgoing.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    case 'cut': {
      const { afterBytes = 0 } = fault;
      let came = 0;
      const cut = (): void => {
        if (came >= afterBytes) {
          incoming.socket.resetAndDestroy();
        }
      };
      incoming.on('data', (chunk: Buffer) => {
        came += chunk.length;
        cut();
      });
      cut();
      return;
    }
    default:
      pass(fault, upstream, incoming, outgoing);
  }
}

function pass(
  fault: Exclude<Fault, { kind: 'stall' | 'answer' | 'cut' }> | null,
  upstream: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const onward = request(
    new URL(incoming.url ?? '/', upstream),
    { method: incoming.method ?? 'GET', headers: incoming.headers },
    (answer) => {
      const { statusCode = 502, headers } = answer;
      switch (fault?.kind) {
        case 'swallow':
          answer.resume();
          return;
        case 'truncate': {
          const { 'content-length': length, ...others } = headers;
          outgoing.writeHead(statusCode, {
            ...others,
            'content-length': fault.end === 'whole' ? fault.bytes : length,
          });
          answer.once('data', (chunk: Buffer) => {
            const start = chunk.subarray(0, fault.bytes);
            if (fault.end === 'whole') {
              outgoing.end(start);
            } else {
              outgoing.write(start, () => {
                if (fault.end === 'cut') {
                  incoming.socket.destroy();
                }
              });
            }
            answer.pause();
          });
          return;
        }
        case 'damage': {
          outgoing.writeHead(statusCode, headers);
          let isFirst = true;
          answer.on('data', (chunk: Buffer) => {
            if (isFirst) {
              chunk[0]! ^= 1;
              isFirst = false;
            }
            outgoing.write(chunk);
          });
          answer.once('end', () => outgoing.end());
          return;
        }
        case 'lengthen': {
          const { 'content-length': _, ...others } = headers;
          outgoing.writeHead(statusCode, others);
          answer.pipe(outgoing, { end: false });
          answer.once('end', () => outgoing.end(Buffer.alloc(fault.bytes)));
          return;
        }
        default:
          outgoing.writeHead(statusCode, { ...headers, ...fault?.headers });
          answer.pipe(outgoing);
      }
    },
  );
  onward.on('error', () => incoming.socket.destroy());
  outgoing.once('close', () => onward.destroy());
  incoming.pipe(onward);
}
