/** Connections on their way from the parent to a worker. */
import type { Worker } from 'node:cluster';

interface Handle {
  close(): void;
}

/**
 * Lets go of the connections that a worker was handed and had not confirmed when it died; the returned function is called
 * then. Node's cluster keeps its own copy of each until the worker confirms it, so that a client whose connection went
 * to a dying worker would be neither answered nor told. Closing a copy that was confirmed, and so closed, does nothing.
 */
export function trackHandovers(worker: Worker): () => void {
  const underway = new Map<number, Handle>();
  const child = worker.process;
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  // The parent's cluster sends `{ act: 'newconn', seq }` with the connection; the worker's answers `{ ack: seq }`.
  child.send = (...args: unknown[]): boolean => {
    const [message, handle] = args;
    if (isNumbered(message, 'seq') && isHandle(handle)) {
      underway.set(message.seq, handle);
    }
    return send(...args);
  };
  child.on('internalMessage', (message: unknown) => {
    if (isNumbered(message, 'ack')) {
      underway.delete(message.ack);
    }
  });
  return () => {
    for (const handle of underway.values()) {
      handle.close();
    }
    underway.clear();
  };
}

function isNumbered<Key extends string>(value: unknown, key: Key): value is Record<Key, number> {
  return (
    typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[key] === 'number'
  );
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';
}
