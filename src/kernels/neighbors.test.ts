import assert from 'node:assert/strict';
import { test } from 'node:test';
import { densePoints, euclidean, manhattan } from './distance.ts';
import type { NeighborSearch, PointTree } from './neighbors.ts';
import {
  averageTargets,
  ballBounds,
  boxBounds,
  inverseDistances,
  makeNearest,
  makeWithin,
  scanSearch,
  treeSearch,
} from './neighbors.ts';

/** Points on a line: |5 − x| is 5, 2, 1, 1, 2, 4. */
const LINE = Float64Array.of(0, 3, 4, 6, 7, 9);

/** Root over two leaves of three points each. */
const TREE: Omit<PointTree, 'bounds'> = {
  order: Int32Array.of(2, 0, 1, 5, 4, 3),
  starts: Int32Array.of(0, 0, 3),
  ends: Int32Array.of(6, 3, 6),
  leaves: Uint8Array.of(0, 1, 1),
};

const IN_ORDER = Float64Array.from(TREE.order, (i) => LINE[i]!);

const SEARCHES: readonly [string, NeighborSearch][] = [
  ['a scan', scanSearch(densePoints(euclidean(), LINE, 1))],
  [
    'a tree of boxes',
    treeSearch(densePoints(euclidean(), IN_ORDER, 1), {
      ...TREE,
      bounds: boxBounds(Float64Array.of(0, 0, 6, 9, 4, 9), 1, 2),
    }),
  ],
  [
    'a tree of balls',
    treeSearch(densePoints(manhattan(), IN_ORDER, 1), {
      ...TREE,
      bounds: ballBounds(Float64Array.of(4.5, 2, 7.5), Float64Array.of(4.5, 2, 1.5), 1, manhattan()),
    }),
  ],
];

for (const [name, search] of SEARCHES) {
  test(`${name} finds the nearest, by rising distance`, () => {
    const nearest = makeNearest(3);
    search.nearest(Float64Array.of(99, 3.2), 1, nearest);
    assert.deepEqual([...nearest.indices], [1, 2, 3]);
    near(nearest.distances, [0.2, 0.8, 2.8]);
  });

  test(`${name} finds all points as the nearest`, () => {
    const nearest = makeNearest(6);
    search.nearest(Float64Array.of(-1), 0, nearest);
    assert.deepEqual([...nearest.indices], [0, 1, 2, 3, 4, 5]);
    near(nearest.distances, [1, 4, 5, 7, 8, 10]);
  });

  test(`${name} finds what lies within a radius, its edge included`, () => {
    const within = makeWithin(6);
    search.within(Float64Array.of(5), 0, 2, within);
    assert.deepEqual([...within.indices.subarray(0, within.count)].sort(), [1, 2, 3, 4]);
    search.within(Float64Array.of(100), 0, 2, within);
    assert.equal(within.count, 0);
  });
}

test('of equal distances a scan keeps those met first', () => {
  // Distances 1, 1, 1: the third is not nearer than the farthest kept.
  const nearest = makeNearest(2);
  scanSearch(densePoints(euclidean(), Float64Array.of(4, 6, 4), 1)).nearest(Float64Array.of(5), 0, nearest);
  assert.deepEqual([...nearest.indices].sort(), [0, 1]);
});

test('a scan passes from one block of points to the next', () => {
  // 1,000 points 0 … 999 and the row 700.4: a block holds 256.
  const search = scanSearch(
    densePoints(
      euclidean(),
      Float64Array.from({ length: 1000 }, (_, i) => i),
      1,
    ),
  );
  const nearest = makeNearest(4);
  search.nearest(Float64Array.of(700.4), 0, nearest);
  assert.deepEqual([...nearest.indices], [700, 701, 699, 702]);
  const within = makeWithin(1000);
  search.within(Float64Array.of(512), 0, 1, within);
  assert.deepEqual([...within.indices.subarray(0, within.count)], [511, 512, 513]);
});

test('distances that are no number are never near', () => {
  const nearest = makeNearest(1);
  scanSearch(densePoints(euclidean(), Float64Array.of(Number.NaN, 3), 1)).nearest(
    Float64Array.of(0),
    0,
    nearest,
  );
  assert.deepEqual([...nearest.indices], [1]);
});

test('weights are inverse distances, and a distance of 0 leaves the others nothing', () => {
  const far = Float64Array.of(2, 4, 99);
  inverseDistances(far, 2);
  assert.deepEqual([...far], [0.5, 0.25, 99]);
  const touching = Float64Array.of(0, 0, 1);
  inverseDistances(touching, 3);
  assert.deepEqual([...touching], [1, 1, 0]);
});

test('averages of one and of two outputs', () => {
  // Of the points 2, 0 and 1; by hand.
  const indices = Int32Array.of(2, 0, 1);
  const out = new Float64Array(3);
  averageTargets({ data: Float64Array.of(1, 2, 6), nOutputs: 1, float32: false }, 3)(
    indices,
    null,
    3,
    out,
    1,
  );
  assert.deepEqual([...out], [0, 3, 0]);
  const two = averageTargets({ data: Float64Array.of(1, 10, 2, 20, 6, 60), nOutputs: 2, float32: false }, 3);
  two(indices, Float64Array.of(1, 2, 1), 3, out, 0);
  assert.deepEqual([...out], [2.5, 25, 0]);
  two(indices, null, 0, out, 0);
  assert.ok(Number.isNaN(out[0]) && Number.isNaN(out[1]));
});

test('float32 targets are averaged in float32', () => {
  // numpy 2.3: np.mean(y[None, :, None], axis=1) of float32; the first sum stays at 2^24.
  const mean = (values: readonly number[]): number => {
    const out = new Float64Array(1);
    const targets = { data: Float64Array.from(values, Math.fround), nOutputs: 1, float32: true };
    const indices = Int32Array.from(values, (_, i) => i);
    averageTargets(targets, values.length)(indices, null, values.length, out, 0);
    return out[0]!;
  };
  assert.equal(mean([16777216, 1, 1]), 5592405.5);
  assert.equal(mean(new Array<number>(20).fill(0.1)), 0.10000000149011612);
  assert.equal(mean(Array.from({ length: 300 }, (_, i) => 1 / (i + 1))), 0.020942216739058495);
});

function near(found: Float64Array, expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, wanted] of expected.entries()) {
    assert.ok(Math.abs(found[i]! - wanted) <= 1e-14, `${i}: expected ${wanted}, found ${found[i]}`);
  }
}
