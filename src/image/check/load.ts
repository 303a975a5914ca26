/** Constant load: connections that each ask, wait for the answer, pause, and ask again. */
import { connect, type Socket } from 'node:net';

/** What became of a request. */
export interface Sent {
  readonly at: number;
  /** Port at this end of its connection; 0 when there was none. */
  readonly port: number;
  /** 0 when the connection failed. */
  readonly status: number;
  /** First line and headers of the answer, in lower case. */
  readonly head: string;
  readonly body: string;
  /** Why the connection failed. */
  readonly failure: string | null;
}

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  /** JSON text, posted. */
  readonly body: string;
  readonly connections: number;
  /** Milliseconds between an answer and the next request of a connection. */
  readonly pauseMs: number;
  /** A new connection for every request. */
  readonly fresh?: boolean;
  /**
   * What a client does whose answer says `Connection: close`: `leave` sends nothing more, as one does that has another
   * server to go to; `reconnect` goes on with a new connection.
   */
  readonly onClose: 'leave' | 'reconnect';
  readonly onSent: (sent: Sent) => void;
}

export interface Load {
  /** Takes no new requests on, waits for the open ones. */
  stop(): Promise<void>;
  /** Resolves when every connection has left. */
  readonly left: Promise<void>;
  /** Connections that closed while no request was open on them. */
  readonly idleCloses: () => number;
}

/** A request without an answer for this long hangs, which is a fault and not a failed connection. */
const HANG_MS = 20_000;

/** Starts the load. */
export function startLoad(options: LoadOptions): Load {
  const { port, path, body, connections, pauseMs, fresh = false, onClose, onSent } = options;
  const head = headOf(port, path, body);
  const message = `${head}${fresh ? 'Connection: close\r\n' : ''}\r\n${body}`;
  let stopping = false;
  let idleCloses = 0;

  const run = async (): Promise<void> => {
    // The cast keeps the compiler from taking it for null where only the closures below set it.
    let socket = null as Socket | null;
    const close = (): void => {
      socket?.destroy();
      socket = null;
    };
    while (!stopping) {
      if (socket?.destroyed === true) {
        idleCloses += 1;
        socket = null;
      }
      const { sent, told } = await attempt(async () => {
        socket ??= await open(port);
        return socket;
      }, message);
      onSent(sent);
      if (sent.status === 0) {
        close();
      }
      if (told) {
        close();
        if (onClose === 'leave' && !fresh) {
          return;
        }
      }
      if (pauseMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
    close();
  };
  const left = Promise.all(Array.from({ length: connections }, run)).then(() => undefined);
  return {
    left,
    async stop() {
      stopping = true;
      await left;
    },
    idleCloses: () => idleCloses,
  };
}

function headOf(port: number, path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
}

/** A request whose body stays unfinished, so that it is in flight for as long as one likes. */
export interface HeldRequest {
  /** Sends the rest; gives what came of it. */
  finish(): Promise<Sent>;
  close(): void;
}

/** Sends the first half of a request on a connection of its own. Rejects when there is no connection. */
export async function holdRequest(port: number, path: string, body: string): Promise<HeldRequest> {
  const socket = await open(port);
  const bytes = Buffer.from(body);
  const half = bytes.length >> 1;
  socket.write(`${headOf(port, path, body)}\r\n`);
  socket.write(bytes.subarray(0, half));
  return {
    finish: () => attempt(async () => socket, bytes.subarray(half)).then(({ sent }) => sent),
    close: () => socket.destroy(),
  };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const fail = (error: Error): void => reject(new Error(`connect: ${error.message}`));
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      // Between requests an error only closes the socket, which is seen before the next one.
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy());
      resolve(socket);
    });
  });
}

/** One request on a connection, its failure as an outcome; `told` where the answer says that the connection closes. */
async function attempt(
  connection: () => Promise<Socket>,
  message: string | Uint8Array,
): Promise<{ sent: Sent; told: boolean }> {
  let port = 0;
  try {
    const socket = await connection();
    port = socket.localPort ?? 0;
    const { status, head, body, close } = await exchange(socket, message);
    return { sent: { at: performance.now(), port, status, head, body, failure: null }, told: close };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { sent: { at: performance.now(), port, status: 0, head: '', body: '', failure }, told: false };
  }
}

interface Response {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly close: boolean;
}

/** Sends one request and reads its answer, which has a Content-Length as all of Loadline's have. */
function exchange(socket: Socket, message: string | Uint8Array): Promise<Response> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = (): void => {
      clearTimeout(timer);
      socket.off('data', read);
      socket.off('error', failed);
      socket.off('close', closed);
    };
    const failed = (error: Error): void => {
      settle();
      reject(error);
    };
    const closed = (): void => failed(new Error(`closed after ${text.length} characters of the answer`));
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) {
        return;
      }
      const head = text.slice(0, end).toLowerCase();
      const length = Number(/\r\ncontent-length: (\d+)/.exec(head)?.[1] ?? 0);
      if (text.length < end + 4 + length) {
        return;
      }
      settle();
      resolve({
        status: Number(head.split(' ')[1]),
        head,
        body: text.slice(end + 4, end + 4 + length),
        close: /\r\nconnection: close/.test(head),
      });
    };
    const timer = setTimeout(() => failed(new Error('hang')), HANG_MS);
    socket.on('data', read);
    socket.on('error', failed);
    socket.on('close', closed);
    if (socket.destroyed) {
      closed();
    } else {
      socket.write(message);
    }
  });
}
