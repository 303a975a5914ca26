import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { isLoadlineError } from '../../errors.ts';
import { toDense } from '../../model/coerce.ts';
import type { Data, Table } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject, fakeObjects } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

type State = Record<string, Inert>;

const PREPROCESSING = 'sklearn.preprocessing.';
const standard: State = {
  with_mean: true,
  with_std: true,
  mean_: fakeFloats([2, 10]),
  scale_: fakeFloats([4, 0.5]),
};
const polynomial: State = { n_features_in_: 3, degree: 2, interaction_only: false, include_bias: true };
const oneHot: State = {
  categories_: fakeList(fakeObjects('Bern', 'Oslo'), fakeInts([1, 2, 3])),
  handle_unknown: 'error',
  sparse_output: false,
  drop_idx_: null,
  _drop_idx_after_grouping: null,
  _infrequent_enabled: false,
  feature_names_in_: fakeObjects('city', 'rooms'),
};
const ordinal: State = {
  categories_: fakeList(fakeObjects('a', 'b')),
  handle_unknown: 'error',
  _missing_indices: { kind: 'dict', entries: [] },
};
const bins: State = { encode: 'ordinal', bin_edges_: fakeObjects(fakeFloats([0, 1, 2])) };
const spline = fakeObject('scipy.interpolate._bsplines.BSpline', {
  t: fakeFloats([-1, 0, 1, 2]),
  c: fakeFloats([1, 0, 0, 1], [2, 2]),
  k: 1,
});
const splines: State = {
  degree: 1,
  extrapolation: 'error',
  include_bias: true,
  bsplines_: fakeList(spline),
};
const target: State = {
  categories_: fakeList(fakeObjects('a', 'b')),
  target_type_: 'continuous',
  target_mean_: 0.5,
  encodings_: fakeList(fakeFloats([1, 2])),
};
const power: State = { method: 'box-cox', standardize: false, lambdas_: fakeFloats([0.5]) };
const quantiles: State = {
  output_distribution: 'uniform',
  references_: fakeFloats([0, 1]),
  quantiles_: fakeFloats([0, 10], [2, 1]),
};
const log1p: State = { func: global('numpy', 'log1p'), inverse_func: null, validate: false, kw_args: null };

function global(module: string, name: string): Inert {
  return { kind: 'global', module, name, offset: 77 };
}

function read(name: string, state: State) {
  return resolveEstimator(fakeObject(PREPROCESSING + name, state), 'model');
}

