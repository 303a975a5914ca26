import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Csr } from '../model/data.ts';
import type { Metric, PointSet } from './distance.ts';
import {
  booleanMetric,
  brayCurtis,
  canberra,
  chebyshev,
  correlation,
  cosine,
  densePoints,
  euclidean,
  hamming,
  haversine,
  manhattan,
  minkowski,
  nanEuclidean,
  sparseCosinePoints,
  sparseEuclideanPoints,
  squaredEuclidean,
  standardizedEuclidean,
} from './distance.ts';

const { NaN: nan } = Number;
const ROW = [1, -2, 0.5, 3];
const POINTS = [0.5, 1, -1, 3.5, 1, -2, 0.5, 3, 0, 0, 2, -1];
const BOOLEAN_ROW = [1, 1, 0, 1];
const BOOLEANS = [1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0];

/** Expected values: scipy 1.18 `cdist`, or scikit-learn 1.9.1 `DistanceMetric` and `nan_euclidean_distances`. */
const DISTANCES: readonly [string, Metric, readonly number[], readonly number[], readonly number[]][] = [
  ['euclidean', euclidean(), ROW, POINTS, [3.427827300200522, 0, 4.8218253804964775]],
  ['squared', squaredEuclidean(), ROW, POINTS, [11.75, 0, 23.25]],
  [
    'standardized',
    standardizedEuclidean(Float64Array.of(1, 4, 0.25, 2)),
    ROW,
    POINTS,
    [3.409545424246464, 0, 4.358898943540674],
  ],
  ['manhattan', manhattan(), ROW, POINTS, [5.5, 0, 8.5]],
  ['chebyshev', chebyshev(), ROW, POINTS, [3, 0, 4]],
  ['minkowski 3', minkowski(3, null), ROW, POINTS, [3.1286623728379865, 0, 4.242778972090721]],
  [
    'weighted minkowski 1.5',
    minkowski(1.5, Float64Array.of(1, 0.5, 2, 0.25)),
    ROW,
    POINTS,
    [3.559031095212735, 0, 4.029428663813956],
  ],
  ['canberra', canberra(), ROW, POINTS, [2.41025641025641, 0, 3.6]],
  ['bray-curtis', brayCurtis(), ROW, POINTS, [0.44, 0, 0.8947368421052632]],
  ['cosine', cosine(), ROW, POINTS, [0.4086732953541299, 0, 1.236939551103637]],
  ['cosine of zeros', cosine(), [0, 0, 0, 0], POINTS, [1, 1, 1]],
  ['correlation', correlation(), ROW, POINTS, [0.48016134154589485, 0, 1.3381383859576967]],
  ['hamming', hamming(), BOOLEAN_ROW, BOOLEANS, [0.25, 0.75, 0.75]],
  [
    'haversine',
    haversine(),
    [0.5, 0.2],
    [0.6, -0.3, 0.5, 0.2, -1, 2],
    [0.4362627171779915, 0, 2.107321841914961],
  ],
  [
    'euclidean without missing values',
    nanEuclidean(),
    [1, nan, 0.5, 3],
    [0.5, 1, nan, 3.5, 1, 2, 0.5, 3, nan, 1, nan, nan],
    [1, 0, nan],
  ],
  [
    'sokal-sneath',
    booleanMetric((both, unequal) => unequal / (0.5 * both + unequal)),
    BOOLEAN_ROW,
    BOOLEANS,
    [0.5, 6 / 7, 1],
  ],
];

for (const [name, metric, row, points, expected] of DISTANCES) {
  test(`${name} distances`, () => {
    // Two more copies of the points: the first four are measured together, the rest one by one.
    const thrice = Float64Array.from([...points, ...points, ...points]);
    const set = densePoints(metric, thrice, row.length);
    near(measured(set, [7, ...row], 1), [...expected, ...expected, ...expected]);
  });
}

test('every metric turns its distances back to what it compares by', () => {
  for (const [name, metric, row, points] of DISTANCES) {
    const set = densePoints(metric, Float64Array.from(points), row.length);
    const reduced = new Float64Array(set.nPoints);
    set.begin(Float64Array.from(row), 0);
    set.distances(0, set.nPoints, reduced);
    near(
      [...reduced].map((x) => metric.toReduced(metric.toDistance(x))),
      [...reduced],
      name,
    );
  }
});

test('scaled metrics leave the points they were given as they are', () => {
  const points = Float64Array.from(POINTS);
  densePoints(cosine(), points, 4);
  assert.deepEqual([...points], POINTS);
});

test('sparse points have the distances of the dense ones', () => {
  const points: Csr = {
    kind: 'csr',
    nRows: 3,
    nCols: 4,
    indptr: Int32Array.of(0, 4, 8, 10),
    indices: Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3, 2, 3),
    data: Float64Array.of(0.5, 1, -1, 3.5, 1, -2, 0.5, 3, 2, -1),
  };
  near(measured(sparseEuclideanPoints(points, false), ROW, 0), [3.427827300200522, 0, 4.8218253804964775]);
  near(measured(sparseEuclideanPoints(points, true), ROW, 0), [11.75, 0, 23.25]);
  near(measured(sparseCosinePoints(points), ROW, 0), [0.4086732953541299, 0, 1.236939551103637]);
});

function measured(set: PointSet, row: readonly number[], start: number): number[] {
  const out = new Float64Array(set.nPoints);
  set.begin(Float64Array.from(row), start);
  set.distances(0, set.nPoints, out);
  return [...out].map(set.metric.toDistance);
}

function near(found: readonly number[], expected: readonly number[], name = ''): void {
  assert.equal(found.length, expected.length);
  for (const [i, wanted] of expected.entries()) {
    const close = Number.isNaN(wanted) ? Number.isNaN(found[i]) : Math.abs(found[i]! - wanted) <= 1e-14 * 8;
    assert.ok(close, `${name} ${i}: expected ${wanted}, found ${found[i]}`);
  }
}
