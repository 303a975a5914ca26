import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Csr, Data } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const LINEAR = 'sklearn.linear_model.';
const regression = { coef_: fakeFloats([1, 2]), intercept_: 3 };
const binary = { coef_: fakeFloats([1, 2], [1, 2]), intercept_: fakeFloats([0]), classes_: fakeInts([4, 6]) };

function csr(nRows: number, nCols: number): Inert {
  return fakeObject('scipy.sparse._csr.csr_matrix', {
    _shape: { kind: 'tuple', items: [nRows, nCols] },
    indptr: fakeInts(new Array(nRows + 1).fill(0)),
    indices: fakeInts([]),
    data: fakeFloats([]),
  });
}

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['no coefficients', 'LinearRegression', { intercept_: 3 }, 'LL4002', /coef_/],
  ['coefficients that are a word', 'Ridge', { ...regression, coef_: 'none' }, 'LL4003', /"coef_" of Ridge/],
  ['an empty vector', 'Lasso', { ...regression, coef_: fakeFloats([]) }, 'LL4003', /coefficient/],
  [
    'an intercept that is a list with NaN',
    'Lasso',
    { ...regression, intercept_: fakeList(Number.NaN) },
    'LL4003',
    /finite/,
  ],
  ['three dimensions', 'Lasso', { ...regression, coef_: fakeFloats([1], [1, 1, 1]) }, 'LL4003', /a matrix/],
  [
    'a coefficient that is NaN',
    'Lasso',
    { ...regression, coef_: fakeFloats([1, Number.NaN]) },
    'LL4003',
    /finite/,
  ],
  [
    'an intercept for another number of outputs',
    'LinearRegression',
    { coef_: fakeFloats([1, 2, 3, 4, 5, 6], [3, 2]), intercept_: fakeFloats([1, 2]) },
    'LL4003',
    /intercept_.*3 numbers/,
  ],
  ['another number of features', 'Ridge', { ...regression, n_features_in_: 3 }, 'LL4003', /n_features_in_/],
  [
    'names of other features',
    'Ridge',
    { ...regression, feature_names_in_: fakeList('a', 'b', 'c') },
    'LL4003',
    /feature_names_in_/,
  ],
  [
    'coefficients that unknown code would make',
    'Ridge',
    { ...regression, coef_: fakeObject('evil.Array', {}) },
    'LL3006',
    /evil\.Array/,
  ],
  ['a forged size', 'SGDRegressor', { ...regression, coef_: csr(1, 2_000_000_000) }, 'LL4004', /sparse/],
  [
    'a link that is not known',
    'TweedieRegressor',
    { ...regression, link: 'probit', power: 1 },
    'LL4004',
    /probit/,
  ],
  [
    'a score too few',
    'LogisticRegression',
    { ...binary, classes_: fakeInts([1, 2, 3]) },
    'LL4003',
    /3 classes/,
  ],
  [
    'one class',
    'SGDClassifier',
    { ...binary, classes_: fakeInts([1]), loss: 'hinge' },
    'LL4003',
    /1 classes/,
  ],
  [
    'a multi_class that is not known',
    'LogisticRegression',
    { ...binary, multi_class: 'other', solver: 'lbfgs' },
    'LL4004',
    /multi_class/,
  ],
  ['no binarizer', 'RidgeClassifier', binary, 'LL4002', /_label_binarizer/],
  [
    'a transformer inside',
    'RANSACRegressor',
    { estimator_: fakeObject(`${LINEAR}LinearRegression`, {}) },
    'LL4002',
    /coef_/,
  ],
];

for (const [name, className, attributes, code, message] of REFUSED) {
  test(`${className} refuses ${name}`, () => {
    assert.throws(() => resolveEstimator(fakeObject(LINEAR + className, attributes), 'model'), {
      code,
      message,
    });
  });
}

