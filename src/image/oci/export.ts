/** Writes an image to a folder or a file that other tools take. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LoadlineError } from '../../errors.ts';
import { fitsPlatform, hostPlatform } from '../platform.ts';
import type { OnProgress } from '../progress.ts';
import { type Digest, familiarName, parseReference } from '../reference.ts';
import { damagedBlob, missingBlob } from './blob-folder.ts';
import type { Blobs } from './blobs.ts';
import { diskFault, errnoOf, stopIf } from './disk.ts';
import { readConfig, readManifest } from './documents.ts';
import { LAYOUT_FILE, REF_NAME } from './store.ts';
import { type TarEntry, tarBytes } from './tar.ts';
import { type Descriptor, type Document, type ImageConfigFile, type Manifest, MEDIA } from './types.ts';

export interface ExportOptions {
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/** containerd's key of an image's full name. */
export const CONTAINERD_NAME = 'io.containerd.image.name';
/** Bytes written between two reports. */
const REPORT = 2 ** 20;

/**
 * Writes the image to `output`: a path that ends in `.tar` becomes an archive that is an OCI layout and docker's own format
 * at once, so that `docker load`, `podman load`, `ctr images import` and skopeo take it; any other becomes a folder with an
 * OCI layout. The same image gives the same bytes. Of several platforms `docker load` takes this machine's, or the first.
 *
 * An archive and a new folder are seen when they are whole. A layout that is there gets the image in the place of what it
 * had: blobs first, then its index.
 *
 * @param name the image's full name with a tag.
 * @throws LoadlineError LL1007 when it cannot be written, or the folder holds something else; LL6016 when a blob is missing
 * or damaged; LL6017 when aborted. Nothing half-written is left.
 */
export async function exportImage(
  blobs: Blobs,
  root: Descriptor,
  name: string,
  output: string,
  { signal, onProgress }: ExportOptions,
): Promise<void> {
  const other = /\.(?:tgz|zip|tar\.\w+)$/.exec(output);
  if (other !== null) {
    throw new LoadlineError(
      'LL1001',
      `Cannot write ${output}: expected a folder or a name in .tar, found ${other[0]}`,
    );
  }
  const path = resolve(output);
  const image = await readImage(blobs, root, name);
  const item = basename(path);
  const totalBytes = image.blobs.reduce((sum, { size }) => sum + size, 0);
  let doneBytes = 0;
  let reported = 0;
  onProgress({ phase: 'write', item, state: 'start', totalBytes });
  const read = async function* (blob: Descriptor): AsyncGenerator<Uint8Array> {
    for await (const chunk of checkedBlob(blobs, blob)) {
      stopIf(signal, `writing ${output}`);
      yield chunk;
      doneBytes += chunk.length;
      if (doneBytes - reported >= REPORT) {
        reported = doneBytes;
        onProgress({ phase: 'write', item, state: 'progress', doneBytes, totalBytes });
      }
    }
  };
  try {
    await (path.endsWith('.tar')
      ? writeArchive(image, path, read)
      : writeFolder(image, path, read, blobs.root));
  } catch (error) {
    throw diskFault(error, path);
  }
  onProgress({ phase: 'write', item, state: 'done', doneBytes: totalBytes, totalBytes });
}

type Read = (blob: Descriptor) => AsyncIterable<Uint8Array>;

interface Image {
  /** The root, manifests, configurations and layers, each once, by digest. */
  readonly blobs: readonly Descriptor[];
  /** Name → content of the files beside them. */
  readonly files: Readonly<Record<string, Buffer>>;
  /** Seconds since 1970. */
  readonly createdSec: number;
}

async function readImage(blobs: Blobs, root: Descriptor, name: string): Promise<Image> {
  const found = new Map<Digest, Descriptor>();
  const images: { manifest: Manifest; config: ImageConfigFile }[] = [];
  const visit = async (descriptor: Descriptor): Promise<void> => {
    const document = await readManifest(blobs, descriptor);
    found.set(descriptor.digest, descriptor);
    if ('manifests' in document.value) {
      for (const one of document.value.manifests) {
        await visit(one);
      }
      return;
    }
    const { value: manifest } = document as Document<Manifest>;
    images.push({ manifest, config: (await readConfig(blobs, manifest)).value });
    for (const blob of [manifest.config, ...manifest.layers]) {
      found.set(blob.digest, blob);
    }
  };
  await visit(root);
  const shown = images.find(({ config }) => fitsPlatform(hostPlatform(), config)) ?? images[0];
  const { mediaType, digest, size } = root;
  const annotations = { [REF_NAME]: name, [CONTAINERD_NAME]: name };
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: [{ mediaType, digest, size, annotations }],
  };
  const forDocker = (shown === undefined ? [] : [shown.manifest]).map(({ config, layers }) => ({
    Config: blobName(config),
    RepoTags: [familiarName(parseReference(name))],
    Layers: layers.map(blobName),
  }));
  const created = Date.parse(shown?.config.created ?? '');
  return {
    blobs: [...found.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
    files: {
      'index.json': Buffer.from(JSON.stringify(index)),
      'manifest.json': Buffer.from(JSON.stringify(forDocker)),
      'oci-layout': Buffer.from(LAYOUT_FILE),
    },
    createdSec: created > 0 ? Math.floor(created / 1000) : 0,
  };
}

