import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromQuantile, interpolate, quantileColumn, toQuantile } from './quantile.ts';

test('interpolates as numpy.interp, repeated abscissae included', () => {
  const xs = Float64Array.of(0, 1, 1, 1, 2, 4);
  const ys = Float64Array.of(0, 0.1, 0.3, 0.5, 0.7, 1);
  // numpy.interp of numpy 2.5
  const wanted = [
    [-1, 0],
    [0, 0],
    [0.5, 0.05],
    [1, 0.5],
    [1.5, 0.6],
    [2, 0.7],
    [3.3, 0.895],
    [4, 1],
    [5, 1],
    [Number.NaN, Number.NaN],
  ];
  for (const [x, y] of wanted) {
    assert.equal(interpolate(x!, xs, ys), y);
  }
});

test('a run of equal quantiles maps to its middle, and back', () => {
  const column = quantileColumn(Float64Array.of(0, 1, 1, 1, 2), Float64Array.of(0, 0.25, 0.5, 0.75, 1));
  assert.equal(toQuantile(1, column, false), 0.5);
  assert.equal(toQuantile(0, column, false), 0);
  assert.equal(toQuantile(9, column, false), 1);
  assert.equal(fromQuantile(0.5, column, false), 1);
  assert.equal(fromQuantile(1, column, false), 2);
  assert.ok(Number.isNaN(toQuantile(Number.NaN, column, true)));
});

test('the bounds of a normal output are finite', () => {
  const column = quantileColumn(Float64Array.of(0, 1), Float64Array.of(0, 1));
  // QuantileTransformer(n_quantiles=2, output_distribution='normal') fitted on [[0], [1]], scikit-learn 1.9
  assert.ok(Math.abs(toQuantile(-3, column, true) + 5.199337582605575) < 1e-13);
  assert.ok(Math.abs(toQuantile(3, column, true) - 5.19933758270342) < 1e-13);
  assert.equal(fromQuantile(toQuantile(-3, column, true), column, true), 0);
});
