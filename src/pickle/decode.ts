/** What the records of an inert tree stand for: numpy arrays and scalars, Python's containers, attributes of objects. */
import { LoadlineError } from '../errors.ts';
import { toLabels } from '../tensor/convert.ts';
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

/** Longest RangeIndex that is written out. */
const MAX_RANGE = 10_000_000;

/**
 * Labels of a pandas Index (of objects, strings in any of pandas' forms, numbers, or a range), plain; null when the value
 * is none, or a MultiIndex.
 */
export function stringIndex(value: Inert): readonly Inert[] | null {
  const object = asKind(value, 'object');
  if (object === null || calledName(object) !== 'pandas.core.indexes.base._new_Index') {
    return null;
  }
  const fields = object.args[1] ?? null;
  const data = dictGet(fields, 'data');
  if (data === undefined) {
    return rangeOf(fields);
  }
  const array = asNdArray(data) ?? stringArray(data);
  if (array === null) {
    return arrowStrings(data);
  }
  if (array.shape.length !== 1) {
    return null;
  }
  return array.objects === null ? toLabels(array) : array.objects.map(plain);
}

function rangeOf(fields: Inert): readonly number[] | null {
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => plain(dictGet(fields, name) ?? null));
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number' || step === 0) {
    return null;
  }
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return length > MAX_RANGE ? null : Array.from({ length }, (_, i) => start + i * step);
}

/** The objects of pandas' StringArray: `__pyx_unpickle_NDArrayBacked(class, checksum, state)`, state = (dtype, array). */
function stringArray(value: Inert): NdArray<Inert> | null {
  const object = asKind(value, 'object');
  if (object === null || calledName(object) !== 'pandas._libs.arrays.__pyx_unpickle_NDArrayBacked') {
    return null;
  }
  const state = asKind(object.state ?? object.args[2], 'tuple')?.items;
  return state?.[1] === undefined ? null : asNdArray(state[1]);
}

/**
 * The strings of pandas' ArrowStringArray. pyarrow pickles an array as `_restore_array((type, length, nulls, offset,
 * [validity, offsets, characters], children, dictionary))`; Arrow's columnar format, variable-size binary layout.
 */
function arrowStrings(value: Inert): readonly Inert[] | null {
  const object = asKind(value, 'object');
  const restored = object === null ? null : asKind(attributesOf(object).get('_pa_array'), 'object');
  if (restored === null || calledName(restored) !== 'pyarrow.lib._restore_array') {
    return null;
  }
  const [type, length, , offset, buffers] = asKind(restored.args[0], 'tuple')?.items ?? [];
  const typeName = asKind(type, 'object')?.args[0];
  const [validity, offsets, characters] = (asKind(buffers, 'list')?.items ?? []).map(arrowBuffer);
  const width = typeName === 'large_string' ? 8 : typeName === 'string' ? 4 : null;
  if (width === null || !isCount(length) || !isCount(offset) || offsets == null || validity === undefined) {
    return null;
  }
  const text = characters ?? Buffer.alloc(0);
  if ((offset + length + 1) * width > offsets.length) {
    throw new LoadlineError(
      'LL3003',
      `Cannot read the file: it holds ${length} strings without their offsets`,
    );
  }
  const end = (i: number) =>
    width === 8 ? Number(offsets.readBigInt64LE(i * 8)) : offsets.readInt32LE(i * 4);
  let from = end(offset);
  return Array.from({ length }, (_, i) => {
    const at = offset + i;
    const start = from;
    from = end(at + 1);
    // Rising offsets also bound what all strings take together.
    if (start < 0 || from < start || from > text.length) {
      throw new LoadlineError('LL3003', 'Cannot read the file: it holds a string outside of its characters');
    }
    const isNull = validity !== null && ((validity[at >> 3] ?? 0) & (1 << (at & 7))) === 0;
    return isNull ? null : text.toString('utf8', start, from);
  });
}

/** Bytes of `py_buffer(bytes)`; null for None or something else. */
function arrowBuffer(value: Inert): Buffer | null {
  const object = asKind(value, 'object');
  const bytes =
    object === null || calledName(object) !== 'pyarrow.lib.py_buffer' ? null : asBytes(object.args[0]);
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function isCount(value: Inert | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_RANGE;
}