function blobName(blob: Descriptor): string {
  return `blobs/sha256/${blob.digest.slice('sha256:'.length)}`;
}

/** The blob's bytes; fails at their end when they are not its digest's. */
async function* checkedBlob(blobs: Blobs, blob: Descriptor): AsyncGenerator<Uint8Array> {
  const where = blobs.root ?? 'the image';
  const hash = createHash('sha256');
  try {
    for await (const chunk of blobs.stream(blob.digest) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw missingBlob(error, where, blob.digest);
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== blob.digest) {
    throw damagedBlob(where, blob.digest, found);
  }
}

async function writeArchive(image: Image, path: string, read: Read): Promise<void> {
  function* entries(): Generator<TarEntry> {
    yield { name: 'blobs/', mode: 0o755, size: 0 };
    yield { name: 'blobs/sha256/', mode: 0o755, size: 0 };
    for (const blob of image.blobs) {
      yield { name: blobName(blob), mode: 0o644, size: blob.size, body: read(blob) };
    }
    for (const [name, bytes] of Object.entries(image.files)) {
      yield { name, mode: 0o644, size: bytes.length, body: [bytes] };
    }
  }
  const temporary = temporaryBeside(path);
  try {
    await writeBytes(temporary, tarBytes(entries(), image.createdSec));
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeFolder(image: Image, path: string, read: Read, store: string | undefined): Promise<void> {
  const found = await readdir(path).catch((error) => {
    if (errnoOf(error) === 'ENOENT') {
      return [];
    }
    throw error;
  });
  if (found.length > 0) {
    await updateLayout(image, path, found, read, store);
    return;
  }
  const temporary = temporaryBeside(path);
  try {
    await mkdir(temporary);
    await updateLayout(image, temporary, ['oci-layout'], read, store);
    // An empty folder gives way; one that has been filled meanwhile does not.
    await rename(temporary, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Brings the blobs in, then the index, then takes away the blobs that it does not name. */
async function updateLayout(
  image: Image,
  path: string,
  found: readonly string[],
  read: Read,
  store: string | undefined,
): Promise<void> {
  if (!found.includes('oci-layout')) {
    throw new LoadlineError('LL1007', `Cannot write ${path}: it holds files and is no OCI layout`, {
      where: path,
      fix: 'Give a folder that is empty or not there, or a name that ends in .tar.',
    });
  }
  if (store !== undefined && (await realpath(path)) === (await realpath(store))) {
    throw new LoadlineError(
      'LL1007',
      `Cannot write ${path}: it is where the images of this machine are kept`,
      {
        where: path,
      },
    );
  }
  const folder = join(path, 'blobs', 'sha256');
  await mkdir(folder, { recursive: true });
  const wanted = new Set(image.blobs.map((blob) => basename(blobName(blob))));
  const added: string[] = [];
  try {
    for (const blob of image.blobs) {
      const target = join(path, blobName(blob));
      if (!(await holds(target, blob))) {
        added.push(target);
        await replaceFile(target, read(blob));
      }
    }
    for (const name of ['oci-layout', 'index.json']) {
      await replaceFile(join(path, name), [image.files[name] ?? Buffer.alloc(0)]);
    }
  } catch (error) {
    for (const target of added) {
      await rm(target, { force: true });
    }
    throw error;
  }
  for (const name of await readdir(folder)) {
    if (!wanted.has(name)) {
      await rm(join(folder, name), { force: true });
    }
  }
}

async function holds(path: string, { digest, size }: Descriptor): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found?.size !== size) {
    return false;
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}` === digest;
}

async function replaceFile(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await writeBytes(temporary, bytes);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeBytes(
  path: string,
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for await (const chunk of bytes) {
      await file.writeFile(chunk);
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
}
