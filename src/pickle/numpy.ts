/**
 * numpy's own records, in every form numpy has written them: dtypes, arrays and scalars. Sizes are checked against the
 * bytes that are there before anything is made from them.
 */
import { LoadlineError } from '../errors.ts';
import { permuteAxes, readScalar } from '../tensor/convert.ts';
import { parseDType } from '../tensor/dtypes.ts';
import type { DType, DTypeField, NdArray } from '../tensor/ndarray.ts';
import type { Inert, PyDict, PyObject } from './inert.ts';

/** Largest size of one dimension of an array that has no elements, so that no loop over rows runs away. */
const MAX_EMPTY_DIMENSION = 2 ** 24;
/** As numpy 2 has it. */
const MAX_DIMENSIONS = 64;
/** Structured dtypes nest one or two deep in practice; the limit only bounds recursion. */
const MAX_DTYPE_DEPTH = 16;

/** Type names that stand for a dtype, as `numpy.dtype(numpy.float64)` or a bare `numpy.float64`. */
const TYPE_SPECS: ReadonlyMap<string, string> = new Map([
  ['bool', 'b1'],
  ['bool_', 'b1'],
  ['int8', 'i1'],
  ['int16', 'i2'],
  ['int32', 'i4'],
  ['int64', 'i8'],
  ['uint8', 'u1'],
  ['uint16', 'u2'],
  ['uint32', 'u4'],
  ['uint64', 'u8'],
  ['intp', 'i8'],
  ['float16', 'f2'],
  ['float32', 'f4'],
  ['float64', 'f8'],
  ['float', 'f8'],
  ['int', 'i8'],
  ['complex64', 'c8'],
  ['complex128', 'c16'],
  ['object', 'O8'],
  ['object_', 'O8'],
  ['str', 'U0'],
  ['str_', 'U0'],
  ['bytes', 'S0'],
  ['bytes_', 'S0'],
  ['void', 'V0'],
  ['record', 'V0'],
]);

/** A kind that narrows `Inert` by its tag, or null. */
export function asKind<K extends string>(
  value: Inert | undefined,
  kind: K,
): Extract<Inert, { kind: K }> | null {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.kind === kind
    ? (value as Extract<Inert, { kind: K }>)
    : null;
}

/** Module and name of what a record calls, in the spelling of Python 3 and numpy 1; null where it calls no global. */
export function calledName(object: PyObject): string | null {
  const callable = asKind(object.callable, 'global');
  return callable === null ? null : modernName(callable.module, callable.name);
}

const RENAMED_MODULES: ReadonlyMap<string, string> = new Map([
  ['copy_reg', 'copyreg'],
  ['numpy._core', 'numpy.core'],
  ['numpy.core._multiarray_umath', 'numpy.core.multiarray'],
  ['numpy._core._multiarray_umath', 'numpy.core.multiarray'],
]);

/** Names of Python 2's builtins that Python 3 reads as others (CPython's `_compat_pickle`); it writes them too, in protocols 0 to 2. */
const RENAMED_BUILTINS: ReadonlyMap<string, string> = new Map([
  ['long', 'int'],
  ['unicode', 'str'],
  ['xrange', 'range'],
  ['unichr', 'chr'],
]);

/** One spelling for names that moved between Python 2 and 3 or numpy 1 and 2: `numpy.core.multiarray.scalar`. */
export function modernName(module: string, name: string): string {
  if (module === '__builtin__') {
    return `builtins.${RENAMED_BUILTINS.get(name) ?? name}`;
  }
  const renamed = RENAMED_MODULES.get(module);
  if (renamed !== undefined) {
    return `${renamed}.${name}`;
  }
  return module.startsWith('numpy._core.') ? `numpy.core.${module.slice(12)}.${name}` : `${module}.${name}`;
}

/** Bytes of a value that stands for bytes: bytes, Python 2 strings, and protocol 2's `_codecs.encode(text, 'latin1')`; else null. */
export function asBytes(value: Inert | undefined): Uint8Array | null {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (typeof value === 'string') {
    return latin1Bytes(value);
  }
  const object = asKind(value, 'object');
  if (object === null) {
    return null;
  }
  const called = calledName(object);
  if (called === '_codecs.encode') {
    const [text, encoding] = object.args;
    const latin = encoding === 'latin1' || encoding === 'latin-1';
    return typeof text === 'string' && latin ? latin1Bytes(text) : null;
  }
  if (called === 'builtins.bytearray' || called === 'builtins.bytes') {
    const [source] = object.args;
    if (object.args.length === 0) {
      return new Uint8Array(0);
    }
    // bytearray(text, 'latin-1') is protocol 2; bytearray(bytes) protocol 3 and 4.
    return source instanceof Uint8Array || object.args.length === 2 || asKind(source, 'object') !== null
      ? asBytesOnce(source)
      : null;
  }
  return null;
}

