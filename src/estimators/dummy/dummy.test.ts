import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const classifier = {
  classes_: fakeInts([4, 6]),
  class_prior_: fakeFloats([0.25, 0.75]),
  constant: null,
  strategy: 'prior',
};

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  [
    'a draw by class shares',
    'DummyClassifier',
    { ...classifier, strategy: 'stratified' },
    'LL4004',
    /stratified/,
  ],
  ['an even draw', 'DummyClassifier', { ...classifier, strategy: 'uniform' }, 'LL4004', /uniform/],
  ['no constant', 'DummyClassifier', { ...classifier, strategy: 'constant' }, 'LL4003', /constant/],
  [
    'a constant that is no class',
    'DummyClassifier',
    { ...classifier, strategy: 'constant', constant: 5 },
    'LL4003',
    /constant/,
  ],
  [
    'shares of other classes',
    'DummyClassifier',
    { ...classifier, class_prior_: fakeFloats([1]) },
    'LL4003',
    /class_prior_/,
  ],
  [
    'shares of one output of two',
    'DummyClassifier',
    {
      ...classifier,
      classes_: fakeList(fakeInts([0, 1]), fakeInts([0, 1])),
      class_prior_: fakeList(fakeFloats([0.5, 0.5])),
    },
    'LL4003',
    /class_prior_/,
  ],
  [
    'a forged number of columns',
    'DummyClassifier',
    { ...classifier, n_features_in_: 4_000_000_000 },
    'LL4003',
    /n_features_in_/,
  ],
  [
    'constants of two rows',
    'DummyRegressor',
    { constant_: fakeFloats([1, 2], [2, 1]) },
    'LL4003',
    /constant_/,
  ],
];

for (const [name, className, attributes, code, message] of REFUSED) {
  test(`${className} refuses ${name}`, () => {
    const object = fakeObject(`sklearn.dummy.${className}`, attributes);
    assert.throws(() => resolveEstimator(object, 'model'), { code, message });
  });
}

test('any rows are counted, texts too', () => {
  const fitted = resolveEstimator(fakeObject('sklearn.dummy.DummyClassifier', classifier), 'model');
  const codes = Int32Array.of(1, 1);
  const answer = { kind: 'labels', nRows: 2, nCols: 1, oneD: true, codes, classes: [[4, 6]] };
  assert.deepEqual(fitted.predict?.({ kind: 'texts', nRows: 2, values: ['a', 'b'] }), answer);
});
