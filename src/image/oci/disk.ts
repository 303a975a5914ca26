/** What the disk refuses, in words. */
import { isLoadlineError, LoadlineError } from '../../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'a part of the path is not a folder',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the disk failed',
};

/** A fault of the file system while writing `path` as LL1007 with its reason; anything else as it is. */
export function diskFault(error: unknown, path: string): unknown {
  const code = errnoOf(error);
  if (code === null) {
    return error;
  }
  return new LoadlineError('LL1007', `Cannot write ${path}: ${REASONS[code] ?? code}`, {
    where: path,
    cause: error,
  });
}

/** The system's name of a fault, as `ENOENT`; null for what is not the system's. */
export function errnoOf(error: unknown): string | null {
  if (isLoadlineError(error) || !(error instanceof Error)) {
    return null;
  }
  const { code, errno } = error as NodeJS.ErrnoException;
  // zlib's faults have numbers too, but their names have an underscore.
  return typeof errno === 'number' && typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null;
}

/** Throws LL6017 once the signal was aborted; `doing` says what was under way: `writing a layer`. */
export function stopIf(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted) {
    throw new LoadlineError('LL6017', `Interrupted while ${doing}`);
  }
}
