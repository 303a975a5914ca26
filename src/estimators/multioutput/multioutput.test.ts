import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

function linear(...coefficients: number[]): Inert {
  return fakeObject('sklearn.linear_model._ridge.Ridge', {
    coef_: fakeFloats(coefficients),
    intercept_: 0,
    n_features_in_: coefficients.length,
  });
}

function chain(
  order: Inert,
  parts: Inert[],
  name = 'RegressorChain',
  more: Record<string, Inert> = {},
): Inert {
  return fakeObject(`sklearn.multioutput.${name}`, {
    estimators_: fakeList(...parts),
    order_: order,
    n_features_in_: 1,
    ...more,
  });
}

const LINKS = [linear(2), linear(1, 10)];
const SCALER = fakeObject('sklearn.preprocessing._data.MaxAbsScaler', { scale_: fakeFloats([1]) });

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  ['an output twice', chain(fakeInts([0, 0]), LINKS), 'LL4003', /order_/],
  ['an output too many', chain(fakeInts([0, 1, 2]), LINKS), 'LL4003', /order_/],
  ['an order that is a word', chain('random', LINKS), 'LL4003', /order_/],
  ['an order of halves', chain(fakeList(0, 0.5), LINKS), 'LL4003', /order_/],
  [
    'regressors in a chain of classifiers',
    chain(fakeInts([0, 1]), LINKS, 'ClassifierChain'),
    'LL4003',
    /classifier/,
  ],
  [
    'a link that is not known',
    chain(fakeInts([0, 1]), LINKS, 'ClassifierChain', { chain_method_: 'transform' }),
    'LL4004',
    /chain_method_/,
  ],
  [
    'a part that does not predict',
    fakeObject('sklearn.multioutput.MultiOutputRegressor', { estimators_: fakeList(SCALER) }),
    'LL4003',
    /predict/,
  ],
  [
    'regressors as classifiers',
    fakeObject('sklearn.multioutput.MultiOutputClassifier', { estimators_: fakeList(linear(1)) }),
    'LL4003',
    /a classifier of one output/,
  ],
];

for (const [what, value, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => resolveEstimator(value, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

test('each link sees the links before it, and answers in the order of outputs', () => {
  const target = resolveEstimator(chain(fakeInts([1, 0]), LINKS), 'model').predict?.(
    dense(1, 1, Float64Array.of(3)),
  );
  // The first link is output 1: 2 · 3. The second is output 0: 3 + 10 · 6.
  assert.deepEqual(target, {
    kind: 'numbers',
    nRows: 1,
    nCols: 2,
    oneD: false,
    data: Float64Array.of(63, 6),
  });
});

test('a refused row names the part', () => {
  const model = fakeObject('sklearn.multioutput.MultiOutputRegressor', { estimators_: fakeList(linear(1)) });
  assert.throws(
    () => resolveEstimator(model, 'model').predict?.(dense(1, 1, Float64Array.of(Number.NaN))),
    (error) =>
      error instanceof LoadlineError && error.code === 'LL2007' && error.detail.where === 'estimators_[0]',
  );
});
