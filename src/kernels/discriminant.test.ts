import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../model/data.ts';
import { columnDifference, quadraticScores } from './discriminant.ts';

test('quadratic scores', () => {
  // Axes as columns of [[0.6, −0.8], [0.8, 0.6]] over the root of the variances 2 and 0.5.
  const tilted = {
    mean: Float64Array.of(1, 1),
    rank: 2,
    axes: Float64Array.of(0.6 / Math.SQRT2, 0.8 / Math.SQRT2, -0.8 * Math.SQRT2, 0.6 * Math.SQRT2),
    logDeterminant: 0,
    logPrior: Math.log(0.6),
  };
  const straight = {
    mean: Float64Array.of(0, 0),
    rank: 2,
    axes: Float64Array.of(1, 0, 0, 0.5),
    logDeterminant: Math.log(4),
    logPrior: Math.log(0.4),
  };
  const scores = quadraticScores([straight, tilted], dense(2, 2, Float64Array.of(1, 2, 0, 0)));
  // Made with scikit-learn 1.9's QuadraticDiscriminantAnalysis on the same parameters.
  const wanted = [-2.60943791, -1.03082562, -1.60943791, -1.04082562];
  for (const [i, value] of scores.entries()) {
    assert.ok(Math.abs(value - wanted[i]!) < 1e-8, `${i}: ${value}, wanted ${wanted[i]}`);
  }
  const difference = columnDifference(scores);
  assert.equal(difference.length, 2);
  assert.ok(Math.abs(difference[0]! - 1.57861229) < 1e-8);
});
