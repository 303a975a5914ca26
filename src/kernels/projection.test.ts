import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dotFloat32 } from './projection.ts';

test('each term is rounded to float32', () => {
  // 2^24 + 1 is no float32, and rounds to even: 2^24, where float64 gives 2^24 + 1 and then + 2.
  const a = Float64Array.of(9, 4096, 1, 1);
  const b = Float64Array.of(4096, 1, 1);
  assert.equal(dotFloat32(a, 1, b, 0, 3), 16777216);
});
