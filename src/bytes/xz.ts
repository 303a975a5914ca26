/** The xz container around LZMA2. Source: the .xz file format description, version 1.2. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc64Xz } from './checksums.ts';
import { decodeLzma2 } from './lzma.ts';
import type { Output } from './output.ts';
import { damaged } from './output.ts';

const LZMA2_FILTER = 0x21;
/** Bytes of each kind of check, by its number. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/** Decompresses all streams of `input` into `out`. Throws LL3007 for damage or another filter, LL3004 over the cap. */
export function decodeXz(input: Uint8Array, out: Output): void {
  let pos = 0;
  while (pos < input.length) {
    pos = decodeStream(input, pos, out);
    // Streams may be padded with zeros to a multiple of four.
    while (pos < input.length && input[pos] === 0) {
      pos++;
    }
  }
}

function decodeStream(input: Uint8Array, start: number, out: Output): number {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  need(input, start, 12);
  const magic = Buffer.from(input.subarray(start, start + 6)).toString('hex');
  const check = input[start + 7]!;
  if (magic !== 'fd377a585a00' || input[start + 6] !== 0 || check > 15) {
    throw damaged('xz', 'no stream where one begins', start);
  }
  checkCrc(input, view, start + 6, 2);
  const sizes: (readonly [unpadded: number, uncompressed: number])[] = [];
  let pos = start + 12;
  for (;;) {
    need(input, pos, 1);
    if (input[pos] === 0) {
      break;
    }
    const from = out.length;
    const headerEnd = readBlockHeader(input, view, pos);
    const dataEnd = decodeLzma2(input, headerEnd, out);
    const padded = headerEnd + Math.ceil((dataEnd - headerEnd) / 4) * 4;
    need(input, padded, CHECK_SIZES[check]!);
    verify(check, out.bytes.subarray(from, out.length), input.subarray(padded, padded + CHECK_SIZES[check]!));
    sizes.push([dataEnd - pos + CHECK_SIZES[check]!, out.length - from]);
    pos = padded + CHECK_SIZES[check]!;
  }
  pos = readIndex(input, view, pos, sizes);
  need(input, pos, 12);
  if (input[pos + 10] !== 0x59 || input[pos + 11] !== 0x5a || input[pos + 9] !== check) {
    throw damaged('xz', 'no end of the stream', pos);
  }
  if (view.getUint32(pos, true) !== crc32(input.subarray(pos + 4, pos + 10))) {
    throw damaged('xz', 'the end does not match its checksum', pos);
  }
  return pos + 12;
}

/** Returns where the block's data starts. */
function readBlockHeader(input: Uint8Array, view: DataView, start: number): number {
  const size = (input[start]! + 1) * 4;
  need(input, start, size);
  checkCrc(input, view, start, size - 4);
  const flags = input[start + 1]!;
  let pos = start + 2;
  for (const present of [flags & 0x40, flags & 0x80]) {
    if (present) {
      pos = readSize(input, pos).end;
    }
  }
  const filter = readSize(input, pos);
  if ((flags & 3) !== 0 || filter.value !== LZMA2_FILTER) {
    throw damaged('xz', 'a filter before LZMA2, which is not supported', pos);
  }
  return start + size;
}

/** The index repeats the sizes of all blocks. */
function readIndex(
  input: Uint8Array,
  view: DataView,
  start: number,
  sizes: readonly (readonly [number, number])[],
): number {
  const count = readSize(input, start + 1);
  let pos = count.end;
  let same = count.value === sizes.length;
  for (const [unpadded, uncompressed] of same ? sizes : []) {
    const first = readSize(input, pos);
    const second = readSize(input, first.end);
    same &&= first.value === unpadded && second.value === uncompressed;
    pos = second.end;
  }
  if (!same) {
    throw damaged('xz', 'an index that does not match the blocks', start);
  }
  const size = Math.ceil((pos - start) / 4) * 4;
  checkCrc(input, view, start, size);
  return start + size + 4;
}

function verify(check: number, bytes: Uint8Array, expected: Uint8Array): void {
  const found = Buffer.from(expected);
  let matches: boolean;
  switch (check) {
    case 0:
      return;
    case 1:
      matches = found.readUInt32LE() === crc32(bytes);
      break;
    case 4: {
      const [low, high] = crc64Xz(bytes);
      matches = found.readUInt32LE() === low && found.readUInt32LE(4) === high;
      break;
    }
    case 10:
      matches = createHash('sha256').update(bytes).digest().equals(found);
      break;
    default:
      throw damaged('xz', `check ${check}, which is not supported`);
  }
  if (!matches) {
    throw damaged('xz', 'a block does not match its checksum');
  }
}

/** CRC-32 over `size` bytes from `start`, which stands behind them. */
function checkCrc(input: Uint8Array, view: DataView, start: number, size: number): void {
  need(input, start, size + 4);
  if (view.getUint32(start + size, true) !== crc32(input.subarray(start, start + size))) {
    throw damaged('xz', 'a header does not match its checksum', start);
  }
}

/** A number of seven bits a byte, least significant first. */
function readSize(input: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let i = 0; i < 7; i++) {
    need(input, start + i, 1);
    const byte = input[start + i]!;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) {
      return { value, end: start + i + 1 };
    }
  }
  throw damaged('xz', 'a size beyond 2^49', start);
}

function need(input: Uint8Array, pos: number, size: number): void {
  if (size > input.length - pos) {
    throw damaged('xz', `it ends at byte ${input.length}, too early`);
  }
}
