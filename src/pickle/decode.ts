/** What the records of an inert tree stand for: numpy arrays and scalars, Python's containers, attributes of objects. */
import { LoadlineError } from '../errors.ts';
import { toFloat64, toInt32 } from '../tensor/convert.ts';
import type { NdArray } from '../tensor/ndarray.ts';
import type { Inert, PyDict, PyObject, PySet } from './inert.ts';
import { asBytes, asKind, calledName, modernName, recordedArray, scalarValue } from './numpy.ts';

const plains = new WeakMap<PyObject, Inert>();

/**
 * A record that stands for a plain value as that value: numpy scalars, `np.str_`, bytes and bytearray, and the calls of
 * set, frozenset, list, tuple, dict, OrderedDict and defaultdict. Anything else, and what lies inside, stays as it is.
 * Throws LL3003 for a numpy scalar that lies about its size.
 */
export function plain(value: Inert): Inert {
  const object = asKind(value, 'object');
  if (object === null) {
    return value;
  }
  const known = plains.get(object);
  if (known !== undefined) {
    return known;
  }
  const found = plainOf(object);
  plains.set(object, found);
  return found;
}

function plainOf(object: PyObject): Inert {
  const called = calledName(object);
  const [first, second] = object.args;
  switch (called) {
    case 'numpy.core.multiarray.scalar':
      return scalarValue(object) ?? object;
    case '_codecs.encode':
    case 'builtins.bytes':
    case 'builtins.bytearray':
      return asBytes(object) ?? object;
    case 'builtins.set':
    case 'builtins.frozenset': {
      const items = itemsOf(first);
      const set: PySet | null =
        items === null ? null : { kind: 'set', frozen: called === 'builtins.frozenset', items: [...items] };
      return set ?? object;
    }
    case 'builtins.list': {
      const items = itemsOf(first);
      return items === null ? object : { kind: 'list', items: [...items, ...(object.listItems ?? [])] };
    }
    case 'builtins.tuple': {
      const items = itemsOf(first);
      return items === null ? object : { kind: 'tuple', items };
    }
    case 'builtins.dict':
    case 'collections.OrderedDict':
      return dictOf(object, first) ?? object;
    case 'collections.defaultdict':
      return dictOf(object, second) ?? object;
    default:
      return object;
  }
}

/** Items of a list, tuple or set; none when there is no argument; null for anything else. */
function itemsOf(value: Inert | undefined): readonly Inert[] | null {
  if (value === undefined) {
    return [];
  }
  return (asKind(value, 'list') ?? asKind(value, 'tuple') ?? asKind(value, 'set'))?.items ?? null;
}

/** A dict from its constructor's argument (a dict or a list of pairs) and what SETITEMS added. */
function dictOf(object: PyObject, source: Inert | undefined): PyDict | null {
  const entries: (readonly [Inert, Inert])[] = [];
  const dict = asKind(source, 'dict');
  if (dict !== null) {
    for (const entry of dict.entries) {
      entries.push(entry);
    }
  } else {
    for (const item of itemsOf(source) ?? [null]) {
      const pair = asKind(item, 'tuple')?.items ?? asKind(item, 'list')?.items;
      if (pair?.length !== 2) {
        return null;
      }
      entries.push([pair[0]!, pair[1]!]);
    }
  }
  for (const entry of object.dictItems ?? []) {
    entries.push(entry);
  }
  return { kind: 'dict', entries };
}

/**
 * A numpy array in any form it is written: joblib's, `_reconstruct`, protocol 5's `_frombuffer`, the data of a masked
 * array, a matrix. Null when the value is none. Throws LL3003 or LL3002 where it lies about its size.
 */
export function asNdArray(value: Inert): NdArray<Inert> | null {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) {
    return null;
  }
  return value.kind === 'ndarray' ? value : value.kind === 'object' ? recordedArray(value) : null;
}

const attributes = new WeakMap<PyObject, ReadonlyMap<string, Inert>>();

/** Attributes that BUILD gave an object: a dict, or (dict, slots) merged; empty for any other state. A Bunch gives its items. */
export function attributesOf(object: PyObject): ReadonlyMap<string, Inert> {
  const known = attributes.get(object);
  if (known !== undefined) {
    return known;
  }
  const found = new Map<string, Inert>();
  if (calledName(object)?.endsWith('.Bunch') === true) {
    collect(found, object.dictItems ?? []);
  }
  const pair = asKind(object.state, 'tuple')?.items;
  const parts = pair?.length === 2 ? pair : [object.state];
  for (const part of parts) {
    collect(found, asKind(part, 'dict')?.entries ?? []);
  }
  attributes.set(object, found);
  return found;
}

