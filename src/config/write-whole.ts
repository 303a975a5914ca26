/** Files that are there as a whole or not at all. */
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { LoadlineError } from '../errors.ts';

/**
 * Writes a file beside its place and moves it there. `mode` holds whatever the umask; without it the umask decides.
 *
 * @throws LoadlineError LL1007; nothing is left then.
 */
export async function writeWhole(path: string, bytes: Buffer | string, mode?: number): Promise<void> {
  const temporary = `${path}.partial-${process.pid}`;
  try {
    await writeFile(temporary, bytes, { flag: 'wx' });
    if (mode !== undefined) {
      await chmod(temporary, mode);
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw cannotWrite(path, cause);
  }
}

/** LL1007 with the system's reason. */
export function cannotWrite(path: string, cause: unknown): LoadlineError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LoadlineError('LL1007', `Cannot write ${path}: ${reason}`, { where: path, cause });
}
