import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smallestByVector, smallestIntroselect } from './nearest-donors.ts';

const DISTANCES = Float64Array.of(0.7, 0.2, 0.9, 0.1, 0.8, 0.3, 0.6, 0.5, 0.4, 0.95, 0.05, 0.85);
const WITH_NAN = DISTANCES.with(4, Number.NaN);

type Select = typeof smallestByVector;

/** numpy.argpartition(distances, k − 1)[:k] of numpy 1.23, and of 2.5 on a processor with AVX-512. */
const CASES: readonly [string, Select, Float64Array, readonly number[]][] = [
  ['introselect', smallestIntroselect, DISTANCES, [3, 10, 1, 5, 8]],
  ['introselect with NaN', smallestIntroselect, WITH_NAN, [3, 10, 1, 5, 8]],
  ['introselect of two', smallestIntroselect, DISTANCES, [10, 3]],
  ['introselect of all', smallestIntroselect, DISTANCES, [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 10, 9]],
  ['vectors', smallestByVector, DISTANCES, [10, 3, 1, 5, 8]],
  ['vectors with NaN', smallestByVector, WITH_NAN, [1, 3, 10, 5, 8]],
  ['vectors of all', smallestByVector, DISTANCES, [10, 3, 1, 5, 8, 7, 6, 0, 4, 11, 2, 9]],
];

for (const [label, select, distances, wanted] of CASES) {
  test(`the order of numpy's argpartition: ${label}`, () => {
    const order = new Int32Array(distances.length);
    select(distances, distances.length, wanted.length, order);
    assert.deepEqual(Array.from(order.subarray(0, wanted.length)), wanted);
  });
}

test('of equal distances the first ones win', () => {
  const order = new Int32Array(4);
  smallestByVector(Float64Array.of(2, 1, 1, 1), 4, 2, order);
  assert.deepEqual(Array.from(order.subarray(0, 2)), [1, 2]);
});
