/** Where DVC keeps content: the work tree, its cache, a remote. Each is read only, and what it gives is checked. */
import { createReadStream, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { DEFAULT_LIMITS } from '../../bytes/limits.ts';
import { cannotWrite } from '../../config/write-whole.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import { explainFault } from '../../net/fault.ts';
import { Passing, parseRetryAfter, TIMING, type Timing, withRetries } from '../../net/retry.ts';
import { createTransport, type Transport } from '../../net/transport.ts';
import type { DvcRemote } from './config.ts';
import { createDigest } from './digest.ts';

/** One file by content. */
export interface DvcObject {
  /** 32 hex digits. */
  readonly md5: string;
  /** The list of a folder's files. */
  readonly isManifest: boolean;
  /** Bytes; null where it is not known. */
  readonly size: number | null;
  readonly legacy: boolean;
  /** Where it is in the work tree, if it is there at all; null for a manifest. */
  readonly workFile: string | null;
}

/** Where a file is written to, and who hears of its bytes. */
export interface Target {
  readonly file: string;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}

/** `why` goes on from the place's label: `has none`. */
export type Outcome =
  | { readonly kind: 'whole' }
  | { readonly kind: 'missing' | 'damaged'; readonly why: string };

export interface Place {
  /** As in `the cache /home/ada/.dvc/cache`. */
  readonly label: string;
  /** Writes the object to a file. Throws LL1007, and LL6017 or the signal's reason when it fires. */
  bring(object: DvcObject, target: Target): Promise<Outcome>;
}

const MISSING: Outcome = { kind: 'missing', why: 'has none' };
const MAX_REDIRECTS = 5;
/** A folder of a hundred thousand files; it is read into memory. */
const MOST_MANIFEST_BYTES = 16 * 2 ** 20;
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

/** Path below a cache or remote: DVC 3 puts `files/md5` before that of DVC 2. */
export function objectPath({ md5, isManifest, legacy }: DvcObject): string {
  return `${legacy ? '' : 'files/md5/'}${md5.slice(0, 2)}/${md5.slice(2)}${isManifest ? '.dir' : ''}`;
}

export const WORK_TREE: Place = {
  label: 'the work tree',
  async bring(object, target) {
    if (object.workFile === null) {
      return MISSING;
    }
    const outcome = await bringFile(object.workFile, object, target);
    // Who edits a file before `dvc add` has done nothing wrong.
    return outcome.kind === 'damaged' ? { kind: 'missing', why: 'has other content' } : outcome;
  },
};

/** @param what as in `the cache` */
export function folderPlace(what: string, folder: string): Place {
  return {
    label: `${what} ${folder}`,
    bring: (object, target) => bringFile(join(folder, objectPath(object)), object, target),
  };
}

export interface RemoteOptions {
  /** For HTTP_PROXY and its like. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timing?: Partial<Timing>;
}

/** A remote, with what ends its connections. */
export function remotePlace(remote: DvcRemote, options: RemoteOptions): Place & { close(): void } {
  const what = `the remote "${remote.name}"`;
  if (remote.kind === 'folder') {
    return { ...folderPlace(what, remote.folder), close: () => {} };
  }
  const timing = { ...TIMING, ...options.timing };
  const { authorities, url } = remote;
  const transport = createTransport({
    tls: () => ({
      rejectUnauthorized: authorities !== false,
      ...(typeof authorities === 'string'
        ? { ca: [...getCACertificates('default'), readFileSync(authorities, 'utf8')] }
        : {}),
    }),
    env: options.env,
    idleMs: remote.idleMs ?? timing.idleMs,
  });
  return {
    label: `${what} ${url.href}`,
    close: transport.close,
    async bring(object, target) {
      const address = new URL(url);
      address.pathname = `${url.pathname.replace(/\/$/, '')}/${objectPath(object)}`;
      try {
        return await withRetries(
          timing,
          target.signal,
          () => {},
          () => download(transport, address, remote.headers, object, target),
        );
      } catch (error) {
        if (isLoadlineError(error) && error.code === 'LL7012') {
          return { kind: 'missing', why: error.message };
        }
        throw error;
      }
    },
  };
}

/** Throws LL7012 whose message goes on from a label; as Passing where it may work later. */
async function download(
  transport: Transport,
  address: URL,
  headers: Readonly<Record<string, string>>,
  object: DvcObject,
  target: Target,
): Promise<Outcome> {
  const { signal } = target;
  try {
    const answer = await follow(transport, address, headers, signal);
    const { statusCode: status = 0 } = answer;
    if (status === 200) {
      return await write(answer, object, target);
    }
    answer.resume();
    if (status === 404) {
      return MISSING;
    }
    const failure = new LoadlineError(
      'LL7012',
      status === 401 || status === 403 ? `refuses access (${status})` : `answers ${status}`,
    );
    throw PASSING.has(status)
      ? new Passing(failure, parseRetryAfter(answer.headers['retry-after'], answer.headers.date))
      : failure;
  } catch (error) {
    if (isLoadlineError(error) || error instanceof Passing || signal.aborted) {
      throw error;
    }
    const { kind, reason } = explainFault(error);
    const failure = new LoadlineError('LL7012', `cannot be reached: ${reason}`, { cause: error });
    throw kind === 'passing' ? new Passing(failure) : failure;
  }
}

/** Follows redirects; another server than the remote's own never gets its headers. */
async function follow(
  transport: Transport,
  start: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const own = url.origin === start.origin ? headers : {};
    const answer = await transport.send({ method: 'GET', url, headers: own, signal });
    const { statusCode: status = 0 } = answer;
    if (![301, 302, 303, 307, 308].includes(status)) {
      return answer;
    }
    answer.resume();
    const { location = '' } = answer.headers;
    const next = URL.canParse(location, url.href) ? new URL(location, url) : null;
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw new LoadlineError('LL7012', `sends on to "${location}", which is no address of HTTP`);
    }
    url = next;
  }
  throw new LoadlineError('LL7012', `sends on more than ${MAX_REDIRECTS} times`);
}