/** As `asBytes` without following another bytearray, so that a chain of them cannot nest. */
function asBytesOnce(value: Inert | undefined): Uint8Array | null {
  const object = asKind(value, 'object');
  return object === null || calledName(object) === '_codecs.encode' ? asBytes(value) : null;
}

function latin1Bytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'latin1');
  // Beyond U+00FF the conversion drops bits, so the text was no bytes.
  return bytes.toString('latin1') === text ? bytes : null;
}

const dtypes = new WeakMap<object, DType>();

/** The dtype that a value describes; throws LL3003 where it describes none. */
export function readDType(value: Inert | undefined, depth = 0): DType {
  if (depth > MAX_DTYPE_DEPTH) {
    throw broken('a dtype nested too deeply');
  }
  const global = asKind(value, 'global');
  if (global !== null) {
    return dtypeFromType(global.module, global.name);
  }
  const object = asKind(value, 'object');
  if (object === null || !isDTypeRecord(object)) {
    throw broken('a dtype that is none', object?.offset);
  }
  const known = dtypes.get(object);
  if (known !== undefined) {
    return known;
  }
  const dtype = dtypeFromRecord(object, depth);
  dtypes.set(object, dtype);
  return dtype;
}

/** Whether a record makes a dtype. */
export function isDTypeRecord(object: PyObject): boolean {
  const called = calledName(object);
  return called === 'numpy.dtype' || called === 'numpy.core.multiarray.dtype';
}

function dtypeFromType(module: string, name: string): DType {
  const spec = /^(numpy|builtins|__builtin__)$/.test(module) ? TYPE_SPECS.get(name) : undefined;
  if (spec === undefined) {
    throw broken(`the dtype ${module}.${name}, which is not known`);
  }
  return dtypeFromSpec(spec);
}

function dtypeFromSpec(spec: string, offset?: number): DType {
  const dtype = parseDType(spec);
  if (dtype === null) {
    throw broken(`the dtype '${spec.slice(0, 40)}', which is not known`, offset);
  }
  return dtype;
}

function dtypeFromRecord(object: PyObject, depth: number): DType {
  const [spec] = object.args;
  const type = asKind(spec, 'global');
  const base =
    type !== null
      ? dtypeFromType(type.module, type.name)
      : typeof spec === 'string'
        ? dtypeFromSpec(spec, object.offset)
        : null;
  if (base === null) {
    throw broken('a dtype without its name', object.offset);
  }
  if (object.state === undefined) {
    return base;
  }
  // (version, byte order, sub-array, names, fields, element size, alignment, flags[, metadata])
  const state = asKind(object.state, 'tuple')?.items;
  if (state === undefined || state.length < 7) {
    throw broken('a dtype with a state that numpy does not write', object.offset);
  }
  const [, order, subArray, names, fields, elementSize] = state;
  const littleEndian = order !== '>' && !(order instanceof Uint8Array && order[0] === 0x3e);
  if (subArray !== null) {
    return subArrayDType(subArray, depth, object.offset);
  }
  if (names !== null) {
    return structDType(names, asKind(fields, 'dict'), elementSize, depth, object.offset);
  }
  const flexible = base.kind === 'S' || base.kind === 'U' || base.kind === 'V';
  const itemSize =
    flexible && typeof elementSize === 'number' && elementSize >= 0 ? elementSize : base.itemSize;
  if (base.kind === 'U' && itemSize % 4 !== 0) {
    throw broken(`a string dtype of ${itemSize} bytes an element`, object.offset);
  }
  return { ...base, itemSize, littleEndian };
}

function subArrayDType(subArray: Inert | undefined, depth: number, offset: number): DType {
  const [element, shape] = asKind(subArray, 'tuple')?.items ?? [];
  const base = readDType(element, depth + 1);
  const subShape = [...readShape(shape, offset), ...base.subShape];
  const itemSize = product(subShape, base.itemSize);
  if (itemSize === null) {
    throw broken('a sub-array dtype too large to exist', offset);
  }
  return { ...base, itemSize, subShape };
}

