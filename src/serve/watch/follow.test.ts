import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadlineError } from '../../errors.ts';
import type { FoundVersion, Source } from '../../versions/types.ts';
import type { CheckReport, FollowStatus, RosterPlan, VersionPlan } from '../roster/plan.ts';
import type { Running } from '../run.ts';
import { createFollower, type Followed, type Follower, type Hold } from './follow.ts';

const NAME = 'house-price';

function seat(version: string): VersionPlan {
  return { version, path: `/models/${version}`, identity: `id-${version}` };
}

/** A registry with one alias, and what was asked of it. */
function registry(version: string) {
  const state = {
    version,
    /** What the next look-ups and fetches throw. */
    outage: null as LoadlineError | null,
    broken: null as LoadlineError | null,
    finds: 0,
    fetched: [] as string[],
    /** What every fetch waits for. */
    gate: Promise.resolve(),
  };
  const source: Source = {
    reference: { kind: 'mlflow', name: NAME, pick: { kind: 'alias', alias: 'champion' } },
    moves: true,
    async find(): Promise<FoundVersion> {
      state.finds++;
      if (state.outage !== null) {
        throw state.outage;
      }
      const { version } = state;
      return { name: NAME, version, identity: `id-${version}`, uri: `models:/${NAME}/${version}` };
    },
    async fetch(found) {
      await state.gate;
      if (state.broken !== null) {
        throw state.broken;
      }
      state.fetched.push(found.version);
      return { ...found, path: seat(found.version).path };
    },
  };
  return { state, source };
}

/** A server that serves what it is told, unless a version is among `refused`. */
function server(first: RosterPlan) {
  const state = {
    plan: first,
    refused: new Map<string, LoadlineError>(),
    notes: [] as (readonly FollowStatus[])[],
    applying: 0,
    mostApplying: 0,
  };
  const running: Running = {
    plan: () => state.plan,
    async apply(plan) {
      state.applying++;
      state.mostApplying = Math.max(state.mostApplying, state.applying);
      await new Promise((resolve) => setImmediate(resolve));
      state.applying--;
      const reports: CheckReport[] = [];
      for (const { name, champion } of plan.models) {
        const error = champion === null ? undefined : state.refused.get(champion.version);
        if (error !== undefined) {
          throw error;
        }
        if (champion !== null) {
          const difference = { rows: 8, agreeing: 6, p50: 0, p95: 1.23456, max: 2 };
          reports.push({ name, version: champion.version, example: null, difference });
        }
      }
      state.plan = plan;
      return reports;
    },
    note(status) {
      state.notes.push(status);
    },
    async stop() {},
    kill() {},
  };
  return { state, running };
}

interface Scene {
  readonly logs: string[];
  readonly follower: Follower;
  readonly registry: ReturnType<typeof registry>['state'];
  readonly server: ReturnType<typeof server>['state'];
  /** Milliseconds on both clocks. */
  readonly time: { now: number };
  champion(): string | undefined;
  status(): FollowStatus | undefined;
}

/** A server of one model whose reference is looked up only by `reload`, or every `intervalMs` of real time. */
function scene(options: Partial<Followed> & { readonly hold?: Hold } = {}): Scene {
  const { hold, ...followed } = options;
  const { state: registryState, source } = registry('3');
  const { state: serverState, running } = server({
    models: [{ name: NAME, champion: seat('3'), canary: null, shadow: null, warm: [] }],
  });
  const logs: string[] = [];
  const time = { now: 0 };
  const follower = createFollower({
    references: [
      {
        name: NAME,
        reference: `models:/${NAME}@champion`,
        source,
        intervalMs: 3_600_000,
        pinned: [],
        ...followed,
      },
    ],
    log: (message) => logs.push(message),
    clock: { now: () => time.now },
    wallClock: () => 1e12 + time.now,
    ...(hold === undefined ? {} : { hold }),
  });
  follower.start(running);
  return {
    logs,
    follower,
    registry: registryState,
    server: serverState,
    time,
    champion: () => serverState.plan.models[0]!.champion?.version,
    status: () => serverState.notes.at(-1)?.[0],
  };
}

