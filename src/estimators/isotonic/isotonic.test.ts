import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const FIT: Record<string, Inert> = {
  X_thresholds_: fakeFloats([1, 2, 4]),
  y_thresholds_: fakeFloats([1, 3, 4]),
  out_of_bounds: 'raise',
};

function isotonic(attributes: Record<string, Inert>) {
  return resolveEstimator(fakeObject('sklearn.isotonic.IsotonicRegression', attributes), 'model');
}

const REFUSED: readonly [string, Record<string, Inert>, ErrorCode, RegExp][] = [
  [
    'no points',
    { ...FIT, X_thresholds_: fakeFloats([]), y_thresholds_: fakeFloats([]) },
    'LL4003',
    /X_thresholds_/,
  ],
  ['points that fall', { ...FIT, X_thresholds_: fakeFloats([1, 4, 2]) }, 'LL4003', /rising/],
  ['values of other points', { ...FIT, y_thresholds_: fakeFloats([1, 3]) }, 'LL4003', /y_thresholds_/],
  ['a bound that is not known', { ...FIT, out_of_bounds: 'wrap' }, 'LL4004', /out_of_bounds/],
];

for (const [what, attributes, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => isotonic(attributes),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

test('a value out of range is refused where the model was made to', () => {
  const fitted = isotonic(FIT);
  assert.deepEqual(fitted.predict?.(dense(1, 1, Float64Array.of(3))).kind, 'numbers');
  assert.throws(
    () => fitted.predict?.(dense(2, 1, Float64Array.of(1.5, 4.5))),
    (error) =>
      error instanceof LoadlineError &&
      error.code === 'LL2015' &&
      error.detail.row === 1 &&
      /from 1 to 4, found 4\.5/.test(error.message),
  );
});
