/**
 * The attributes of one estimator, read with checks: every getter names the attribute, what was wanted and what was
 * found when it refuses.
 */
import { LoadlineError } from '../errors.ts';
import type { Label } from '../model/data.ts';
import type { Feature } from '../model/fitted.ts';
import { asNdArray, attributesOf, plain } from '../pickle/decode.ts';
import type { Inert, PyDict, PyObject } from '../pickle/inert.ts';
import { qualifiedName } from '../pickle/inert.ts';
import { toFloat64, toInt32, toLabels } from '../tensor/convert.ts';
import type { NdArray } from '../tensor/ndarray.ts';
import { dtypeName } from '../tensor/ndarray.ts';

/** A matrix of fitted numbers, row-major `[rows, cols]`. */
export interface FloatMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** What an array attribute must be. `null` in a shape stands for any size. */
export interface ArrayCheck {
  readonly shape?: readonly (number | null)[];
  /** Allow NaN and infinities; refused by default, as a fitted parameter that is not finite spoils every answer. */
  readonly nonFinite?: boolean;
}

export class EstimatorState {
  /** Bare class name. */
  readonly name: string;
  /** scikit-learn's version as [major, minor] from `_sklearn_version`; [0, 0] where the file does not say. */
  readonly version: readonly [number, number];
  /** Where the estimator stands in the model, for messages: `Pipeline.steps[1]`. */
  readonly path: string;
  readonly attributes: ReadonlyMap<string, Inert>;
  readonly object: PyObject;

  constructor(object: PyObject, path: string, inherited: readonly [number, number]) {
    this.object = object;
    this.path = path;
    this.name = (qualifiedName(object) ?? 'unknown').split('.').at(-1) ?? 'unknown';
    this.attributes = attributesOf(object);
    this.version = parseVersion(this.attributes.get('_sklearn_version')) ?? inherited;
  }

  /** Whether scikit-learn's version is at least `major.minor`. */
  since(major: number, minor: number): boolean {
    return this.version[0] > major || (this.version[0] === major && this.version[1] >= minor);
  }

  has(attribute: string): boolean {
    return this.attributes.has(attribute);
  }

  /** First of the names the state has: for attributes that were renamed. Throws LL4002 when there is none. */
  anyOf(...names: readonly string[]): string {
    for (const name of names) {
      const value = this.attributes.get(name);
      // The slot of a deprecated alias is left behind holding this word.
      if (value !== undefined && value !== 'deprecated') {
        return name;
      }
    }
    throw this.missing(names[0] ?? '?');
  }

  /** The value with numpy scalars and Python wrappers unwrapped. Throws LL4002 when it is absent. */
  value(attribute: string): Inert {
    const value = this.attributes.get(attribute);
    if (value === undefined) {
      throw this.missing(attribute);
    }
    return plain(value);
  }

  /** As `value`, but undefined when it is absent. */
  optional(attribute: string): Inert | undefined {
    return this.has(attribute) ? this.value(attribute) : undefined;
  }

  number(attribute: string): number {
    const value = this.value(attribute);
    if (typeof value === 'number') {
      return value;
    }
    if (typeof value === 'boolean' || typeof value === 'bigint') {
      return Number(value);
    }
    const array = asNdArray(value);
    if (array?.shape.every((n) => n === 1) && array.dtype.kind !== 'O') {
      return toFloat64(array)[0]!;
    }
    throw this.wrong(attribute, 'a number', value);
  }

  integer(attribute: string): number {
    const value = this.number(attribute);
    if (!Number.isSafeInteger(value)) {
      throw this.wrong(attribute, 'an integer', value);
    }
    return value;
  }

  boolean(attribute: string): boolean {
    const value = this.value(attribute);
    if (typeof value === 'boolean') {
      return value;
    }
    if (value === 0 || value === 1) {
      return value === 1;
    }
    throw this.wrong(attribute, 'True or False', value);
  }

  string(attribute: string): string {
    const value = this.value(attribute);
    if (typeof value !== 'string') {
      throw this.wrong(attribute, 'a string', value);
    }
    return value;
  }

