/**
 * From numpy's bytes to typed arrays and labels, always in C order and native byte order, whatever the file has.
 * What comes back may share memory with the file: its holder must not write to it.
 */
import { LoadlineError } from '../errors.ts';
import type { DType, NdArray } from './ndarray.ts';
import { dtypeName, sizeOf } from './ndarray.ts';

/** Arrays below this are copied even where a view would do, so that a few coefficients do not keep a whole file in memory. */
const VIEW_FROM_BYTES = 65_536;

/** Typed arrays of numpy's plain numeric dtypes. */
type Elements =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/**
 * Numbers or booleans as float64 in C order; int64 beyond 2^53 is rounded to the nearest. Zero-copy for a large
 * float64 array that lies so already. Throws LL4003 for a dtype that is no real number.
 */
export function toFloat64(array: NdArray<unknown>): Float64Array {
  return inCOrder(array, widened(array), (n) => new Float64Array(n));
}

/** Integers or booleans as int32 in C order. Throws LL4003 for another dtype, or where a value does not fit. */
export function toInt32(array: NdArray<unknown>): Int32Array {
  const { kind, itemSize } = array.dtype;
  if (!'biu'.includes(kind)) {
    throw cannot(array, 'integers');
  }
  const elements = nativeElements(array);
  if (elements instanceof Int32Array) {
    return inCOrder(array, elements, (n) => new Int32Array(n));
  }
  const out = new Int32Array(elements.length);
  if (itemSize === 8) {
    // Low halves, where the high half only repeats the sign.
    const halves = new Int32Array(elements.buffer, elements.byteOffset, 2 * out.length);
    for (let i = 0; i < out.length; i++) {
      const low = halves[2 * i]!;
      if (halves[2 * i + 1] !== low >> 31 || (kind === 'u' && low < 0)) {
        throw outOfInt32(array, elements[i]!);
      }
      out[i] = low;
    }
  } else {
    for (let i = 0; i < out.length; i++) {
      const value = elements[i] as number;
      if (value > 2147483647) {
        throw outOfInt32(array, value);
      }
      out[i] = value;
    }
  }
  return inCOrder(array, out, (n) => new Int32Array(n));
}

/**
 * Elements in C order as labels: strings with trailing NULs off (bytes as latin-1), booleans, numbers, and bigint
 * beyond 2^53. Throws LL4003 for another dtype.
 */
export function toLabels(array: NdArray<unknown>): (string | number | bigint | boolean)[] {
  const { dtype, bytes } = array;
  const count = sizeOf(array);
  let labels: (string | number | bigint | boolean)[];
  if (dtype.kind === 'U' || dtype.kind === 'S') {
    const read = dtype.kind === 'U' ? readUnicode : readLatin1;
    labels = Array.from({ length: count }, (_, i) =>
      read(bytes.subarray(i * dtype.itemSize, (i + 1) * dtype.itemSize), dtype.littleEndian),
    );
  } else if (dtype.kind === 'b') {
    labels = Array.from(bytes, (byte) => byte !== 0);
  } else if ((dtype.kind === 'i' || dtype.kind === 'u') && dtype.itemSize === 8) {
    labels = Array.from(nativeElements(array) as BigInt64Array, narrowed);
  } else if ('iuf'.includes(dtype.kind)) {
    labels = Array.from(widened(array));
  } else {
    throw cannot(array, 'labels');
  }
  return inCOrder(array, labels, (n) => new Array<string | number | bigint | boolean>(n));
}

/** Elements of an object array in C order. Throws LL4003 for another dtype. */
export function toObjects<T>(array: NdArray<T>): readonly T[] {
  if (array.objects === null) {
    throw cannot(array, 'objects');
  }
  return inCOrder(array, array.objects, (n) => new Array<T>(n));
}

/**
 * One field of a structured array as an array of its own, in C order: copied out, so that packed and unaligned layouts
 * cost nothing later. Throws LL4003 when there is no such field.
 */
export function structField(array: NdArray<unknown>, name: string): NdArray<never> {
  const field = array.dtype.fields?.find((candidate) => candidate.name === name);
  if (field === undefined || array.objects !== null) {
    throw new LoadlineError(
      'LL4003',
      `Cannot read the field "${name}" of an array of ${dtypeName(array.dtype)}: there is none`,
    );
  }
  const { dtype, offset } = field;
  const count = sizeOf(array);
  const stride = array.dtype.itemSize;
  const size = dtype.itemSize;
  const source = cOrderBytes(array);
  const bytes = new Uint8Array(count * size);
  copyField(source, bytes, count, stride, offset, size);
  return {
    kind: 'ndarray',
    dtype: { ...dtype, itemSize: elementSize(dtype), subShape: [] },
    shape: [...array.shape, ...dtype.subShape],
    fortran: false,
    bytes,
    objects: null,
  };
}

