import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incompleteRows, nanEuclidean } from './nan-euclidean.ts';

const { NaN: MISSING } = Number;

function rows(...values: readonly (readonly number[])[]) {
  const data = Float64Array.from(values.flat());
  const missing = Uint8Array.from(data, (x) => (Number.isNaN(x) ? 1 : 0));
  return incompleteRows(data, missing, values.length, values[0]!.length);
}

test('distances over common features agree with scikit-learn', () => {
  const asked = rows(
    [3, MISSING, MISSING, 6],
    [1, MISSING, 4, 5],
    [MISSING, MISSING, 1, MISSING],
    [0.1, 0.2, 0.3, 0.7],
  );
  const points = rows([1, MISSING, 4, 5], [MISSING, 2, MISSING, 1], [0.5, 0.25, 0.125, 0.1]);
  // sklearn.metrics.pairwise.nan_euclidean_distances of scikit-learn 1.9
  const wanted = [
    [3.1622776601683795, 10, 9.062008607367353],
    [0, 8, 7.236539228111736],
    [6, MISSING, 1.75],
    [6.632244466744774, 2.580697580112788, 0.7437237390321757],
  ];
  for (const [i, row] of wanted.entries()) {
    const out = new Float64Array(3);
    nanEuclidean(asked, i, points, out);
    for (const [p, distance] of row.entries()) {
      assert.ok(
        Object.is(out[p], distance) || Math.abs(out[p]! - distance) <= 1e-14,
        `${i}, ${p}: ${out[p]}, wanted ${distance}`,
      );
    }
  }
});