  /** A string that must be one of `choices`. Throws LL4004 for another: an option this reader does not know. */
  choice<T extends string>(attribute: string, choices: readonly T[]): T {
    const value = this.value(attribute);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      throw this.unsupported(attribute, choices.map((c) => `'${c}'`).join(', '), value);
    }
    return found;
  }

  /** A numpy array of any dtype. `value` is read in place of the attribute: an item of a list, named `coefs_[0]`. */
  array(attribute: string, check: ArrayCheck = {}, value: Inert = this.value(attribute)): NdArray<Inert> {
    const array = asNdArray(value);
    if (array === null) {
      throw this.wrong(attribute, 'an array', value);
    }
    if (check.shape !== undefined && !shapeMatches(array.shape, check.shape)) {
      throw this.wrong(attribute, `shape ${shapeText(check.shape)}`, value);
    }
    return array;
  }

  /** A numeric array as float64 in C order; a list of numbers is taken too. Throws LL4003 on a wrong shape, dtype or a value that is not finite. */
  floats(attribute: string, check: ArrayCheck = {}, value: Inert = this.value(attribute)): Float64Array {
    const array = asNdArray(value);
    if (array === null) {
      const list = this.numberList(attribute, value);
      if (check.nonFinite !== true && !list.every(Number.isFinite)) {
        throw this.wrong(attribute, 'finite numbers', value, 'NaN or an infinity among them');
      }
      if (check.shape !== undefined && !shapeMatches([list.length], check.shape)) {
        throw this.wrong(attribute, `shape ${shapeText(check.shape)}`, value);
      }
      return list;
    }
    this.array(attribute, check, array);
    if (!'biuf'.includes(array.dtype.kind)) {
      throw this.wrong(attribute, 'an array of numbers', value);
    }
    const data = toFloat64(array);
    if (check.nonFinite !== true && !data.every(Number.isFinite)) {
      throw this.wrong(attribute, 'finite numbers', value, 'NaN or an infinity among them');
    }
    return data;
  }

  /** A numeric matrix `[rows, cols]`; a vector counts as one row. */
  matrix(attribute: string, check: ArrayCheck = {}, value: Inert = this.value(attribute)): FloatMatrix {
    const array = this.array(attribute, check, value);
    const [first, second] = array.shape;
    if (array.shape.length === 1) {
      return { rows: 1, cols: first!, data: this.floats(attribute, check, array) };
    }
    if (array.shape.length !== 2) {
      throw this.wrong(attribute, 'a matrix', array);
    }
    return { rows: first!, cols: second!, data: this.floats(attribute, check, array) };
  }

  /** Integers or booleans as int32 in C order. Throws LL4003 where one does not fit. */
  ints(attribute: string, check: ArrayCheck = {}): Int32Array {
    const array = this.array(attribute, check);
    if (!'biu'.includes(array.dtype.kind)) {
      throw this.wrong(attribute, 'an array of integers', array);
    }
    return toInt32(array);
  }

  /** Class labels: strings, numbers or booleans, as they go to the user. */
  labels(attribute: string): readonly Label[] {
    return this.labelsOf(attribute, this.value(attribute));
  }

  /** Classes of every output: `classes_` is one array, or a list of them for a multi-output classifier. */
  classLists(attribute: string): readonly (readonly Label[])[] {
    const value = this.value(attribute);
    if (isList(value) && value.items.length > 0 && value.items.every((item) => asNdArray(item) !== null)) {
      return value.items.map((item, i) => this.labelsOf(`${attribute}[${i}]`, item));
    }
    return [this.labelsOf(attribute, value)];
  }

  /** Items of a list, tuple or one-dimensional object array. */
  list(attribute: string): readonly Inert[] {
    const value = this.value(attribute);
    if (isList(value)) {
      return value.items;
    }
    const array = asNdArray(value);
    if (array?.objects != null) {
      return array.objects;
    }
    throw this.wrong(attribute, 'a list', value);
  }

  dict(attribute: string): PyDict {
    const value = this.value(attribute);
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value.kind !== 'dict') {
      throw this.wrong(attribute, 'a dict', value);
    }
    return value;
  }

  /** A nested object (a Tree, a bin mapper, a calibrator) with the same getters. */
  nested(attribute: string, value: Inert = this.value(attribute)): EstimatorState {
    if (!isObject(value)) {
      throw this.wrong(attribute, 'an object', value);
    }
    return new EstimatorState(value, `${this.path}.${attribute}`, this.version);
  }

  /** `feature_names_in_`, or null where the model was trained without names. */
  featureNames(): readonly string[] | null {
    return this.has('feature_names_in_') ? this.labels('feature_names_in_').map(String) : null;
  }

  /** `n_features_in_` where the state has it, else null. */
  nFeatures(): number | null {
    for (const attribute of ['n_features_in_', 'n_features_', '_n_features']) {
      if (typeof this.optional(attribute) === 'number') {
        return this.integer(attribute);
      }
    }
    return null;
  }

  /**
   * The `count` numeric features of an estimator, with their names in training where it has them; `missing` says
   * whether it takes NaN. Throws LL4003 when the state counts another number of features.
   */
  numericFeatures(count: number, missing = false): readonly Feature[] {
    const counted = this.nFeatures();
    if (counted !== null && counted !== count) {
      throw this.wrong('n_features_in_', `${count}, as the fitted arrays have`, counted);
    }
    const names = this.featureNames();
    if (names !== null && names.length !== count) {
      throw this.wrong('feature_names_in_', `${count} names`, names.length);
    }
    if (names === null) {
      return new Array<Feature>(count).fill({ name: null, kind: 'number', missing });
    }
    return names.map((name): Feature => ({ name, kind: 'number', missing }));
  }

  /** LL4003 for an attribute that is not what the class has. */
  wrong(attribute: string, wanted: string, found: Inert, foundText = describe(found)): LoadlineError {
    const opaque = opaqueName(found);
    if (opaque !== null) {
      return new LoadlineError(
        'LL3006',
        `Cannot read "${attribute}" of ${this.name}: expected ${wanted}, found a value made by ${opaque.name} (byte ${opaque.offset})`,
        { where: this.path, offset: opaque.offset },
      );
    }
    return new LoadlineError(
      'LL4003',
      `Cannot read "${attribute}" of ${this.name}: expected ${wanted}, found ${foundText}`,
      { where: this.path },
    );
  }

  /** LL4004 for an option whose value is outside what is supported. */
  unsupported(attribute: string, wanted: string, found: Inert): LoadlineError {
    if (opaqueName(found) !== null) {
      return this.wrong(attribute, wanted, found);
    }
    return new LoadlineError(
      'LL4004',
      `Cannot use ${this.name} with ${attribute}=${describe(found)}: supported are ${wanted}`,
      {
        where: this.path,
      },
    );
  }

  private missing(attribute: string): LoadlineError {
    return new LoadlineError(
      'LL4002',
      `Cannot read "${attribute}" of ${this.name}: the state has no such attribute`,
      { where: this.path },
    );
  }

  private labelsOf(attribute: string, value: Inert): readonly Label[] {
    const array = asNdArray(value);
    const items =
      array === null
        ? isList(value)
          ? value.items.map(plain)
          : null
        : array.objects === null
          ? toLabels(array)
          : array.objects.map(plain);
    if (items === null) {
      throw this.wrong(attribute, 'an array of labels', value);
    }
    return items.map((item) => {
      if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
        return item;
      }
      if (typeof item === 'bigint') {
        return Number(item);
      }
      throw this.wrong(attribute, 'labels that are strings, numbers or booleans', item);
    });
  }

  private numberList(attribute: string, value: Inert): Float64Array {
    if (!isList(value)) {
      throw this.wrong(attribute, 'an array of numbers', value);
    }
    return Float64Array.from(value.items, (item) => {
      const number = plain(item);
      if (typeof number !== 'number') {
        throw this.wrong(attribute, 'a list of numbers', number);
      }
      return number;
    });
  }
}

