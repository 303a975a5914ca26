/** What a file is packed in, told by its first bytes, never by its name; and what is inside. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { decodeBzip2 } from './bzip2.ts';
import { refuseForeign } from './foreign.ts';
import type { Limits } from './limits.ts';
import { limitsOf, overLimit } from './limits.ts';
import { decodeLz4 } from './lz4.ts';
import { decodeLzmaAlone } from './lzma.ts';
import type { Output } from './output.ts';
import { damaged, newOutput, outputCap, overCap, written } from './output.ts';
import { decodeXz } from './xz.ts';

export type Container = 'raw' | 'zlib' | 'gzip' | 'bz2' | 'xz' | 'lzma' | 'lz4' | 'zfile';

export interface Unwrapped {
  readonly container: Container;
  /** The pickle: the file itself where it is `raw`. */
  readonly bytes: Uint8Array;
}

/**
 * Decompresses a file where it is compressed. Throws LL3001 for a file that is something else (and names it), LL3004
 * where it goes over a limit, LL3007 where the compression is damaged.
 */
export function unwrap(bytes: Uint8Array, limits: Partial<Limits> = {}): Unwrapped {
  const all = limitsOf(limits);
  if (bytes.length > all.fileBytes) {
    throw overLimit('fileBytes', all, `${bytes.length} bytes`);
  }
  const container = sniffContainer(bytes);
  const unpacked = container === 'raw' ? bytes : decompress(container, bytes, all);
  refuseForeign(unpacked, container !== 'raw');
  return { container, bytes: unpacked };
}

/** The compression of a file by its first bytes, in joblib's order. None of these begins a pickle. */
export function sniffContainer(bytes: Uint8Array): Container {
  const head = Buffer.from(bytes.subarray(0, 6)).toString('latin1');
  if (head.startsWith('ZF')) {
    return 'zfile';
  }
  // Deflate with a window of 32 KiB; the two bytes are a multiple of 31.
  if (head.startsWith('x') && bytes.length > 1 && (0x7800 + bytes[1]!) % 31 === 0) {
    return 'zlib';
  }
  if (head.startsWith('\x1f\x8b')) {
    return 'gzip';
  }
  if (/^BZh[1-9]/.test(head)) {
    return 'bz2';
  }
  if (head === '\xfd7zXZ\x00') {
    return 'xz';
  }
  if (head.startsWith('\x5d\x00')) {
    return 'lzma';
  }
  return head.startsWith('\x04\x22\x4d\x18') ? 'lz4' : 'raw';
}

function decompress(container: Exclude<Container, 'raw'>, bytes: Uint8Array, limits: Limits): Uint8Array {
  switch (container) {
    case 'zlib':
      return inflate(bytes, limits, bytes.length);
    case 'zfile':
      return unwrapZFile(bytes, limits);
    case 'gzip':
      return zlibCall('gzip', limits, bytes.length, (options) => gunzipSync(bytes, options));
    case 'bz2':
      return decodeInto(decodeBzip2, bytes, limits);
    case 'xz':
      return decodeInto(decodeXz, bytes, limits);
    case 'lzma':
      return decodeInto(decodeLzmaAlone, bytes, limits);
    case 'lz4':
      return decodeInto(decodeLz4, bytes, limits);
  }
}

function decodeInto(
  decode: (input: Uint8Array, out: Output) => void,
  bytes: Uint8Array,
  limits: Limits,
): Uint8Array {
  const out = newOutput(limits, bytes.length);
  decode(bytes, out);
  return written(out);
}

function inflate(bytes: Uint8Array, limits: Limits, inputBytes: number): Uint8Array {
  return zlibCall('zlib', limits, inputBytes, (options) => inflateSync(bytes, options));
}

/** joblib 0.9 and before: `ZF`, the size in hexadecimal padded to 19 characters (Python 2 adds a space), zlib. */
function unwrapZFile(bytes: Uint8Array, limits: Limits): Uint8Array {
  const field = Buffer.from(bytes.subarray(2, 21)).toString('latin1');
  const size = /^0x[0-9a-f]+L? *$/.test(field) ? Number.parseInt(field, 16) : Number.NaN;
  if (!Number.isSafeInteger(size)) {
    throw damaged('zfile', 'a header without its size');
  }
  const start = bytes[21] === 0x20 ? 22 : 21;
  const out = inflate(bytes.subarray(start), limits, bytes.length);
  if (out.length !== size) {
    throw damaged('zfile', `${out.length} bytes, the header says ${size}`);
  }
  return out;
}

interface ZlibOptions {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
}

function zlibCall(
  format: string,
  limits: Limits,
  inputBytes: number,
  call: (options: ZlibOptions) => Uint8Array,
): Uint8Array {
  const cap = outputCap(limits, inputBytes);
  try {
    return call({
      maxOutputLength: Math.max(1, cap),
      chunkSize: Math.min(2 ** 20, Math.max(65_536, inputBytes)),
    });
  } catch (error) {
    if (error instanceof RangeError) {
      throw overCap(limits, cap);
    }
    throw damaged(format, error instanceof Error ? error.message : String(error));
  }
}

/** What happened to a damaged file on its way, where its bytes show it; null where they do not. */
export function damageHint(bytes: Uint8Array): string | null {
  const newlines = countNewlines(bytes);
  return newlines.bare === 0 && newlines.withReturn > 0
    ? 'every line feed has a carriage return before it: the file was copied in text mode'
    : null;
}

function countNewlines(bytes: Uint8Array): { readonly bare: number; readonly withReturn: number } {
  let withReturn = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at - 1] !== 13) {
      return { bare: 1, withReturn };
    }
    withReturn++;
  }
  return { bare: 0, withReturn };
}
