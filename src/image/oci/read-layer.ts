/** Reads the archive of a layer, entry by entry, in bounded memory. */
import { createHash } from 'node:crypto';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type Push, untar } from '../../bytes/untar.ts';
import { isLoadlineError } from '../../errors.ts';
import type { Digest } from '../reference.ts';
import { damagedBlob, missingBlob } from './blob-folder.ts';
import type { Blobs } from './blobs.ts';
import { errnoOf, stopIf } from './disk.ts';
import { notImage } from './documents.ts';
import type { Descriptor } from './types.ts';

export interface LayerEntry {
  /** Parts of the path, no `.` and no `..` among them; empty for the root. */
  readonly path: readonly string[];
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'device';
  /** Permissions with the set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Target of a link as it is written, `''` for anything else. */
  readonly link: string;
  /** Bytes of a file; what is not read is passed over. Read it before asking for the next entry. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ReadLimits {
  /** Bytes of one layer after decompression. */
  readonly layerBytes: number;
  /** Decompressed bytes per compressed byte; counted only beyond `ratioFreeBytes`. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
  /** Entries of one layer. */
  readonly entries: number;
}

export const READ_LIMITS: ReadLimits = {
  // Four times the largest model.
  layerBytes: 16 * 2 ** 30,
  // As for models: bombs reach 1000, honest layers some ten.
  ratio: 200,
  ratioFreeBytes: 256 * 2 ** 20,
  // A full Debian desktop has some 300,000 files.
  entries: 2 ** 20,
};

/** Linux' PATH_MAX. */
const MAX_PATH = 4096;

/**
 * The entries of a layer: gzip, zstd or plain tar by its first bytes. The digest has been checked once the last entry was
 * asked for and there was none; who leaves earlier has read what may be damaged.
 *
 * @throws LoadlineError LL6014 for what is no such archive, leads out of the image or goes over a limit; LL6016 when the
 * blob is missing or damaged; LL6017 when aborted.
 */
export async function* readLayer(
  blobs: Blobs,
  layer: Descriptor,
  signal?: AbortSignal,
  limits: ReadLimits = READ_LIMITS,
): AsyncGenerator<LayerEntry> {
  let entries = 0;
  try {
    for await (const { header, body } of untar((push) => feed(blobs, layer, push, limits, signal))) {
      const { name, mode, uid, gid, size, linkname } = header;
      entries += 1;
      if (entries > limits.entries) {
        throw notImage(`the layer ${layer.digest} has more than ${limits.entries} entries`);
      }
      const type = TYPES[header.type ?? ''];
      if (type === undefined) {
        throw notImage(`the layer ${layer.digest} has "${name}" of an unknown type`);
      }
      yield {
        path: cleanPath(name, layer.digest),
        type,
        mode: mode & 0o7777,
        uid,
        gid,
        size: type === 'file' ? size : 0,
        link: requireShort(linkname ?? '', layer.digest),
        body: explained(body, blobs, layer),
      };
    }
  } catch (error) {
    throw await explain(error, blobs, layer);
  }
}

const TYPES: Readonly<Record<string, LayerEntry['type']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'folder',
  symlink: 'symlink',
  link: 'hardlink',
  'character-device': 'device',
  'block-device': 'device',
  fifo: 'device',
};

/** The parts of an entry's path or of a hard link's target. Throws LL6014 when it leads out of the image. */
export function cleanPath(path: string, layer: Digest): string[] {
  requireShort(path, layer);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0')) {
    throw notImage(`the layer ${layer} has the path ${JSON.stringify(path)}, which leads out of the image`);
  }
  return parts;
}

function requireShort(path: string, layer: Digest): string {
  if (path.length > MAX_PATH) {
    throw notImage(
      `the layer ${layer} has a path of ${path.length} characters, expected at most ${MAX_PATH}`,
    );
  }
  return path;
}

/** Pushes the decompressed blob; its digest is checked before the archive ends. */
async function feed(
  blobs: Blobs,
  layer: Descriptor,
  push: Push,
  limits: ReadLimits,
  signal: AbortSignal | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  let read = 0;
  let unpacked = 0;
  const most = Math.min(limits.layerBytes, limits.ratioFreeBytes + limits.ratio * layer.size);

  async function* compressed(): AsyncGenerator<Buffer> {
    for await (const chunk of blobs.stream(layer.digest) as AsyncIterable<Buffer>) {
      stopIf(signal, `reading the layer ${layer.digest}`);
      hash.update(chunk);
      read += chunk.length;
      yield chunk;
    }
  }

  async function take(plain: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of plain) {
      unpacked += chunk.length;
      if (unpacked > most) {
        throw notImage(`the layer ${layer.digest} of ${layer.size} bytes unpacks to more than ${most}`);
      }
      await push(chunk);
    }
  }

  const chunks = compressed();
  const first = await chunks.next();
  const head: Buffer = first.done === true ? Buffer.alloc(0) : first.value;
  async function* whole(): AsyncGenerator<Buffer> {
    yield head;
    yield* chunks;
  }
  const inflate = decompressor(head);
  await (inflate === null ? take(whole()) : pipeline(whole, inflate, take));
  if (read < layer.size) {
    throw new Error('it has bytes after its end');
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== layer.digest) {
    throw damagedBlob(placeOf(blobs), layer.digest, found);
  }
}

function decompressor(head: Buffer): Transform | null {
  if (head[0] === 0x1f && head[1] === 0x8b) {
    return createGunzip();
  }
  return head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528 ? createZstdDecompress() : null;
}

async function* explained(
  body: AsyncIterable<Uint8Array>,
  blobs: Blobs,
  layer: Descriptor,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw await explain(error, blobs, layer);
  }
}

/** A fault of reading as what it comes from: a blob that is missing, one that is damaged, or one that is no layer. */
async function explain(error: unknown, blobs: Blobs, layer: Descriptor): Promise<unknown> {
  if (isLoadlineError(error) || errnoOf(error) !== null) {
    return missingBlob(error, placeOf(blobs), layer.digest);
  }
  const hash = createHash('sha256');
  for await (const chunk of blobs.stream(layer.digest) as AsyncIterable<Buffer>) {
    hash.update(chunk);
  }
  const found = `sha256:${hash.digest('hex')}`;
  const reason = error instanceof Error ? error.message : String(error);
  return found === layer.digest
    ? notImage(`the layer ${layer.digest} is no archive: ${reason}`)
    : damagedBlob(placeOf(blobs), layer.digest, found);
}

function placeOf(blobs: Blobs): string {
  return blobs.root ?? 'the image';
}