/** The array whose axis `i` is axis `axes[i]` of this one, as numpy's `transpose(axes)`, copied to C order. Throws LL3003 where `axes` is no permutation. */
export function permuteAxes<T>(array: NdArray<T>, axes: readonly number[]): NdArray<T> {
  const { shape } = array;
  if (
    axes.length !== shape.length ||
    new Set(axes).size !== axes.length ||
    axes.some((axis) => axis >= shape.length)
  ) {
    throw new LoadlineError(
      'LL3003',
      `Cannot read the file: an array with axes [${axes.join(', ')}], no permutation`,
    );
  }
  const strides = stridesOf(shape, array.fortran);
  const outShape = axes.map((axis) => shape[axis]!);
  const size = array.dtype.itemSize;
  const bytes = new Uint8Array(array.bytes.length);
  eachInC(
    outShape,
    axes.map((axis) => strides[axis]!),
    (to, from) => {
      bytes.set(array.bytes.subarray(from * size, (from + 1) * size), to * size);
    },
  );
  return { ...array, shape: outShape, fortran: false, bytes };
}

/** Value of one element; null for a kind that has no plain value (dates, complex, structs, long doubles). `bytes` holds exactly one element. */
export function readScalar(
  dtype: DType,
  bytes: Uint8Array,
): string | number | bigint | boolean | Uint8Array | null {
  switch (dtype.kind) {
    case 'S': {
      let end = bytes.length;
      while (end > 0 && bytes[end - 1] === 0) {
        end--;
      }
      return bytes.subarray(0, end);
    }
    case 'U':
      return readUnicode(bytes, dtype.littleEndian);
    case 'b':
      return bytes[0] !== 0;
    case 'i':
    case 'u':
    case 'f': {
      if (dtype.itemSize > 8) {
        return null;
      }
      const array: NdArray<never> = {
        kind: 'ndarray',
        dtype,
        shape: [1],
        fortran: false,
        bytes,
        objects: null,
      };
      return toLabels(array)[0]!;
    }
    default:
      return null;
  }
}

/** Real numbers in file order, wide enough for every value. */
function widened(array: NdArray<unknown>): Float64Array {
  const { kind, itemSize } = array.dtype;
  if (!'biuf'.includes(kind) || itemSize > 8) {
    throw cannot(array, 'numbers');
  }
  if (kind === 'f' && itemSize === 2) {
    return Float64Array.from(nativeElements(array) as Uint16Array, halfToDouble);
  }
  if (kind === 'b') {
    return Float64Array.from(array.bytes, (byte) => (byte === 0 ? 0 : 1));
  }
  const elements = nativeElements(array);
  if (elements instanceof Float64Array) {
    return elements;
  }
  if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) {
    return widenedInt64(elements, kind === 'i');
  }
  return Float64Array.from(elements);
}

/** 64-bit integers from their halves: the high half times 2^32 is exact, so the sum rounds once. */
function widenedInt64(elements: BigInt64Array | BigUint64Array, signed: boolean): Float64Array {
  const low = new Uint32Array(elements.buffer, elements.byteOffset, elements.length * 2);
  const high = signed ? new Int32Array(elements.buffer, elements.byteOffset, elements.length * 2) : low;
  const out = new Float64Array(elements.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = high[2 * i + 1]! * 4294967296 + low[2 * i]!;
  }
  return out;
}

/** IEEE half precision; every value is exact in float64. */
function halfToDouble(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) {
    return sign * fraction * 2 ** -24;
  }
  if (exponent === 31) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The elements as a typed array of this machine's byte order, in file order. Half floats come as their bits. */
function nativeElements(array: NdArray<unknown>): Elements {
  const { kind, itemSize, littleEndian } = array.dtype;
  const count = sizeOf(array);
  let { bytes } = array;
  if (!littleEndian && itemSize > 1) {
    bytes = swapped(bytes, itemSize);
  } else if (bytes.byteOffset % itemSize !== 0 || bytes.length < VIEW_FROM_BYTES) {
    bytes = new Uint8Array(bytes);
  }
  const { buffer, byteOffset } = bytes;
  switch (`${kind}${itemSize}`) {
    case 'i1':
      return new Int8Array(buffer, byteOffset, count);
    case 'u1':
    case 'b1':
      return new Uint8Array(buffer, byteOffset, count);
    case 'i2':
      return new Int16Array(buffer, byteOffset, count);
    case 'u2':
    case 'f2':
      return new Uint16Array(buffer, byteOffset, count);
    case 'i4':
      return new Int32Array(buffer, byteOffset, count);
    case 'u4':
      return new Uint32Array(buffer, byteOffset, count);
    case 'i8':
      return new BigInt64Array(buffer, byteOffset, count);
    case 'u8':
      return new BigUint64Array(buffer, byteOffset, count);
    case 'f4':
      return new Float32Array(buffer, byteOffset, count);
    case 'f8':
      return new Float64Array(buffer, byteOffset, count);
    default:
      throw cannot(array, 'numbers');
  }
}

