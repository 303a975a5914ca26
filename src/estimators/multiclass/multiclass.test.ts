import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import type { Label } from '../../model/data.ts';
import { dense, labelAt } from '../../model/data.ts';
import type { Inert, PyObject } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const MULTICLASS = 'sklearn.multiclass.';

/** A logistic regression of one feature. */
function logistic(weight: number, ...classes: number[]): Inert {
  return fakeObject('sklearn.linear_model._logistic.LogisticRegression', {
    coef_: fakeFloats([weight], [1, 1]),
    intercept_: fakeFloats([0]),
    classes_: fakeInts(classes.length === 0 ? [0, 1] : classes),
    multi_class: 'auto',
    solver: 'lbfgs',
    n_features_in_: 1,
  });
}

function constant(y: number): Inert {
  return fakeObject(`${MULTICLASS}_ConstantPredictor`, { y_: fakeInts([y]) });
}

function binarizer(type: string, ...classes: number[]): Inert {
  return fakeObject('sklearn.preprocessing._label.LabelBinarizer', {
    y_type_: type,
    classes_: fakeInts(classes),
  });
}

function rest(type: string, classes: number[], parts: Inert[], version?: string): PyObject {
  const attributes = { estimators_: fakeList(...parts), label_binarizer_: binarizer(type, ...classes) };
  return fakeObject(`${MULTICLASS}OneVsRestClassifier`, attributes, version);
}

function pairs(classes: number[], parts: Inert[], more: Record<string, Inert> = {}): PyObject {
  return fakeObject(`${MULTICLASS}OneVsOneClassifier`, {
    estimators_: fakeList(...parts),
    classes_: fakeInts(classes),
    pairwise_indices_: null,
    n_features_in_: 1,
    ...more,
  });
}

const THREE = [logistic(1), logistic(1), logistic(-1)];

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  ['no models', rest('multiclass', [0, 1, 2], []), 'LL4003', /estimators_/],
  ['a model too few', rest('multiclass', [0, 1, 2], THREE.slice(1)), 'LL4003', /3 models for 3 classes/],
  [
    'a model of three classes',
    rest(
      'multiclass',
      [0, 1, 2],
      [
        fakeObject('sklearn.linear_model._logistic.LogisticRegression', {
          coef_: fakeFloats([1, 2, 3], [3, 1]),
          intercept_: fakeFloats([0, 0, 0]),
          classes_: fakeInts([0, 1, 2]),
          multi_class: 'auto',
          solver: 'lbfgs',
        }),
        ...THREE.slice(1),
      ],
    ),
    'LL4003',
    /a classifier of two classes/,
  ],
  ['a kind of target that is not known', rest('continuous', [0, 1], THREE), 'LL4004', /y_type_/],
  ['two models of a binary target', rest('binary', [0, 1], THREE.slice(1)), 'LL4003', /1 models/],
  ['a pair too few', pairs([0, 1, 2], THREE.slice(1)), 'LL4003', /3 models, one per pair/],
  [
    'a precomputed kernel',
    pairs([0, 1, 2], THREE, { pairwise_indices_: fakeList(fakeInts([0])) }),
    'LL4004',
    /pairwise_indices_/,
  ],
  [
    'code words of another length',
    fakeObject(`${MULTICLASS}OutputCodeClassifier`, {
      estimators_: fakeList(...THREE),
      classes_: fakeInts([0, 1]),
      code_book_: fakeFloats([1, -1, 1, -1], [2, 2]),
    }),
    'LL4003',
    /code_book_/,
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

const ROWS = dense(2, 1, Float64Array.of(2, -2));

function predicted(value: Inert): Label[][] {
  const target = resolveEstimator(value, 'model').predict?.(ROWS);
  assert.ok(target?.kind === 'labels');
  return [0, 1].map((row) => Array.from({ length: target.nCols }, (_, j) => labelAt(target, row, j)));
}

test('of equal scores the last class wins up to 1.7, the first from 1.8 on', () => {
  // Two models of the same score stand before a weaker one.
  assert.deepEqual(predicted(rest('multiclass', [5, 6, 7], THREE, '1.7.2')), [[6], [7]]);
  assert.deepEqual(predicted(rest('multiclass', [5, 6, 7], THREE, '1.8.0')), [[5], [7]]);
});

test('a first label that no row had moves the threshold of all labels to one half', () => {
  // _ConstantPredictor is no classifier: scikit-learn then takes 0.5 for the other labels' decisions as well.
  const labels = rest('multilabel-indicator', [0, 1], [constant(0), logistic(0.2)]);
  assert.deepEqual(predicted(labels), [
    [0, 0],
    [0, 0],
  ]);
  const ordinary = rest('multilabel-indicator', [0, 1], [logistic(0.2), constant(1)]);
  assert.deepEqual(predicted(ordinary), [
    [1, 1],
    [0, 1],
  ]);
});

test('a row without any probability divides by zero up to 1.6 and stays from 1.7 on', () => {
  const parts = [constant(0), constant(0), constant(0)];
  const before = resolveEstimator(rest('multiclass', [0, 1, 2], parts, '1.6.1'), 'model');
  const after = resolveEstimator(rest('multiclass', [0, 1, 2], parts, '1.7.0'), 'model');
  assert.ok(before.predictProba?.(ROWS)[0]?.data.every(Number.isNaN));
  assert.ok(after.predictProba?.(ROWS)[0]?.data.every((p) => p === 0));
});
