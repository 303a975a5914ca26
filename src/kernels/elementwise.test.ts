import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clipper, elementwise, missingReplacer, rounder } from './elementwise.ts';

test('rounds half to even, by numpy’s scaling', () => {
  // numpy.round of numpy 2.5
  assert.deepEqual(
    [0.5, 1.5, 2.5, -0.5, -1.5, 2.675, 1e16 + 2].map(rounder(0)),
    [0, 2, 2, -0, -2, 3, 1.0000000000000002e16],
  );
  assert.deepEqual([2.675, 0.125, -0.135, 1234.5678].map(rounder(2)), [2.68, 0.12, -0.14, 1234.57]);
  assert.deepEqual([125, 135, -15, 7].map(rounder(-1)), [120, 140, -20, 10]);
});

test('replaces what is not finite as numpy.nan_to_num', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.5];
  assert.deepEqual(values.map(missingReplacer(0, null, null)), [0, Number.MAX_VALUE, -Number.MAX_VALUE, 1.5]);
  assert.deepEqual(values.map(missingReplacer(7, 8, 9)), [7, 8, 9, 1.5]);
});

test('limits as numpy.clip', () => {
  assert.deepEqual([-2, 0, 2, Number.NaN].map(clipper(-1, 1)), [-1, 0, 1, Number.NaN]);
  assert.deepEqual([-2, 0, 2].map(clipper(null, 1)), [-2, 0, 1]);
});

test('has numpy’s names only', () => {
  assert.equal(elementwise('reciprocal')?.(4), 0.25);
  assert.equal(elementwise('exp2')?.(10), 1024);
  assert.equal(elementwise('maximum'), undefined);
  assert.equal(elementwise('constructor'), undefined);
});