function collect(into: Map<string, Inert>, entries: readonly (readonly [Inert, Inert])[]): void {
  for (const [key, value] of entries) {
    if (typeof key === 'string') {
      into.set(key, value);
    }
  }
}

/**
 * Entries of a dict (or of a record of one) with equal keys merged as Python does: the place of the first, the value of
 * the last. Keys come plain. Null when the value is no dict.
 */
export function dictEntries(value: Inert): readonly (readonly [Inert, Inert])[] | null {
  const dict = asKind(plain(value), 'dict');
  if (dict === null) {
    return null;
  }
  const places = new Map<unknown, number>();
  const out: (readonly [Inert, Inert])[] = [];
  for (const [rawKey, item] of dict.entries) {
    const key = plain(rawKey);
    const hash = hashable(key);
    const place = places.get(hash);
    if (place === undefined) {
      places.set(hash, out.length);
      out.push([key, item]);
    } else {
      out[place] = [out[place]![0], item];
    }
  }
  return out;
}

/** Value of a key by Python's equality (1 == 1.0 == True, but a string is never equal to bytes); undefined when it is not there. */
export function dictGet(value: Inert, key: Inert): Inert | undefined {
  const dict = asKind(plain(value), 'dict');
  const wanted = hashable(plain(key));
  for (let i = (dict?.entries.length ?? 0) - 1; i >= 0; i--) {
    const [candidate, item] = dict!.entries[i]!;
    if (sameValueZero(hashable(plain(candidate)), wanted)) {
      return item;
    }
  }
  return undefined;
}

function sameValueZero(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b));
}

/** Values a tuple key may hold, nested tuples included, before it counts as equal to itself only. */
const MAX_KEY_VALUES = 64;

/**
 * Something that a Map tells apart as Python tells dict keys apart: numbers by value, strings, bytes and short tuples by
 * content, the rest by identity. NaN is equal to NaN here, as numpy.nan is one object in Python.
 */
export function hashable(key: Inert): unknown {
  if (typeof key === 'boolean') {
    return Number(key);
  }
  if (typeof key === 'bigint') {
    // A float that large may be equal to it.
    return BigInt(Number(key)) === key ? Number(key) : key;
  }
  if (typeof key === 'string') {
    return `s${key}`;
  }
  if (key === null || typeof key === 'number') {
    return key;
  }
  if (key instanceof Uint8Array) {
    return `b${Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')}`;
  }
  if (key.kind === 'global') {
    return `g${key.module}\n${key.name}`;
  }
  return key.kind === 'tuple' ? (tupleText(key.items, { left: MAX_KEY_VALUES }) ?? key) : key;
}

function tupleText(items: readonly Inert[], budget: { left: number }): string | null {
  const parts: string[] = [];
  for (const item of items) {
    if (budget.left-- <= 0) {
      return null;
    }
    const value = plain(item);
    const tuple = asKind(value, 'tuple');
    const part = tuple === null ? hashable(value) : tupleText(tuple.items, budget);
    if (part === null && value !== null) {
      return null;
    }
    if (typeof part === 'object' && part !== null) {
      return null;
    }
    const text = `${typeof part}:${String(part)}`;
    parts.push(`${text.length}:${text}`);
  }
  return `t(${parts.join(',')})`;
}

/** A slice: its three parts, plain; strings where pandas columns are sliced by name. */
export interface Slice {
  readonly start: Inert;
  readonly stop: Inert;
  readonly step: Inert;
}

/** A `slice`; null when the value is none. */
export function sliceOf(value: Inert): Slice | null {
  const object = asKind(value, 'object');
  if (object === null || calledName(object) !== 'builtins.slice' || object.args.length !== 3) {
    return null;
  }
  const [start, stop, step] = object.args.map(plain);
  return { start: start!, stop: stop!, step: step! };
}

/** A `functools.partial`: what it calls and with what. */
export interface PartialCall {
  readonly func: Inert;
  readonly args: readonly Inert[];
  readonly kwargs: readonly (readonly [Inert, Inert])[];
}

