import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const CALIBRATION = 'sklearn.calibration.';
const SIGMOID = fakeObject(`${CALIBRATION}_SigmoidCalibration`, { a_: -1, b_: 0 });
const TEMPERATURE = fakeObject(`${CALIBRATION}_TemperatureScaling`, { beta_: 2 });

function svc(...classes: number[]): Inert {
  const rows = classes.length === 2 ? 1 : classes.length;
  return fakeObject('sklearn.svm._classes.LinearSVC', {
    coef_: fakeFloats(new Array(rows).fill(1), [rows, 1]),
    intercept_: fakeFloats(new Array(rows).fill(0)),
    classes_: fakeInts(classes),
    n_features_in_: 1,
  });
}

function fold(estimator: Inert, calibrators: Inert[], method = 'sigmoid'): Inert {
  return fakeObject(`${CALIBRATION}_CalibratedClassifier`, {
    estimator,
    calibrators: fakeList(...calibrators),
    method,
  });
}

function calibrated(classes: number[], ...folds: Inert[]): Inert {
  return fakeObject(`${CALIBRATION}CalibratedClassifierCV`, {
    classes_: fakeInts(classes),
    calibrated_classifiers_: fakeList(...folds),
  });
}

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  ['no folds', calibrated([0, 1]), 'LL4003', /calibrated_classifiers_/],
  ['no calibrator', calibrated([0, 1], fold(svc(0, 1), [])), 'LL4003', /1 calibrators/],
  [
    'a calibrator too many',
    calibrated([0, 1], fold(svc(0, 1), [SIGMOID, SIGMOID])),
    'LL4003',
    /1 calibrators/,
  ],
  [
    'a class that is not known',
    calibrated([0, 1, 2], fold(svc(0, 1, 9), [SIGMOID, SIGMOID, SIGMOID])),
    'LL4003',
    /classes of the whole, found 9/,
  ],
  ['a method that is not known', calibrated([0, 1], fold(svc(0, 1), [SIGMOID], 'beta')), 'LL4004', /method/],
  [
    'a calibrator of unknown code',
    calibrated([0, 1], fold(svc(0, 1), [fakeObject('mine._SigmoidCalibration', { a_: 1, b_: 1 })])),
    'LL3006',
    /mine/,
  ],
  [
    'two temperatures',
    calibrated([0, 1], fold(svc(0, 1), [TEMPERATURE, TEMPERATURE], 'temperature')),
    'LL4003',
    /one for all/,
  ],
  [
    'a temperature for fewer classes',
    calibrated([0, 1, 2], fold(svc(0, 1), [TEMPERATURE], 'temperature')),
    'LL4003',
    /one for all/,
  ],
  [
    'a fold that is a regressor',
    calibrated(
      [0, 1],
      fold(fakeObject('sklearn.svm._classes.LinearSVR', { coef_: fakeFloats([1]), intercept_: 0 }), [
        SIGMOID,
      ]),
    ),
    'LL4003',
    /a classifier/,
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

test('folds are averaged, and a class that a fold never saw gets nothing from it', () => {
  const full = fold(svc(0, 1, 2), [SIGMOID, SIGMOID, SIGMOID]);
  const partial = fold(svc(1, 2), [SIGMOID]);
  const [probabilities] =
    resolveEstimator(calibrated([0, 1, 2], full, partial), 'model').predictProba?.(
      dense(1, 1, Float64Array.of(0)),
    ) ?? [];
  // ⅓ each from the first fold. The second has one score, which zip gives to the first of its classes: all to class 1.
  const wanted = [1 / 6, 2 / 3, 1 / 6];
  probabilities?.data.forEach((p, k) => {
    assert.ok(Math.abs(p - wanted[k]!) < 1e-15, `${k}: ${p}`);
  });
  assert.equal(probabilities?.nCols, 3);
});
