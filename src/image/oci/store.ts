/** Images on this machine that no engine holds: an OCI layout, with the layers of their bases. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import type { Digest } from '../reference.ts';
import { blobFolder, blobPath } from './blob-folder.ts';
import type { Blobs, BlobWriter } from './blobs.ts';
import { diskFault, errnoOf } from './disk.ts';
import { readDocument } from './documents.ts';
import { isAlive, withLock } from './lock.ts';
import { type Descriptor, type Document, type Index, MEDIA } from './types.ts';

/** Remembers what took long to find out. What is lost is found out again. */
export interface Notes {
  /** What was remembered, or null. It may be anything: a file that a person can edit. */
  recall(kind: NoteKind, key: string): Promise<unknown>;
  /** Never fails: a disk that is full fails what matters. */
  remember(kind: NoteKind, key: string, value: unknown): Promise<void>;
}

export type NoteKind = 'layers' | 'bases';

export interface ImageStore extends Blobs, Notes {
  /** The folder. */
  readonly root: string;
  /** What a full name stands for, or null. */
  tagged(name: string): Promise<Descriptor | null>;
  /** Gives a name to an image whose blobs are all there. Throws LL6011, LL1007, LL6017. */
  tag(name: string, descriptor: Descriptor, signal?: AbortSignal): Promise<void>;
  /** Takes the name away; whether there was one. The blobs stay. */
  untag(name: string, signal?: AbortSignal): Promise<boolean>;
  /** All names, sorted. */
  list(): Promise<readonly { readonly name: string; readonly descriptor: Descriptor }[]>;
  /** Keeps a value as JSON, its keys in the order they have, without spaces. */
  putDocument<T extends object>(mediaType: string, value: T): Promise<Document<T>>;
  /** A document of at most 4 MiB, its digest checked. Throws LL6014, LL6016. */
  readJson<T>(descriptor: Descriptor): Promise<Document<T>>;
}

export interface StoreOptions {
  /** How long to wait for another process that changes the list of names; it takes milliseconds. Default 10,000. */
  readonly lockWaitMs?: number;
}

/** Key of a name in an OCI layout (image-spec 1.1, annotations). */
export const REF_NAME = 'org.opencontainers.image.ref.name';
/** Content of the file `oci-layout`. */
export const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

const LOCK_WAIT_MS = 10_000;

/** Temporary files that this process writes now: what else has its id in the name is of a process that is gone. */
const active = new Set<string>();

/**
 * Opens the store, makes it where it is not, and removes what runs that died left half-written.
 *
 * @throws LoadlineError LL1007 when it cannot be made.
 */
