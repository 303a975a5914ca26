import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BSpline } from './bspline.ts';
import { evaluateSpline } from './bspline.ts';

const CUBIC: BSpline = {
  knots: Float64Array.of(-3, -2, -1, 0, 1, 2, 3, 4, 5),
  degree: 3,
  coefficients: Float64Array.of(
    1,
    2.8284271247461903,
    5.196152422706632,
    8,
    11.180339887498949,
    14.696938456699069,
    18.520259177452132,
    22.627416997969522,
    27,
    31.622776601683793,
  ),
  nOutputs: 2,
};

/** scipy.interpolate.BSpline of scipy 1.18 with these knots and coefficients: x, values, slopes. */
const WANTED: readonly [number, readonly number[], readonly number[]][] = [
  [0, [5.494158263054246, 8.254227596907542], [5.0901699437494745, 5.93425566597644]],
  [0.3, [7.099725458596783, 10.101832533129578], [5.607126811613563, 6.378733193050691]],
  [1, [11.406295191692426, 14.902528470794298], [6.66205337737275, 7.313708498984761]],
  [1.99, [18.631188159383754, 22.720321256481526], [7.8984210454099495, 8.452261828916818]],
  [2, [18.710229432884578, 22.804897175043493], [7.9098300562505255, 8.462919072492362]],
  [-0.5, [3.181583988459487, 5.483850159451521], [4.142114520591029, 5.135094688144575]],
  [2.7, [24.514023876020612, 28.980194711988585], [8.654807107388088, 9.167014355781781]],
];

function evaluate(spline: BSpline, x: number, extrapolate: boolean, derivative: 0 | 1): number[] {
  const out = new Float64Array(spline.nOutputs);
  evaluateSpline(spline, x, extrapolate, derivative, new Float64Array(2 * spline.degree + 2), out, 0);
  return Array.from(out);
}

test('values and slopes are scipy’s to the last bit', () => {
  for (const [x, values, slopes] of WANTED) {
    assert.deepEqual(evaluate(CUBIC, x, true, 0), values);
    assert.deepEqual(evaluate(CUBIC, x, true, 1), slopes);
  }
});

test('outside without extrapolation, and NaN, give NaN', () => {
  assert.deepEqual(evaluate(CUBIC, 2.7, false, 0), [Number.NaN, Number.NaN]);
  assert.deepEqual(evaluate(CUBIC, Number.NaN, true, 0), [Number.NaN, Number.NaN]);
});

test('degree 0 is the interval itself, without a slope', () => {
  const steps: BSpline = {
    knots: Float64Array.of(0, 1, 2.5, 3),
    degree: 0,
    coefficients: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
    nOutputs: 3,
  };
  // scipy.interpolate.BSpline([0, 1, 2.5, 3], eye(3), 0)
  assert.deepEqual(evaluate(steps, 1, true, 0), [0, 1, 0]);
  assert.deepEqual(evaluate(steps, 5, true, 0), [0, 0, 1]);
  assert.deepEqual(evaluate(steps, 1, true, 1), [0, 0, 0]);
});
