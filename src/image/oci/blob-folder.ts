/** Blobs in a folder by their digest, as an OCI layout has them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import { type Digest, isDigest } from '../reference.ts';
import type { Blobs } from './blobs.ts';
import { errnoOf } from './disk.ts';

/** Bytes read at a time. */
const CHUNK = 256 * 1024;

/** Reads the blobs of the OCI layout in `root`. */
export function blobFolder(root: string): Omit<Blobs, 'writer'> {
  return {
    root,
    async size(digest) {
      try {
        return (await stat(blobPath(root, digest))).size;
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') {
          return null;
        }
        throw error;
      }
    },
    async read(digest) {
      let bytes: Buffer;
      try {
        bytes = await readFile(blobPath(root, digest));
      } catch (error) {
        throw missingBlob(error, root, digest);
      }
      checkDigest(bytes, root, digest);
      return bytes;
    },
    stream(digest) {
      return createReadStream(blobPath(root, digest), { highWaterMark: CHUNK });
    },
  };
}

/**
 * Where a blob lies.
 *
 * @throws LoadlineError LL6014 for what is not a sha256 digest: it comes out of documents that others wrote, and a path is
 * made of it.
 */
export function blobPath(root: string, digest: Digest): string {
  requireDigest(digest);
  return join(root, 'blobs', 'sha256', digest.slice('sha256:'.length));
}

/** Throws LL6014 for what is not a sha256 digest. */
export function requireDigest(digest: unknown): void {
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw new LoadlineError(
      'LL6014',
      `Cannot read the image: expected a digest of sha256: and 64 hexadecimal digits, found ${JSON.stringify(digest)?.slice(0, 100)}`,
    );
  }
}

/** Throws LL6016 when the bytes read from `where` are not the digest's. */
export function checkDigest(bytes: Uint8Array, where: string, digest: Digest): void {
  const found = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (found !== digest) {
    throw damagedBlob(where, digest, found);
  }
}

/** LL6016 for a blob whose bytes have another digest than its name. */
export function damagedBlob(where: string, digest: Digest, found: string): LoadlineError {
  return new LoadlineError('LL6016', `The blob ${digest} in ${where} is damaged: its bytes are ${found}`, {
    where,
  });
}

/** LL6016 when the blob is not there; any other fault as it is. */
export function missingBlob(error: unknown, where: string, digest: Digest): unknown {
  return errnoOf(error) === 'ENOENT'
    ? new LoadlineError('LL6016', `The blob ${digest} is missing in ${where}`, { where, cause: error })
    : error;
}