export async function openStore(root: string, options: StoreOptions = {}): Promise<ImageStore> {
  const lockWaitMs = options.lockWaitMs ?? LOCK_WAIT_MS;
  const temporaries = join(root, 'tmp');
  const indexPath = join(root, 'index.json');
  const lockPath = join(root, 'index.lock');
  const blobs = blobFolder(root);
  await prepare();

  async function prepare(): Promise<void> {
    try {
      // Models may be secret.
      await makeFolder(root, 0o700);
      for (const folder of [
        temporaries,
        join(root, 'blobs', 'sha256'),
        join(root, 'layers'),
        join(root, 'bases'),
      ]) {
        await mkdir(folder, { recursive: true });
      }
      await writeFile(join(root, 'oci-layout'), LAYOUT_FILE, { flag: 'wx' }).catch((error) => {
        if (errnoOf(error) !== 'EEXIST') {
          throw error;
        }
      });
      await removeLeftovers(temporaries);
    } catch (error) {
      throw diskFault(error, root);
    }
  }

  async function replace(path: string, bytes: Buffer): Promise<void> {
    const temporary = temporaryPath(temporaries);
    try {
      const file = await open(temporary, 'wx');
      try {
        await file.writeFile(bytes);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw diskFault(error, path);
    } finally {
      active.delete(temporary);
    }
  }

  async function readIndex(): Promise<Index> {
    let text: string;
    try {
      text = await readFile(indexPath, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') {
        return { schemaVersion: 2, mediaType: MEDIA.index, manifests: [] };
      }
      throw error;
    }
    try {
      const index = JSON.parse(text) as Index;
      if (Array.isArray(index.manifests)) {
        return index;
      }
    } catch {
      // Told below.
    }
    throw new LoadlineError('LL6016', `${indexPath} is not an index of images`, { where: root });
  }

  async function changeIndex(
    signal: AbortSignal | undefined,
    change: (manifests: readonly Descriptor[]) => Descriptor[],
  ): Promise<void> {
    await withLock(lockPath, { waitMs: lockWaitMs, signal }, async () => {
      const index = await readIndex();
      await replace(indexPath, Buffer.from(JSON.stringify({ ...index, manifests: change(index.manifests) })));
    });
  }

  async function tagged(name: string): Promise<Descriptor | null> {
    const { manifests } = await readIndex();
    return manifests.find((one) => one.annotations?.[REF_NAME] === name) ?? null;
  }

  async function putBytes(bytes: Buffer): Promise<Digest> {
    const digest: Digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await replace(blobPath(root, digest), bytes);
    return digest;
  }

  return {
    ...blobs,
    root,
    writer: () => blobWriter(root, temporaries),
    tagged,
    async tag(name, descriptor, signal) {
      const { mediaType, digest, size } = descriptor;
      await changeIndex(signal, (manifests) => [
        ...manifests.filter((one) => one.annotations?.[REF_NAME] !== name),
        { mediaType, digest, size, annotations: { [REF_NAME]: name } },
      ]);
    },
    async untag(name, signal) {
      if ((await tagged(name)) === null) {
        return false;
      }
      await changeIndex(signal, (manifests) =>
        manifests.filter((one) => one.annotations?.[REF_NAME] !== name),
      );
      return true;
    },
    async list() {
      const { manifests } = await readIndex();
      return manifests
        .flatMap((descriptor) => {
          const name = descriptor.annotations?.[REF_NAME];
          return name === undefined ? [] : [{ name, descriptor }];
        })
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async putDocument(mediaType, value) {
      const bytes = Buffer.from(JSON.stringify(value), 'utf8');
      const digest = await putBytes(bytes);
      return { value, bytes, descriptor: { mediaType, digest, size: bytes.length } };
    },
    readJson: (descriptor) => readDocument(blobs, descriptor),
    async recall(kind, key) {
      try {
        return JSON.parse(await readFile(join(root, kind, `${key}.json`), 'utf8')) as unknown;
      } catch {
        return null;
      }
    },
    async remember(kind, key, value) {
      await replace(join(root, kind, `${key}.json`), Buffer.from(JSON.stringify(value))).catch(() => {});
    },
  };
}

async function blobWriter(root: string, temporaries: string): Promise<BlobWriter> {
  const path = temporaryPath(temporaries);
  const file = await open(path, 'wx').catch((error) => {
    active.delete(path);
    throw diskFault(error, path);
  });
  const hash = createHash('sha256');
  let size = 0;
  let isOpen = true;

  async function abort(): Promise<void> {
    if (isOpen) {
      isOpen = false;
      await file.close();
      await rm(path, { force: true });
      active.delete(path);
    }
  }

  return {
    async write(chunk) {
      hash.update(chunk);
      size += chunk.length;
      try {
        for (let done = 0; done < chunk.length; ) {
          done += (await file.write(chunk, done)).bytesWritten;
        }
      } catch (error) {
        await abort();
        throw diskFault(error, root);
      }
    },
    async commit(expected) {
      const digest: Digest = `sha256:${hash.digest('hex')}`;
      if (expected !== undefined && (expected.digest !== digest || expected.size !== size)) {
        await abort();
        throw new LoadlineError(
          'LL6007',
          `Expected ${expected.digest} of ${expected.size} bytes, found ${digest} of ${size} bytes`,
        );
      }
      try {
        await file.datasync();
        await rename(path, blobPath(root, digest));
      } catch (error) {
        await abort();
        throw diskFault(error, root);
      }
      isOpen = false;
      active.delete(path);
      await file.close();
      return { digest, size };
    },
    abort,
  };
}

async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') {
      throw error;
    }
    // Node says so whatever the system said, as that the disk is read-only: the topmost one that is missing tells.
    let missing = path;
    while (!existsSync(dirname(missing))) {
      missing = dirname(missing);
    }
    await mkdir(missing);
    throw error;
  }
}

function temporaryPath(folder: string): string {
  const path = join(folder, `${hostname()}.${process.pid}.${randomUUID()}`);
  active.add(path);
  return path;
}

/** Removes the temporary files of processes that run no more; those of other machines on a shared disk stay. */
async function removeLeftovers(folder: string): Promise<void> {
  const prefix = `${hostname()}.`;
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const pid = Number(name.startsWith(prefix) ? name.slice(prefix.length).split('.')[0] : Number.NaN);
    const isLeft = pid === process.pid ? !active.has(path) : Number.isInteger(pid) && !isAlive(pid);
    if (isLeft) {
      await rm(path, { force: true });
    }
  }
}
