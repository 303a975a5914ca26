import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import type { Label } from '../../model/data.ts';
import { dense, labelAt } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

function svc(weight: number, ...classes: number[]): Inert {
  return fakeObject('sklearn.svm._classes.LinearSVC', {
    coef_: fakeFloats([weight], [1, 1]),
    intercept_: fakeFloats([0]),
    classes_: fakeInts(classes.length === 0 ? [0, 1] : classes),
    n_features_in_: 1,
  });
}

function names(...items: (readonly [string, Inert])[]): Inert {
  return fakeList(...items.map((item): Inert => ({ kind: 'tuple', items: item })));
}

const ENCODER = fakeObject('sklearn.preprocessing._label.LabelEncoder', { classes_: fakeList('no', 'yes') });

function voting(parts: Inert[], more: Record<string, Inert> = {}): Inert {
  return fakeObject('sklearn.ensemble._voting.VotingClassifier', {
    estimators: names(['a', svc(1)], ['gone', 'drop'], ['b', svc(1)]),
    estimators_: fakeList(...parts),
    le_: ENCODER,
    voting: 'hard',
    weights: null,
    flatten_transform: true,
    ...more,
  });
}

function stacking(parts: Inert[], more: Record<string, Inert> = {}): Inert {
  return fakeObject('sklearn.ensemble._stacking.StackingClassifier', {
    estimators: names(['a', svc(1)], ['b', svc(1)]),
    estimators_: fakeList(...parts),
    stack_method_: fakeList('decision_function', 'predict'),
    final_estimator_: fakeObject('sklearn.svm._classes.LinearSVC', {
      coef_: fakeFloats([1, -3], [1, 2]),
      intercept_: fakeFloats([0]),
      classes_: fakeInts([0, 1]),
      n_features_in_: 2,
    }),
    _label_encoder: ENCODER,
    passthrough: false,
    ...more,
  });
}

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  ['a model too many', voting([svc(1), svc(1), svc(1)]), 'LL4003', /2 estimators/],
  [
    'probabilities that are not there',
    voting([svc(1), svc(1)], { voting: 'soft' }),
    'LL4003',
    /predict_proba/,
  ],
  ['a class beyond the encoder', voting([svc(1), svc(1, 0, 7)]), 'LL4003', /classes from 0 to 1/],
  ['weights of other models', voting([svc(1), svc(1)], { weights: fakeList(1, 2) }), 'LL4003', /weights/],
  ['a vote that is not known', voting([svc(1), svc(1)], { voting: 'loud' }), 'LL4004', /voting/],
  ['names that are a word', voting([svc(1), svc(1)], { estimators: 'a' }), 'LL4003', /estimators/],
  [
    'a method too few',
    stacking([svc(1), svc(1)], { stack_method_: fakeList('predict') }),
    'LL4003',
    /stack_method_/,
  ],
  [
    'a method that is not there',
    stacking([svc(1), svc(1)], { stack_method_: fakeList('predict', 'predict_proba') }),
    'LL4003',
    /predict_proba/,
  ],
  [
    'a method that is not known',
    stacking([svc(1), svc(1)], { stack_method_: fakeList('predict', 'fit') }),
    'LL4003',
    /stack_method_/,
  ],
  ['no final model', stacking([svc(1), svc(1)], { final_estimator_: null }), 'LL4005', /final_estimator_/],
];

for (const [what, value, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => resolveEstimator(value, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

function predicted(value: Inert, ...rows: number[]): Label[] {
  const target = resolveEstimator(value, 'model').predict?.(dense(rows.length, 1, Float64Array.from(rows)));
  assert.ok(target?.kind === 'labels');
  return rows.map((_, row) => labelAt(target, row));
}

test('the weight of a dropped model goes with it', () => {
  const parts = [svc(1), svc(-1)];
  assert.deepEqual(predicted(voting(parts), 2, -2), ['no', 'no']);
  assert.deepEqual(predicted(voting(parts, { weights: fakeList(2, 100, 1) }), 2, -2), ['yes', 'no']);
});

test('answers become the features of the final model, whose codes become labels', () => {
  // decision x, prediction x > 0; final x − 3 · [x > 0] > 0
  assert.deepEqual(predicted(stacking([svc(1), svc(1)]), 2, 4, -1), ['no', 'yes', 'no']);
});

test('a final model of codes the encoder does not have is refused when it predicts one', () => {
  const final = fakeObject('sklearn.svm._classes.LinearSVC', {
    coef_: fakeFloats([1, 1], [1, 2]),
    intercept_: fakeFloats([0]),
    classes_: fakeInts([0, 9]),
    n_features_in_: 2,
  });
  assert.throws(
    () => predicted(stacking([svc(1), svc(1)], { final_estimator_: final }), 5),
    (error) => error instanceof LoadlineError && error.code === 'LL4003',
  );
});
