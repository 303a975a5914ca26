/** The md5 that DVC names content by. */
import { createHash } from 'node:crypto';

export interface Digest {
  update(chunk: Buffer): void;
  /** Whether all that was given has this md5. */
  matches(md5: string): boolean;
  /** The md5 of the bytes as they are. */
  value(): string;
}

const CR = 0x0d;
const LF = 0x0a;
/** How much DVC looks at to tell text from binary, and how much it hashes at a time. */
const LOOK_BYTES = 512;
const PIECE_BYTES = 2 ** 20;

/**
 * DVC 3 hashes bytes as they are. DVC 2 took the CR before an LF away where a file looked like text, in pieces of 1 MiB so
 * that a pair cut in two stayed; as it also left binary files alone, content whose plain md5 is the wanted one is right in
 * either case. Source: dvc_data/hashfile/{hash,istextfile}.py of dvc-data 3.18 and 0.
 */
export function createDigest(legacy: boolean): Digest {
  const plain = createHash('md5');
  const unix = legacy ? createUnixDigest() : null;
  let value: string | null = null;
  return {
    update(chunk) {
      plain.update(chunk);
      unix?.update(chunk);
    },
    matches(md5) {
      return this.value() === md5 || unix?.value() === md5;
    },
    value() {
      value ??= plain.digest('hex');
      return value;
    },
  };
}

/** Null where the file is not text. */
function createUnixDigest(): { update(chunk: Buffer): void; value(): string | null } {
  const hash = createHash('md5');
  let isText: boolean | null = null;
  let held: Buffer[] = [];
  let size = 0;
  const flush = (): void => {
    const piece = Buffer.concat(held);
    isText ??= looksLikeText(piece.subarray(0, LOOK_BYTES));
    hash.update(withoutCarriageReturns(piece));
    held = [];
    size = 0;
  };
  let value: string | null | undefined;
  return {
    update(chunk) {
      for (let at = 0; at < chunk.length && isText !== false; ) {
        const part = chunk.subarray(at, at + PIECE_BYTES - size);
        held.push(part);
        size += part.length;
        at += part.length;
        if (size === PIECE_BYTES) {
          flush();
        }
      }
    },
    value() {
      if (value === undefined) {
        if (isText !== false) {
          flush();
        }
        value = isText === false ? null : hash.digest('hex');
      }
      return value;
    },
  };
}

function looksLikeText(block: Buffer): boolean {
  const strange = block.reduce((count, byte) => count + (isTextByte(byte) ? 0 : 1), 0);
  return !block.includes(0) && strange <= 0.3 * block.length;
}

/** Printable ASCII, \n \r \t \f \b. */
function isTextByte(byte: number): boolean {
  return (byte >= 32 && byte < 127) || (byte >= 8 && byte <= 13 && byte !== 11);
}

function withoutCarriageReturns(piece: Buffer): Buffer {
  const out = Buffer.allocUnsafe(piece.length);
  let size = 0;
  for (const [i, byte] of piece.entries()) {
    if (byte !== CR || piece[i + 1] !== LF) {
      out[size++] = byte;
    }
  }
  return out.subarray(0, size);
}
