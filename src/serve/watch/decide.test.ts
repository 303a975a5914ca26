import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { ModelPlan, RosterPlan, VersionPlan } from '../roster/plan.ts';
import { type Decision, decide, type Failure, moveChampion, noteFailure } from './decide.ts';

const MODEL = 'house-price';

function plan(version: string, identity = `id-${version}`): VersionPlan {
  return { version, path: `/models/${identity}`, identity };
}

function model(champion: string | null, seats: Partial<ModelPlan> = {}): ModelPlan {
  return {
    name: MODEL,
    champion: champion === null ? null : plan(champion),
    canary: null,
    shadow: null,
    warm: [],
    ...seats,
  };
}

const found = (version: string, identity = `id-${version}`) => ({
  name: MODEL,
  version,
  identity,
  uri: `models:/${MODEL}/${version}`,
});

/** A server followed second by second: what `decide` says is done, and fails where the test says so. */
function follow(intervalMs: number, first: ModelPlan) {
  let served: RosterPlan = { models: [first] };
  let failure: Failure | null = null;
  const poll = (
    seconds: number,
    wanted: ReturnType<typeof found>,
    error: ErrorCode | null = null,
    forced = false,
  ): string => {
    const now = seconds * 1000;
    const decision: Decision = decide(served.models[0]!, wanted, failure, forced, now);
    if (decision.kind !== 'move') {
      return decision.kind;
    }
    if (error !== null) {
      const at = { now, wall: 1e12 + now };
      failure = noteFailure(failure, wanted, { code: error, message: 'broken' }, intervalMs, at);
      return 'failed';
    }
    failure = null;
    served = moveChampion(served, MODEL, decision.open ?? plan(wanted.version, wanted.identity), new Set());
    return decision.open === null ? 'fetched' : 'instant';
  };
  return { poll, model: () => served.models[0]!, failure: () => failure };
}

test('an alias that moves is followed, and back again without fetching', () => {
  const { poll, model: now } = follow(5000, model('3'));
  assert.equal(poll(0, found('3')), 'stay');
  // Promoted at 7 s, seen at the next poll.
  assert.equal(poll(10, found('4')), 'fetched');
  assert.equal(poll(15, found('4')), 'stay');
  // Rolled back: version 3 is still open.
  assert.equal(poll(20, found('3')), 'instant');
  assert.deepEqual(now(), model('3', { warm: [plan('4')] }));
  // And forth.
  assert.equal(poll(25, found('4')), 'instant');
  // One version is kept warm: 3 makes way for 4 when 5 comes, so going back to 3 has to fetch it.
  assert.equal(poll(30, found('5')), 'fetched');
  assert.deepEqual(now(), model('5', { warm: [plan('4')] }));
  assert.equal(poll(35, found('3')), 'fetched');
});

test('a version at fault is left alone for a minute, then ever longer up to a quarter of an hour', () => {
  const { poll, failure } = follow(5000, model('3'));
  const tries: number[] = [];
  for (let seconds = 0; seconds < 3600; seconds += 5) {
    if (poll(seconds, found('4'), 'LL7013') === 'failed') {
      tries.push(seconds);
    }
  }
  assert.deepEqual(tries, [0, 60, 180, 420, 900, 1800, 2700]);
  assert.equal(failure()?.since, 1e12);
});

test('a download that broke is tried again at the next poll, then ever later up to a minute', () => {
  const { poll } = follow(5000, model('3'));
  const tries: number[] = [];
  for (let seconds = 0; seconds < 300; seconds += 5) {
    if (poll(seconds, found('4'), 'LL7002') === 'failed') {
      tries.push(seconds);
    }
  }
  assert.deepEqual(tries, [0, 5, 15, 35, 75, 135, 195, 255]);
});

test('after a failure another version, other bytes or a person are heard at once', () => {
  const { poll, failure } = follow(5000, model('3'));
  assert.equal(poll(0, found('4'), 'LL3005'), 'failed');
  assert.equal(poll(5, found('4')), 'wait');
  // Logged again under the same number.
  assert.equal(poll(10, found('4', 'id-4b'), 'LL3005'), 'failed');
  assert.equal(failure()?.tries, 1);
  assert.equal(poll(15, found('4', 'id-4b')), 'wait');
  // The alias goes on to 5, whose check fails too.
  assert.equal(poll(20, found('5'), 'LL7013'), 'failed');
  // SIGHUP.
  assert.equal(poll(21, found('5'), 'LL7013', true), 'failed');
  assert.equal(failure()?.tries, 2);
  // The alias goes back to what is served: nothing to do; and forth: version 5 is still waited for.
  assert.equal(poll(25, found('3')), 'stay');
  assert.equal(poll(30, found('5')), 'wait');
  assert.equal(poll(35, found('6')), 'fetched');
  assert.equal(failure(), null);
});

test('a model that was unloaded stays so until a person wants it', () => {
  const { poll } = follow(5000, model(null));
  assert.equal(poll(0, found('3')), 'stay');
  assert.equal(poll(5, found('4')), 'stay');
  assert.equal(poll(6, found('4'), null, true), 'fetched');
});

test('a canary that is promoted is already open, and ends being one', () => {
  const canary = { ...plan('4'), share: 0.1, keyHeader: 'x-user' };
  const { poll, model: now } = follow(5000, model('3', { canary, shadow: plan('5') }));
  assert.equal(poll(0, found('4')), 'instant');
  assert.deepEqual(now(), model('4', { shadow: plan('5'), warm: [plan('3')] }));
});

test('versions that were asked for stay warm beside the one before', () => {
  let served: RosterPlan = { models: [model('5', { warm: [plan('1'), plan('2')] })] };
  const pinned = new Set(['1', '2']);
  const move = (version: string): readonly string[] => {
    served = moveChampion(served, MODEL, plan(version), pinned);
    return served.models[0]!.warm.map((one) => one.version);
  };
  assert.deepEqual(move('6'), ['5', '1', '2']);
  assert.deepEqual(move('7'), ['6', '1', '2']);
  assert.deepEqual(move('2'), ['7', '1']);
  assert.deepEqual(move('8'), ['2', '7', '1']);
});

test('a file that was written over is not kept, nor another content of the same number', () => {
  const file = (version: string): VersionPlan => ({ version, path: '/model.pkl', identity: version });
  const before: RosterPlan = {
    models: [
      { ...model(null), champion: file('aa') },
      { ...model('3'), name: 'other' },
    ],
  };
  const after = moveChampion(before, MODEL, file('bb'), new Set());
  assert.deepEqual(after.models[0], { ...model(null), champion: file('bb') });
  assert.equal(after.models[1], before.models[1]);
  const again = moveChampion({ models: [model('3')] }, MODEL, plan('3', 'id-3b'), new Set());
  assert.deepEqual(again.models[0], { ...model(null), champion: plan('3', 'id-3b') });
});