function structDType(
  names: Inert | undefined,
  fields: PyDict | null,
  elementSize: Inert | undefined,
  depth: number,
  offset: number,
): DType {
  const list = asKind(names, 'tuple')?.items;
  if (list === undefined || fields === null || !isSize(elementSize)) {
    throw broken('a structured dtype without its fields', offset);
  }
  const byName = new Map(fields.entries.map(([key, field]) => [key, field]));
  const seen = new Set<string>();
  const out = list.map((name): DTypeField => {
    const field = asKind(byName.get(name), 'tuple')?.items;
    if (typeof name !== 'string' || field === undefined || seen.has(name)) {
      throw broken('a structured dtype with a field that is not described', offset);
    }
    seen.add(name);
    const dtype = readDType(field[0], depth + 1);
    const at = field[1];
    if (!isSize(at) || at + dtype.itemSize > elementSize) {
      throw broken(`a structured dtype whose field '${name}' lies outside the element`, offset);
    }
    return { name, dtype, offset: at };
  });
  return { kind: 'V', itemSize: elementSize, littleEndian: true, fields: out, subShape: [] };
}

/** Whether elements are, or hold, Python objects. */
export function hasObjects(dtype: DType): boolean {
  return dtype.kind === 'O' || (dtype.fields?.some((field) => hasObjects(field.dtype)) ?? false);
}

/** A shape: a tuple of sizes, which may be numpy scalars. */
export function readShape(value: Inert | undefined, offset?: number): number[] {
  const items =
    asKind(value, 'tuple')?.items ?? asKind(value, 'list')?.items ?? (isSize(value) ? [value] : null);
  if (items === null || items.length > MAX_DIMENSIONS) {
    throw broken('an array without a shape', offset);
  }
  return items.map((item) => {
    const object = asKind(item, 'object');
    const size = object === null ? item : scalarValue(object);
    if (!isSize(size)) {
      throw broken('an array with a size that is no count', offset);
    }
    return size;
  });
}

