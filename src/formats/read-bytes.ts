/** A file as bytes, within the limit of its size. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts';
import { isLoadlineError, LoadlineError } from '../errors.ts';

export interface FileBytes {
  readonly bytes: Uint8Array;
  /** Hex digest of the bytes. */
  readonly sha256: string;
}

/** Read and hashed at a time: less than a millisecond, so that a large file does not hold up requests beside it. */
const CHUNK = 2 ** 20;

/** Reads a file's bytes. Throws LL1006 when it is not there, LL3004 when it is larger than the limit. */
export async function readBytes(path: string, limits: Partial<Limits> = {}): Promise<FileBytes> {
  const { fileBytes } = { ...DEFAULT_LIMITS, ...limits };
  let file: FileHandle | null = null;
  try {
    // Of a pipe without a writer the usual way never comes back.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const entry = await file.stat();
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
    return await readAll(file, entry.size);
  } catch (error) {
    if (isLoadlineError(error)) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new LoadlineError('LL1006', `Cannot read ${path}: ${reason}`, { where: path, cause: error });
  } finally {
    await file?.close();
  }
}

/** Not from the pool of small buffers: views of the model would keep that alive. */
async function readAll(file: FileHandle, size: number): Promise<FileBytes> {
  const bytes = Buffer.allocUnsafeSlow(size);
  const hash = createHash('sha256');
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) {
      break;
    }
    hash.update(bytes.subarray(at, at + bytesRead));
    at += bytesRead;
  }
  return { bytes: bytes.subarray(0, at), sha256: hash.digest('hex') };
}
