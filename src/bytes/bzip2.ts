/** bzip2, as Python's bz2 writes it. Source: the bzip2 format as its reference decoder has it, version 1.0.8. */
import { crc32Bzip2 } from './checksums.ts';
import type { Output } from './output.ts';
import { damaged, reserve } from './output.ts';

const MAX_CODE = 20;
const GROUP = 50;

interface Bits {
  readonly input: Uint8Array;
  /** Position in bits. */
  at: number;
}

/** Decompresses all streams of `input` into `out`. Throws LL3007 for damage, LL3004 over the cap. */
export function decodeBzip2(input: Uint8Array, out: Output): void {
  const bits: Bits = { input, at: 0 };
  while (bits.at / 8 < input.length) {
    decodeStream(bits, out);
    bits.at = Math.ceil(bits.at / 8) * 8;
  }
}

function decodeStream(bits: Bits, out: Output): void {
  const start = bits.at / 8;
  if (take(bits, 24) !== 0x425a68) {
    throw damaged('bzip2', 'bytes behind the last stream', start);
  }
  const level = take(bits, 8) - 48;
  if (level < 1 || level > 9) {
    throw damaged('bzip2', 'a block size that is none', start);
  }
  const block = new Uint32Array(level * 100_000);
  let combined = 0;
  for (;;) {
    const high = take(bits, 24);
    const low = take(bits, 24);
    const expected = ((take(bits, 16) << 16) | take(bits, 16)) >>> 0;
    if (high === 0x177245 && low === 0x385090) {
      if (combined !== expected) {
        throw damaged('bzip2', 'the content does not match its checksum');
      }
      return;
    }
    if (high !== 0x314159 || low !== 0x265359) {
      throw damaged('bzip2', 'no block where one begins', Math.floor(bits.at / 8));
    }
    const from = out.length;
    decodeBlock(bits, block, out);
    const crc = crc32Bzip2(out.bytes.subarray(from, out.length));
    if (crc !== expected) {
      throw damaged('bzip2', 'a block does not match its checksum');
    }
    combined = (((combined << 1) | (combined >>> 31)) ^ crc) >>> 0;
  }
}

function decodeBlock(bits: Bits, block: Uint32Array, out: Output): void {
  if (take(bits, 1) === 1) {
    throw damaged('bzip2', 'a randomised block, as no writer since 1998 makes');
  }
  const origin = take(bits, 24);
  const symbols = readSymbols(bits);
  const nCodes = symbols.length + 2;
  const nTables = take(bits, 3);
  const nSelectors = take(bits, 15);
  if (nTables < 2 || nTables > 6 || nSelectors < 1) {
    throw damaged('bzip2', 'a block without its code tables');
  }
  const selectors = readSelectors(bits, nTables, nSelectors);
  const tables = Array.from({ length: nTables }, () => readTable(bits, nCodes));

  // Move-to-front and zero runs.
  const end = nCodes - 1;
  const counts = new Int32Array(256);
  let n = 0;
  let group = 0;
  let left = 0;
  let table = tables[0]!;
  let runLength = 0;
  let runBit = 1;
  for (;;) {
    if (left === 0) {
      if (group >= nSelectors) {
        throw damaged('bzip2', 'a block longer than its code tables');
      }
      table = tables[selectors[group++]!]!;
      left = GROUP;
    }
    left--;
    const code = readCode(bits, table);
    if (code < 2) {
      runLength += runBit << code;
      runBit *= 2;
      if (runLength > block.length) {
        throw damaged('bzip2', 'a run longer than its block');
      }
      continue;
    }
    if (runLength > 0) {
      const byte = symbols[0]!;
      if (n + runLength > block.length) {
        throw damaged('bzip2', 'a block longer than its size');
      }
      block.fill(byte, n, n + runLength);
      n += runLength;
      counts[byte]! += runLength;
      runLength = 0;
      runBit = 1;
    }
    if (code === end) {
      break;
    }
    if (n >= block.length) {
      throw damaged('bzip2', 'a block longer than its size');
    }
    const byte = symbols[code - 1]!;
    symbols.copyWithin(1, 0, code - 1);
    symbols[0] = byte;
    block[n++] = byte;
    counts[byte]!++;
  }
  undoBurrowsWheeler(block, n, counts, origin);
  undoRuns(block, n, origin, out);
}

/** The bytes that occur in a block, rising. */
function readSymbols(bits: Bits): Uint8Array {
  const used = take(bits, 16);
  const symbols: number[] = [];
  for (let high = 0; high < 16; high++) {
    if (used & (0x8000 >>> high)) {
      const map = take(bits, 16);
      for (let low = 0; low < 16; low++) {
        if (map & (0x8000 >>> low)) {
          symbols.push(high * 16 + low);
        }
      }
    }
  }
  if (symbols.length === 0) {
    throw damaged('bzip2', 'a block without symbols');
  }
  return Uint8Array.from(symbols);
}

