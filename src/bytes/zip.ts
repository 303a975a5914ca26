/**
 * Zip archives, read by their central directory. Strict where readers differ from each other: each entry has one name and
 * bytes of its own, nothing lies before, between or behind, so that no two readers see two different archives.
 * Source: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.4.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { LoadlineError } from '../errors.ts';
import type { Limits } from './limits.ts';
import { damaged, outputCap, overCap } from './output.ts';

export interface ZipEntry {
  /** Bytes when unpacked. */
  readonly size: number;
  /** The entry unpacked: a view of the archive where it is stored as it is. Throws LL3002 and LL3007. */
  read(): Uint8Array;
}

export type Zip = ReadonlyMap<string, ZipEntry>;

/** What an archive, and the archives inside of it, may come to together. */
export interface ZipBudget {
  left: number;
  readonly cap: number;
  readonly limits: Limits;
}

const END_SIZE = 22;
const CENTRAL = 0x02014b50;
const CENTRAL_SIZE = 46;
const LOCAL = 0x04034b50;
const LOCAL_SIZE = 30;
const ENCRYPTED = 1;
const UTF8_NAME = 0x800;

/** What the bytes of an archive of `fileBytes` may unpack to. */
export function zipBudget(limits: Limits, fileBytes: number): ZipBudget {
  const cap = outputCap(limits, fileBytes);
  return { left: cap, cap, limits };
}

/** Whether the bytes begin as an archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/**
 * The entries of an archive by name; folders are left out. The sizes that it declares are taken from `budget` before
 * anything is unpacked, and nothing unpacks to more than it declares. Throws LL3001 for an archive that is encrypted or
 * zip64, LL3002 for one that is cut off, LL3003 for one that contradicts itself, LL3004 where it goes over the budget,
 * LL3007 for a compression other than deflate.
 */
export function readZip(bytes: Uint8Array, budget: ZipBudget): Zip {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endRecord(buffer);
  const count = buffer.readUInt16LE(end + 10);
  const start = buffer.readUInt32LE(end + 16);
  const places: Place[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const place = centralEntry(buffer, at, end);
    at = place.next;
    places.push(place);
  }
  if (at !== end) {
    throw broken(`its directory ends at byte ${at}, expected ${end}`, at);
  }
  checkPlaces(buffer, places, start);
  const zip = new Map<string, ZipEntry>();
  for (const place of places) {
    if (zip.has(place.name)) {
      throw broken(`two entries are named ${quoted(place.name)}`, place.local);
    }
    budget.left -= place.size;
    if (budget.left < 0) {
      throw overCap(budget.limits, budget.cap);
    }
    zip.set(place.name, entryOf(buffer, place));
  }
  for (const name of zip.keys()) {
    if (name.endsWith('/')) {
      zip.delete(name);
    }
  }
  return zip;
}

/** One entry as the directory describes it. */
interface Place {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Offset of its local header. */
  readonly local: number;
  /** Offset behind its part of the directory. */
  readonly next: number;
}

/** Offset of the record at the end of the archive. */
function endRecord(buffer: Buffer): number {
  const at = buffer.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (at < 0 || at + END_SIZE > buffer.length) {
    throw new LoadlineError('LL3002', 'Cannot read the zip file: it is cut off, its directory is missing', {
      offset: buffer.length,
    });
  }
  const start = buffer.readUInt32LE(at + 16);
  const size = buffer.readUInt32LE(at + 12);
  const count = buffer.readUInt16LE(at + 10);
  const locator = at >= 20 && buffer.readUInt32LE(at - 20) === 0x07064b50;
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff || locator) {
    throw zip64();
  }
  if (at + END_SIZE + buffer.readUInt16LE(at + 20) !== buffer.length) {
    throw broken('something follows its end', at);
  }
  if (buffer.readUInt32LE(at + 4) !== 0 || buffer.readUInt16LE(at + 8) !== count) {
    throw broken('it is one of several parts', at);
  }
  if (start + size !== at) {
    throw broken(`its directory of ${size} bytes at byte ${start} does not lie before its end`, at);
  }
  return at;
}

function centralEntry(buffer: Buffer, at: number, end: number): Place {
  if (at + CENTRAL_SIZE > end || buffer.readUInt32LE(at) !== CENTRAL) {
    throw broken('its directory has fewer entries than it says', at);
  }
  const nameSize = buffer.readUInt16LE(at + 28);
  const next = at + CENTRAL_SIZE + nameSize + buffer.readUInt16LE(at + 30) + buffer.readUInt16LE(at + 32);
  if (next > end) {
    throw broken('an entry of its directory does not end', at);
  }
  const flags = buffer.readUInt16LE(at + 8);
  const place: Place = {
    name: nameAt(buffer, at + CENTRAL_SIZE, nameSize, flags),
    flags,
    method: buffer.readUInt16LE(at + 10),
    crc: buffer.readUInt32LE(at + 16),
    packed: buffer.readUInt32LE(at + 20),
    size: buffer.readUInt32LE(at + 24),
    local: buffer.readUInt32LE(at + 42),
    next,
  };
  checkEntry(place, at);
  return place;
}

