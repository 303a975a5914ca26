/** What a file is packed in, told by its first bytes, never by its name; and what is inside. */
import { gunzipSync, inflateSync } from 'node:zlib';
import { LoadlineError } from '../errors.ts';
import type { Limits } from './limits.ts';

export type Container = 'raw' | 'zlib' | 'gzip' | 'bz2' | 'xz' | 'lzma' | 'lz4' | 'zfile';

export interface Unwrapped {
  readonly container: Container;
  readonly bytes: Uint8Array;
}

/** Decompresses a file where it is compressed. */
export function unwrap(bytes: Uint8Array, _limits: Partial<Limits> = {}): Unwrapped {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    return { container: 'gzip', bytes: gunzipSync(bytes) };
  }
  if (bytes[0] === 0x78 && (bytes[1] === 1 || bytes[1] === 0x9c || bytes[1] === 0xda || bytes[1] === 0x5e)) {
    return { container: 'zlib', bytes: inflateSync(bytes) };
  }
  if (bytes.length === 0) {
    throw new LoadlineError('LL3001', 'Cannot read the file: it is empty');
  }
  return { container: 'raw', bytes };
}
