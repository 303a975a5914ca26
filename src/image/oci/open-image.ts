/** Opens images that lie outside of the store: OCI layouts, as a folder or in an archive. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { untar } from '../../bytes/untar.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Digest } from '../reference.ts';
import { blobFolder, checkDigest, requireDigest } from './blob-folder.ts';
import type { Blobs } from './blobs.ts';
import { errnoOf } from './disk.ts';
import { checkManifest, MAX_DOCUMENT_BYTES, notImage, parseObject } from './documents.ts';
import { CONTAINERD_NAME } from './export.ts';
import { REF_NAME } from './store.ts';
import type { Descriptor } from './types.ts';

export interface OpenedImage {
  /** Nothing can be written to it. */
  readonly blobs: Blobs;
  /** The manifest, or the index of several platforms. */
  readonly root: Descriptor;
  /** The name that the layout gives it. */
  readonly name: string | null;
  close(): Promise<void>;
}

/** Bytes of an archive's head that tell what it is. */
const HEAD = 512;
/** Blobs and folders of an image with 127 layers for each of 100 platforms. */
const MAX_ENTRIES = 20_000;
const BLOBS = 'blobs/sha256/';
/** What is read whole. */
const FILES = ['oci-layout', 'index.json', 'manifest.json'];
/** Bytes read at a time. */
const CHUNK = 256 * 1024;

/**
 * Opens the one image of an OCI layout: a folder, or a tar archive of one, as `loadline build --output`, `skopeo copy`,
 * `podman save --format oci-archive` and Docker 25 and newer write them.
 *
 * @throws LoadlineError LL1006 when there is no such file; LL6014 saying what was found instead.
 */
export async function openImage(path: string): Promise<OpenedImage> {
  let isFolder: boolean;
  try {
    isFolder = (await stat(path)).isDirectory();
  } catch (error) {
    throw new LoadlineError('LL1006', `There is no image at ${path}`, { where: path, cause: error });
  }
  return isFolder ? openFolder(path) : openArchive(path);
}

async function openFolder(path: string): Promise<OpenedImage> {
  const names = await readdir(path);
  if (!names.includes('oci-layout') || !names.includes('index.json')) {
    const sample = names.slice(0, 5).join(', ');
    throw notImage(
      `${path} is a folder without the files oci-layout and index.json; found ${sample === '' ? 'nothing' : sample}`,
      path,
    );
  }
  const blobs: Blobs = { ...blobFolder(path), writer: () => refuseWriting(path) };
  const layout = await readSmall(join(path, 'oci-layout'));
  const index = await readSmall(join(path, 'index.json'));
  return { blobs, ...(await findRoot(path, layout, index, blobs)), close: async () => {} };
}

async function readSmall(path: string): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > MAX_DOCUMENT_BYTES) {
    throw tooLarge(path, size);
  }
  return readFile(path);
}

function tooLarge(path: string, size: number): LoadlineError {
  return notImage(`${path} has ${size} bytes, expected at most ${MAX_DOCUMENT_BYTES}`);
}

