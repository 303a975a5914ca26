import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const MODULE = 'sklearn.discriminant_analysis.';
const linear = {
  classes_: fakeInts([0, 1]),
  coef_: fakeFloats([1, 2], [1, 2]),
  intercept_: fakeFloats([0]),
  scalings_: fakeFloats([1, 2], [2, 1]),
  xbar_: fakeFloats([0, 0]),
  _max_components: 1,
  solver: 'svd',
};
const eye = fakeFloats([1, 0, 0, 1], [2, 2]);
const quadratic = {
  classes_: fakeInts([0, 1]),
  means_: eye,
  priors_: fakeFloats([0.5, 0.5]),
  rotations_: fakeList(eye, eye),
  scalings_: fakeList(fakeFloats([1, 1]), fakeFloats([1, 1])),
};

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['a mean of other features', 'Linear', { ...linear, xbar_: fakeFloats([0]) }, 'LL4003', /xbar_/],
  [
    'axes of other features',
    'Linear',
    { ...linear, scalings_: fakeFloats([1, 2, 3], [3, 1]), xbar_: fakeFloats([0, 0, 0]) },
    'LL4003',
    /scalings_/,
  ],
  ['a negative count', 'Linear', { ...linear, _max_components: -1 }, 'LL4003', /_max_components/],
  ['a solver that is not known', 'Linear', { ...linear, solver: 'other' }, 'LL4004', /solver/],
  [
    'no classes',
    'Quadratic',
    { ...quadratic, classes_: fakeInts([]), means_: fakeFloats([], [0, 2]), priors_: fakeFloats([]) },
    'LL4003',
    /class/,
  ],
  [
    'a class without axes',
    'Quadratic',
    { ...quadratic, rotations_: fakeList(eye) },
    'LL4003',
    /rotations_\[1\]/,
  ],
  [
    'a variance too few',
    'Quadratic',
    { ...quadratic, scalings_: fakeList(fakeFloats([1, 1]), fakeFloats([1])) },
    'LL4003',
    /scalings_\[1\]/,
  ],
];

for (const [name, kind, attributes, code, message] of REFUSED) {
  test(`${kind}DiscriminantAnalysis refuses ${name}`, () => {
    const object = fakeObject(`${MODULE}${kind}DiscriminantAnalysis`, attributes);
    assert.throws(() => resolveEstimator(object, 'model'), { code, message });
  });
}

test('the solver lsqr has no projection', () => {
  for (const [solver, has] of [
    ['svd', true],
    ['eigen', true],
    ['lsqr', false],
  ] as const) {
    const fitted = resolveEstimator(
      fakeObject(`${MODULE}LinearDiscriminantAnalysis`, { ...linear, solver }),
      'model',
    );
    assert.equal(fitted.transform !== undefined, has, solver);
  }
});
