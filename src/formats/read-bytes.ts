/** A file as bytes, within the limit of its size. */
import { readFile, stat } from 'node:fs/promises';
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts';
import { isLoadlineError, LoadlineError } from '../errors.ts';

/** Reads a file's bytes. Throws LL1006 when it is not there, LL3004 when it is larger than the limit. */
export async function readBytes(path: string, limits: Partial<Limits> = {}): Promise<Uint8Array> {
  const { fileBytes } = { ...DEFAULT_LIMITS, ...limits };
  try {
    const entry = await stat(path);
    if (!entry.isFile()) {
      throw new LoadlineError('LL1006', `Cannot read ${path}: it is not a file`, { where: path });
    }
    if (entry.size > fileBytes) {
      throw new LoadlineError(
        'LL3004',
        `Cannot read ${path}: it has ${entry.size} bytes, the limit is ${fileBytes} (fileBytes)`,
        { where: path },
      );
    }
    return await readFile(path);
  } catch (error) {
    if (isLoadlineError(error)) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new LoadlineError('LL1006', `Cannot read ${path}: ${reason}`, { where: path, cause: error });
  }
}
