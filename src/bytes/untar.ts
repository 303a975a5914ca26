/** Reads a tar archive entry by entry from bytes that are pushed. */
import { type Extract, extract, type Header } from 'tar-stream';

export interface ArchiveEntry {
  readonly header: Header;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  /** What is not read is passed over. Read it before asking for the next entry. */
  readonly body: AsyncIterable<Uint8Array>;
}

export type Push = (chunk: Uint8Array) => Promise<void>;

/** Bytes of a header. */
const BLOCK = 512;

/**
 * The entries of the archive that `feed` pushes; a failure of `feed` fails the iteration, also when it comes after the last
 * entry. Leaving early ends `feed` by a failing push.
 */
export async function* untar(feed: (push: Push) => Promise<void>): AsyncGenerator<ArchiveEntry> {
  const archive = extract();
  let fault: unknown = null;
  const feeding = feed((chunk) => push(archive, chunk)).then(
    () => archive.end(null),
    (error: unknown) => {
      fault = error;
      archive.destroy(error as Error);
    },
  );
  try {
    for await (const stream of archive) {
      const body = stream as AsyncIterable<Uint8Array>;
      yield { header: stream.header, offset: stream.offset + BLOCK, body };
      stream.resume();
    }
  } catch (error) {
    throw fault ?? error;
  } finally {
    archive.destroy();
    await feeding;
  }
}

async function push(archive: Extract, chunk: Uint8Array): Promise<void> {
  if (archive.destroyed) {
    throw new Error('nobody reads on');
  }
  if (!archive.write(chunk)) {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        archive.off('drain', go);
        archive.off('close', go);
        resolve();
      };
      archive.on('drain', go);
      archive.on('close', go);
    });
  }
}
