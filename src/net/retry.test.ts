import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoadlineError } from '../errors.ts';
import { Passing, type Pause, parseRetryAfter, TIMING, type Timing, TRIES, withRetries } from './retry.ts';

const failure = new LoadlineError('LL6006', 'it failed', { where: 'here' });

/** Runs work that fails with these in turn, then succeeds. */
async function retry(failures: readonly unknown[], random = 0, pauseMs = 1000) {
  const slept: number[] = [];
  const pauses: Pause[] = [];
  let calls = 0;
  const timing: Timing = {
    ...TIMING,
    pauseMs,
    random: () => random,
    sleep: async (ms) => {
      slept.push(ms);
    },
  };
  const outcome = await withRetries(
    timing,
    new AbortController().signal,
    (pause) => pauses.push(pause),
    async () => {
      calls += 1;
      const next = failures[calls - 1];
      if (next !== undefined) {
        throw next;
      }
      return 'done';
    },
  ).catch((error: unknown) => error);
  return { outcome, slept, pauses, calls };
}

test('pauses double, with half of each left to chance', async () => {
  const passing = new Passing(failure);
  assert.deepEqual((await retry([passing, passing, passing], 0)).slept, [500, 1000, 2000]);
  assert.deepEqual((await retry([passing, passing, passing], 0.5)).slept, [750, 1500, 3000]);
  assert.deepEqual((await retry([passing, passing, passing], 1)).slept, [1000, 2000, 4000]);
});

test('a failure that may pass is tried four times, each pause told', async () => {
  assert.equal(TRIES, 4);
  const passing = new Passing(failure);
  const { outcome, calls, pauses } = await retry(Array(9).fill(passing));
  assert.equal(calls, 4);
  assert.ok(outcome instanceof LoadlineError);
  assert.equal(outcome.code, 'LL6006');
  assert.equal(outcome.message, 'it failed (tried 4 times)');
  assert.equal(outcome.detail.where, 'here');
  assert.deepEqual(pauses, [
    { reason: 'it failed', ms: 500, nextTry: 2 },
    { reason: 'it failed', ms: 1000, nextTry: 3 },
    { reason: 'it failed', ms: 2000, nextTry: 4 },
  ]);
});

test('a failure for good is not tried again, and comes as it is', async () => {
  for (const error of [failure, new Error('a defect')]) {
    const { outcome, calls } = await retry([new Passing(failure), error]);
    assert.equal(outcome, error);
    assert.equal(calls, 2);
  }
});

test('a pause is at least what was asked for, and at most a minute', async () => {
  assert.equal(TIMING.maxPauseMs, 60_000);
  assert.deepEqual((await retry([new Passing(failure, 7000)])).slept, [7000]);
  assert.deepEqual((await retry([new Passing(failure, 60_000)])).slept, [60_000]);
  assert.deepEqual((await retry([new Passing(failure, 10)])).slept, [500]);
  assert.deepEqual((await retry([new Passing(failure)], 1, 500_000)).slept, [60_000]);
  const { outcome, slept } = await retry([new Passing(failure, 60_001)]);
  assert.equal((outcome as LoadlineError).message, 'it failed; it asks to wait for 61 s');
  assert.deepEqual(slept, []);
});

describe('the signal ends it', () => {
  const wait = (work: () => Promise<never>) => {
    const controller = new AbortController();
    const done = withRetries(
      { ...TIMING, pauseMs: 60_000, random: () => 1 },
      controller.signal,
      () => setTimeout(() => controller.abort(), 10),
      work,
    );
    return { controller, done };
  };
  const isInterrupted = (error: unknown): boolean =>
    error instanceof LoadlineError && error.code === 'LL6017';

  test('in a pause', async () => {
    const { done } = wait(() => Promise.reject(new Passing(failure)));
    await assert.rejects(done, isInterrupted);
  });

  test('in the work, whatever that throws', async () => {
    const { controller, done } = wait(
      () =>
        new Promise((_, reject) => {
          setTimeout(() => {
            controller.abort();
            reject(new Passing(failure));
          }, 10);
        }),
    );
    await assert.rejects(done, isInterrupted);
  });

  test('before it began', async () => {
    let isCalled = false;
    await assert.rejects(
      withRetries(
        TIMING,
        AbortSignal.abort(),
        () => {},
        async () => {
          isCalled = true;
        },
      ),
      isInterrupted,
    );
    assert.ok(!isCalled);
  });
});

test('Retry-After', () => {
  const date = 'Tue, 01 Sep 2026 10:00:00 GMT';
  for (const [value, expected] of [
    [undefined, null],
    ['0', 0],
    ['120', 120_000],
    ['Tue, 01 Sep 2026 10:00:30 GMT', 30_000],
    ['Tue, 01 Sep 2026 09:00:00 GMT', 0],
    ['soon', null],
    ['-1', null],
    ['', null],
  ] as const) {
    assert.equal(parseRetryAfter(value, date), expected, String(value));
  }
  assert.equal(parseRetryAfter('Tue, 01 Sep 2026 10:00:30 GMT', undefined), null, 'against nothing');
});