/** Whether a value is a list or tuple. */
export function isList(
  value: Inert | undefined,
): value is Extract<Inert, { readonly kind: 'list' } | { readonly kind: 'tuple' }> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    (value.kind === 'list' || value.kind === 'tuple')
  );
}

/** Whether a value is the record of an instance or call. */
export function isObject(value: Inert | undefined): value is PyObject {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.kind === 'object'
  );
}

/** What a value is, in a few words for a message; never its contents beyond a short scalar. */
export function describe(value: Inert): string {
  if (value === null) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (typeof value === 'number' || typeof value === 'bigint') {
    return String(value);
  }
  if (typeof value === 'string') {
    return value.length > 40 ? `a string of ${value.length} characters` : `'${value}'`;
  }
  if (value instanceof Uint8Array) {
    return `${value.length} bytes`;
  }
  const array = asNdArray(value);
  if (array !== null) {
    return `${shapeText(array.shape)} ${dtypeName(array.dtype)}`;
  }
  switch (value.kind) {
    case 'global':
      return `${value.module}.${value.name}`;
    case 'object':
      return `a ${qualifiedName(value) ?? 'computed value'}`;
    case 'dict':
      return `a dict of ${value.entries.length}`;
    case 'ndarray':
      return 'an array';
    default:
      return `a ${value.kind} of ${value.items.length}`;
  }
}

function opaqueName(value: Inert): { readonly name: string; readonly offset: number } | null {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) {
    return null;
  }
  if (value.kind !== 'object' && value.kind !== 'global') {
    return null;
  }
  const name = qualifiedName(value) ?? 'a computed call';
  return /^(sklearn|numpy|scipy|pandas)\./.test(name) ? null : { name, offset: value.offset };
}

function parseVersion(value: Inert | undefined): readonly [number, number] | null {
  const match = typeof value === 'string' ? /^(\d+)\.(\d+)/.exec(value) : null;
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

function shapeMatches(found: readonly number[], wanted: readonly (number | null)[]): boolean {
  return found.length === wanted.length && wanted.every((n, i) => n === null || n === found[i]);
}

function shapeText(shape: readonly (number | null)[]): string {
  return `[${shape.map((n) => n ?? 'n').join(', ')}]`;
}
