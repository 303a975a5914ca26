import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { obeySignals, type Running } from './run.ts';

function harness(stops: Promise<void>): { source: EventEmitter; calls: string[]; exit: Promise<number> } {
  const source = new EventEmitter();
  const calls: string[] = [];
  const reload = async (): Promise<void> => {
    calls.push('reload');
    throw new Error('not a model');
  };
  const running: Running = {
    plan: () => ({ models: [] }),
    apply: async () => [],
    note() {},
    stop(periodMs) {
      calls.push(`stop ${periodMs}`);
      return stops;
    },
    kill() {
      calls.push('kill');
    },
  };
  return { source, calls, exit: obeySignals(running, { drainMs: 5000, log: () => {}, reload, source }) };
}

test('SIGTERM drains for the period and exits 0', async () => {
  const { source, calls, exit } = harness(Promise.resolve());
  source.emit('SIGTERM');
  assert.equal(await exit, 0);
  assert.deepEqual(calls, ['stop 5000']);
  assert.deepEqual(source.eventNames(), []);
});

test('SIGINT finishes what is in flight and exits 0', async () => {
  const { source, calls, exit } = harness(Promise.resolve());
  source.emit('SIGINT');
  assert.equal(await exit, 0);
  assert.deepEqual(calls, ['stop 0']);
});

for (const [first, second, code] of [
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGINT', 'SIGINT', 130],
] as const) {
  test(`${first} and then ${second} ends at once with ${code}`, async () => {
    const { source, calls, exit } = harness(new Promise(() => {}));
    source.emit(first);
    source.emit(second);
    assert.equal(await exit, code);
    assert.equal(calls.at(-1), 'kill');
  });
}

test('SIGHUP reloads; a reload that fails ends nothing', async () => {
  const { source, calls, exit } = harness(Promise.resolve());
  source.emit('SIGHUP');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(calls, ['reload']);
  source.emit('SIGTERM');
  assert.equal(await exit, 0);
});

test('a drain that fails ends with 1', async () => {
  const { source, exit } = harness(Promise.reject(new Error('no')));
  source.emit('SIGTERM');
  assert.equal(await exit, 1);
});
