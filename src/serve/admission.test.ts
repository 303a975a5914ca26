import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAdmission, DEFAULT_MAX_QUEUE_MS, SLICE_MS } from './admission.ts';

/** One request of a simulated stream. */
interface Arrival {
  readonly atMs: number;
  /** Service time. */
  readonly workMs: number;
  /** Bytes; what is larger than 1,000 can be worked off in slices. */
  readonly size: number;
}

interface Outcome extends Arrival {
  /** Null for a request that was refused. */
  readonly latencyMs: number | null;
}

/** Reading a request, refusing one: measured on node:http, rounded up. */
const READ_MS = 0.02;
const REFUSE_MS = 0.03;

/** One thread as Node's event loop: reads all that has arrived, then lets the queue work, in turn. */
function simulate(arrivals: readonly Arrival[], maxQueueMs?: number): Outcome[] {
  let now = 0;
  let deferred: (() => void)[] = [];
  const outcomes: Outcome[] = [];
  const admission = createAdmission({ now: () => now }, maxQueueMs, (callback) => deferred.push(callback));
  let next = 0;
  while (next < arrivals.length || deferred.length > 0) {
    const readable = now;
    while (next < arrivals.length && arrivals[next]!.atMs <= readable) {
      const arrival = arrivals[next++]!;
      now += READ_MS;
      let rest = arrival.workMs;
      admission.offer({
        size: arrival.size,
        refuse() {
          now += REFUSE_MS;
          outcomes.push({ ...arrival, latencyMs: null });
        },
        gone: () => false,
        step() {
          const part = arrival.size > 1000 ? Math.min(rest, SLICE_MS) : rest;
          now += part;
          rest -= part;
          if (rest <= 0) {
            outcomes.push({ ...arrival, latencyMs: now - arrival.atMs });
          }
          return rest <= 0;
        },
      });
    }
    if (deferred.length > 0) {
      const callbacks = deferred;
      deferred = [];
      now += 0.01;
      for (const callback of callbacks) {
        callback();
      }
    } else if (next < arrivals.length) {
      now = Math.max(now, arrivals[next]!.atMs);
    }
  }
  return outcomes;
}

/** Requests at a rate per second, evenly or at random (a fixed sequence). */
function stream(rate: number, seconds: number, workMs: number, random: boolean, size = 60): Arrival[] {
  const arrivals: Arrival[] = [];
  let seed = 1;
  for (let atMs = 0; atMs < seconds * 1000; ) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    atMs += random ? (-Math.log(1 - seed / 2 ** 31) * 1000) / rate : 1000 / rate;
    arrivals.push({ atMs, workMs, size });
  }
  return arrivals;
}

function p99(outcomes: readonly Outcome[]): number {
  const sorted = outcomes
    .flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]))
    .toSorted((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1]!;
}

function refusals(outcomes: readonly Outcome[]): number {
  return outcomes.filter(({ latencyMs }) => latencyMs === null).length / outcomes.length;
}