/** Waits until something has come about, which it does within a few turns of the event loop. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test('an alias that moves is followed, and the log says what it took and how the answers differ', async (t) => {
  const { follower, registry, champion, logs, server, status } = scene();
  t.after(follower.stop);
  assert.deepEqual(status(), {
    name: NAME,
    reference: `models:/${NAME}@champion`,
    seenAt: 1e12,
    wanted: '3',
    problem: null,
  });
  registry.version = '4';
  await follower.reload();
  assert.equal(champion(), '4');
  assert.deepEqual(server.plan.models[0]!.warm, [seat('3')]);
  assert.equal(status()?.wanted, '4');
  assert.deepEqual(logs, [
    `serving ${NAME}/4 instead of 3 (models:/${NAME}@champion): fetched in 0.00 s, checked and swapped in 0.00 s; of 8 recent rows 6 are answered alike, |new − old| p50 0, p95 1.23, max 2`,
  ]);
  // Back: it is still open, so nothing is fetched.
  registry.version = '3';
  await follower.reload();
  assert.equal(champion(), '3');
  assert.deepEqual(registry.fetched, ['4']);
  assert.match(logs[1]!, /^serving house-price\/3 instead of 4 .*: it was open, swapped in/);
});

test('it polls by itself', async (t) => {
  const { follower, registry, champion, status } = scene({ intervalMs: 1 });
  t.after(follower.stop);
  registry.version = '4';
  await until(() => champion() === '4');
  const { finds } = registry;
  await until(() => registry.finds > finds + 2);
  assert.deepEqual(registry.fetched, ['4']);
  assert.equal(status()?.problem, null);
});

test('a refused version never answers; the reason is noted, logged once, and gone with the next version', async (t) => {
  const { follower, registry, champion, logs, server, status, time } = scene();
  t.after(follower.stop);
  const reason = new LoadlineError('LL7013', 'Cannot serve house-price/4: it takes 5 features');
  server.refused.set('4', reason);
  registry.version = '4';
  time.now = 5000;
  await assert.rejects(follower.reload(), reason);
  time.now = 7000;
  await assert.rejects(follower.reload(), reason);
  assert.equal(champion(), '3');
  assert.deepEqual(server.plan.models[0]!.warm, []);
  assert.deepEqual(logs, [
    'house-price/4 is not served, 3 goes on serving: Cannot serve house-price/4: it takes 5 features (LL7013)',
  ]);
  assert.deepEqual(status(), {
    name: NAME,
    reference: `models:/${NAME}@champion`,
    seenAt: 1e12 + 7000,
    wanted: '4',
    problem: { code: 'LL7013', message: reason.message, since: 1e12 + 5000 },
  });
  // The alias goes back.
  registry.version = '3';
  await follower.reload();
  assert.equal(status()?.problem, null);
  registry.version = '5';
  await follower.reload();
  assert.equal(champion(), '5');
});

test('a refused version is not tried at every poll', async (t) => {
  const { follower, registry, server } = scene({ intervalMs: 1 });
  t.after(follower.stop);
  server.refused.set('4', new LoadlineError('LL7013', 'no'));
  registry.version = '4';
  await until(() => registry.finds > 20);
  assert.deepEqual(registry.fetched, ['4']);
});

test('while the registry is away all goes on; the log has its going and its coming, not every poll', async (t) => {
  const { follower, registry, champion, logs, status, time } = scene({ intervalMs: 1 });
  t.after(follower.stop);
  await until(() => registry.finds > 0);
  time.now = 2000;
  registry.outage = new LoadlineError('LL7002', 'Cannot reach http://127.0.0.1:5001');
  await until(() => status()?.problem != null);
  time.now = 62_000;
  const { finds } = registry;
  await until(() => registry.finds > finds + 5);
  assert.deepEqual(status()?.problem, {
    code: 'LL7002',
    message: 'Cannot reach http://127.0.0.1:5001',
    since: 1e12 + 2000,
  });
  assert.equal(status()?.seenAt, 1e12);
  assert.equal(champion(), '3');
  // It comes back with an alias that was moved meanwhile.
  registry.version = '4';
  registry.outage = null;
  await until(() => champion() === '4');
  await until(() => status()?.problem === null);
  assert.deepEqual(logs.slice(0, 2), [
    `${NAME}: cannot look up models:/${NAME}@champion, what is served goes on: Cannot reach http://127.0.0.1:5001 (LL7002)`,
    `${NAME}: models:/${NAME}@champion can be looked up again, after 60 s`,
  ]);
  assert.equal(logs.length, 3);
});

test('a fetch that broke is tried again', async (t) => {
  const { follower, registry, champion, status, time } = scene({ intervalMs: 1 });
  t.after(follower.stop);
  registry.broken = new LoadlineError('LL7006', 'half of it came');
  registry.version = '4';
  await until(() => status()?.problem?.code === 'LL7006');
  registry.broken = null;
  time.now = 1000;
  await until(() => champion() === '4');
});

test('changes follow one another, and each builds on the one before', async (t) => {
  const one = registry('1');
  const two = registry('1');
  const { state, running } = server({
    models: ['a', 'b'].map((name) => ({ name, champion: seat('1'), canary: null, shadow: null, warm: [] })),
  });
  const follower = createFollower({
    references: [
      { name: 'a', reference: 'a@champion', source: one.source, intervalMs: null, pinned: [] },
      { name: 'b', reference: 'b@champion', source: two.source, intervalMs: null, pinned: [] },
    ],
    log() {},
  });
  t.after(follower.stop);
  follower.start(running);
  one.state.version = '2';
  two.state.version = '3';
  await Promise.all([follower.reload(), follower.reload(), follower.repository.unload('b')]);
  assert.equal(state.mostApplying, 1);
  assert.deepEqual(
    state.plan.models.map(({ champion }) => champion?.version),
    ['2', '3'],
  );
  // Nobody polls these two: they are no part of what is reported.
  assert.deepEqual(state.notes.at(-1), []);
});

test('one model that cannot move does not keep the others', async (t) => {
  const one = registry('1');
  const two = registry('1');
  const { state, running } = server({
    models: ['a', 'b'].map((name) => ({ name, champion: seat('1'), canary: null, shadow: null, warm: [] })),
  });
  const follower = createFollower({
    references: [
      { name: 'a', reference: 'a@champion', source: one.source, intervalMs: null, pinned: [] },
      { name: 'b', reference: 'b@champion', source: two.source, intervalMs: null, pinned: [] },
    ],
    log() {},
  });
  t.after(follower.stop);
  follower.start(running);
  one.state.outage = new LoadlineError('LL7002', 'away');
  two.state.version = '2';
  await assert.rejects(follower.reload(), { code: 'LL7002' });
  assert.deepEqual(
    state.plan.models.map(({ champion }) => champion?.version),
    ['1', '2'],
  );
});

test('an unloaded model is left alone by polls and comes back by load, at the version of that moment', async (t) => {
  const { follower, registry, champion, server } = scene({ intervalMs: 1 });
  t.after(follower.stop);
  await follower.repository.unload(NAME);
  assert.equal(champion(), undefined);
  registry.version = '4';
  const { finds } = registry;
  await until(() => registry.finds > finds + 3);
  assert.equal(champion(), undefined);
  await follower.repository.load(NAME);
  assert.equal(champion(), '4');
  assert.deepEqual(server.plan.models[0]!.warm, []);
  await assert.rejects(follower.repository.load('other'), { code: 'LL2012' });
  await assert.rejects(follower.repository.unload('other'), { code: 'LL2012' });
});

test('a model that is unloaded while its next version is on its way stays unloaded', async (t) => {
  const { follower, registry, champion, logs } = scene();
  t.after(follower.stop);
  const gate = Promise.withResolvers<void>();
  registry.gate = gate.promise;
  registry.version = '4';
  const { finds } = registry;
  const reload = follower.reload();
  await until(() => registry.finds > finds);
  await follower.repository.unload(NAME);
  gate.resolve();
  await reload;
  assert.equal(champion(), undefined);
  assert.deepEqual(logs, [`unloaded ${NAME}`]);
});

test('a version is held before its bytes are read, and the one before stays held', async (t) => {
  const held: string[][] = [];
  const { follower, registry } = scene({
    hold: {
      keep: (plan) => {
        const { champion, warm } = plan.models[0]!;
        held.push([champion?.version ?? '', ...warm.map(({ version }) => version)]);
      },
      release: () => {
        held.push([]);
      },
    },
  });
  t.after(follower.stop);
  assert.deepEqual(held, [['3']]);
  const gate = Promise.withResolvers<void>();
  registry.gate = gate.promise;
  registry.version = '4';
  const reload = follower.reload();
  await until(() => held.length > 1);
  assert.deepEqual(held[1], ['4', '3']);
  assert.deepEqual(registry.fetched, []);
  gate.resolve();
  await reload;
  assert.deepEqual(held.at(-1), ['4', '3']);
  follower.stop();
  assert.deepEqual(held.at(-1), []);
});

test('a hold that fails is logged once and stops nothing', async (t) => {
  const { follower, registry, champion, logs } = scene({
    hold: {
      keep: () => {
        throw new LoadlineError('LL7009', 'the store is busy');
      },
      release() {},
    },
  });
  t.after(follower.stop);
  registry.version = '4';
  await follower.reload();
  assert.equal(champion(), '4');
  assert.equal(logs.filter((line) => /so that they may be removed: the store is busy/.test(line)).length, 1);
});

test('stop ends the polling at once', async () => {
  const { follower, registry } = scene({ intervalMs: 1 });
  await until(() => registry.finds > 1);
  follower.stop();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const { finds } = registry;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(registry.finds, finds);
});
