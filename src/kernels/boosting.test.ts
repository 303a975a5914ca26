import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addLogProbabilities, addVotes, weightedMedian } from './boosting.ts';
import { averagePathLength, isolationScores } from './isolation.ts';

test('weighted median: the first prediction whose weights reach half', () => {
  // By hand. Row 1 in order: 1 (0.2), 2 (0.5), 3 (0.3); half is 0.5, reached at 2. Row 2: 5 (0.5) reaches it at once.
  const predictions = [Float64Array.of(3, 7), Float64Array.of(1, 9), Float64Array.of(2, 5)];
  assert.deepEqual([...weightedMedian(predictions, Float64Array.of(0.3, 0.2, 0.5), 2)], [2, 5]);
  // Weights of members that are not there are left out of the sum.
  assert.deepEqual([...weightedMedian(predictions, Float64Array.of(0.3, 0.2, 0.5, 9), 2)], [2, 5]);
  assert.deepEqual([...weightedMedian(predictions, Float64Array.of(0, 0, 0), 2)], [1, 5]);
});

test('votes: a hit for the class, a miss for the others, and for all where the class is not known', () => {
  const scores = new Float64Array(6);
  addVotes(scores, Int32Array.of(2, -1), 3, 1.5, -0.75);
  assert.deepEqual([...scores], [-0.75, -0.75, 1.5, -0.75, -0.75, -0.75]);
});

test('SAMME.R weighs probabilities by their logarithms, clipped at epsilon', () => {
  // scikit-learn 1.5.2 `_samme_proba` of [[0.5, 0.25, 0.25], [0, 1, 0]], added to ones.
  const scores = new Float64Array(6).fill(1);
  addLogProbabilities(scores, Float64Array.of(0.5, 0.25, 0.25, 0, 1, 0), 3);
  [1.9241962407465933, 0.5379018796267028, 0.5379018796267028].forEach((score, k) => {
    assert.ok(Math.abs(scores[k]! - score) < 1e-14);
  });
  [-23.029102259411438, 49.05820451882287, -23.029102259411438].forEach((score, k) => {
    assert.ok(Math.abs(scores[3 + k]! - score) < 1e-13);
  });
});

/** scikit-learn 1.9.1 `_average_path_length`. */
const PATHS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 0],
  [2, 1],
  [3, 1.207392357589623],
  [4, 1.8516559071392855],
  [10, 3.748880484475505],
  [100, 8.364671030072245],
  [256, 10.244770920119917],
  [1000, 12.969940887100174],
];

for (const [n, length] of PATHS) {
  test(`mean depth of a tree that isolates one of ${n} rows`, () => {
    assert.equal(averagePathLength(n), length);
  });
}

test('isolation scores halve with every expected depth', () => {
  assert.deepEqual([...isolationScores(Float64Array.of(0, 4, 8), 4)], [-1, -0.5, -0.25]);
  assert.deepEqual([...isolationScores(Float64Array.of(3), 0)], [-0.5]);
});
