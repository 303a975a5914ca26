import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../model/data.ts';
import { oneVsRestScores, pairDecisions, pairProbabilities, pairVotes } from './libsvm.ts';
import { denseKernelPoints, linearKernel } from './pairwise.ts';

test('decisions of three pairs', () => {
  // Vectors 1, 2, 3 and 4 of the classes 0, 1, 1 and 2; the row 10 has the kernel values 10, 20, 30 and 40. By hand:
  // 0–1: 1·10 + (−1)·20 + (−2)·30 + 0.5, 0–2: 2·10 + (−3)·40 − 1, 1–2: 3·20 + 4·30 + 5·40 + 2.
  const machines = {
    kernel: linearKernel(denseKernelPoints(Float64Array.of(1, 2, 3, 4), 4, 1)),
    counts: Int32Array.of(1, 2, 1),
    coefficients: Float64Array.of(1, -1, -2, -3, 2, 3, 4, 5),
    intercepts: Float64Array.of(0.5, -1, 2),
  };
  assert.deepEqual([...pairDecisions(machines, dense(1, 1, Float64Array.of(10)))], [-69.5, -101, 382]);
});

test('votes go to the second class of a pair at 0, and the first class wins a tie', () => {
  assert.deepEqual([...pairVotes(Float64Array.of(0), 1, 2)], [1]);
  // 0 beats 1, 2 beats 0, 1 beats 2: one vote each.
  assert.deepEqual([...pairVotes(Float64Array.of(1, -1, 1), 1, 3)], [0]);
  assert.deepEqual([...pairVotes(Float64Array.of(-1, -1, -1, 1, 1, 1), 2, 3)], [2, 0]);
});

test('scores of one class against the rest', () => {
  // scikit-learn 1.9.1: _ovr_decision_function(d < 0, −d, 3)
  const decisions = Float64Array.of(0.5, -1.2, 0.3, -2, 0.1, 1.5, 1e-3, -1e-3, 1e-3);
  const expected = [
    0.8627450980392157, 0.9444444444444444, 1.1578947368421053, 0.7816091954022988, 2.259259259259259,
    -0.20512820512820512, 1, 1, 1,
  ];
  const found = oneVsRestScores(decisions, 3, 3);
  for (const [i, wanted] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - wanted) < 1e-15, `${i}: expected ${wanted}, found ${found[i]}`);
  }
});

/** Decisions, sigmoids and probabilities of `SVC(probability=True)` on blobs, scikit-learn 1.7.2. */
const COUPLED = [
  {
    nClasses: 2,
    decisions: [-1.1863307738575077, 1.301674613384959],
    slopes: [-2.955235459172196],
    offsets: [0.14052437117028638],
    expected: [0.025410014885075455, 0.9745899851149246, 0.9755001669669768, 0.024499833033023246],
  },
  {
    nClasses: 3,
    decisions: [
      -1.1845462455577613, -1.1341853099887518, -0.3908137854574239, -1.0000440509685997,
      -0.18598545794942878, 0.9319861340765909,
    ],
    slopes: [-2.730099499832939, -2.726229756102705, -1.920911669174728],
    offsets: [0.1647817841285381, -0.11676322478496025, -0.2715956696040079],
    expected: [
      0.02159589323301179, 0.3749081494312297, 0.6034959573357588, 0.05316064999474746, 0.8442308645416194,
      0.10260848546363285,
    ],
  },
];

for (const { nClasses, decisions, slopes, offsets, expected } of COUPLED) {
  test(`probabilities of ${nClasses} classes`, () => {
    const sigmoids = { slopes: Float64Array.from(slopes), offsets: Float64Array.from(offsets) };
    const found = pairProbabilities(Float64Array.from(decisions), sigmoids, 2, nClasses);
    for (const [i, wanted] of expected.entries()) {
      assert.ok(Math.abs(found[i]! - wanted) < 1e-13, `${i}: expected ${wanted}, found ${found[i]}`);
    }
  });
}

test('a sigmoid that overflows stays a probability', () => {
  const sigmoids = { slopes: Float64Array.of(-1), offsets: Float64Array.of(0) };
  // Clipped to 1e-7 first; the iteration then stops near it.
  const [low, high] = pairProbabilities(Float64Array.of(-1e6), sigmoids, 1, 2);
  assert.ok(low! >= 0 && low! < 0.01 && high! > 0.99 && Math.abs(low! + high! - 1) < 1e-12, `${low} ${high}`);
});