async function bringFile(path: string, object: DvcObject, target: Target): Promise<Outcome> {
  try {
    return await write(createReadStream(path, { signal: target.signal }), object, target);
  } catch (error) {
    if (isLoadlineError(error) || target.signal.aborted) {
      throw error;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? MISSING
      : { kind: 'missing', why: `cannot be read: ${message}` };
  }
}

/** Writes and hashes at once, so that what was checked is what is kept. Throws LL1007, or what the source does. */
async function write(source: AsyncIterable<Buffer>, object: DvcObject, target: Target): Promise<Outcome> {
  const cannot = (cause: unknown): never => {
    throw cannotWrite(target.file, cause);
  };
  const digest = createDigest(object.legacy);
  // Nothing says how large a file of a folder is: a remote could send without end.
  const most = object.size ?? (object.isManifest ? MOST_MANIFEST_BYTES : DEFAULT_LIMITS.fileBytes);
  let size = 0;
  const file = await open(target.file, 'w').catch(cannot);
  try {
    for await (const chunk of source) {
      size += chunk.length;
      digest.update(chunk);
      await file.writeFile(chunk).catch(cannot);
      target.onBytes(chunk.length);
      if (size > most) {
        break;
      }
    }
  } catch (error) {
    target.onBytes(-size);
    throw error;
  } finally {
    await file.close().catch(cannot);
  }
  const isTooLong = size > most;
  if (!isTooLong && (object.size === null || object.size === size) && digest.matches(object.md5)) {
    return { kind: 'whole' };
  }
  target.onBytes(-size);
  return {
    kind: 'damaged',
    why: isTooLong
      ? `has more than ${most} bytes in its place`
      : `has ${size} bytes with md5 ${digest.value()} in its place`,
  };
}
