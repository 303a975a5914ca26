import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dense } from '../model/data.ts';
import { dense } from '../model/data.ts';
import { clip, scaleShift, shiftScale } from './affine.ts';

const shift = Float64Array.of(0.1, 2);
const scale = Float64Array.of(3, 0.7);

test('either step may be left out, and the rows are not written to', () => {
  const rows = dense(1, 2, Float64Array.of(1, 5));
  assert.deepEqual(Array.from(shiftScale(rows, shift, scale).data), [(1 - 0.1) / 3, 3 / 0.7]);
  assert.deepEqual(Array.from(shiftScale(rows, null, scale).data), [1 / 3, 5 / 0.7]);
  assert.deepEqual(Array.from(scaleShift(rows, scale, shift).data), [3 + 0.1, 5 * 0.7 + 2]);
  assert.deepEqual(Array.from(scaleShift(rows, null, null).data), [1, 5]);
  assert.deepEqual(Array.from(rows.data), [1, 5]);
});

test('float32 rounds after every step', () => {
  const rows: Dense = { ...dense(1, 1, Float64Array.of(Math.fround(1.1))), float32: true };
  // numpy 2.5: x = array([1.1], float32); x -= 0.1; x /= 3.0, and x *= 3.0; x += 0.1
  assert.deepEqual(Array.from(shiftScale(rows, shift, scale).data), [0.3333333432674408]);
  assert.deepEqual(Array.from(scaleShift(rows, scale, shift).data), [3.4000000953674316]);
});

test('limits keep NaN', () => {
  const data = Float64Array.of(-2, 0.5, 2, Number.NaN);
  clip(data, -1, 1);
  assert.deepEqual(Array.from(data), [-1, 0.5, 1, Number.NaN]);
});
