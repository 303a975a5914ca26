/** From a class name in a pickle to the family that reads it. */
import { LoadlineError } from '../errors.ts';
import type { Fitted } from '../model/fitted.ts';
import type { Inert, PyObject } from '../pickle/inert.ts';
import { qualifiedName } from '../pickle/inert.ts';
import type { EstimatorFamily, EstimatorRow } from './define.ts';
import { FAMILIES } from './list.ts';
import { describe, EstimatorState, isObject } from './state.ts';

interface Entry {
  readonly family: EstimatorFamily;
  readonly row: EstimatorRow;
}

const BY_NAME: ReadonlyMap<string, readonly Entry[]> = indexByName();

/** Whether `module.name` is an estimator that can be read. */
export function isEstimator(module: string, name: string): boolean {
  return find(`${module}.${name}`) !== undefined;
}

/** Every supported class, sorted, as `sklearn.package.Class`. */
export function supportedClasses(): readonly string[] {
  return FAMILIES.flatMap((family) => family.rows.map((row) => `${row.module}.${row.name}`)).sort();
}

/**
 * Builds the evaluator of a fitted estimator and of all its parts. `path` names it in messages.
 * Throws LL4001 for a scikit-learn class that is not supported, LL3006 for a class of another origin, LL4002 to LL4004
 * for a state that cannot be used, LL4005 when the value is no estimator at all, LL3004 for parts without end.
 */
export function resolveEstimator(
  value: Inert,
  path: string,
  version: readonly [number, number] = [0, 0],
): Fitted {
  return build(value, path, version, new Map(), 0).fitted;
}

/** Estimators within estimators: honest ones stay below a dozen, and each level may ask the next one twice a row. */
const MAX_DEPTH = 20;
/** Parts of a model, each counted as often as it is asked: a file can name one part many times at no cost. */
const MAX_PARTS = 200_000;

interface Built {
  readonly fitted: Fitted;
  /** Number of parts, this one and all below. */
  readonly parts: number;
}

/** `known` holds what was built before: a part that stands in several places is read once. */
function build(
  value: Inert,
  path: string,
  version: readonly [number, number],
  known: Map<PyObject, Built>,
  depth: number,
): Built {
  if (!isObject(value)) {
    throw new LoadlineError(
      'LL4005',
      `Cannot use ${path} as a model: expected an estimator, found ${describe(value)}`,
    );
  }
  const before = known.get(value);
  if (before !== undefined) {
    return before;
  }
  if (depth > MAX_DEPTH) {
    throw tooMany(`estimators within estimators, more than ${MAX_DEPTH} levels deep`, path);
  }
  const name = qualifiedName(value);
  const entry = name === null ? undefined : find(name);
  if (entry === undefined) {
    throw unknownClass(name ?? 'a computed call', path, value.offset);
  }
  const state = new EstimatorState(value, path, version);
  let parts = 1;
  const fitted = entry.family.read(state, entry.row, (part, label) => {
    const child = build(part, `${path}.${label}`, state.version, known, depth + 1);
    parts += child.parts;
    if (parts > MAX_PARTS) {
      throw tooMany(`more than ${MAX_PARTS} parts`, path);
    }
    return child.fitted;
  });
  const built = { fitted, parts };
  known.set(value, built);
  return built;
}

function tooMany(what: string, path: string): LoadlineError {
  return new LoadlineError('LL3004', `Cannot evaluate the model: it has ${what}`, { where: path });
}

function unknownClass(name: string, path: string, offset: number): LoadlineError {
  const bare = name.split('.').at(-1) ?? name;
  if (name.startsWith('sklearn.')) {
    return new LoadlineError('LL4001', `Cannot evaluate ${bare}: ${name} is not supported`, { where: path });
  }
  return new LoadlineError(
    'LL3006',
    `Cannot evaluate ${bare}: ${name} is not a class of scikit-learn, its code would have to run (byte ${offset})`,
    { where: path, offset },
  );
}

function find(qualified: string): Entry | undefined {
  const dot = qualified.lastIndexOf('.');
  const module = qualified.slice(0, dot);
  return BY_NAME.get(qualified.slice(dot + 1))?.find(
    ({ row }) => module === row.module || module.startsWith(`${row.module}.`),
  );
}

function indexByName(): Map<string, Entry[]> {
  const index = new Map<string, Entry[]>();
  for (const family of FAMILIES) {
    for (const row of family.rows) {
      const entries = index.get(row.name) ?? [];
      entries.push({ family, row });
      index.set(row.name, entries);
    }
  }
  return index;
}