function isSize(value: Inert | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** `start` times every size, or null where that is no safe integer. */
function product(sizes: readonly number[], start: number): number | null {
  let total = start;
  for (const size of sizes) {
    // A zero further on must not hide sizes that overflow before it.
    total *= size;
    if (!Number.isSafeInteger(total)) {
      return null;
    }
  }
  return total;
}

/** Number of elements of an array whose elements lie in `available` bytes from some offset on; throws when they do not fit. */
export function checkedCount(
  shape: readonly number[],
  dtype: DType,
  available: number,
  offset?: number,
): number {
  const count = product(shape, 1);
  if (count === null || !Number.isSafeInteger(count * dtype.itemSize)) {
    throw broken(`an array of shape [${shape.join(', ')}], too large to exist`, offset);
  }
  if (count === 0 && shape.some((n) => n > MAX_EMPTY_DIMENSION)) {
    throw broken(`an empty array of shape [${shape.join(', ')}]`, offset);
  }
  if (count > 0 && dtype.itemSize === 0) {
    throw broken(`an array of ${count} elements of 0 bytes`, offset);
  }
  if (count * dtype.itemSize > available) {
    throw new LoadlineError(
      'LL3002',
      `Cannot read the file: an array of shape [${shape.join(', ')}] needs ${count * dtype.itemSize} bytes, found ${available}${at(offset)}`,
      offset === undefined ? {} : { offset },
    );
  }
  return count;
}

/** An array over bytes that it fills exactly. */
export function bytesArray(
  dtype: DType,
  shape: readonly number[],
  fortran: boolean,
  bytes: Uint8Array,
  offset?: number,
): NdArray<Inert> {
  const count = checkedCount(shape, dtype, bytes.length, offset);
  if (count * dtype.itemSize !== bytes.length) {
    throw broken(
      `an array of shape [${shape.join(', ')}] with ${bytes.length} bytes, expected ${count * dtype.itemSize}`,
      offset,
    );
  }
  // A sub-array dtype adds its sizes to the shape, as numpy does when it makes the array.
  return {
    kind: 'ndarray',
    dtype: dtype.subShape.length === 0 ? dtype : { ...dtype, itemSize: baseSize(dtype), subShape: [] },
    shape: [...shape, ...dtype.subShape],
    fortran,
    bytes,
    objects: null,
  };
}

function baseSize(dtype: DType): number {
  const cells = product(dtype.subShape, 1) ?? 0;
  return cells === 0 ? 0 : dtype.itemSize / cells;
}

function objectArray(
  dtype: DType,
  shape: readonly number[],
  fortran: boolean,
  items: readonly Inert[],
  offset: number,
): NdArray<Inert> {
  const count = product(shape, 1);
  if (count !== items.length || (count === 0 && shape.some((n) => n > MAX_EMPTY_DIMENSION))) {
    throw broken(`an array of shape [${shape.join(', ')}] with ${items.length} objects`, offset);
  }
  return { kind: 'ndarray', dtype, shape, fortran, bytes: new Uint8Array(0), objects: items };
}

const arrays = new WeakMap<PyObject, NdArray<Inert>>();

/** The array that a record of numpy describes; null where it describes none. */
export function recordedArray(object: PyObject): NdArray<Inert> | null {
  const known = arrays.get(object);
  if (known !== undefined) {
    return known;
  }
  const called = calledName(object);
  const array =
    called === 'numpy.core.multiarray._reconstruct' || called === 'numpy.ma.core._mareconstruct'
      ? reconstructed(object)
      : called === 'numpy.core.numeric._frombuffer'
        ? fromBuffer(object)
        : null;
  if (array !== null) {
    arrays.set(object, array);
  }
  return array;
}

/** `_reconstruct(type, (0,), b'b')` and a state of ([version,] shape, dtype, is Fortran, bytes or list[, mask, fill]). */
function reconstructed(object: PyObject): NdArray<Inert> | null {
  const all = asKind(object.state, 'tuple')?.items;
  if (all === undefined) {
    return null;
  }
  // numpy before 1.0.2 wrote no version, which is the only number that can stand first.
  const [shapeValue, dtypeValue, fortranValue, data] = typeof all[0] === 'number' ? all.slice(1) : all;
  const dtype = readDType(dtypeValue);
  const shape = readShape(shapeValue, object.offset);
  const fortran = fortranValue === true || fortranValue === 1;
  const list = asKind(data, 'list');
  if (list !== null) {
    return objectArray(dtype, shape, fortran, list.items, object.offset);
  }
  const bytes = asBytes(data);
  if (bytes === null || hasObjects(dtype)) {
    throw broken('an array without its elements', object.offset);
  }
  return bytesArray(dtype, shape, fortran, bytes, object.offset);
}

/** `_frombuffer(buffer, dtype, shape, order[, axes])`, protocol 5. */
function fromBuffer(object: PyObject): NdArray<Inert> {
  const [buffer, dtypeValue, shapeValue, order, axes] = object.args;
  const bytes = asBytes(buffer);
  const dtype = readDType(dtypeValue);
  const shape = readShape(shapeValue, object.offset);
  if (bytes === null || hasObjects(dtype)) {
    throw broken('an array without its elements', object.offset);
  }
  if (order === 'K' && asKind(axes, 'tuple') !== null) {
    return permuteAxes(bytesArray(dtype, shape, false, bytes, object.offset), readShape(axes, object.offset));
  }
  if (order !== 'C' && order !== 'F') {
    throw broken('an array in an order that is not C or F', object.offset);
  }
  return bytesArray(dtype, shape, order === 'F', bytes, object.offset);
}

/** Value of a numpy scalar; undefined where the record is none, or a kind that has no plain value (dates, complex, structs). */
export function scalarValue(object: PyObject): Inert | undefined {
  if (calledName(object) !== 'numpy.core.multiarray.scalar') {
    return undefined;
  }
  const [dtypeValue, data] = object.args;
  const dtype = readDType(dtypeValue);
  if (dtype.kind === 'O') {
    return data;
  }
  const bytes = data === undefined ? new Uint8Array(dtype.itemSize) : asBytes(data);
  if (bytes === null || bytes.length !== dtype.itemSize) {
    throw broken(
      `a numpy scalar of ${bytes?.length ?? 'no'} bytes, expected ${dtype.itemSize}`,
      object.offset,
    );
  }
  return readScalar(dtype, bytes) ?? undefined;
}

function broken(what: string, offset?: number): LoadlineError {
  return new LoadlineError(
    'LL3003',
    `Cannot read the file: it holds ${what}${at(offset)}`,
    offset === undefined ? {} : { offset },
  );
}

function at(offset: number | undefined): string {
  return offset === undefined ? '' : ` (byte ${offset})`;
}
