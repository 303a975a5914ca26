/** Files by content: `blobs/sha256/ab/<hex>`, and `incoming/` where they are written until they are whole. */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { storeError } from './transaction.ts';

/** Bytes on disk in `incoming/`, that nothing points at yet. */
export interface Staged {
  readonly temporary: string;
  readonly sha256: string;
  readonly size: number;
}

export function blobPath(folder: string, sha256: string): string {
  return join(folder, 'blobs/sha256', sha256.slice(0, 2), sha256);
}

/** A name in `incoming/` that nothing else uses. */
export function incomingPath(folder: string): string {
  return join(folder, 'incoming', randomBytes(16).toString('hex'));
}

/** Writes a stream into `incoming/`, down to the disk. On any fault nothing is left. Throws LL1007 and what `body` throws. */
export async function stageBlob(folder: string, body: AsyncIterable<Uint8Array>): Promise<Staged> {
  const temporary = incomingPath(folder);
  try {
    const hash = createHash('sha256');
    let size = 0;
    const file = await open(temporary, 'wx');
    try {
      for await (const chunk of body) {
        hash.update(chunk);
        size += chunk.length;
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { temporary, sha256: hash.digest('hex'), size };
  } catch (error) {
    await rm(temporary, { force: true });
    throw storeError(folder, error);
  }
}

/**
 * Moves staged bytes to their place. Only within a transaction: `gc` deletes under the same lock, so that bytes put again
 * are there whichever of the two comes first. It replaces a blob of that name, which mends one that was damaged.
 */
export function adoptBlob(folder: string, { temporary, sha256 }: Staged): void {
  const path = blobPath(folder, sha256);
  // Checkouts are links to it: a program that writes to a model's file must not change every version that has it.
  chmodSync(temporary, 0o444);
  if (mkdirSync(dirname(path), { recursive: true }) !== undefined) {
    syncFolder(dirname(dirname(path)));
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

/** A rename is on the disk once its folder is. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