function readSelectors(bits: Bits, nTables: number, n: number): Uint8Array {
  const order = Uint8Array.from({ length: nTables }, (_, i) => i);
  const selectors = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    let at = 0;
    while (take(bits, 1) === 1) {
      if (++at >= nTables) {
        throw damaged('bzip2', 'a code table that is not there');
      }
    }
    const table = order[at]!;
    order.copyWithin(1, 0, at);
    order[0] = table;
    selectors[i] = table;
  }
  return selectors;
}

interface CodeTable {
  /** Largest code of each length, −1 where there is none; index = length. */
  readonly limit: Int32Array;
  /** What to take off a code of each length to get its place in `permuted`. */
  readonly base: Int32Array;
  readonly permuted: Uint16Array;
  readonly shortest: number;
}

function readTable(bits: Bits, nCodes: number): CodeTable {
  const lengths = new Uint8Array(nCodes);
  let length = take(bits, 5);
  for (let i = 0; i < nCodes; i++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE) {
        throw damaged('bzip2', 'a code of a length that cannot be');
      }
      if (take(bits, 1) === 0) {
        break;
      }
      length += take(bits, 1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  const count = new Int32Array(MAX_CODE + 2);
  for (const l of lengths) {
    count[l]!++;
  }
  const permuted = new Uint16Array(nCodes);
  let place = 0;
  for (let l = 1; l <= MAX_CODE; l++) {
    for (let i = 0; i < nCodes; i++) {
      if (lengths[i] === l) {
        permuted[place++] = i;
      }
    }
  }
  const limit = new Int32Array(MAX_CODE + 2).fill(-1);
  const base = new Int32Array(MAX_CODE + 2);
  let code = 0;
  let before = 0;
  for (let l = 1; l <= MAX_CODE; l++) {
    base[l] = code - before;
    code += count[l]!;
    before += count[l]!;
    limit[l] = count[l]! > 0 ? code - 1 : -1;
    code <<= 1;
  }
  return { limit, base, permuted, shortest: Math.min(...lengths) };
}

function readCode(bits: Bits, table: CodeTable): number {
  const word = peek(bits);
  let length = table.shortest;
  let code = word >>> (32 - length);
  while (code > table.limit[length]!) {
    if (++length > MAX_CODE) {
      throw damaged('bzip2', 'a code that stands for nothing', Math.floor(bits.at / 8));
    }
    code = word >>> (32 - length);
  }
  skip(bits, length);
  const symbol = table.permuted[code - table.base[length]!];
  if (symbol === undefined) {
    throw damaged('bzip2', 'a code that stands for nothing', Math.floor(bits.at / 8));
  }
  return symbol;
}

/** Turns `block` into a linked list: low byte the symbol, the rest the place of the next. */
function undoBurrowsWheeler(block: Uint32Array, n: number, counts: Int32Array, origin: number): void {
  if (origin >= n) {
    throw damaged('bzip2', 'a block whose first byte is outside of it');
  }
  const starts = new Int32Array(256);
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    starts[byte] = sum;
    sum += counts[byte]!;
  }
  for (let i = 0; i < n; i++) {
    const byte = block[i]! & 255;
    const at = starts[byte]!;
    starts[byte] = at + 1;
    block[at]! |= i << 8;
  }
}

/** Writes the block out: after four equal bytes the next one counts how many more follow. */
function undoRuns(block: Uint32Array, n: number, origin: number, out: Output): void {
  let at = block[origin]! >>> 8;
  let run = 0;
  let last = -1;
  let bytes = reserve(out, 0);
  let length = out.length;
  for (let i = 0; i < n; i++) {
    const cell = block[at]!;
    const byte = cell & 255;
    at = cell >>> 8;
    const repeat = run === 4 ? byte : 1;
    const value = run === 4 ? last : byte;
    if (length + repeat > bytes.length) {
      out.length = length;
      bytes = reserve(out, repeat);
    }
    for (let k = 0; k < repeat; k++) {
      bytes[length++] = value;
    }
    if (run === 4) {
      run = 0;
      last = -1;
    } else {
      run = byte === last ? run + 1 : 1;
      last = byte;
    }
  }
  out.length = length;
}

/** The next `n` bits, 1 to 24, most significant first. */
function take(bits: Bits, n: number): number {
  const value = peek(bits) >>> (32 - n);
  skip(bits, n);
  return value;
}

/** The next bits at the top of a 32-bit word, of which at least 25 are there; zeros behind the end. */
function peek({ input, at }: Bits): number {
  const byte = Math.floor(at / 8);
  const word =
    (input[byte]! << 24) |
    ((input[byte + 1] ?? 0) << 16) |
    ((input[byte + 2] ?? 0) << 8) |
    (input[byte + 3] ?? 0);
  return (word << (at % 8)) >>> 0;
}

function skip(bits: Bits, n: number): void {
  bits.at += n;
  if (bits.at > bits.input.length * 8) {
    throw damaged('bzip2', `it ends at byte ${bits.input.length}, too early`);
  }
}
