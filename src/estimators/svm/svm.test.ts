import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Inert } from '../../pickle/inert.ts';
import type { NdArray } from '../../tensor/ndarray.ts';
import { fakeFloats, fakeInts, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const MODULE = 'sklearn.svm.';

const machine: Record<string, Inert> = {
  kernel: 'rbf',
  degree: 3,
  coef0: 0,
  _gamma: 0.5,
  support_vectors_: fakeFloats([0, 0, 1, 1], [2, 2]),
  _dual_coef_: fakeFloats([1, -1], [1, 2]),
  _intercept_: fakeFloats([0.1]),
};
const classifier: Record<string, Inert> = {
  ...machine,
  classes_: fakeInts([0, 1]),
  _n_support: fakeInts([1, 1]),
  decision_function_shape: 'ovr',
  break_ties: false,
  probability: false,
  _probA: fakeFloats([]),
  _probB: fakeFloats([]),
};

const mine: Inert = { kind: 'global', module: '__main__', name: 'mine', offset: 77 };
const three: NdArray<Inert> = fakeFloats([1, -1, 1], [1, 3]);

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['given kernel values', 'SVC', { ...classifier, kernel: 'precomputed' }, 'LL4004', /kernel='precomputed'/],
  ['a kernel that is code', 'SVC', { ...classifier, kernel: mine }, 'LL3006', /__main__\.mine.*byte 77/],
  ['a kernel of other models', 'SVR', { ...machine, kernel: 'laplacian' }, 'LL4004', /kernel/],
  ['one class', 'SVC', { ...classifier, classes_: fakeInts([0]) }, 'LL4003', /classes_/],
  ['coefficients of other vectors', 'SVC', { ...classifier, _dual_coef_: three }, 'LL4003', /_dual_coef_/],
  [
    'coefficients of other classes',
    'NuSVC',
    { ...classifier, classes_: fakeInts([0, 1, 2]) },
    'LL4003',
    /_dual_coef_/,
  ],
  ['an intercept too many', 'SVR', { ...machine, _intercept_: fakeFloats([1, 2]) }, 'LL4003', /_intercept_/],
  [
    'counts beyond the vectors',
    'SVC',
    { ...classifier, _n_support: fakeInts([1, 2]) },
    'LL4003',
    /_n_support/,
  ],
  ['a negative count', 'SVC', { ...classifier, _n_support: fakeInts([3, -1]) }, 'LL4003', /_n_support/],
  ['no sigmoids', 'SVC', { ...classifier, probability: true }, 'LL4003', /_probA/],
  [
    'ties broken between pairs',
    'SVC',
    { ...classifier, break_ties: true, decision_function_shape: 'ovo' },
    'LL4004',
    /break_ties/,
  ],
  ['no vectors at all', 'SVR', { ...machine, support_vectors_: null }, 'LL4003', /support_vectors_/],
  [
    'vectors without columns',
    'SVR',
    { ...machine, support_vectors_: fakeFloats([], [2, 0]) },
    'LL4003',
    /support_vectors_/,
  ],
];

for (const [name, kind, attributes, code, message] of REFUSED) {
  test(`${kind} refuses ${name}`, () => {
    assert.throws(() => resolveEstimator(fakeObject(`${MODULE}${kind}`, attributes), 'model'), {
      code,
      message,
    });
  });
}

test('SVC has probabilities only where it was trained with them', () => {
  const sigmoids = { _probA: fakeFloats([-1]), _probB: fakeFloats([0]) };
  for (const [probability, has] of [
    [true, true],
    [false, false],
    ['deprecated', false],
  ] as const) {
    const object = fakeObject(`${MODULE}SVC`, { ...classifier, ...sigmoids, probability });
    assert.equal(resolveEstimator(object, 'model').predictProba !== undefined, has, String(probability));
  }
});
