/** numpy's .npy format, versions 1 to 3: one array behind a header that is a Python dictionary literal. Source: numpy.lib.format. */
import { LoadlineError } from '../errors.ts';
import { parseDType } from './dtypes.ts';
import type { DType, DTypeField, NdArray } from './ndarray.ts';
import { dtypeName } from './ndarray.ts';

const MAGIC = '\x93NUMPY';
/** numpy itself refuses longer headers unless told to trust them. */
const MAX_HEADER = 10_000;
/** Largest size of one dimension of an array without elements, so that no loop over rows runs away. */
const MAX_EMPTY_DIMENSION = 2 ** 24;
/** As numpy 2 has it. */
const MAX_DIMENSIONS = 64;
/** Structured dtypes nest one or two deep in practice; the limit only bounds recursion. */
const MAX_DEPTH = 16;

/**
 * Reads an array of numbers or booleans; its bytes are a view. Throws LL2019 for another dtype, a header that cannot be,
 * or a length that the header does not agree with.
 */
export function readNpy(bytes: Uint8Array): NdArray<never> {
  const array = parseNpy(bytes);
  if (typeof array === 'string') {
    throw new LoadlineError('LL2019', `Cannot read the .npy array: ${array}`);
  }
  if (!'biuf'.includes(array.dtype.kind)) {
    throw new LoadlineError(
      'LL2019',
      `Cannot read the .npy array: it is of ${dtypeName(array.dtype)}, expected numbers or booleans`,
    );
  }
  return array;
}

/**
 * Reads an array of anything but Python objects, which would be a pickle; its bytes are a view. Gives the reason, as it
 * reads behind a colon, where the file cannot be read.
 */
export function parseNpy(bytes: Uint8Array): NdArray<never> | string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.toString('latin1', 0, 6) !== MAGIC || buffer.length < 12) {
    return 'its first bytes are not those of one';
  }
  const version = buffer[6]!;
  const start = version === 1 ? 10 : 12;
  const size = version === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8);
  if (version < 1 || version > 3 || size > MAX_HEADER || start + size > buffer.length) {
    return 'its header is cut off, too long or of an unknown version';
  }
  const header = parseLiteral(buffer.toString(version === 3 ? 'utf8' : 'latin1', start, start + size));
  if (!(header instanceof Map) || header.size !== 3) {
    return 'its header is not the dictionary that numpy writes';
  }
  const dtype = dtypeOf(header.get('descr'), 0);
  const fortran = header.get('fortran_order');
  const shape = header.get('shape');
  if (typeof dtype === 'string') {
    return dtype;
  }
  if (typeof fortran !== 'boolean' || !isShape(shape)) {
    return 'its header has no order or no shape';
  }
  const data = bytes.subarray(start + size);
  const wanted = shape.reduce((product, n) => product * n, dtype.itemSize);
  const endless = (wanted === 0 && shape.some((n) => n > MAX_EMPTY_DIMENSION)) || dtype.itemSize === 0;
  if (wanted !== data.length || endless) {
    return `of shape [${shape.join(', ')}] it takes ${wanted} bytes, found ${data.length}`;
  }
  return { kind: 'ndarray', dtype, shape, fortran, bytes: data, objects: null };
}