function swapped(bytes: Uint8Array, itemSize: number): Uint8Array {
  // Buffer.alloc, not Buffer.from: a slice of Node's shared pool may be unaligned.
  const out = Buffer.alloc(bytes.length);
  out.set(bytes);
  switch (itemSize) {
    case 2:
      return out.swap16();
    case 4:
      return out.swap32();
    default:
      return out.swap64();
  }
}

function readUnicode(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let end = bytes.length;
  while (end >= 4 && view.getUint32(end - 4) === 0) {
    end -= 4;
  }
  let text = '';
  for (let i = 0; i + 4 <= end; i += 4) {
    const point = view.getUint32(i, littleEndian);
    if (point > 0x10ffff) {
      throw new LoadlineError(
        'LL3003',
        `Cannot read the file: a string holds the character ${point}, beyond Unicode`,
      );
    }
    text += String.fromCodePoint(point);
  }
  return text;
}

function readLatin1(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) {
    end--;
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('latin1');
}

function copyField(
  source: Uint8Array,
  out: Uint8Array,
  count: number,
  stride: number,
  offset: number,
  size: number,
): void {
  if (size === 8) {
    // By words: the fields of tree nodes are read so, by the million.
    const from = new DataView(source.buffer, source.byteOffset, source.length);
    const to = new DataView(out.buffer, out.byteOffset, out.length);
    for (let i = 0, at = offset; i < count; i++, at += stride) {
      to.setUint32(8 * i, from.getUint32(at));
      to.setUint32(8 * i + 4, from.getUint32(at + 4));
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    const from = i * stride + offset;
    const to = i * size;
    for (let j = 0; j < size; j++) {
      out[to + j] = source[from + j]!;
    }
  }
}

function elementSize(dtype: DType): number {
  const cells = dtype.subShape.reduce((total, n) => total * n, 1);
  return cells === 0 ? 0 : dtype.itemSize / cells;
}

/** The bytes of an array in C order; those of the file where they lie so. */
function cOrderBytes(array: NdArray<unknown>): Uint8Array {
  if (!isReordered(array)) {
    return array.bytes;
  }
  const size = array.dtype.itemSize;
  const out = new Uint8Array(array.bytes.length);
  eachInC(array.shape, stridesOf(array.shape, true), (to, from) => {
    out.set(array.bytes.subarray(from * size, (from + 1) * size), to * size);
  });
  return out;
}

/** Whether C order differs from the order in the file. */
function isReordered(array: NdArray<unknown>): boolean {
  return array.fortran && array.shape.filter((n) => n !== 1).length > 1;
}

function inCOrder<A extends { [index: number]: unknown; readonly length: number }>(
  array: NdArray<unknown>,
  elements: A,
  make: (n: number) => A,
): A {
  if (!isReordered(array)) {
    return elements;
  }
  const out = make(elements.length);
  eachInC(array.shape, stridesOf(array.shape, true), (to, from) => {
    out[to] = elements[from];
  });
  return out;
}

/** Distance between neighbours along each axis, in elements. */
function stridesOf(shape: readonly number[], fortran: boolean): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let k = 0; k < shape.length; k++) {
    const axis = fortran ? k : shape.length - 1 - k;
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** Calls `visit(position in C order, position by strides)` for every element. */
function eachInC(
  shape: readonly number[],
  strides: readonly number[],
  visit: (to: number, from: number) => void,
): void {
  const total = shape.reduce((product, n) => product * n, 1);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < total; to++) {
    visit(to, from);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) {
        break;
      }
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

function outOfInt32(array: NdArray<unknown>, value: number | bigint): LoadlineError {
  return new LoadlineError(
    'LL4003',
    `Cannot read an array of ${dtypeName(array.dtype)} as int32: ${value} does not fit`,
  );
}

function cannot(array: NdArray<unknown>, wanted: string): LoadlineError {
  return new LoadlineError('LL4003', `Cannot read an array of ${dtypeName(array.dtype)} as ${wanted}`);
}
