import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argsort, median, percentile } from './order.ts';

test('sorts as numpy.argsort with a stable kind', () => {
  assert.deepEqual(Array.from(argsort(Float64Array.of(3, 1, Number.NaN, 1, -0, 0))), [4, 5, 1, 3, 0, 2]);
});

test('percentiles and the median are numpy’s', () => {
  const values = Float64Array.of(3, 1, 4, 1, 5, 9, 2.6);
  // numpy.percentile and numpy.median of numpy 2.5
  assert.deepEqual(
    [0, 10, 35, 50, 77, 100].map((q) => percentile(values, q)),
    [1, 1, 2.64, 3, 4.62, 9],
  );
  assert.equal(median(values), 3);
  assert.equal(median(Float64Array.of(3, 1, 4, 1.5)), 2.25);
});