const sparseRow: Csr = {
  kind: 'csr',
  nRows: 1,
  nCols: 2,
  indptr: Int32Array.of(0, 1),
  indices: Int32Array.of(1),
  data: Float64Array.of(Number.POSITIVE_INFINITY),
};
const ROWS: readonly [string, Data, ErrorCode, object][] = [
  ['a column too many', dense(1, 3, new Float64Array(3)), 'LL2003', {}],
  ['NaN', dense(2, 2, Float64Array.of(1, 2, 3, Number.NaN)), 'LL2007', { row: 1, field: 'column 1' }],
  ['infinity in a sparse row', sparseRow, 'LL2007', { row: 0, field: 'column 1' }],
  [
    'a word',
    { kind: 'table', nRows: 1, names: ['a', 'b'], columns: [[1], ['x']] },
    'LL2006',
    { row: 0, field: 'b' },
  ],
  ['texts', { kind: 'texts', nRows: 1, values: ['a'] }, 'LL2006', {}],
];

for (const [name, rows, code, detail] of ROWS) {
  test(`rows are refused: ${name}`, () => {
    for (const [className, attributes] of [
      ['LinearRegression', regression],
      ['LogisticRegression', binary],
    ] as const) {
      const fitted = resolveEstimator(fakeObject(LINEAR + className, attributes), 'model');
      assert.throws(() => fitted.predict?.(rows), { code, detail });
    }
  });
}

test('the shape of coef_ decides the shape of predictions', () => {
  const rows = dense(2, 2, Float64Array.of(1, 1, 0, 0));
  const vector = resolveEstimator(fakeObject(`${LINEAR}LinearRegression`, regression), 'model');
  const column = { ...regression, coef_: fakeFloats([1, 2], [1, 2]), intercept_: fakeFloats([3]) };
  const matrix = resolveEstimator(fakeObject(`${LINEAR}LinearRegression`, column), 'model');
  const data = Float64Array.of(6, 3);
  assert.deepEqual(vector.predict?.(rows), { kind: 'numbers', nRows: 2, nCols: 1, oneD: true, data });
  assert.deepEqual(matrix.predict?.(rows), { kind: 'numbers', nRows: 2, nCols: 1, oneD: false, data });
});

// scikit-learn fitted one against the rest for the solver newton-cholesky from 1.2 through 1.5, and no longer in 1.6.
const THREE = {
  coef_: fakeFloats([1, 0, 0, 1, 0, 0], [3, 2]),
  intercept_: fakeFloats([0, 0, 0]),
  classes_: fakeInts([0, 1, 2]),
};
const PROBABILITIES: readonly [string, Record<string, Inert>, number][] = [
  // softmax(1, 0, 0) and expit(1, 0, 0) over its sum, by scipy
  ['1.1.3', { multi_class: 'auto', solver: 'lbfgs' }, 0.5761168847658291],
  ['1.1.3', { multi_class: 'auto', solver: 'liblinear' }, 0.4223187982515182],
  ['1.5.2', { multi_class: 'deprecated', solver: 'newton-cholesky' }, 0.4223187982515182],
  ['1.6.1', { multi_class: 'deprecated', solver: 'newton-cholesky' }, 0.5761168847658291],
  ['1.7.2', { multi_class: 'ovr', solver: 'lbfgs' }, 0.4223187982515182],
  ['1.7.2', { multi_class: 'multinomial', solver: 'lbfgs' }, 0.5761168847658291],
  ['1.8.0', { solver: 'lbfgs' }, 0.5761168847658291],
];

for (const [version, attributes, wanted] of PROBABILITIES) {
  test(`probabilities of LogisticRegression ${version} with ${JSON.stringify(attributes)}`, () => {
    const fitted = resolveEstimator(
      fakeObject(`${LINEAR}LogisticRegression`, { ...THREE, ...attributes }, version),
      'model',
    );
    const found = fitted.predictProba?.(dense(1, 2, Float64Array.of(1, 0)))[0]?.data[0] ?? Number.NaN;
    assert.ok(Math.abs(found - wanted) < 1e-12, String(found));
  });
}

test('SGDClassifier has probabilities only with a loss that gives them', () => {
  for (const [loss, has] of [
    ['hinge', false],
    ['perceptron', false],
    ['log_loss', true],
    ['log', true],
    ['modified_huber', true],
  ] as const) {
    const fitted = resolveEstimator(fakeObject(`${LINEAR}SGDClassifier`, { ...binary, loss }), 'model');
    assert.equal(fitted.predictProba !== undefined, has, loss);
  }
});
