/**
 * JSON as Python reads and writes it, with what JSON.parse drops: the order of keys that look like numbers, integers
 * beyond 2^53, NaN and infinities, and where each object stands. What is built is bounded by the length of the text.
 */
import { LoadlineError } from '../errors.ts';
import type { Limits } from './limits.ts';
import { overLimit } from './limits.ts';

/** An integer beyond 2^53 is a bigint. */
export type ExactJson = null | boolean | number | bigint | string | readonly ExactJson[] | ExactObject;

export interface ExactObject {
  /** In the order of the text. A Map, so that no key can reach a prototype. */
  readonly fields: ReadonlyMap<string, ExactJson>;
  /** Byte offset of its opening brace. */
  readonly offset: number;
}

/** Python's own reader gives up near it. */
const MAX_DEPTH = 1000;
/** As CPython: longer integers are not parsed. */
const MAX_DIGITS = 4300;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const WORDS: readonly (readonly [string, ExactJson])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

/** Whether a value is an object. */
export function isExactObject(value: ExactJson | undefined): value is ExactObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses UTF-8 text. `where` names it in messages: `schema.json`. Throws LL3003 for what is no JSON, names a key twice or
 * nests deeper than Python reads, LL3004 where it has more objects or values than an honest text of its length, or is too long.
 */
export function parseExactJson(bytes: Uint8Array, where: string, limits: Limits): ExactJson {
  if (bytes.length > limits.stringBytes) {
    throw overLimit('stringBytes', limits, `a ${where} of ${bytes.length} bytes`);
  }
  // One character a byte, so that positions are offsets; strings that need it are decoded on their own.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('latin1');
  // An object takes twice the memory of a pickle's, and honest schemas of skops have one in 50 bytes or more.
  const maxObjects = limits.freeObjects + Math.floor((limits.objectsPerByte / 4) * bytes.length);
  // Values of any kind: honest schemas have one in 25 bytes.
  const maxValues = limits.freeObjects + Math.floor(limits.objectsPerByte * bytes.length);
  let objects = 0;
  let values = 0;
  let at = 0;

  function broken(what: string, offset = at): LoadlineError {
    return new LoadlineError('LL3003', `Cannot read ${where}: ${what} (byte ${offset})`, { offset });
  }

  function space(): void {
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
        return;
      }
    }
  }

  function open(depth: number): void {
    if (depth > MAX_DEPTH) {
      throw broken(`it nests more than ${MAX_DEPTH} levels deep`);
    }
    if (++objects > maxObjects) {
      throw overLimit('objectsPerByte', limits, `${objects} lists and objects in ${bytes.length} bytes`, at);
    }
    at++;
    space();
  }

  /** Whether another item follows; else the closing bracket is behind us. */
  function goesOn(close: string): boolean {
    space();
    if (text[at] === ',') {
      at++;
      space();
      return true;
    }
    if (text[at] !== close) {
      throw broken(at < text.length ? `expected "," or "${close}"` : 'it is cut off');
    }
    at++;
    return false;
  }

  function value(depth: number): ExactJson {
    if (++values > maxValues) {
      throw overLimit('objectsPerByte', limits, `${values} values in ${bytes.length} bytes`, at);
    }
    switch (text[at]) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      default:
        return scalar();
    }
  }

  function object(depth: number): ExactObject {
    const offset = at;
    open(depth);
    const fields = new Map<string, ExactJson>();
    if (text[at] === '}') {
      at++;
      return { fields, offset };
    }
    do {
      if (text[at] !== '"') {
        throw broken(at < text.length ? 'expected a key in quotes' : 'it is cut off');
      }
      const start = at;
      const key = string();
      if (fields.has(key)) {
        throw broken(`an object names ${JSON.stringify(key.slice(0, 40))} twice`, start);
      }
      space();
      if (text[at] !== ':') {
        throw broken('expected ":" behind a key');
      }
      at++;
      space();
      fields.set(key, value(depth + 1));
    } while (goesOn('}'));
    return { fields, offset };
  }

  function array(depth: number): ExactJson[] {
    open(depth);
    const items: ExactJson[] = [];
    if (text[at] === ']') {
      at++;
      return items;
    }
    do {
      items.push(value(depth + 1));
    } while (goesOn(']'));
    return items;
  }

  function string(): string {
    const start = at + 1;
    let plain = true;
    let end = start;
    for (; ; end++) {
      const code = text.charCodeAt(end);
      if (code === 0x22) {
        break;
      }
      if (code === 0x5c) {
        plain = false;
        end++;
      } else if (code >= 0x80) {
        plain = false;
      } else if (!(code >= 0x20)) {
        throw broken(
          end >= text.length ? 'it is cut off in a string' : 'a control character in a string',
          end,
        );
      }
    }
    at = end + 1;
    if (plain) {
      // A longer slice would keep the whole text alive for as long as the model is.
      return end - start < 13 ? text.slice(start, end) : buffer.toString('latin1', start, end);
    }
    const raw = buffer.toString('utf8', start, end);
    return raw.replace(/\\(u[0-9a-fA-F]{4}|[\s\S]|$)/g, (_, code: string) => {
      if (code.length === 5) {
        return String.fromCharCode(Number.parseInt(code.slice(1), 16));
      }
      const plainChar = Object.hasOwn(ESCAPES, code) ? ESCAPES[code] : undefined;
      if (plainChar === undefined) {
        throw broken('an escape that JSON does not have', start);
      }
      return plainChar;
    });
  }

  function word(): ExactJson {
    for (const [spelling, meaning] of WORDS) {
      if (text.startsWith(spelling, at)) {
        at += spelling.length;
        return meaning;
      }
    }
    throw broken(at < text.length ? 'expected a value' : 'it is cut off');
  }

  function scalar(): ExactJson {
    NUMBER.lastIndex = at;
    const found = NUMBER.exec(text);
    if (found === null) {
      return word();
    }
    const [digits, fraction, exponent] = found;
    const start = at;
    at += digits.length;
    const number = Number(digits);
    if (fraction !== undefined || exponent !== undefined) {
      return number;
    }
    if (digits.length > MAX_DIGITS) {
      throw broken(`an integer of ${digits.length} digits, the limit is ${MAX_DIGITS}`, start);
    }
    // Python has no negative zero among its integers.
    return Number.isSafeInteger(number) ? number + 0 : BigInt(digits);
  }

  space();
  const root = value(0);
  space();
  if (at < text.length) {
    throw broken('something follows its end');
  }
  return root;
}

/** The value as JSON.parse would give it: NaN, which JSON has not, as null. */
export function plainJson(value: ExactJson): unknown {
  if (Array.isArray(value)) {
    return value.map(plainJson);
  }
  if (isExactObject(value)) {
    const out: Record<string, unknown> = Object.create(null);
    for (const [key, item] of value.fields) {
      out[key] = plainJson(item);
    }
    return out;
  }
  if (typeof value === 'bigint') {
    return Number(value);
  }
  return Number.isNaN(value) ? null : value;
}
