/**
 * LZMA and LZMA2. Source: the LZMA specification (7-Zip's LzmaSpec) and the LZMA2 chunk format of xz. What is already
 * written serves as the dictionary, so that no stream can ask for memory of its own.
 */
import type { Output } from './output.ts';
import { damaged, reserve } from './output.ts';

// Where each group of probabilities starts.
const IS_MATCH = 0;
const IS_REP = IS_MATCH + 192;
const IS_REP_G0 = IS_REP + 12;
const IS_REP_G1 = IS_REP_G0 + 12;
const IS_REP_G2 = IS_REP_G1 + 12;
const IS_REP0_LONG = IS_REP_G2 + 12;
const POS_SLOT = IS_REP0_LONG + 192;
const POS_SPECIAL = POS_SLOT + 4 * 64;
const POS_ALIGN = POS_SPECIAL + 128;
const MATCH_LENGTH = POS_ALIGN + 16;
const REP_LENGTH = MATCH_LENGTH + 2 + 2 * 16 * 8 + 256;
const LITERAL = REP_LENGTH + 2 + 2 * 16 * 8 + 256;

const HALF = 1024;

/** A decoder that keeps its state from one LZMA2 chunk to the next. */
interface Lzma {
  setProperties(byte: number): void;
  resetState(): void;
  resetDictionary(): void;
  /** Decodes one range-coded run; returns the offset behind it. `size` null: up to the end marker. */
  run(start: number, end: number, size: number | null): number;
}

/** The legacy `.lzma` file: properties, dictionary size, size or −1, data. Throws LL3007 for damage, LL3004 over the cap. */
export function decodeLzmaAlone(input: Uint8Array, out: Output): void {
  if (input.length < 18) {
    throw damaged('lzma', 'it is too short');
  }
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const low = view.getUint32(5, true);
  const high = view.getUint32(9, true);
  const unknown = low === 0xffffffff && high === 0xffffffff;
  const lzma = newLzma(input, out);
  lzma.setProperties(input[0]!);
  lzma.resetState();
  const end = lzma.run(13, input.length, unknown ? null : high * 4294967296 + low);
  if (end !== input.length) {
    throw damaged('lzma', 'bytes behind the end', end);
  }
}

/** LZMA2 chunks from `start` on; returns the offset behind them. Throws LL3007 for damage, LL3004 over the cap. */
export function decodeLzma2(input: Uint8Array, start: number, out: Output): number {
  const lzma = newLzma(input, out);
  let pos = start;
  let needDictionary = true;
  let needProperties = true;
  for (;;) {
    const control = byteAt(input, pos);
    if (control === 0) {
      return pos + 1;
    }
    if (control === 1 || control >= 0xe0) {
      lzma.resetDictionary();
      needDictionary = false;
    } else if (needDictionary) {
      throw damaged('xz', 'a first chunk that builds on another', pos);
    }
    if (control < 0x80) {
      if (control > 2) {
        throw damaged('xz', 'a chunk of a kind that does not exist', pos);
      }
      const size = byteAt(input, pos + 1) * 256 + byteAt(input, pos + 2) + 1;
      const from = pos + 3;
      if (size > input.length - from) {
        throw damaged('xz', `it ends at byte ${input.length}, too early`);
      }
      reserve(out, size).set(input.subarray(from, from + size), out.length);
      out.length += size;
      pos = from + size;
      continue;
    }
    const size = (control & 31) * 65536 + byteAt(input, pos + 1) * 256 + byteAt(input, pos + 2) + 1;
    const packed = byteAt(input, pos + 3) * 256 + byteAt(input, pos + 4) + 1;
    let from = pos + 5;
    if (control >= 0xc0) {
      lzma.setProperties(byteAt(input, from++));
      needProperties = false;
    } else if (needProperties) {
      throw damaged('xz', 'a first chunk without its properties', pos);
    }
    if (control >= 0xa0) {
      lzma.resetState();
    }
    const end = from + packed;
    if (end > input.length) {
      throw damaged('xz', `it ends at byte ${input.length}, too early`);
    }
    if (lzma.run(from, end, size) !== end) {
      throw damaged('xz', 'a chunk shorter than it says', from);
    }
    pos = end;
  }
}