const REFUSED_STATES: readonly [string, string, State, ErrorCode, RegExp][] = [
  ['two lengths', 'StandardScaler', { ...standard, scale_: fakeFloats([1]) }, 'LL4003', /scale_.*2 numbers/],
  [
    'a forged number of features',
    'StandardScaler',
    { with_mean: false, with_std: false, n_features_in_: 2 ** 40 },
    'LL4003',
    /n_features_in_/,
  ],
  ['a negative one', 'Normalizer', { norm: 'l2', n_features_in_: -1 }, 'LL4003', /n_features_in_/],
  ['a norm that is not known', 'Normalizer', { norm: 'l3', n_features_in_: 1 }, 'LL4004', /l3/],
  ['a degree without end', 'PolynomialFeatures', { ...polynomial, degree: 1e9 }, 'LL4004', /degree/],
  ['a degree below 0', 'PolynomialFeatures', { ...polynomial, degree: -1 }, 'LL4003', /degree/],
  [
    'degrees the wrong way round',
    'PolynomialFeatures',
    { ...polynomial, degree: fakeList(3, 2) },
    'LL4003',
    /degree/,
  ],
  [
    'edges that fall',
    'KBinsDiscretizer',
    { ...bins, bin_edges_: fakeObjects(fakeFloats([0, 2, 1])) },
    'LL4003',
    /bin_edges_\[0\]/,
  ],
  [
    'another degree than the splines',
    'SplineTransformer',
    { ...splines, degree: 2 },
    'LL4003',
    /"k" of BSpline/,
  ],
  ['a forged degree', 'SplineTransformer', { ...splines, degree: 1e9 }, 'LL4003', /degree/],
  ['no spline', 'SplineTransformer', { ...splines, bsplines_: fakeList() }, 'LL4003', /bsplines_/],
  [
    'fewer coefficients than knots want',
    'SplineTransformer',
    {
      ...splines,
      bsplines_: fakeList(
        fakeObject('scipy.interpolate._bsplines.BSpline', {
          t: fakeFloats([-1, 0, 1, 2, 3]),
          c: fakeFloats([1, 0, 0, 1], [2, 2]),
          k: 1,
        }),
      ),
    },
    'LL4003',
    /"c" of BSpline/,
  ],
  [
    'a category that unknown code would make',
    'OneHotEncoder',
    { ...oneHot, categories_: fakeList(fakeObjects(fakeObject('evil.Category', {})), fakeInts([1])) },
    'LL3006',
    /evil\.Category/,
  ],
  [
    'a dropped category that is none',
    'OneHotEncoder',
    { ...oneHot, _drop_idx_after_grouping: fakeObjects(2, null) },
    'LL4003',
    /drop_idx_/,
  ],
  [
    'a group beyond the categories',
    'OneHotEncoder',
    {
      ...oneHot,
      _infrequent_enabled: true,
      _default_to_infrequent_mappings: fakeList(null, fakeInts([0, 1, 3])),
    },
    'LL4003',
    /mappings\[1\]/,
  ],
  [
    'a mapping too few',
    'OrdinalEncoder',
    { ...ordinal, _infrequent_enabled: true, _default_to_infrequent_mappings: fakeList() },
    'LL4003',
    /one mapping for each of 1/,
  ],
  [
    'an encoding too short',
    'TargetEncoder',
    { ...target, encodings_: fakeList(fakeFloats([1])) },
    'LL4003',
    /encodings_\[0\]/,
  ],
  [
    'an encoding too many',
    'TargetEncoder',
    { ...target, encodings_: fakeList(fakeFloats([1, 2]), fakeFloats([1, 2])) },
    'LL4003',
    /1 arrays/,
  ],
  [
    'quantiles for other references',
    'QuantileTransformer',
    { ...quantiles, references_: fakeFloats([0, 0.5, 1]) },
    'LL4003',
    /quantiles_/,
  ],
  [
    'a function of the user',
    'FunctionTransformer',
    { ...log1p, func: global('app', 'clean') },
    'LL3006',
    /app\.clean.*byte 77/,
  ],
  [
    'a system call',
    'FunctionTransformer',
    { ...log1p, func: global('os', 'system') },
    'LL3006',
    /os\.system/,
  ],
  [
    'an inverse of the user',
    'FunctionTransformer',
    { ...log1p, inverse_func: global('app', 'undo') },
    'LL3006',
    /app\.undo/,
  ],
  [
    'a function of two arguments',
    'FunctionTransformer',
    { ...log1p, func: global('numpy', 'maximum') },
    'LL3006',
    /numpy\.maximum/,
  ],
  [
    'the complex twin of a function',
    'FunctionTransformer',
    { ...log1p, func: global('numpy.lib.scimath', 'sqrt') },
    'LL3006',
    /scimath/,
  ],
  [
    'a keyword that changes the function',
    'FunctionTransformer',
    { ...log1p, kw_args: { kind: 'dict', entries: [['where', false]] } },
    'LL4004',
    /kw_args='where'/,
  ],
  [
    'a partial of something else',
    'FunctionTransformer',
    {
      ...log1p,
      func: {
        ...fakeObject('functools.partial', {}),
        state: {
          kind: 'tuple',
          items: [global('app', 'clean'), { kind: 'tuple', items: [] }, { kind: 'dict', entries: [] }, null],
        },
      },
    },
    'LL3006',
    /app\.clean/,
  ],
];

for (const [label, name, state, code, message] of REFUSED_STATES) {
  test(`refuses the state of a ${name}: ${label}`, () => {
    assert.throws(() => read(name, state), { code, message });
  });
}

function table(names: readonly string[] | null, ...columns: Table['columns'][number][]): Data {
  return { kind: 'table', nRows: columns[0]!.length, names, columns };
}

const CITIES = ['city', 'rooms'];

/** Class, state, rows, code, row, field, message. */
const REFUSED_ROWS: readonly [string, string, State, Data, ErrorCode, number, string, RegExp][] = [
  [
    'a category that was never seen',
    'OneHotEncoder',
    oneHot,
    table(CITIES, ['Oslo', 'Geheim'], Float64Array.of(1, 2)),
    'LL2014',
    1,
    'city',
    /^Row 1, city: OneHotEncoder wanted one of 'Bern', 'Oslo', found another string$/,
  ],
  [
    'a number among strings',
    'OneHotEncoder',
    oneHot,
    table(CITIES, Float64Array.of(7), Float64Array.of(1)),
    'LL2014',
    0,
    'city',
    /found another number$/,
  ],
  [
    'a string among numbers',
    'OneHotEncoder',
    oneHot,
    table(CITIES, ['Oslo'], ['2']),
    'LL2014',
    0,
    'rooms',
    /wanted one of 1, 2, 3, found another string$/,
  ],
  [
    'a missing value that was never seen',
    'OneHotEncoder',
    oneHot,
    table(CITIES, ['Oslo', null], Float64Array.of(1, 1)),
    'LL2014',
    1,
    'city',
    /found a missing value$/,
  ],
  [
    'one of many categories',
    'OrdinalEncoder',
    { ...ordinal, categories_: fakeList(fakeInts(Array.from({ length: 12 }, (_, i) => i))) },
    dense(1, 1, Float64Array.of(99)),
    'LL2014',
    0,
    'column 0',
    /wanted one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, … \(12 in all\), found another number$/,
  ],
  [
    'a label that was never seen',
    'LabelEncoder',
    { classes_: fakeObjects('no', 'yes') },
    table(null, ['maybe']),
    'LL2014',
    0,
    'column 0',
    /'no', 'yes'/,
  ],
  [
    'a power of zero',
    'PowerTransformer',
    power,
    dense(2, 1, Float64Array.of(1, 0)),
    'LL2015',
    1,
    'column 0',
    /above 0/,
  ],
  [
    'a value beyond the knots',
    'SplineTransformer',
    splines,
    dense(2, 1, Float64Array.of(0.5, 1.5)),
    'LL2015',
    1,
    'column 0',
    /range of its knots/,
  ],
  [
    'a missing value in a norm',
    'Normalizer',
    { norm: 'l2', n_features_in_: 2 },
    dense(1, 2, Float64Array.of(1, Number.NaN)),
    'LL2007',
    0,
    'column 1',
    /missing/,
  ],
  [
    'an infinite value in a scaler',
    'StandardScaler',
    standard,
    dense(1, 2, Float64Array.of(Number.POSITIVE_INFINITY, 1)),
    'LL2007',
    0,
    'column 0',
    /infinite/,
  ],
  [
    'words for a function of numbers',
    'FunctionTransformer',
    log1p,
    table(['x'], ['five']),
    'LL2006',
    0,
    'x',
    /wanted a number, found a string/,
  ],
];

