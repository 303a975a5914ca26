import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Inert, PyObject } from '../../pickle/inert.ts';
import { fakeFloats, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const KERNELS = 'sklearn.gaussian_process.kernels.';

function kernel(name: string, attributes: Readonly<Record<string, Inert>> = {}): PyObject {
  return fakeObject(`${KERNELS}${name}`, attributes);
}

const rbf = kernel('RBF', { length_scale: 1 });

function regressor(attributes: Readonly<Record<string, Inert>>): PyObject {
  return fakeObject('sklearn.gaussian_process.GaussianProcessRegressor', {
    kernel_: rbf,
    X_train_: fakeFloats([0, 0, 1, 1], [2, 2]),
    alpha_: fakeFloats([1, -1]),
    _y_train_mean: 0,
    _y_train_std: 1,
    ...attributes,
  });
}

/** A kernel that is a part of itself. */
function endless(): PyObject {
  const object = kernel('Exponentiation');
  object.state = {
    kind: 'dict',
    entries: [
      ['exponent', 2],
      ['kernel', object],
    ],
  };
  return object;
}

/** A sum of 2^30 kernels that the file writes once each. */
function doubled(): PyObject {
  let sum = rbf;
  for (let i = 0; i < 30; i++) {
    sum = kernel('Sum', { k1: sum, k2: sum });
  }
  return sum;
}

const REFUSED: readonly [string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['a compound kernel', { kernel_: kernel('CompoundKernel', { kernels: null }) }, 'LL4004', /CompoundKernel/],
  [
    'a kernel of another origin',
    { kernel_: fakeObject('mine.kernels.RBF', { length_scale: 1 }) },
    'LL3006',
    /mine\.kernels\.RBF.*byte 0/,
  ],
  ['a kernel inside itself', { kernel_: endless() }, 'LL4003', /nested/],
  ['a kernel of too many parts', { kernel_: doubled() }, 'LL4003', /more than 1000/],
  [
    'lengths of other columns',
    { kernel_: kernel('RBF', { length_scale: fakeFloats([1, 2, 3]) }) },
    'LL4003',
    /length_scale/,
  ],
  ['a length of 0', { kernel_: kernel('Matern', { length_scale: 0, nu: 0.5 }) }, 'LL4003', /length_scale/],
  ['an order below 0', { kernel_: kernel('Matern', { length_scale: 1, nu: -1 }) }, 'LL4003', /nu/],
  [
    'a pairwise kernel that is not known',
    { kernel_: kernel('PairwiseKernel', { gamma: 1, metric: 'mine', pairwise_kernels_kwargs: null }) },
    'LL4004',
    /metric='mine'/,
  ],
  ['no kernel', { kernel_: null }, 'LL4003', /kernel_/],
  ['coefficients of other rows', { alpha_: fakeFloats([1, 2, 3]) }, 'LL4003', /alpha_/],
  ['means of other outputs', { _y_train_mean: fakeFloats([1, 2]) }, 'LL4003', /_y_train_mean/],
];

for (const [name, attributes, code, message] of REFUSED) {
  test(`GaussianProcessRegressor refuses ${name}`, () => {
    assert.throws(() => resolveEstimator(regressor(attributes), 'model'), { code, message });
  });
}

test('GaussianProcessClassifier is refused by name', () => {
  const object = fakeObject('sklearn.gaussian_process.GaussianProcessClassifier', {});
  assert.throws(() => resolveEstimator(object, 'model'), {
    code: 'LL4001',
    message: /GaussianProcessClassifier/,
  });
});