function byteAt(input: Uint8Array, pos: number): number {
  const byte = input[pos];
  if (byte === undefined) {
    throw damaged('xz', `it ends at byte ${input.length}, too early`);
  }
  return byte;
}

function newLzma(input: Uint8Array, out: Output): Lzma {
  let probs = new Uint16Array(0);
  let literalContext = 0;
  let literalPositionMask = 0;
  let positionMask = 0;
  let state = 0;
  let rep0 = 0;
  let rep1 = 0;
  let rep2 = 0;
  let rep3 = 0;
  let dictionaryStart = out.length;
  let range = 0;
  let code = 0;
  let pos = 0;
  let limit = 0;

  function next(): number {
    if (pos >= limit) {
      throw damaged('lzma', 'it ends too early', pos);
    }
    return input[pos++]!;
  }

  function bit(index: number): 0 | 1 {
    const p = probs[index]!;
    const bound = (range >>> 11) * p;
    let value: 0 | 1;
    if (code < bound) {
      range = bound;
      probs[index] = p + ((2048 - p) >>> 5);
      value = 0;
    } else {
      range -= bound;
      code -= bound;
      probs[index] = p - (p >>> 5);
      value = 1;
    }
    if (range < 16777216) {
      range *= 256;
      code = code * 256 + next();
    }
    return value;
  }

  function direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      range = range >>> 1;
      const one = code >= range ? 1 : 0;
      if (one) {
        code -= range;
      }
      value = value * 2 + one;
      if (range < 16777216) {
        range *= 256;
        code = code * 256 + next();
      }
    }
    return value;
  }

  function tree(base: number, width: number): number {
    let m = 1;
    for (let i = 0; i < width; i++) {
      m = m * 2 + bit(base + m);
    }
    return m - (1 << width);
  }

  function reverseTree(base: number, width: number): number {
    let m = 1;
    let value = 0;
    for (let i = 0; i < width; i++) {
      const b = bit(base + m);
      m = m * 2 + b;
      value |= b << i;
    }
    return value;
  }

  function lengthFrom(base: number, positionState: number): number {
    if (bit(base) === 0) {
      return tree(base + 2 + positionState * 8, 3);
    }
    if (bit(base + 1) === 0) {
      return 8 + tree(base + 2 + 128 + positionState * 8, 3);
    }
    return 16 + tree(base + 2 + 256, 8);
  }

  function distanceFor(length: number): number {
    const slot = tree(POS_SLOT + Math.min(length, 3) * 64, 6);
    if (slot < 4) {
      return slot;
    }
    const width = (slot >>> 1) - 1;
    const top = (2 | (slot & 1)) * 2 ** width;
    if (slot < 14) {
      return top + reverseTree(POS_SPECIAL + top - slot, width);
    }
    return top + direct(width - 4) * 16 + reverseTree(POS_ALIGN, 4);
  }

  function literal(bytes: Uint8Array, at: number): number {
    const before = at > dictionaryStart ? bytes[at - 1]! : 0;
    const context =
      (((at - dictionaryStart) & literalPositionMask) << literalContext) + (before >>> (8 - literalContext));
    const base = LITERAL + 0x300 * context;
    let symbol = 1;
    if (state >= 7) {
      let match = bytes[at - rep0 - 1]!;
      do {
        const matchBit = (match >>> 7) & 1;
        match <<= 1;
        const b = bit(base + ((1 + matchBit) << 8) + symbol);
        symbol = symbol * 2 + b;
        if (matchBit !== b) {
          break;
        }
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) {
      symbol = symbol * 2 + bit(base + symbol);
    }
    return symbol & 255;
  }

  function run(start: number, end: number, size: number | null): number {
    pos = start;
    limit = end;
    if (next() !== 0) {
      throw damaged('lzma', 'a run that does not begin with 0', start);
    }
    range = 0xffffffff;
    code = 0;
    for (let i = 0; i < 4; i++) {
      code = code * 256 + next();
    }
    if (code === range) {
      throw damaged('lzma', 'a run that cannot begin so', start);
    }
    let bytes = reserve(out, 0);
    const stop = size === null ? Number.POSITIVE_INFINITY : out.length + size;
    if (size !== null && size > out.cap - out.length) {
      reserve(out, size);
    }
    while (out.length < stop) {
      const at = out.length;
      const positionState = (at - dictionaryStart) & positionMask;
      if (bit(IS_MATCH + state * 16 + positionState) === 0) {
        if (state >= 7 && rep0 >= at - dictionaryStart) {
          throw damaged('lzma', 'a match before the start', pos);
        }
        if (at === bytes.length) {
          bytes = reserve(out, 1);
        }
        bytes[at] = literal(bytes, at);
        out.length = at + 1;
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
        continue;
      }
      let length: number;
      if (bit(IS_REP + state) === 0) {
        rep3 = rep2;
        rep2 = rep1;
        rep1 = rep0;
        length = lengthFrom(MATCH_LENGTH, positionState);
        state = state < 7 ? 7 : 10;
        rep0 = distanceFor(length);
        if (rep0 === 0xffffffff) {
          if (size !== null || code !== 0) {
            throw damaged('lzma', 'an end where none should be', pos);
          }
          return pos;
        }
      } else {
        if (bit(IS_REP_G0 + state) === 0) {
          if (bit(IS_REP0_LONG + state * 16 + positionState) === 0) {
            state = state < 7 ? 9 : 11;
            if (rep0 >= at - dictionaryStart) {
              throw damaged('lzma', 'a match before the start', pos);
            }
            if (at === bytes.length) {
              bytes = reserve(out, 1);
            }
            bytes[at] = bytes[at - rep0 - 1]!;
            out.length = at + 1;
            continue;
          }
        } else {
          let distance: number;
          if (bit(IS_REP_G1 + state) === 0) {
            distance = rep1;
          } else {
            if (bit(IS_REP_G2 + state) === 0) {
              distance = rep2;
            } else {
              distance = rep3;
              rep3 = rep2;
            }
            rep2 = rep1;
          }
          rep1 = rep0;
          rep0 = distance;
        }
        length = lengthFrom(REP_LENGTH, positionState);
        state = state < 7 ? 8 : 11;
      }
      length += 2;
      if (rep0 >= at - dictionaryStart) {
        throw damaged('lzma', 'a match before the start', pos);
      }
      if (length > stop - at) {
        throw damaged('lzma', 'a match beyond the end', pos);
      }
      if (at + length > bytes.length) {
        bytes = reserve(out, length);
      }
      const distance = rep0 + 1;
      for (let k = at; k < at + length; k++) {
        bytes[k] = bytes[k - distance]!;
      }
      out.length = at + length;
    }
    if (code !== 0) {
      throw damaged('lzma', 'a run that goes on behind its end', pos);
    }
    return pos;
  }

  return {
    setProperties(byte) {
      if (byte >= 9 * 5 * 5) {
        throw damaged('lzma', 'properties that do not exist');
      }
      literalContext = byte % 9;
      const rest = Math.floor(byte / 9);
      const literalPosition = rest % 5;
      literalPositionMask = (1 << literalPosition) - 1;
      positionMask = (1 << Math.floor(rest / 5)) - 1;
      probs = new Uint16Array(LITERAL + (0x300 << (literalContext + literalPosition))).fill(HALF);
    },
    resetState() {
      probs.fill(HALF);
      state = 0;
      rep0 = 0;
      rep1 = 0;
      rep2 = 0;
      rep3 = 0;
    },
    resetDictionary() {
      dictionaryStart = out.length;
    },
    run,
  };
}
