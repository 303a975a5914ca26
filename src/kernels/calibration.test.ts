import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../model/data.ts';
import {
  isotonicValues,
  normalizeProbabilities,
  sigmoidProbabilities,
  temperatureProbabilities,
  trimAboveOne,
} from './calibration.ts';

function near(found: Float64Array, wanted: readonly number[]): void {
  assert.equal(found.length, wanted.length);
  found.forEach((x, i) => {
    const bound = 1e-12 * Math.abs(wanted[i]!) + 1e-15;
    assert.ok(
      Object.is(x, wanted[i]) || Math.abs(x - wanted[i]!) <= bound,
      `${i}: ${x}, wanted ${wanted[i]}`,
    );
  });
}

// Expected values: _SigmoidCalibration, _TemperatureScaling and IsotonicRegression of scikit-learn 1.9.1.

test('sigmoid', () => {
  near(
    sigmoidProbabilities(Float64Array.of(-1, 0, 3), -2, 0.5),
    [0.07585818002124355, 0.3775406687981454, 0.995929862284104],
  );
});

test('temperature takes the logarithm of what looks like probabilities, and only of that', () => {
  near(
    temperatureProbabilities(dense(2, 3, Float64Array.of(0.2, 0.3, 0.5, 1, 0, 0)), 1.5).data,
    [
      0.1472761775614612, 0.2705636147191584, 0.5821602077193805, 1.0, 9.99999999998502e-19,
      9.99999999998502e-19,
    ],
  );
  near(
    temperatureProbabilities(dense(2, 3, Float64Array.of(1, -2, 0.5, 0, 0, 3)), 1.5).data,
    [
      0.6740926741164339, 0.007488493183213963, 0.3184188327003521, 0.010867541574775536,
      0.010867541574775536, 0.978264916850449,
    ],
  );
});

test('isotonic, with NaN or the nearest value outside', () => {
  const fit = { xs: Float64Array.of(1, 2, 4), ys: Float64Array.of(1, 3, 4), float32: false };
  const values = Float64Array.of(0, 1, 1.5, 3, 4, 9);
  near(isotonicValues(values, { ...fit, outOfBounds: 'nan' }), [Number.NaN, 1, 2, 3.5, 4, Number.NaN]);
  near(isotonicValues(values, { ...fit, outOfBounds: 'clip' }), [1, 1, 2, 3.5, 4, 4]);
  const point = {
    xs: Float64Array.of(1),
    ys: Float64Array.of(7),
    float32: false,
    outOfBounds: 'nan',
  } as const;
  near(isotonicValues(Float64Array.of(-5, 5), point), [7, 7]);
});

test('rows are divided by their sum, those of sum 0 become uniform, and rounding above 1 is cut', () => {
  const rows = dense(2, 2, Float64Array.of(1, 3, 0, 0));
  normalizeProbabilities(rows);
  assert.deepEqual([...rows.data], [0.25, 0.75, 0.5, 0.5]);
  const data = Float64Array.of(1 + 1e-6, 1.1, 0.5);
  trimAboveOne(data);
  assert.deepEqual([...data], [1, 1.1, 0.5]);
});
