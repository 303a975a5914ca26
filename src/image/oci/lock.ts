/** A lock between processes: a file that only one can create, with who holds it inside. */
import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LoadlineError } from '../../errors.ts';
import { diskFault, errnoOf, stopIf } from './disk.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

export interface LockOptions {
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
}

const POLL_MS = 25;
/** A lock file without content is one whose maker died between creating and filling it, once it is this old. */
const EMPTY_MS = 5_000;

/** Tokens of the locks that this process holds: a process may have got the id of one that died holding the lock. */
const held = new Set<string>();

/**
 * Runs `work` while holding the lock file. One whose holder is a dead process of this machine is taken away.
 *
 * @throws LoadlineError LL6011 naming the holder when the lock is not free within `waitMs`; LL6017 when aborted meanwhile.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const own: Holder = { pid: process.pid, host: hostname(), token: randomUUID() };
  held.add(own.token);
  try {
    await acquire(path, own, options);
    try {
      return await work();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    held.delete(own.token);
  }
}

async function acquire(path: string, own: Holder, { waitMs, signal }: LockOptions): Promise<void> {
  const until = performance.now() + waitMs;
  for (;;) {
    stopIf(signal, `waiting for ${path}`);
    try {
      await writeFile(path, JSON.stringify(own), { flag: 'wx' });
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') {
        await dropOwn(path, own);
        throw diskFault(error, path);
      }
    }
    const holder = await readHolder(path);
    if (holder !== 'gone' && (await isStale(path, holder))) {
      await takeAway(path);
    } else if (performance.now() > until) {
      const who =
        holder === null || holder === 'gone' ? 'another process' : `process ${holder.pid} on ${holder.host}`;
      throw new LoadlineError(
        'LL6011',
        `Cannot lock the images: ${who} holds ${path}; waited ${Math.round(waitMs / 1000)} s`,
        {
          where: path,
          fix: `Wait until it has ended and try again. If it is no build of Loadline, remove ${path}.`,
        },
      );
    }
    await sleep(POLL_MS * (1 + Math.random()));
  }
}

/** The holder; null when the file does not say; `gone` when there is no file any more. */
async function readHolder(path: string): Promise<Holder | null | 'gone'> {
  try {
    const { pid, host, token } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' && typeof token === 'string'
      ? { pid, host, token }
      : null;
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? 'gone' : null;
  }
}

async function isStale(path: string, holder: Holder | null): Promise<boolean> {
  if (holder !== null) {
    return (
      holder.host === hostname() &&
      !(holder.pid === process.pid ? held.has(holder.token) : isAlive(holder.pid))
    );
  }
  const made = await stat(path).catch(() => null);
  return made !== null && Date.now() - made.mtimeMs > EMPTY_MS;
}

/**
 * Removes a stale lock. Whoever removes one holds a second file meanwhile and looks again: the holder is dead and nobody else
 * may remove its lock, so that what was seen is what is removed, and never the lock that came after it.
 */
async function takeAway(path: string): Promise<void> {
  const breaker = `${path}.stale`;
  try {
    await writeFile(breaker, '', { flag: 'wx' });
  } catch {
    const made = await stat(breaker).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > EMPTY_MS) {
      // Its maker died within the few milliseconds that it is needed.
      await rm(breaker, { force: true });
    }
    return;
  }
  try {
    const holder = await readHolder(path);
    if (holder !== 'gone' && (await isStale(path, holder))) {
      await rm(path, { force: true });
    }
  } finally {
    await rm(breaker, { force: true });
  }
}

/** A lock that was created but could not be filled, as on a full disk. */
async function dropOwn(path: string, own: Holder): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text !== null && (text === '' || JSON.stringify(own).startsWith(text))) {
    await rm(path, { force: true });
  }
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs and is someone else's.
    return errnoOf(error) !== 'ESRCH';
  }
}
