import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { isLoadlineError } from '../../errors.ts';
import type { Data, Table } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject, fakeObjects } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

type State = Record<string, Inert>;

const IMPUTE = 'sklearn.impute.';
const { NaN: MISSING } = Number;
const simple: State = {
  missing_values: MISSING,
  strategy: 'mean',
  add_indicator: false,
  keep_empty_features: false,
  statistics_: fakeFloats([1, 2]),
};
const words: State = {
  ...simple,
  strategy: 'most_frequent',
  _fit_dtype: 'object',
  statistics_: fakeObjects('red', 7),
};
const indicator: State = {
  missing_values: MISSING,
  features: 'missing-only',
  error_on_new: true,
  features_: fakeInts([1]),
  n_features_in_: 2,
};
const knn: State = {
  missing_values: MISSING,
  metric: 'nan_euclidean',
  weights: 'uniform',
  n_neighbors: 1,
  add_indicator: false,
  _fit_X: fakeFloats([1, 10, 2, 20], [2, 2]),
  _mask_fit_X: { ...fakeInts([0, 0, 0, 0]), shape: [2, 2] },
};
const line = fakeObject('sklearn.linear_model.LinearRegression', { coef_: fakeFloats([10]), intercept_: 0 });
const iterative: State = {
  missing_values: MISSING,
  sample_posterior: false,
  add_indicator: false,
  keep_empty_features: false,
  n_iter_: 1,
  initial_imputer_: fakeObject(`${IMPUTE}SimpleImputer`, simple),
  _min_value: fakeFloats([-100, -100]),
  _max_value: fakeFloats([100, 100]),
  imputation_sequence_: fakeList(triplet(1, [0])),
};

function triplet(column: number, neighbors: readonly number[]): Inert {
  return {
    ...fakeObject('sklearn.impute._iterative._ImputerTriplet', {}),
    args: [column, fakeInts(neighbors), line],
  };
}

function read(name: string, state: State) {
  return resolveEstimator(fakeObject(IMPUTE + name, state), 'model');
}

const REFUSED_STATES: readonly [string, string, State, ErrorCode, RegExp][] = [
  [
    'a word where training was on numbers',
    'SimpleImputer',
    { ...simple, statistics_: fakeObjects('red', 7), _fit_dtype: 'float64' },
    'LL4003',
    /statistics_/,
  ],
  [
    'a marker of another kind',
    'SimpleImputer',
    { ...simple, missing_values: fakeList() },
    'LL4004',
    /missing_values/,
  ],
  [
    'an indicator of a column that is not there',
    'SimpleImputer',
    {
      ...simple,
      add_indicator: true,
      indicator_: fakeObject(`${IMPUTE}MissingIndicator`, { features_: fakeInts([2]) }),
    },
    'LL4003',
    /features_/,
  ],
  [
    'a column before the first',
    'MissingIndicator',
    { ...indicator, features_: fakeInts([-1]) },
    'LL4003',
    /features_/,
  ],
  [
    'a mask of another shape',
    'KNNImputer',
    { ...knn, _mask_fit_X: fakeInts([0, 0]) },
    'LL4003',
    /_mask_fit_X/,
  ],
  ['no neighbours', 'KNNImputer', { ...knn, n_neighbors: 0 }, 'LL4003', /n_neighbors/],
  [
    'weights by a function of the user',
    'KNNImputer',
    { ...knn, weights: { kind: 'global', module: 'app', name: 'weigh', offset: 5 } },
    'LL3006',
    /app\.weigh/,
  ],
  ['random draws', 'IterativeImputer', { ...iterative, sample_posterior: true }, 'LL4004', /random/],
  [
    'a column beyond the last',
    'IterativeImputer',
    { ...iterative, imputation_sequence_: fakeList(triplet(2, [0])) },
    'LL4003',
    /imputation_sequence_\[0\]/,
  ],
  [
    'a neighbour beyond the last',
    'IterativeImputer',
    { ...iterative, imputation_sequence_: fakeList(triplet(0, [5])) },
    'LL4003',
    /imputation_sequence_\[0\]/,
  ],
  [
    'too few bounds',
    'IterativeImputer',
    { ...iterative, _max_value: fakeFloats([1]) },
    'LL4003',
    /_max_value/,
  ],
];

for (const [label, name, state, code, message] of REFUSED_STATES) {
  test(`refuses the state of a ${name}: ${label}`, () => {
    assert.throws(() => read(name, state), { code, message });
  });
}

function table(...columns: Table['columns'][number][]): Data {
  return { kind: 'table', nRows: columns[0]!.length, names: ['a', 'b'], columns };
}

const REFUSED_ROWS: readonly [string, string, State, Data, ErrorCode, number, string][] = [
  [
    'an infinite value',
    'SimpleImputer',
    simple,
    dense(1, 2, Float64Array.of(1, -1 / 0)),
    'LL2007',
    0,
    'column 1',
  ],
  [
    'a missing value where a number marks one',
    'SimpleImputer',
    { ...simple, missing_values: -1 },
    dense(2, 2, Float64Array.of(1, 2, -1, MISSING)),
    'LL2007',
    1,
    'column 1',
  ],
  [
    'a missing value where a word marks one',
    'SimpleImputer',
    { ...words, missing_values: '?' },
    table(['?', null], ['x', 'y']),
    'LL2007',
    1,
    'a',
  ],
  [
    'a missing value where training had none',
    'MissingIndicator',
    indicator,
    dense(2, 2, Float64Array.of(1, MISSING, MISSING, 1)),
    'LL2007',
    1,
    'column 0',
  ],
  ['a word among numbers', 'KNNImputer', knn, table(['x'], ['y']), 'LL2006', 0, 'a'],
];

for (const [label, name, state, rows, code, row, field] of REFUSED_ROWS) {
  test(`refuses rows for a ${name}: ${label}`, () => {
    const fitted = read(name, state);
    assert.throws(
      () => fitted.transform!(rows),
      (error) =>
        isLoadlineError(error) &&
        error.code === code &&
        error.detail.row === row &&
        error.detail.field === field,
    );
  });
}

test('columns of any type are filled and keep their names and type', () => {
  const out = read('SimpleImputer', words).transform!(table(['blue', null], Float64Array.of(MISSING, 3)));
  assert.deepEqual(out, table(['blue', 'red'], Float64Array.of(7, 3)));
});

test('a training row is its own nearest neighbour; without a common value the mean is taken', () => {
  const out = read('KNNImputer', knn).transform!(dense(2, 2, Float64Array.of(2, MISSING, MISSING, MISSING)));
  assert.ok(out.kind === 'dense');
  // By hand: row 0 is nearest to (2, 20); row 1 has the means (1 + 2) / 2 and (10 + 20) / 2.
  assert.deepEqual(Array.from(out.data), [2, 20, 1.5, 15]);
});

test('rounds fill missing values only, within the bounds', () => {
  const fitted = read('IterativeImputer', iterative);
  const out = fitted.transform!(dense(3, 2, Float64Array.of(3, MISSING, 50, MISSING, 3, 4)));
  assert.ok(out.kind === 'dense');
  // By hand: 10 · 3, and 10 · 50 cut off at 100.
  assert.deepEqual(Array.from(out.data), [3, 30, 50, 100, 3, 4]);
});