function nameAt(buffer: Buffer, start: number, size: number, flags: number): string {
  return buffer.toString((flags & UTF8_NAME) === 0 ? 'latin1' : 'utf8', start, start + size);
}

function checkEntry({ name, flags, method, packed, size, local }: Place, at: number): void {
  if (packed === 0xffffffff || size === 0xffffffff || local === 0xffffffff) {
    throw zip64();
  }
  if ((flags & ENCRYPTED) !== 0) {
    throw new LoadlineError('LL3001', `Cannot read the zip file: ${quoted(name)} in it is encrypted`, {
      offset: at,
      fix: 'Save the model without a password.',
    });
  }
  if (leaves(name)) {
    throw broken(`the name ${quoted(name)} in it leaves the archive`, at);
  }
  if (method !== 0 && method !== 8) {
    throw damaged(
      'zip',
      `${quoted(name)} is packed by method ${method}, expected 0 (stored) or 8 (deflate)`,
      at,
    );
  }
  if (method === 0 && packed !== size) {
    throw broken(`${quoted(name)} is stored in ${packed} bytes, but has ${size}`, at);
  }
}

/** Whether a name is empty, absolute, has a part `..`, or is read in more than one way. */
function leaves(name: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python cuts a name at NUL.
  return name === '' || /^[/~]|[\\:\u0000]/.test(name) || name.split('/').includes('..');
}

/** Entries lie in the part before the directory, none over another. */
function checkPlaces(buffer: Buffer, places: readonly Place[], limit: number): void {
  let from = 0;
  for (const place of [...places].sort((a, b) => a.local - b.local)) {
    const { name, local } = place;
    if (local < from || local + LOCAL_SIZE > limit || buffer.readUInt32LE(local) !== LOCAL) {
      throw broken(`${quoted(name)} is said to lie at byte ${local}, where no entry begins`, local);
    }
    const data = dataStart(buffer, local);
    const size = buffer.readUInt16LE(local + 26);
    if (
      data + place.packed > limit ||
      nameAt(buffer, local + LOCAL_SIZE, size, buffer.readUInt16LE(local + 6)) !== name
    ) {
      throw broken(`the entry at byte ${local} is not ${quoted(name)}, as its directory says`, local);
    }
    from = data + place.packed;
  }
}

function dataStart(buffer: Buffer, local: number): number {
  return local + LOCAL_SIZE + buffer.readUInt16LE(local + 26) + buffer.readUInt16LE(local + 28);
}

function entryOf(buffer: Buffer, place: Place): ZipEntry {
  let known: Uint8Array | null = null;
  return {
    size: place.size,
    read() {
      known ??= unpack(buffer, place);
      return known;
    },
  };
}

function unpack(buffer: Buffer, { name, local, packed, size, method, crc }: Place): Uint8Array {
  const start = dataStart(buffer, local);
  // Views of the plain class: slices of a Buffer cost more.
  const data = new Uint8Array(buffer.buffer, buffer.byteOffset + start, packed);
  const out = method === 0 ? data : inflate(name, data, size, local);
  if (out.length !== size) {
    throw damaged('zip', `${quoted(name)} has ${out.length} bytes, expected ${size}`, local);
  }
  if (crc32(out) !== crc) {
    throw new LoadlineError(
      'LL3002',
      `Cannot read the zip file: ${quoted(name)} in it is damaged, its checksum is not the one written`,
      { offset: local },
    );
  }
  return out;
}

function inflate(name: string, data: Uint8Array, size: number, local: number): Uint8Array {
  try {
    const out = inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
    return new Uint8Array(out.buffer, out.byteOffset, out.length);
  } catch (error) {
    const reason =
      error instanceof RangeError
        ? `more than the ${size} bytes it declares`
        : error instanceof Error
          ? error.message
          : String(error);
    throw damaged('zip', `${quoted(name)}: ${reason}`, local);
  }
}

function zip64(): LoadlineError {
  return new LoadlineError(
    'LL3001',
    'Cannot read the zip file: it is a zip64 file, of more than 65534 entries or 4 GiB',
    { fix: 'Load it in Python and save it with joblib.dump(model, path).' },
  );
}

function broken(what: string, offset: number): LoadlineError {
  return new LoadlineError('LL3003', `Cannot read the zip file: ${what}`, { offset });
}

function quoted(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);
}