async function openArchive(path: string): Promise<OpenedImage> {
  const file = await open(path, 'r').catch((error) => {
    throw new LoadlineError('LL1006', `Cannot read ${path}: ${(error as Error).message}`, {
      where: path,
      cause: error,
    });
  });
  try {
    await requireTar(file, path);
    const { places, files } = await scan(file, path);
    const blobs = archiveBlobs(file, path, places);
    const layout = files.get('oci-layout');
    const index = files.get('index.json');
    if (layout === undefined || index === undefined) {
      throw notImage(
        files.has('manifest.json')
          ? `${path} is an archive in docker's older format, without an OCI layout`
          : `${path} is an archive without the files oci-layout and index.json`,
        path,
      );
    }
    return { blobs, ...(await findRoot(path, layout, index, blobs)), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What people may take for an archive of an image, by its first bytes. */
const OTHERS: readonly { readonly name: string; readonly magic: readonly number[] }[] = [
  { name: 'a gzip file', magic: [0x1f, 0x8b] },
  { name: 'a zstd file', magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { name: 'an xz file', magic: [0xfd, 0x37, 0x7a, 0x58] },
  { name: 'a zip file', magic: [0x50, 0x4b, 0x03, 0x04] },
  { name: 'a pickle', magic: [0x80] },
];

async function requireTar(file: FileHandle, path: string): Promise<void> {
  const head = Buffer.alloc(HEAD);
  const { bytesRead } = await file.read(head, 0, HEAD, 0);
  if (bytesRead === HEAD && head.toString('latin1', 257, 262) === 'ustar') {
    return;
  }
  const other = OTHERS.find(({ magic }) => magic.every((byte, at) => head[at] === byte));
  throw notImage(`${path} is ${other?.name ?? 'no archive'}, expected a tar archive`, path);
}

interface Place {
  readonly offset: number;
  readonly size: number;
}

async function scan(
  file: FileHandle,
  path: string,
): Promise<{ places: Map<string, Place>; files: Map<string, Buffer> }> {
  const places = new Map<string, Place>();
  const files = new Map<string, Buffer>();
  const chunks = file.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK });
  const entries = untar(async (push) => {
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      await push(chunk);
    }
  });
  let count = 0;
  try {
    for await (const { header, offset, body } of entries) {
      count += 1;
      if (count > MAX_ENTRIES) {
        throw notImage(`${path} has more than ${MAX_ENTRIES} entries`, path);
      }
      const name = header.name.replace(/^(?:\.?\/)+/, '');
      if (header.type !== 'file') {
        continue;
      }
      if (name.startsWith(BLOBS)) {
        places.set(`sha256:${name.slice(BLOBS.length)}`, { offset, size: header.size });
      } else if (FILES.includes(name)) {
        if (header.size > MAX_DOCUMENT_BYTES) {
          throw tooLarge(`${name} in ${path}`, header.size);
        }
        files.set(name, await buffer(body));
      }
    }
  } catch (error) {
    if (isLoadlineError(error) || errnoOf(error) !== null) {
      throw error;
    }
    throw notImage(`${path} is no whole tar archive: ${(error as Error).message}`, path);
  }
  return { places, files };
}

function archiveBlobs(file: FileHandle, path: string, places: ReadonlyMap<string, Place>): Blobs {
  const placeOf = (digest: Digest): Place => {
    requireDigest(digest);
    const place = places.get(digest);
    if (place === undefined) {
      throw new LoadlineError('LL6016', `The blob ${digest} is missing in ${path}`, { where: path });
    }
    return place;
  };
  const stream = (digest: Digest): Readable => {
    const { offset, size } = placeOf(digest);
    if (size === 0) {
      return Readable.from([]);
    }
    const end = offset + size - 1;
    // By number: each stream of a handle leaves a listener on it, and an image has many blobs.
    return createReadStream('', { fd: file.fd, start: offset, end, autoClose: false, highWaterMark: CHUNK });
  };
  return {
    root: path,
    async size(digest) {
      requireDigest(digest);
      return places.get(digest)?.size ?? null;
    },
    async read(digest) {
      const bytes = await buffer(stream(digest));
      checkDigest(bytes, path, digest);
      return bytes;
    },
    stream,
    writer: () => refuseWriting(path),
  };
}

/** The one image that the index names, beside what only refers to it. */
async function findRoot(
  path: string,
  layoutFile: Buffer,
  indexFile: Buffer,
  blobs: Blobs,
): Promise<Pick<OpenedImage, 'root' | 'name'>> {
  const { imageLayoutVersion: version } = parseObject(layoutFile, `oci-layout in ${path}`) as {
    imageLayoutVersion?: unknown;
  };
  if (typeof version !== 'string' || !version.startsWith('1.')) {
    throw notImage(`${path} is an OCI layout of version ${JSON.stringify(version)}, expected 1`, path);
  }
  const index = checkManifest(parseObject(indexFile, `index.json in ${path}`), `index.json in ${path}`);
  const images = ('manifests' in index ? index.manifests : []).filter(
    (one) => one.artifactType === undefined,
  );
  const [root, ...others] = images;
  if (root === undefined || others.length > 0) {
    const names = images.map((one) => one.annotations?.[REF_NAME] ?? one.digest);
    throw notImage(
      `${path} holds ${images.length} images${names.length > 0 ? ` (${names.slice(0, 5).join(', ')})` : ''}, expected one`,
      path,
    );
  }
  if ((await blobs.size(root.digest)) === null) {
    throw new LoadlineError('LL6016', `The blob ${root.digest} is missing in ${path}`, { where: path });
  }
  return { root, name: root.annotations?.[CONTAINERD_NAME] ?? root.annotations?.[REF_NAME] ?? null };
}

async function refuseWriting(path: string): Promise<never> {
  throw new LoadlineError('LL1007', `Cannot write ${path}: it was opened to be read`, { where: path });
}