for (const [label, name, state, rows, code, row, field, message] of REFUSED_ROWS) {
  test(`refuses rows: ${label}`, () => {
    const fitted = read(name, state);
    assert.throws(
      () => fitted.transform!(rows),
      (error) =>
        isLoadlineError(error) &&
        error.code === code &&
        error.detail.row === row &&
        error.detail.field === field &&
        message.test(error.message),
    );
  });
}

/** Class, state, transformed values, what went in: by hand from the formulas. */
const INVERSES: readonly [string, State, readonly number[], readonly number[]][] = [
  ['StandardScaler', standard, [0.5, -2], [4, 9]],
  [
    'RobustScaler',
    { with_centering: false, with_scaling: true, scale_: fakeFloats([4, 0.5]) },
    [0.5, -2],
    [2, -1],
  ],
  ['MaxAbsScaler', { scale_: fakeFloats([4, 0.5]) }, [0.5, -2], [2, -1]],
  ['MinMaxScaler', { scale_: fakeFloats([4, 0.5]), min_: fakeFloats([1, 2]), clip: false }, [5, 4], [1, 4]],
  ['PowerTransformer', power, [2], [4]],
  ['QuantileTransformer', quantiles, [0.25], [2.5]],
  ['FunctionTransformer', { ...log1p, inverse_func: global('numpy', 'expm1') }, [0], [0]],
];

for (const [name, state, transformed, wanted] of INVERSES) {
  test(`inverts ${name}`, () => {
    const fitted = read(name, state);
    const rows = dense(1, transformed.length, Float64Array.from(transformed));
    const back = fitted.inverseTransform!(rows);
    assert.deepEqual(Array.from(toDense(back, name, null, 'any').data), wanted);
    assert.deepEqual(Array.from(toDense(fitted.transform!(back), name, null, 'any').data), transformed);
  });
}

test('an encoder shows its categories, and takes missing values where it can encode them', () => {
  assert.deepEqual(read('OneHotEncoder', oneHot).features, [
    { name: 'city', kind: 'category', categories: ['Bern', 'Oslo'], missing: false },
    { name: 'rooms', kind: 'category', categories: [1, 2, 3], missing: false },
  ]);
  const withMissing = { ...ordinal, categories_: fakeList(fakeObjects('a', Number.NaN)) };
  assert.deepEqual(read('OrdinalEncoder', withMissing).features, [
    { name: null, kind: 'category', categories: ['a', null], missing: true },
  ]);
  assert.equal(read('OneHotEncoder', { ...oneHot, handle_unknown: 'ignore' }).features?.[0]?.missing, true);
});

test('a function keeps the column names of a table, and without one any column passes', () => {
  const rows = table(['x'], Float64Array.of(0, Math.E - 1));
  const out = read('FunctionTransformer', log1p).transform!(rows);
  assert.ok(out.kind === 'table' && out.names?.[0] === 'x' && out.columns[0]![1] === 1);
  const words = table(['x'], ['five', null]);
  assert.equal(read('FunctionTransformer', { ...log1p, func: null }).transform!(words), words);
});

test('a partial of a numpy function is that function', () => {
  const func = {
    ...fakeObject('functools.partial', {}),
    state: {
      kind: 'tuple' as const,
      items: [
        global('numpy', 'round'),
        { kind: 'tuple' as const, items: [] },
        { kind: 'dict' as const, entries: [['decimals', 1] as const] },
        null,
      ],
    },
  };
  const out = read('FunctionTransformer', { ...log1p, func }).transform!(dense(1, 1, Float64Array.of(0.26)));
  assert.ok(out.kind === 'dense' && out.data[0] === 0.3);
});

test('scalers that do not centre keep sparse rows sparse', () => {
  const rows: Data = {
    kind: 'csr',
    nRows: 1,
    nCols: 2,
    indptr: Int32Array.of(0, 1),
    indices: Int32Array.of(1),
    data: Float64Array.of(3),
  };
  const out = read('StandardScaler', { ...standard, with_mean: false }).transform!(rows);
  assert.ok(out.kind === 'csr' && out.data[0] === 6);
  assert.equal(read('StandardScaler', standard).transform!(rows).kind, 'dense');
});