/** A `functools.partial`; null when the value is none. */
export function partialOf(value: Inert): PartialCall | null {
  const object = asKind(value, 'object');
  if (object === null || calledName(object) !== 'functools.partial') {
    return null;
  }
  // state: (func, args, kwargs, attributes)
  const state = asKind(object.state, 'tuple')?.items;
  if (state?.length !== 4) {
    return null;
  }
  const [func, args, kwargs] = state;
  return {
    func: func!,
    args: asKind(args, 'tuple')?.items ?? [],
    kwargs: (kwargs === undefined ? null : dictEntries(kwargs)) ?? [],
  };
}

/**
 * Full public name of a function or class that a value refers to: `numpy.log1p` for every way numpy has spelled its
 * ufuncs, `scipy.special.expit`, `builtins.len`. Null when the value is no reference.
 */
export function globalName(value: Inert): string | null {
  const global = asKind(value, 'global');
  if (global !== null) {
    return publicName(global.module, global.name);
  }
  // numpy 1.19 and before: numpy.core._ufunc_reconstruct(module, name)
  const object = asKind(value, 'object');
  if (object === null || calledName(object) !== 'numpy.core._ufunc_reconstruct') {
    return null;
  }
  const [module, name] = object.args;
  return typeof module === 'string' && typeof name === 'string' ? publicName(module, name) : null;
}

function publicName(module: string, name: string): string {
  const full = modernName(module, name);
  const numpy = /^numpy\.(?:core|lib)\.(?:\w+\.)*(\w+)$/.exec(full);
  if (numpy !== null) {
    return `numpy.${numpy[1]}`;
  }
  return full.replace(/^scipy\.special\._\w+\./, 'scipy.special.');
}

/** A scipy.sparse matrix by rows, checked. */
export interface CsrMatrix {
  readonly nRows: number;
  readonly nCols: number;
  /** Where each row starts in `indices` and `data`; length `nRows + 1`, never falling. */
  readonly indptr: Int32Array;
  /** Column of each value, below `nCols`; never the same twice in a row. */
  readonly indices: Int32Array;
  readonly data: Float64Array;
}

/** Labels of a pandas Index, plain; null when the value is none or a MultiIndex. */
export function stringIndex(value: Inert): readonly Inert[] | null {
  const object = asKind(value, 'object');
  if (object === null || calledName(object) !== 'pandas.core.indexes.base._new_Index') {
    return null;
  }
  const [, fields] = object.args;
  const data = fields === undefined ? undefined : dictGet(fields, 'data');
  const array = data === undefined ? null : asNdArray(data);
  if (array?.shape.length !== 1 || array.objects === null) {
    return null;
  }
  return array.objects.map(plain);
}

/** Rows of a sparse matrix whose file does not hold one size per row: beyond it the size is taken for forged. */
const MAX_ROWS = 2 ** 24;

/**
 * A scipy.sparse csr, csc or coo matrix or array as csr, checked; entries of one cell are added up, as scipy does. A csr
 * of one dimension (scipy 1.15 and later) counts as one row. Null when the value is none of them. Throws LL3003 where its parts contradict each other.
 */
export function asCsr(value: Inert): CsrMatrix | null {
  const object = asKind(value, 'object');
  const format =
    object === null
      ? null
      : /^scipy\.sparse\..*\b_?(csr|csc|coo)_(?:matrix|array)$/.exec(calledName(object) ?? '')?.[1];
  if (object === null || format === null || format === undefined) {
    return null;
  }
  const attributes = attributesOf(object);
  const sizes = asKind(attributes.get('_shape'), 'tuple')?.items.map(plain);
  const shape = sizes?.length === 1 && format === 'csr' ? [1, ...sizes] : sizes;
  const [nRows, nCols] = shape ?? [];
  if (shape?.length !== 2 || !isIndex(nRows) || !isIndex(nCols)) {
    throw broken(object, 'a sparse matrix without a shape of two sizes');
  }
  const array = (name: string): NdArray<Inert> => {
    const found = asNdArray(attributes.get(name) ?? null);
    if (found?.shape.length !== 1) {
      throw broken(object, `a sparse matrix whose "${name}" is no vector`);
    }
    return found;
  };
  const data = toFloat64(array('data'));
  if (format === 'coo') {
    const [row, col] = cooCoordinates(attributes, array);
    return gathered(object, nRows, nCols, toInt32(row), toInt32(col), data);
  }
  const indptr = toInt32(array('indptr'));
  const indices = toInt32(array('indices'));
  const [major, minor] = format === 'csr' ? [nRows, nCols] : [nCols, nRows];
  checkCompressed(object, indptr, indices, data.length, major, minor);
  if (format === 'csr' && !hasRepeats(indptr, indices, minor)) {
    const used = indptr[major]!;
    return { nRows, nCols, indptr, indices: indices.subarray(0, used), data: data.subarray(0, used) };
  }
  const majors = new Int32Array(indptr[major]!);
  for (let i = 0; i < major; i++) {
    majors.fill(i, indptr[i]!, indptr[i + 1]!);
  }
  return format === 'csr'
    ? gathered(object, nRows, nCols, majors, indices, data)
    : gathered(object, nRows, nCols, indices, majors, data);
}

