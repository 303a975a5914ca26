import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import type { Label } from '../../model/data.ts';
import { dense, labelAt } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const SELECTION = 'sklearn.model_selection.';

function svc(...classes: number[]): Inert {
  const rows = classes.length === 2 ? 1 : classes.length;
  return fakeObject('sklearn.svm._classes.LinearSVC', {
    coef_: fakeFloats(new Array(rows).fill(1), [rows, 1]),
    intercept_: fakeFloats(new Array(rows).fill(0)),
    classes_: fakeInts(classes),
    n_features_in_: 1,
  });
}

function fixed(attributes: Record<string, Inert>): Inert {
  return fakeObject(`${SELECTION}_classification_threshold.FixedThresholdClassifier`, {
    estimator_: svc(5, 6),
    response_method: 'auto',
    pos_label: null,
    threshold: 'auto',
    ...attributes,
  });
}

function tuned(score: Inert, kwargs: Inert): Inert {
  return fakeObject(`${SELECTION}_classification_threshold.TunedThresholdClassifierCV`, {
    estimator_: svc(1, 2),
    response_method: 'auto',
    best_threshold_: 1,
    _curve_scorer: fakeObject('sklearn.metrics._scorer._CurveScorer', {
      _score_func: score,
      _kwargs: kwargs,
    }),
  });
}

const F1: Inert = { kind: 'global', module: 'sklearn.metrics._classification', name: 'f1_score', offset: 0 };
const OWN_SCORE: Inert = { kind: 'global', module: 'mine', name: 'f1_score', offset: 0 };
const NO_OPTIONS: Inert = { kind: 'dict', entries: [] };

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  [
    'a search that was not refitted',
    fakeObject(`${SELECTION}_search.GridSearchCV`, { refit: false, best_params_: NO_OPTIONS }),
    'LL4004',
    /refit=False/,
  ],
  [
    'a search that was not fitted',
    fakeObject(`${SELECTION}_search.GridSearchCV`, { refit: true }),
    'LL4002',
    /best_estimator_/,
  ],
  ['a threshold on three classes', fixed({ estimator_: svc(5, 6, 7) }), 'LL4003', /two classes/],
  ['a class that is not there', fixed({ pos_label: 9 }), 'LL4003', /pos_label.*5, 6/],
  [
    'probabilities that are not there',
    fixed({ response_method: 'predict_proba' }),
    'LL4003',
    /predict_proba/,
  ],
  ['a threshold that is a list', fixed({ threshold: fakeList(1) }), 'LL4003', /threshold/],
];

for (const [what, value, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => resolveEstimator(value, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

function predicted(value: Inert): Label[] {
  const target = resolveEstimator(value, 'model').predict?.(dense(3, 1, Float64Array.of(-2, 0, 2)));
  assert.ok(target?.kind === 'labels');
  return [0, 1, 2].map((row) => labelAt(target, row));
}

test('a threshold includes its own value, and turns around for the first class', () => {
  assert.deepEqual(predicted(fixed({})), [5, 6, 6]);
  assert.deepEqual(predicted(fixed({ threshold: 1 })), [5, 5, 6]);
  assert.deepEqual(predicted(fixed({ pos_label: 5, threshold: 1 })), [5, 6, 6]);
});

test('a tuned threshold follows the class its score is about', () => {
  // f1_score is about class 1, which is the first here; a score of its own says nothing of a class.
  assert.deepEqual(predicted(tuned(F1, NO_OPTIONS)), [1, 2, 2]);
  assert.deepEqual(predicted(tuned(F1, { kind: 'dict', entries: [['pos_label', 2]] })), [1, 1, 2]);
  assert.deepEqual(predicted(tuned(OWN_SCORE, NO_OPTIONS)), [1, 1, 2]);
});

test('a wrapper has the methods of what it holds, no others', () => {
  const frozen = resolveEstimator(
    fakeObject('sklearn.frozen._frozen.FrozenEstimator', { estimator: svc(5, 6) }),
    'm',
  );
  assert.equal(frozen.name, 'FrozenEstimator');
  assert.ok(frozen.predict !== undefined && frozen.decisionFunction !== undefined);
  assert.equal(frozen.predictProba, undefined);
  assert.deepEqual(frozen.classes, [[5, 6]]);
});
