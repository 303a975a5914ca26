/** Questions and answers between two processes: each question has a number, its answer carries it back. */
import { LoadlineError } from '../../errors.ts';
import type { WireError } from './messages.ts';

export interface Link<Answer> {
  /** Sends what `send` makes of a fresh number and waits for its answer. Rejects LL5004 when none came in time. */
  ask(send: (id: number) => void, patienceMs: number): Promise<Answer>;
  /** Hands an answer to whoever asked; answers that nobody waits for any more are dropped. */
  answer(id: number, answer: Answer): void;
  /** Rejects all that is still open: the other side is gone. */
  close(reason: string): void;
}

interface Open<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/** A link to one other process. */
export function createLink<Answer>(): Link<Answer> {
  const open = new Map<number, Open<Answer>>();
  let last = 0;
  const settle = (id: number): Open<Answer> | undefined => {
    const entry = open.get(id);
    clearTimeout(entry?.timer);
    open.delete(id);
    return entry;
  };
  return {
    ask(send, patienceMs) {
      const id = ++last;
      return new Promise<Answer>((resolve, reject) => {
        const timer = setTimeout(() => {
          settle(id)?.reject(new LoadlineError('LL5004', `A worker gave no answer within ${patienceMs} ms`));
        }, patienceMs);
        timer.unref();
        open.set(id, { resolve, reject, timer });
        send(id);
      });
    },
    answer(id, answer) {
      settle(id)?.resolve(answer);
    },
    close(reason) {
      for (const id of [...open.keys()]) {
        settle(id)?.reject(new LoadlineError('LL5004', reason));
      }
    },
  };
}

/** An error as it goes through the link. */
export function toWire(error: unknown): WireError {
  if (error instanceof LoadlineError) {
    const { cause: _, ...detail } = error.detail;
    return { code: error.code, message: error.message, detail };
  }
  return { code: 'LL1099', message: error instanceof Error ? error.message : String(error), detail: {} };
}

/** The error that came through the link. */
export function fromWire(error: WireError): LoadlineError {
  return new LoadlineError(error.code, error.message, error.detail);
}