function cooCoordinates(
  attributes: ReadonlyMap<string, Inert>,
  array: (name: string) => NdArray<Inert>,
): readonly [NdArray<Inert>, NdArray<Inert>] {
  // scipy 1.13 and later: one tuple of coordinates.
  const [row, col] = asKind(attributes.get('coords'), 'tuple')?.items.map(asNdArray) ?? [];
  return row != null && col != null ? [row, col] : [array('row'), array('col')];
}

function isIndex(value: Inert | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fffffff;
}

function checkCompressed(
  object: PyObject,
  indptr: Int32Array,
  indices: Int32Array,
  nData: number,
  major: number,
  minor: number,
): void {
  if (indptr.length !== major + 1 || indptr[0] !== 0) {
    throw broken(object, `a sparse matrix with ${indptr.length} row starts, expected ${major + 1} from 0 on`);
  }
  for (let i = 0; i < major; i++) {
    if (indptr[i + 1]! < indptr[i]!) {
      throw broken(object, 'a sparse matrix whose row starts fall');
    }
  }
  const used = indptr[major]!;
  if (used > indices.length || used > nData) {
    throw broken(
      object,
      `a sparse matrix of ${used} entries with ${indices.length} indices and ${nData} values`,
    );
  }
  checkRange(object, indices, used, minor);
}

function checkRange(object: PyObject, indices: Int32Array, used: number, limit: number): void {
  for (let i = 0; i < used; i++) {
    const index = indices[i]!;
    if (index < 0 || index >= limit) {
      throw broken(object, `a sparse matrix with the index ${index}, expected 0 to ${limit - 1}`);
    }
  }
}

/** Whether a row names a column twice. */
function hasRepeats(indptr: Int32Array, indices: Int32Array, nCols: number): boolean {
  let sorted = true;
  for (let row = 0; row + 1 < indptr.length; row++) {
    for (let i = indptr[row]! + 1; i < indptr[row + 1]!; i++) {
      sorted &&= indices[i]! > indices[i - 1]!;
    }
  }
  if (sorted) {
    return false;
  }
  const lastRow = new Map<number, number>();
  for (let row = 0; row + 1 < indptr.length; row++) {
    for (let i = indptr[row]!; i < indptr[row + 1]!; i++) {
      const col = indices[i]!;
      if (col < nCols && lastRow.get(col) === row) {
        return true;
      }
      lastRow.set(col, row);
    }
  }
  return false;
}

/** Coordinates to csr, columns rising within a row, repeated cells added up in the order of the file. */
function gathered(
  object: PyObject,
  nRows: number,
  nCols: number,
  row: Int32Array,
  col: Int32Array,
  values: Float64Array,
): CsrMatrix {
  const n = row.length;
  if (nRows > MAX_ROWS || col.length < n || values.length < n) {
    throw broken(object, `a sparse matrix of ${nRows} rows with ${n} entries`);
  }
  checkRange(object, row, n, nRows);
  checkRange(object, col, n, nCols);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  order.sort((a, b) => row[a]! - row[b]! || col[a]! - col[b]! || a - b);
  const indptr = new Int32Array(nRows + 1);
  const indices = new Int32Array(n);
  const data = new Float64Array(n);
  let out = 0;
  let lastRow = -1;
  for (const at of order) {
    if (row[at] === lastRow && indices[out - 1] === col[at]) {
      data[out - 1]! += values[at]!;
    } else {
      lastRow = row[at]!;
      indices[out] = col[at]!;
      data[out++] = values[at]!;
      indptr[lastRow + 1]!++;
    }
  }
  for (let i = 0; i < nRows; i++) {
    indptr[i + 1]! += indptr[i]!;
  }
  return { nRows, nCols, indptr, indices: indices.slice(0, out), data: data.slice(0, out) };
}

function broken(object: PyObject, what: string): LoadlineError {
  return new LoadlineError('LL3003', `Cannot read the file: it holds ${what} (byte ${object.offset})`, {
    offset: object.offset,
  });
}
