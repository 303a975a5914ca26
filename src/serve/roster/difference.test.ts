import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import { compareTargets, measureDifference } from './difference.ts';

const numbers = (...values: number[]) => numbers1d(Float64Array.from(values));

test('numbers agree to 1e-9 of their size, and near 0 to 1e-12', () => {
  const old = numbers(1000, 1000, 0, 0, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY);
  const next = numbers(1000 + 9e-7, 1000 + 2e-6, 9e-13, 2e-12, Number.NaN, 1, Number.POSITIVE_INFINITY);
  const { rows, agreeing, differences } = compareTargets(old, next);
  assert.equal(rows, 7);
  // Rows 0, 2, 4 and 6.
  assert.equal(agreeing, 4);
  // A difference from NaN is no number: that row is left out.
  assert.equal(differences?.length, 6);
  assert.equal(differences?.[5], 0);
});

test('of several outputs the largest difference counts, and a row agrees only as a whole', () => {
  const old = numbers2d(2, 2, Float64Array.of(1, 2, 3, 4));
  const next = numbers2d(2, 2, Float64Array.of(1, 2, 3.5, 2));
  assert.deepEqual(compareTargets(old, next), {
    rows: 2,
    agreeing: 1,
    differences: [0, 2],
    // |3.5 − 3| / 3 and |2 − 4| / 4.
    relative: [0, 0.5],
  });
});

test('labels agree by their value, whatever codes they have', () => {
  const old = labels1d(Int32Array.of(0, 1, 1), ['cat', 'dog']);
  const next = labels1d(Int32Array.of(1, 2, 0), ['ape', 'cat', 'dog']);
  assert.deepEqual(compareTargets(old, next), {
    rows: 3,
    agreeing: 2,
    differences: null,
    relative: null,
  });
});

test('answers of another shape or kind agree nowhere', () => {
  assert.deepEqual(compareTargets(numbers(1, 2), numbers2d(2, 2, Float64Array.of(1, 1, 2, 2))), {
    rows: 2,
    agreeing: 0,
    differences: [],
    relative: [],
  });
  assert.deepEqual(compareTargets(numbers(1, 2), labels1d(Int32Array.of(0, 0), ['cat'])), {
    rows: 2,
    agreeing: 0,
    differences: null,
    relative: null,
  });
});

test('quantiles are over all batches, and are values that occurred', () => {
  const batch = (from: number, to: number) => ({
    rows: to - from,
    agreeing: 1,
    differences: Array.from({ length: to - from }, (_, i) => to - i),
    relative: [],
  });
  // 1 … 100 in two batches.
  assert.deepEqual(measureDifference([batch(0, 30), batch(30, 100)]), {
    rows: 100,
    agreeing: 2,
    p50: 50,
    p95: 95,
    max: 100,
  });
  assert.deepEqual(measureDifference([{ rows: 3, agreeing: 2, differences: null, relative: null }]), {
    rows: 3,
    agreeing: 2,
    p50: null,
    p95: null,
    max: null,
  });
  assert.equal(measureDifference([]), null);
});

test('the share of a difference is of the old number; of 0 any difference is infinite', () => {
  const { relative } = compareTargets(numbers(-4, 0, 0), numbers(-3, 0, 1));
  assert.deepEqual(relative, [0.25, 0, Number.POSITIVE_INFINITY]);
});
