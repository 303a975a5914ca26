import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_BACKOFF, nextBackoff } from './backoff.ts';

test('a worker that keeps dying is replaced ever more slowly, up to 10 s', () => {
  const delays: number[] = [];
  let backoff = NO_BACKOFF;
  for (let i = 0; i < 9; i++) {
    backoff = nextBackoff(backoff, 50);
    delays.push(backoff.delayMs);
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});

test('a healthy life starts the delays again', () => {
  const tired = { failures: 7, delayMs: 6400 };
  assert.deepEqual(nextBackoff(tired, 10_000), { failures: 1, delayMs: 100 });
  assert.deepEqual(nextBackoff(tired, 9_999), { failures: 8, delayMs: 10_000 });
});