describe('under a stream of requests', () => {
  for (const workMs of [1, 5, 20]) {
    for (const random of [false, true]) {
      const saturation = 1000 / workMs;
      const name = `${workMs} ms each, ${random ? 'random' : 'even'}`;

      test(`${name}: half load is not refused`, () => {
        assert.equal(refusals(simulate(stream(saturation / 2, 20, workMs, random))), 0);
      });

      test(`${name}: at twice saturation the accepted keep their latency and the thread its work`, () => {
        const half = simulate(stream(saturation / 2, 20, workMs, random));
        const twice = simulate(stream(saturation * 2, 20, workMs, random));
        // What a request costs is learned in the first second.
        const [loaded, calm] = [twice, half].map((all) => p99(all.filter(({ atMs }) => atMs >= 1000)));
        assert.ok(loaded! <= 3 * calm!, `p99 ${loaded} ms against ${calm} ms`);
        const accepted = 1 - refusals(twice);
        assert.ok(accepted > 0.42, `accepted ${accepted}, of 0.5 there are`);
      });
    }
  }

  test('at 70 % of saturation a random stream is hardly refused', () => {
    assert.ok(refusals(simulate(stream(700, 60, 1, true))) < 0.001);
  });

  test('a burst is let in whole', () => {
    const quiet = stream(100, 1, 1, false);
    const burst = Array.from({ length: 20 }, () => ({ atMs: 1500, workMs: 1, size: 60 }));
    assert.equal(refusals(simulate([...quiet, ...burst])), 0);
  });

  test('nobody waits longer than maxQueueMs and what was in progress', () => {
    const outcomes = simulate(stream(3000, 5, 1, true));
    const worst = Math.max(...outcomes.map(({ latencyMs }) => latencyMs ?? 0));
    // Reading and refusing three requests a millisecond takes some of the time in which the line was to be worked off.
    assert.ok(worst < 1.25 * DEFAULT_MAX_QUEUE_MS, `${worst} ms`);
  });

  test('after overload ends the next burst is let in again', () => {
    const overload = stream(2000, 2, 1, false);
    const later = stream(100, 2, 1, false).map((arrival) => ({ ...arrival, atMs: arrival.atMs + 2500 }));
    const burst = Array.from({ length: 20 }, () => ({ atMs: 5000, workMs: 1, size: 60 }));
    const outcomes = simulate([...overload, ...later, ...burst]);
    assert.equal(refusals(outcomes.filter(({ atMs }) => atMs >= 2500)), 0);
  });
});

test('a large batch delays small requests by a few slices, and is not starved by them', () => {
  const small = stream(300, 10, 1, true);
  const batches = Array.from({ length: 10 }, (_, i) => ({ atMs: i * 1000 + 5, workMs: 500, size: 60_000 }));
  const outcomes = simulate([...small, ...batches].toSorted((a, b) => a.atMs - b.atMs));
  const ofSmall = outcomes.filter(({ size }) => size === 60);
  assert.equal(refusals(outcomes), 0);
  assert.ok(p99(ofSmall) < 15, `${p99(ofSmall)} ms`);
  const ofBatches = outcomes.filter(({ size }) => size > 60);
  // Work offered together: 30 % small ones and 50 % batches; a batch alone would take 500 ms.
  assert.ok(p99(ofBatches) < 900, `${p99(ofBatches)} ms`);
});

test('a cheap request runs on arrival, even past waiting ones', () => {
  let now = 0;
  const deferred: (() => void)[] = [];
  const admission = createAdmission({ now: () => now }, undefined, (callback) => deferred.push(callback));
  const order: string[] = [];
  const job = (name: string, size: number, ms: number) => ({
    size,
    gone: () => false,
    step() {
      now += ms;
      order.push(name);
      return true;
    },
    refuse: () => assert.fail('refused'),
  });
  const settle = (): void => {
    while (deferred.length > 0) {
      deferred.shift()!();
    }
  };
  admission.offer(job('warm', 10, 0.01));
  settle();
  admission.offer(job('warm', 5000, 5));
  settle();
  order.length = 0;
  admission.offer(job('first', 5000, 5));
  admission.offer(job('second', 5000, 5));
  admission.offer(job('cheap', 10, 0.01));
  assert.deepEqual(order, ['first', 'cheap']);
  assert.equal(admission.waiting, 1);
  assert.equal(admission.waitingMs, 5);
  settle();
  assert.deepEqual(order, ['first', 'cheap', 'second']);
  assert.equal(admission.waiting, 0);
});

test('a job whose client has gone is not run', () => {
  let now = 0;
  const deferred: (() => void)[] = [];
  const admission = createAdmission({ now: () => now }, undefined, (callback) => deferred.push(callback));
  let ran = 0;
  let gone = false;
  const job = {
    size: 1,
    gone: () => gone,
    step() {
      now += 5;
      ran++;
      return true;
    },
    refuse: () => assert.fail('refused'),
  };
  admission.offer(job);
  admission.offer(job);
  gone = true;
  while (deferred.length > 0) {
    deferred.shift()!();
  }
  assert.equal(ran, 1);
  assert.equal(admission.waiting, 0);
});

