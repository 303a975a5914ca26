/** What pulls, builds and pushes need of a place that keeps blobs by their digest. */
import type { Readable } from 'node:stream';
import type { Digest } from '../reference.ts';

export interface BlobWriter {
  /** Takes the next bytes; resolves when more may come. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Ends the blob and puts it in its place; before that nothing of it is seen.
   *
   * @throws LoadlineError LL6007 when `expected` is given and the bytes are others.
   */
  commit(expected?: {
    readonly digest: Digest;
    readonly size: number;
  }): Promise<{ digest: Digest; size: number }>;
  /** Forgets what was written. No fault after `commit`. */
  abort(): Promise<void>;
}

export interface Blobs {
  /** Folder or file they lie in, for messages. */
  readonly root?: string;
  /** Size in bytes, or null when it is not there. */
  size(digest: Digest): Promise<number | null>;
  /**
   * The whole blob, its digest checked.
   *
   * @throws LoadlineError LL6016 when it is missing or damaged.
   */
  read(digest: Digest): Promise<Buffer>;
  /** The bytes as they lie on the disk. */
  stream(digest: Digest): Readable;
  writer(): Promise<BlobWriter>;
}

/** Puts bytes that are at hand into `blobs`; `expected` as for `commit`. A failure leaves nothing of them. */
export async function putBlob(
  blobs: Pick<Blobs, 'writer'>,
  bytes: Uint8Array,
  expected?: { readonly digest: Digest; readonly size: number },
): Promise<{ digest: Digest; size: number }> {
  const writer = await blobs.writer();
  try {
    await writer.write(bytes);
    return await writer.commit(expected);
  } finally {
    await writer.abort();
  }
}
