/** A model file or a folder with an MLmodel on this machine: its content is its version. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { LoadlineError } from '../errors.ts';
import { defaultName } from './default-name.ts';
import type { ModelReference } from './reference.ts';
import type { FoundVersion, Source, Work } from './types.ts';

/** Twelve hex digits: two of a million files meet once in 500 times. */
export const VERSION_DIGITS = 12;

/** A file as it was when it was read, and what its bytes were. */
interface Hashed {
  readonly stamp: string;
  readonly sha256: string;
}

/**
 * Looks at the file again at every `find`, and hashes it only where its size, its time or its place on the disk changed.
 * `find` throws LL1006.
 *
 * @param cwd what a relative path starts from
 */
export function fileSource(
  reference: Extract<ModelReference, { kind: 'file' }>,
  cwd = process.cwd(),
): Source {
  const path = resolve(cwd, reference.path);
  const known = new Map<string, Hashed>();
  const find = async ({ signal }: Work): Promise<FoundVersion> => {
    const identity = await hashTree(path, reference.path, known, signal);
    return {
      name: defaultName(path),
      version: identity.slice(0, VERSION_DIGITS),
      identity,
      uri: reference.path,
    };
  };
  return {
    reference,
    moves: true,
    find,
    async fetch(found, work) {
      const now = await find(work);
      if (now.identity !== found.identity) {
        throw new LoadlineError('LL7006', `Cannot use ${reference.path}: it changed while it was read`, {
          where: reference.path,
          fix: 'Write a model beside its place and move it there, so that nobody sees half of it.',
        });
      }
      return { ...found, path };
    },
  };
}

/** sha256 of a file; of a folder that of its files' names and their sha256. What is no model folder is not read. */
async function hashTree(
  path: string,
  given: string,
  known: Map<string, Hashed>,
  signal: AbortSignal,
): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) {
      return await hashFile(path, known, signal);
    }
    if ((await stat(join(path, 'MLmodel')).catch(() => null)) === null) {
      // Whoever opens it says so; a home folder would be hashed for minutes first.
      return createHash('sha256').digest('hex');
    }
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    const hash = createHash('sha256');
    for (const file of files) {
      const name = relative(path, file).split(sep).join('/');
      hash.update(`${name}\0${await hashFile(file, known, signal)}\n`);
    }
    return hash.digest('hex');
  } catch (cause) {
    signal.throwIfAborted();
    throw new LoadlineError('LL1006', `Cannot read ${given}: ${(cause as Error).message}`, {
      where: given,
      cause,
    });
  }
}

async function hashFile(path: string, known: Map<string, Hashed>, signal: AbortSignal): Promise<string> {
  const entry = await stat(path, { bigint: true });
  if (!entry.isFile()) {
    // Opening a pipe would wait for a writer, beyond any signal.
    throw new Error(`${path} is not a file`);
  }
  const { size, mtimeNs, ctimeNs, ino, dev } = entry;
  const stamp = [size, mtimeNs, ctimeNs, ino, dev].join(' ');
  const before = known.get(path);
  if (before?.stamp === stamp) {
    return before.sha256;
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal })) {
    hash.update(chunk as Buffer);
  }
  const sha256 = hash.digest('hex');
  known.set(path, { stamp, sha256 });
  return sha256;
}