test('the wait is said in whole seconds, at least one', () => {
  let now = 0;
  const deferred: (() => void)[] = [];
  const admission = createAdmission({ now: () => now }, undefined, (callback) => deferred.push(callback));
  const job = {
    size: 60,
    gone: () => false,
    step() {
      now += 700;
      return true;
    },
    refuse: (waitSeconds: number) => refusals.push(waitSeconds),
  };
  const refusals: number[] = [];
  for (let i = 0; i < 4; i++) {
    admission.offer(job);
    while (deferred.length > 0) {
      deferred.shift()!();
    }
  }
  // One starts at once, then eight may wait, which are 5.6 s of work.
  for (let i = 0; i < 8; i++) {
    admission.offer(job);
  }
  assert.deepEqual(refusals, []);
  for (let i = 0; i < 3; i++) {
    admission.offer(job);
  }
  assert.equal(refusals.at(-1), 6);
});

test('under overload the latest of those that came together is taken', () => {
  let now = 0;
  let deferred: (() => void)[] = [];
  const admission = createAdmission({ now: () => now }, undefined, (callback) => deferred.push(callback));
  const served: number[] = [];
  const refused: number[] = [];
  for (let turn = 0; turn < 400; turn++) {
    // Three jobs of a millisecond come in every millisecond.
    for (let i = 0; i < 3; i++) {
      const name = turn * 3 + i;
      admission.offer({
        size: 60,
        gone: () => false,
        step() {
          now += 1;
          served.push(name);
          return true;
        },
        refuse() {
          refused.push(name);
        },
      });
    }
    const callbacks = deferred;
    deferred = [];
    for (const callback of callbacks) {
      callback();
    }
  }
  assert.deepEqual(served.slice(-3), [399 * 3 + 2 - 6, 399 * 3 + 2 - 3, 399 * 3 + 2]);
  assert.ok(refused.length > 600);
});

test('the first clients of a fast model come at once and are let in, although the very first request is slow', () => {
  let now = 0;
  const deferred: (() => void)[] = [];
  const admission = createAdmission({ now: () => now }, undefined, (callback) => deferred.push(callback));
  // Code that is not compiled yet.
  const costs = [8, 4, 2, 1];
  const job = {
    size: 60,
    gone: () => false,
    step() {
      now += costs.shift() ?? 0.05;
      answered += 1;
      return true;
    },
    refuse: () => assert.fail('refused'),
  };
  // Sixteen clients that ask again when they were answered.
  let answered = 16;
  for (let turn = 0; turn < 50; turn++) {
    const asking = answered;
    answered = 0;
    for (let i = 0; i < asking; i++) {
      admission.offer(job);
    }
    deferred.shift()?.();
  }
});

test('while it is lenient a burst of 200 ms is let in, of which else a part is refused', () => {
  for (const lenient of [false, true]) {
    let now = 0;
    const deferred: (() => void)[] = [];
    const admission = createAdmission({ now: () => now }, 50, (callback) => deferred.push(callback));
    let refused = 0;
    const offer = (): void =>
      admission.offer({
        size: 100,
        gone: () => false,
        refuse() {
          refused++;
        },
        step() {
          now += 2;
          return true;
        },
      });
    const work = (): void => {
      for (let callback = deferred.shift(); callback !== undefined; callback = deferred.shift()) {
        callback();
      }
    };
    // What it costs is known by then.
    for (let i = 0; i < 40; i++) {
      offer();
      work();
      now += 10;
    }
    admission.lenient(lenient);
    for (let i = 0; i < 100; i++) {
      offer();
    }
    work();
    assert.equal(refused > 0, !lenient, `${refused} of 100 refused`);
  }
});
