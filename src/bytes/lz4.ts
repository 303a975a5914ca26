/** LZ4 frames, as joblib writes them. Source: the LZ4 frame and block format descriptions, version 1.6. */
import { xxh32 } from './checksums.ts';
import type { Output } from './output.ts';
import { damaged, reserve } from './output.ts';

const MAGIC = 0x184d2204;

/** Decompresses all frames of `input` into `out`. Throws LL3007 for damage, LL3004 over the cap. */
export function decodeLz4(input: Uint8Array, out: Output): void {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let pos = 0;
  while (pos < input.length) {
    need(input, pos, 4);
    const magic = view.getUint32(pos, true);
    if (magic >>> 4 === 0x184d2a5) {
      need(input, pos, 8);
      pos += 8 + view.getUint32(pos + 4, true);
      continue;
    }
    if (magic !== MAGIC) {
      throw damaged('lz4', 'bytes behind the last frame', pos);
    }
    pos = decodeFrame(input, view, pos + 4, out);
  }
}

function decodeFrame(input: Uint8Array, view: DataView, start: number, out: Output): number {
  need(input, start, 3);
  const flags = input[start]!;
  if (flags >>> 6 !== 1 || (flags & 0b11) !== 0) {
    throw damaged('lz4', 'a frame of another version, or with a dictionary', start);
  }
  const blockChecksum = (flags & 0b1_0000) !== 0;
  const contentChecksum = (flags & 0b100) !== 0;
  const independent = (flags & 0b10_0000) !== 0;
  let pos = start + 2 + ((flags & 0b1000) !== 0 ? 8 : 0);
  need(input, pos, 1);
  if (((xxh32(input.subarray(start, pos)) >>> 8) & 255) !== input[pos]) {
    throw damaged('lz4', 'the header does not match its checksum', pos);
  }
  pos++;
  const frameStart = out.length;
  for (;;) {
    need(input, pos, 4);
    const word = view.getUint32(pos, true);
    pos += 4;
    if (word === 0) {
      break;
    }
    const size = word & 0x7fffffff;
    need(input, pos, size);
    const block = input.subarray(pos, pos + size);
    if (word >>> 31 === 1) {
      reserve(out, size).set(block, out.length);
      out.length += size;
    } else {
      decodeBlock(block, out, independent ? out.length : frameStart, pos);
    }
    pos += size;
    if (blockChecksum) {
      need(input, pos, 4);
      if (view.getUint32(pos, true) !== xxh32(block)) {
        throw damaged('lz4', 'a block does not match its checksum', pos);
      }
      pos += 4;
    }
  }
  if (contentChecksum) {
    need(input, pos, 4);
    if (view.getUint32(pos, true) !== xxh32(out.bytes.subarray(frameStart, out.length))) {
      throw damaged('lz4', 'the content does not match its checksum', pos);
    }
    pos += 4;
  }
  return pos;
}

/** One block: literals and matches in turn. Matches reach back to `first`, where the window starts. */
function decodeBlock(block: Uint8Array, out: Output, first: number, offset: number): void {
  let i = 0;
  const end = block.length;
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble === 15) {
      let byte: number;
      do {
        if (i >= end) {
          throw damaged('lz4', 'a block that is cut off', offset + i);
        }
        byte = block[i++]!;
        length += byte;
      } while (byte === 255);
    }
    return length;
  };
  while (i < end) {
    const token = block[i++]!;
    const literals = lengthOf(token >>> 4);
    if (literals > end - i) {
      throw damaged('lz4', 'a block that is cut off', offset + i);
    }
    reserve(out, literals).set(block.subarray(i, i + literals), out.length);
    out.length += literals;
    i += literals;
    if (i === end) {
      return;
    }
    if (end - i < 2) {
      throw damaged('lz4', 'a block that is cut off', offset + i);
    }
    const distance = block[i]! | (block[i + 1]! << 8);
    i += 2;
    if (distance === 0 || distance > out.length - first) {
      throw damaged('lz4', `a match ${distance} bytes back, before the start`, offset + i);
    }
    const length = lengthOf(token & 15) + 4;
    const bytes = reserve(out, length);
    const to = out.length;
    for (let k = 0; k < length; k++) {
      bytes[to + k] = bytes[to + k - distance]!;
    }
    out.length = to + length;
  }
}

function need(input: Uint8Array, pos: number, size: number): void {
  if (size > input.length - pos) {
    throw damaged('lz4', `it ends at byte ${input.length}, ${size - (input.length - pos)} bytes too early`);
  }
}
