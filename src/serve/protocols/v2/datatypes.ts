/** The tensor types of the Open Inference Protocol, as JSON values and as bytes (little-endian, row-major, no padding). */
import { LoadlineError } from '../../../errors.ts';
import type { Cell } from '../../../model/data.ts';

export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof DATATYPES)[number];

/** Numbers with NaN for missing (BOOL as 0 and 1 too), or strings. */
export type Elements = Float64Array | readonly Cell[];

/** Bytes of one element; BYTES elements carry their own length. */
const WIDTHS: Readonly<Record<Exclude<Datatype, 'BYTES'>, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
};

export function isDatatype(value: unknown): value is Datatype {
  return (DATATYPES as readonly unknown[]).includes(value);
}

/**
 * Reads `count` elements from the bytes of tensor `name`. 64-bit integers become the nearest double, as numpy makes them
 * when a model computes in float64. Throws LL2019 when there are not exactly as many.
 */
export function readElements(bytes: Buffer, datatype: Datatype, count: number, name: string): Elements {
  if (datatype === 'BYTES') {
    return readStrings(bytes, count, name);
  }
  const wanted = count * WIDTHS[datatype];
  if (bytes.length !== wanted) {
    throw new LoadlineError(
      'LL2019',
      `Input "${name}": ${count} elements of ${datatype} take ${wanted} bytes, found ${bytes.length}`,
      { field: name },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    out[i] = readNumber(view, datatype, i);
  }
  return out;
}

function readNumber(view: DataView, datatype: Exclude<Datatype, 'BYTES'>, index: number): number {
  switch (datatype) {
    case 'BOOL':
      return view.getUint8(index) === 0 ? 0 : 1;
    case 'UINT8':
      return view.getUint8(index);
    case 'UINT16':
      return view.getUint16(index * 2, true);
    case 'UINT32':
      return view.getUint32(index * 4, true);
    case 'UINT64':
      return Number(view.getBigUint64(index * 8, true));
    case 'INT8':
      return view.getInt8(index);
    case 'INT16':
      return view.getInt16(index * 2, true);
    case 'INT32':
      return view.getInt32(index * 4, true);
    case 'INT64':
      return Number(view.getBigInt64(index * 8, true));
    case 'FP16':
      return halfToNumber(view.getUint16(index * 2, true));
    case 'FP32':
      return view.getFloat32(index * 4, true);
    case 'FP64':
      return view.getFloat64(index * 8, true);
  }
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** BYTES elements: each a 32-bit length and as many bytes of UTF-8. */
function readStrings(bytes: Buffer, count: number, name: string): readonly string[] {
  const out: string[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = at + 4 <= bytes.length ? bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > bytes.length) {
      throw new LoadlineError('LL2019', `Input "${name}": the bytes end in the middle of element ${i}`, {
        field: name,
      });
    }
    out.push(bytes.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  if (at !== bytes.length) {
    throw new LoadlineError(
      'LL2019',
      `Input "${name}": ${bytes.length - at} bytes are left after ${count} elements`,
      {
        field: name,
      },
    );
  }
  return out;
}

/** The bytes of elements. */
export function writeElements(elements: Elements, datatype: Datatype): Buffer {
  switch (datatype) {
    case 'FP64': {
      const numbers = Float64Array.from(elements, Number);
      return Buffer.from(numbers.buffer);
    }
    case 'INT64': {
      const integers = BigInt64Array.from(elements as readonly Cell[], (x) => BigInt(Number(x)));
      return Buffer.from(integers.buffer);
    }
    case 'BOOL':
      return Buffer.from(Uint8Array.from(elements, Number));
    case 'BYTES':
      return Buffer.concat(
        Array.from(elements, (element) => {
          const text = Buffer.from(String(element));
          const length = Buffer.alloc(4);
          length.writeUInt32LE(text.length);
          return Buffer.concat([length, text]);
        }),
      );
    default:
      throw new TypeError(`${datatype} is not written`);
  }
}

/**
 * Checks one element of JSON data. Null is a missing value where the type is a floating one, because that is what other
 * servers write for NaN. Throws LL2019.
 */
export function checkElement(value: unknown, datatype: Datatype, name: string, index: number): Cell {
  if (datatype === 'BYTES' ? typeof value === 'string' : fits(value, datatype)) {
    return value as Cell;
  }
  throw new LoadlineError(
    'LL2019',
    `Input "${name}": element ${index} is not a value of ${datatype}, found ${value === null ? 'null' : typeof value === 'number' ? 'another number' : typeof value}`,
    { field: name },
  );
}

function fits(value: unknown, datatype: Exclude<Datatype, 'BYTES'>): boolean {
  if (datatype === 'BOOL') {
    return typeof value === 'boolean' || value === 0 || value === 1;
  }
  if (datatype.startsWith('FP')) {
    return typeof value === 'number' || value === null;
  }
  if (!Number.isInteger(value)) {
    return false;
  }
  const bits = WIDTHS[datatype] * 8;
  const signed = datatype.startsWith('INT');
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = signed ? 2 ** (bits - 1) : 2 ** bits;
  // A 64-bit limit is itself what the largest values are rounded to.
  return Number(value) >= low && (bits === 64 ? Number(value) <= high : Number(value) < high);
}
