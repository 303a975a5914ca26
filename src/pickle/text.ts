/** The text arguments of pickle: numbers and strings as CPython parses them, refusing what no pickler writes. */

/** Why a text cannot be parsed; the machine adds the opcode and the offset. */
export class TextError extends Error {}

const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const FLOAT = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** Argument of INT: a decimal integer, or protocol 0's spelling of False and True. */
export function parseInt0(text: string, maxDigits: number): number | bigint | boolean {
  if (text === '00' || text === '01') {
    return text === '01';
  }
  return parseInteger(text, maxDigits);
}

/** Argument of LONG: a decimal integer with the suffix L, which Python 3 writes and old writers left out. */
export function parseLong(text: string, maxDigits: number): number | bigint {
  return parseInteger(text.endsWith('L') ? text.slice(0, -1) : text, maxDigits);
}

/** A decimal integer: a number where it is exact, else a bigint. */
export function parseInteger(text: string, maxDigits: number): number | bigint {
  if (text.length > maxDigits) {
    throw new TextError(`an integer of ${text.length} digits, the limit is ${maxDigits}`);
  }
  if (!INTEGER.test(text)) {
    throw new TextError(`not an integer: ${quoted(text)}`);
  }
  const number = Number(text);
  // Python has no negative zero among its integers.
  return Number.isSafeInteger(number) ? number + 0 : BigInt(text);
}

/** Argument of FLOAT: what `repr` of a Python float gives. */
export function parseFloat0(text: string): number {
  const word = text.toLowerCase();
  if (word === 'nan') {
    return Number.NaN;
  }
  if (word === 'inf' || word === '-inf') {
    return word === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }
  if (!FLOAT.test(text)) {
    throw new TextError(`not a float: ${quoted(text)}`);
  }
  return Number(text);
}

/** Little-endian two's complement, as LONG1 and LONG4 hold it. */
export function parseTwosComplement(bytes: Uint8Array): number | bigint {
  const n = bytes.length;
  if (n === 0) {
    return 0;
  }
  if (n <= 6) {
    let value = 0;
    for (let i = n - 1; i >= 0; i--) {
      value = value * 256 + bytes[i]!;
    }
    return bytes[n - 1]! >= 128 ? value - 2 ** (8 * n) : value;
  }
  const hex = Buffer.from(bytes).reverse().toString('hex');
  const value = BigInt.asIntN(8 * n, BigInt(`0x${hex}`));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** Argument of STRING: Python 2's quoted string with its escapes, one character per byte. */
export function parseQuoted(text: string): string {
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) {
    throw new TextError('a string without its quotes');
  }
  const inner = text.slice(1, -1);
  if (!inner.includes('\\')) {
    return inner;
  }
  return inner.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S]|$)/g, (whole, code: string) => {
    if (code === '' || code === 'x') {
      throw new TextError('a string with half an escape');
    }
    if (code.length > 1 && code.startsWith('x')) {
      return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    }
    if (code >= '0' && code < '8') {
      return String.fromCharCode(Number.parseInt(code, 8) & 255);
    }
    return ESCAPES.get(code) ?? whole;
  });
}

/** Argument of UNICODE: `raw-unicode-escape` over latin-1. */
export function parseRawUnicode(text: string): string {
  if (!text.includes('\\')) {
    return text;
  }
  return text.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])/g, (whole, code: string) => {
    if (code === 'u' || code === 'U') {
      throw new TextError('a string with half an escape');
    }
    if (code.length === 1) {
      return whole;
    }
    const point = Number.parseInt(code.slice(1), 16);
    if (point > 0x10ffff) {
      throw new TextError('a character beyond Unicode');
    }
    return String.fromCodePoint(point);
  });
}

/** UTF-8 with lone surrogates let through, as Python's `surrogatepass` does. */
export function decodeUtf8(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  // Node puts U+FFFD where the bytes are not UTF-8; only then is the slow way needed.
  return text.includes('\ufffd') ? decodeSurrogates(bytes, start, end) : text;
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeSurrogates(bytes: Buffer, start: number, end: number): string {
  const parts: string[] = [];
  let from = start;
  for (let i = start; i + 2 < end; i++) {
    // 0xED starts either U+D000–U+D7FF or, with a second byte from 0xA0, a surrogate.
    if (
      bytes[i] === 0xed &&
      bytes[i + 1]! >= 0xa0 &&
      bytes[i + 1]! <= 0xbf &&
      (bytes[i + 2]! & 0xc0) === 0x80
    ) {
      parts.push(strict(bytes.subarray(from, i)));
      parts.push(String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f)));
      from = i + 3;
      i += 2;
    }
  }
  parts.push(strict(bytes.subarray(from, end)));
  return parts.join('');
}

function strict(bytes: Buffer): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    throw new TextError('a string that is not UTF-8');
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
