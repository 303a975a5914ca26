import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highest, nearestCode, pairVotes } from './multiclass.ts';
import { majority, weightedMean } from './vote.ts';

test('a mean with and without weights', () => {
  const parts = [Float64Array.of(1, 2), Float64Array.of(3, 6)];
  assert.deepEqual([...weightedMean(parts, null)], [2, 4]);
  // numpy.average([[1, 2], [3, 6]], axis=0, weights=[3, 1])
  assert.deepEqual([...weightedMean(parts, Float64Array.of(3, 1))], [1.5, 3]);
});

test('the majority, the first class on a tie, by weight where given', () => {
  const votes = [Float64Array.of(2, 0), Float64Array.of(1, 0), Float64Array.of(1, 2)];
  assert.deepEqual([...majority(votes, null, 2, 3)], [1, 0]);
  assert.deepEqual([...majority(votes, Float64Array.of(5, 1, 9), 2, 3)], [1, 2]);
  assert.deepEqual([...majority(votes.slice(0, 2), null, 1, 3)], [1]);
});

test('of equal scores the first or the last wins', () => {
  const scores = [Float64Array.of(1, 0), Float64Array.of(1, 3), Float64Array.of(0, 3)];
  assert.deepEqual([...highest(scores, 2, false)], [0, 1]);
  assert.deepEqual([...highest(scores, 2, true)], [1, 2]);
});

test('votes of pairs with their confidences', () => {
  // sklearn.utils.multiclass._ovr_decision_function([[0, 1, 1]], [[-2, 1, .5]], 3), scikit-learn 1.7.2
  const predictions = [Float64Array.of(0), Float64Array.of(1), Float64Array.of(1)];
  const confidences = [Float64Array.of(-2), Float64Array.of(1), Float64Array.of(0.5)];
  assert.deepEqual(
    [...pairVotes(predictions, confidences, 1, 3)],
    [1.1666666666666667, -0.23809523809523808, 2.2],
  );
});

test('the nearest code word, the first of equal ones', () => {
  const codes = Float64Array.of(1, 1, -1, 1, -1, 1);
  assert.deepEqual(
    [...nearestCode([Float64Array.of(-0.9, 0.2), Float64Array.of(0.3, 5)], codes, 2, 3)],
    [1, 0],
  );
});
