/** Where a decompressor writes: memory that grows with what is really written, up to a cap. */
import { LoadlineError } from '../errors.ts';
import type { Limits } from './limits.ts';
import { overLimit } from './limits.ts';

export interface Output {
  /** At least `length` bytes; replaced when it grows. */
  bytes: Uint8Array;
  length: number;
  readonly cap: number;
  readonly limits: Limits;
}

/** What `inputBytes` compressed bytes may become. */
export function outputCap(limits: Limits, inputBytes: number): number {
  return Math.min(
    limits.decompressedBytes,
    Math.max(limits.ratioFreeBytes, Math.floor(limits.ratio * inputBytes)),
  );
}

export function newOutput(limits: Limits, inputBytes: number): Output {
  return {
    bytes: new Uint8Array(Math.min(65_536, outputCap(limits, inputBytes))),
    length: 0,
    cap: outputCap(limits, inputBytes),
    limits,
  };
}

/** Makes room for `more` bytes. Throws LL3004 where they go over the cap. */
export function reserve(out: Output, more: number): Uint8Array {
  const wanted = out.length + more;
  if (wanted > out.cap) {
    throw overCap(out.limits, out.cap);
  }
  if (wanted > out.bytes.length) {
    const grown = new Uint8Array(Math.min(out.cap, Math.max(wanted, out.bytes.length * 2)));
    grown.set(out.bytes.subarray(0, out.length));
    out.bytes = grown;
  }
  return out.bytes;
}

/** LL3004 for an output over `cap`, naming the limit that set it. */
export function overCap(limits: Limits, cap: number): LoadlineError {
  const limit = cap === limits.decompressedBytes ? 'decompressedBytes' : 'ratio';
  return overLimit(limit, limits, `more than ${cap} bytes when decompressed`);
}

export function written(out: Output): Uint8Array {
  return out.bytes.subarray(0, out.length);
}

/** LL3007: the compressed data is not what its format allows. */
export function damaged(format: string, what: string, offset?: number): LoadlineError {
  const at = offset === undefined ? '' : ` (byte ${offset})`;
  return new LoadlineError(
    'LL3007',
    `Cannot decompress ${format}: ${what}${at}`,
    offset === undefined ? {} : { offset },
  );
}