/** The dtype that a `descr` describes, or why it is none. Source: numpy.lib.format.descr_to_dtype. */
function dtypeOf(descr: Literal | undefined, depth: number): DType | string {
  if (depth > MAX_DEPTH) {
    return 'its dtype nests too deeply';
  }
  if (typeof descr === 'string') {
    const dtype = parseDType(descr);
    if (dtype?.kind === 'O') {
      return 'it holds Python objects';
    }
    return dtype ?? `it has the dtype ${JSON.stringify(descr.slice(0, 40))}, which is not known`;
  }
  if (!Array.isArray(descr)) {
    return 'it has no dtype';
  }
  const fields: DTypeField[] = [];
  let offset = 0;
  for (const item of descr as readonly Literal[]) {
    const [name, type, sub = []] = Array.isArray(item) ? (item as readonly Literal[]) : [];
    if (typeof name !== 'string' || !isShape(sub)) {
      return 'its dtype has a field that is not described';
    }
    const base = dtypeOf(type, depth + 1);
    if (typeof base === 'string') {
      return base;
    }
    const itemSize = sub.reduce((product, n) => product * n, base.itemSize);
    // numpy writes the padding between fields as fields without a name.
    if (name !== '') {
      if (fields.some((field) => field.name === name)) {
        return `its dtype has two fields ${JSON.stringify(name.slice(0, 40))}`;
      }
      const dtype = sub.length === 0 ? base : { ...base, itemSize, subShape: [...sub, ...base.subShape] };
      fields.push({ name, dtype, offset });
    }
    offset += itemSize;
    if (!Number.isSafeInteger(offset)) {
      return 'its dtype is too large to exist';
    }
  }
  return { kind: 'V', itemSize: offset, littleEndian: true, fields, subShape: [] };
}

function isShape(value: Literal | undefined): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_DIMENSIONS &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0)
  );
}

/** What the literals of a header come to; tuples and lists alike are arrays. */
type Literal = string | boolean | number | readonly Literal[] | ReadonlyMap<string, Literal>;

const TOKEN =
  /\s*(?:('(?:[^'\\\n]|\\['\\])*'|"(?:[^"\\\n]|\\["\\])*")|(True|False)\b|(\d+)L?\b|([{}()[\],:]))/y;

/** A Python literal of dicts, tuples, lists, strings, booleans and counts; null for anything else. */
function parseLiteral(text: string): Literal | null {
  let at = 0;

  function next(): RegExpExecArray | null {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    at += token?.[0].length ?? 0;
    return token;
  }

  /** Items up to the closing bracket, a comma behind the last one allowed. */
  function items<T>(close: string, read: () => T | null): T[] | null {
    const out: T[] = [];
    for (;;) {
      const before = at;
      if (next()?.[4] === close) {
        return out;
      }
      at = before;
      const item = read();
      if (item === null) {
        return null;
      }
      out.push(item);
      const mark = next()?.[4];
      if (mark === close) {
        return out;
      }
      if (mark !== ',') {
        return null;
      }
    }
  }

  function entry(depth: number): readonly [string, Literal] | null {
    const key = next()?.[1];
    if (key === undefined || next()?.[4] !== ':') {
      return null;
    }
    const value = literal(depth);
    return value === null ? null : [unquoted(key), value];
  }

  function literal(depth: number): Literal | null {
    const token = depth > MAX_DEPTH ? null : next();
    if (token === null) {
      return null;
    }
    const [, string, boolean, digits, mark] = token;
    if (string !== undefined) {
      return unquoted(string);
    }
    if (boolean !== undefined || digits !== undefined) {
      return boolean === undefined ? Number(digits) : boolean === 'True';
    }
    if (mark === '{') {
      const entries = items('}', () => entry(depth + 1));
      return entries === null ? null : new Map(entries);
    }
    return mark === '(' || mark === '[' ? items(mark === '(' ? ')' : ']', () => literal(depth + 1)) : null;
  }

  const value = literal(0);
  return value !== null && text.slice(at).trim() === '' ? value : null;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, '$1');
}

/** Writes float64 numbers, row-major, as a .npy file of version 1, byte for byte as numpy.save does. */
export function writeNpy(data: Float64Array, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${tuple}, }`;
  // numpy leaves room for the first size to grow to 21 digits, ends with a line feed, and starts the data at a multiple of 64.
  const grown = shape.length === 0 ? text.length : text.length + 21 - String(shape[0]).length;
  const size = (Math.floor((10 + grown + 1) / 64) + 1) * 64 - 10;
  const head = Buffer.alloc(10);
  head.write(MAGIC, 'latin1');
  head[6] = 1;
  head.writeUInt16LE(size, 8);
  return Buffer.concat([
    head,
    Buffer.from(`${text.padEnd(size - 1)}\n`, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}
