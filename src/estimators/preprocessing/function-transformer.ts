/** FunctionTransformer: nothing, or one of numpy's elementwise functions. Any other function would have to be run. */
import { LoadlineError } from '../../errors.ts';
import type { Elementwise } from '../../kernels/elementwise.ts';
import { clipper, elementwise, missingReplacer, rounder } from '../../kernels/elementwise.ts';
import { toDense, toMatrix, toTable } from '../../model/coerce.ts';
import type { Csr, Data, Dense } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import { dictEntries, globalName, partialOf, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { asKind } from '../../pickle/numpy.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { countedFeatures, transformer } from '../transformer.ts';

type Mapping = (rows: Data) => Data;

/** Other names of numpy for the functions of `kernels/elementwise.ts`. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['abs', 'absolute'],
  ['round', 'around'],
  ['round_', 'around'],
]);

const WANTED = "None or one of numpy's functions of one argument, such as numpy.log1p";

export const functionTransformers = defineEstimators({
  rows: [{ name: 'FunctionTransformer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const nFeatures = countedFeatures(state);
    const validates = state.boolean('validate');
    const check: Mapping = validates ? (rows) => toMatrix(rows, name, nFeatures, 'finite') : (rows) => rows;
    const forward = readFunction(state, 'func', 'kw_args');
    const backward = readFunction(state, 'inverse_func', 'inv_kw_args');
    return transformer(state, features(state, nFeatures, forward !== null, validates), {
      transform: forward === null ? check : (rows) => forward(check(rows)),
      inverseTransform: backward === null ? (rows) => rows : backward,
    });
  },
});

/** Without a function columns of any kind pass; numpy's functions want numbers. */
function features(
  state: EstimatorState,
  nFeatures: number | null,
  numeric: boolean,
  validates: boolean,
): readonly Feature[] | null {
  if (nFeatures === null) {
    return null;
  }
  const all = state.numericFeatures(nFeatures, !validates);
  return numeric || validates ? all : all.map((feature): Feature => ({ ...feature, kind: 'any' }));
}

/** The function of an option, null for None. Throws LL3006, with the name and where it stands, for one that is not known. */
function readFunction(state: EstimatorState, attribute: string, argumentsAttribute: string): Mapping | null {
  const value = state.value(attribute);
  if (value === null) {
    return null;
  }
  const partial = partialOf(value);
  const func = partial?.func ?? value;
  const options = readArguments(state, argumentsAttribute, partial?.kwargs ?? []);
  if (globalName(func) === 'sklearn.utils.validation.check_array') {
    return checkArray(state.name, options);
  }
  // An argument bound by position stands before the rows: no function of one argument has a place for it.
  const name = (partial?.args.length ?? 0) > 0 ? null : numpyName(func);
  const map = name === null ? null : functionNamed(state, name, options, argumentsAttribute);
  if (map === null) {
    throw unknownFunction(state, attribute, func);
  }
  return (rows) => mapValues(rows, state.name, map);
}

/** LL3006 for a function by its name: numpy's own among them, as their code would have to run as well. */
function unknownFunction(state: EstimatorState, attribute: string, value: Inert): LoadlineError {
  const found = asKind(value, 'global') ?? asKind(value, 'object');
  if (found === null) {
    return state.wrong(attribute, WANTED, value);
  }
  return new LoadlineError(
    'LL3006',
    `Cannot read "${attribute}" of ${state.name}: expected ${WANTED}, found ${qualifiedName(found) ?? 'a computed call'} (byte ${found.offset})`,
    { where: state.path, offset: found.offset },
  );
}

/** Bare name of one of numpy's own functions; null for anything else. */
function numpyName(value: Inert): string | null {
  // numpy.emath has functions of the same names that turn complex instead of NaN.
  if (qualifiedName(value)?.includes('scimath') === true) {
    return null;
  }
  const bare = /^numpy\.(\w+)$/.exec(globalName(value) ?? '')?.[1];
  return bare === undefined ? null : (ALIASES.get(bare) ?? bare);
}

function functionNamed(
  state: EstimatorState,
  name: string,
  options: ReadonlyMap<string, Inert>,
  attribute: string,
): Elementwise | null {
  const number = <D extends number | null>(byDefault: D, ...names: string[]): number | D => {
    for (const key of names) {
      const value = options.get(key);
      if (typeof value === 'number') {
        return value;
      }
      if (value !== undefined && value !== null) {
        throw state.unsupported(`${attribute}['${key}']`, 'a number', value);
      }
    }
    return byDefault;
  };
  const only = (...names: string[]): void => {
    const extra = [...options.keys()].find((key) => !names.includes(key));
    if (extra !== undefined) {
      throw state.unsupported(attribute, names.length === 0 ? 'none' : names.join(', '), extra);
    }
  };
  switch (name) {
    case 'clip':
      only('a_min', 'a_max', 'min', 'max');
      return clipper(number(null, 'a_min', 'min'), number(null, 'a_max', 'max'));
    case 'around':
      only('decimals');
      return rounder(number(0, 'decimals'));
    case 'nan_to_num':
      only('nan', 'posinf', 'neginf', 'copy');
      return missingReplacer(number(0, 'nan'), number(null, 'posinf'), number(null, 'neginf'));
    default: {
      const map = elementwise(name);
      if (map !== undefined) {
        only();
      }
      return map ?? null;
    }
  }
}

/** Keyword arguments by name, over those that a `functools.partial` has bound. */
function readArguments(
  state: EstimatorState,
  attribute: string,
  bound: readonly (readonly [Inert, Inert])[],
): ReadonlyMap<string, Inert> {
  const value = state.optional(attribute) ?? null;
  const entries = value === null ? [] : dictEntries(value);
  if (entries === null) {
    throw state.wrong(attribute, 'a dict of keyword arguments', value);
  }
  return new Map([...bound, ...entries].map(([key, item]) => [String(key), plain(item)]));
}

/** `functools.partial(check_array, …)`: what HistGradientBoosting puts in front of columns that are not categories. */
function checkArray(name: string, options: ReadonlyMap<string, Inert>): Mapping {
  const finite = options.get('ensure_all_finite') ?? options.get('force_all_finite');
  return (rows) =>
    toDense(rows, name, null, finite === false ? 'any' : finite === 'allow-nan' ? 'nan' : 'finite');
}

/** Applies a function to every value; a table keeps its column names, and a sparse matrix stays so where zeros do. */
function mapValues(rows: Data, name: string, map: Elementwise): Data {
  if (rows.kind === 'csr' && map(0) === 0) {
    return { ...rows, data: rows.data.map(map) } satisfies Csr;
  }
  const dense = toDense(rows, name, null, 'any');
  const data = dense.data.map(map);
  if (dense.float32 === true) {
    data.set(Float32Array.from(data));
  }
  const out: Dense = { ...dense, data };
  return rows.kind === 'table' ? { ...toTable(out, name, null), names: rows.names } : out;
}
