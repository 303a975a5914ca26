import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LoadlineError } from '../../errors.ts';
import { toDense } from '../../model/coerce.ts';
import { type Data, dense, labels1d, numbers1d, type Target } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { type Model, signatureOf } from '../../model/model.ts';
import { COMPARED, createSeries } from '../../monitor/metrics/series.ts';
import type { Core } from '../core.ts';
import { createCore } from '../core.ts';
import { ask } from '../fixtures/ask.ts';
import { greaterModel, houseModel } from '../fixtures/models.ts';
import { isChosen } from './canary.ts';
import { createComparer } from './compare.ts';
import { createKeeper } from './keeper.ts';
import { openRoster } from './open.ts';
import type { CanaryPlan, CheckReport, ModelPlan, RosterPlan, VersionPlan } from './plan.ts';
import { createRecent } from './recent.ts';
import type { Shadow } from './seats.ts';

/** Models that answer their own version: `1`, `2`, … to a greater first number, else `no`. */
const FILES: Readonly<Record<string, Model>> = {
  one: greaterModel(['no', '1']),
  two: greaterModel(['no', '2']),
  three: greaterModel(['no', '3']),
  house: houseModel(true),
};

async function open(path: string): Promise<Model> {
  const model = FILES[path];
  if (model === undefined) {
    throw new LoadlineError('LL1006', `Cannot read ${path}`);
  }
  return model;
}

function version(number: string, path: string): VersionPlan {
  return { version: number, path, identity: path };
}

function plan(name: string, champion: VersionPlan | null, rest: Partial<ModelPlan> = {}): ModelPlan {
  return { name, champion, canary: null, shadow: null, warm: [], ...rest };
}

const ONE = version('1', 'one');
const TWO = version('2', 'two');
const THREE = version('3', 'three');

async function core(models: readonly ModelPlan[], random = Math.random): Promise<Core> {
  return createCore({ roster: await openRoster({ models }, open), software: '0.1.0', random });
}

const ROW = { features: [2, 1] };

async function answer(
  server: Core,
  headers: Record<string, string> = {},
): Promise<readonly [number, unknown, string | undefined]> {
  const said = await ask(server, '/predict', ROW, headers);
  const body = said.json as { prediction?: unknown[] };
  return [said.status, body.prediction?.[0], said.headers.get('x-loadline-model')];
}

describe('versions', () => {
  test('every version that is seated is asked for by number; none other is', async () => {
    const canary: CanaryPlan = { ...TWO, share: 0.5, keyHeader: 'x-user' };
    const server = await core([plan('m', ONE, { canary, warm: [THREE] })], () => 0.9);
    const infer = async (path: string): Promise<readonly unknown[]> => {
      const inputs = [{ name: 'x', shape: [1, 2], datatype: 'FP64', data: [2, 1] }];
      const { status, json, headers } = await ask(server, `/v2/models/m${path}/infer`, { inputs });
      const { model_version, outputs } = json as { model_version: string; outputs: { data: unknown[] }[] };
      return [status, model_version, outputs?.[0]?.data[0], headers.get('x-loadline-model')];
    };
    assert.deepEqual(await infer(''), [200, '1', '1', 'm/1']);
    assert.deepEqual(await infer('/versions/2'), [200, '2', '2', 'm/2']);
    assert.deepEqual(await infer('/versions/3'), [200, '3', '3', 'm/3']);
    assert.equal((await infer('/versions/4'))[0], 404);
    const { versions } = (await ask(server, '/v2/models/m')).json as { versions: string[] };
    assert.deepEqual(versions.toSorted(), ['1', '2', '3']);
  });

  test('a refusal says which version refused', async () => {
    const server = await core([plan('m', ONE)]);
    const said = await ask(server, '/predict', { features: [1] });
    assert.equal(said.status, 400);
    assert.equal(said.headers.get('x-loadline-model'), 'm/1');
    assert.equal((await ask(server, '/predict', 'no JSON')).headers.get('x-loadline-model'), 'm/1');
  });

  test('a name that no header can hold is encoded', async () => {
    const server = await core([plan('größe\n€', ONE)]);
    assert.equal((await answer(server))[2], 'gr%C3%B6%C3%9Fe%0A%E2%82%AC/1');
    // Half a character, which no URL can hold: the replacement character.
    const half = await core([plan('a\ud800', ONE)]);
    assert.equal((await answer(half))[2], 'a%EF%BF%BD/1');
  });
});

describe('several models', () => {
  test('the path names the model; without one it is the first', async () => {
    const server = await core([plan('a', ONE), plan('b', version('7', 'house'))]);
    assert.deepEqual(await answer(server), [200, '1', 'a/1']);
    const row = { area: 1, rooms: 2, age: 3, dist: 4 };
    const said = await ask(server, '/v1/models/b:predict', { instances: [row] });
    assert.deepEqual([said.status, said.headers.get('x-loadline-model')], [200, 'b/7']);
    assert.equal((await ask(server, '/v1/models/c:predict', { instances: [row] })).status, 404);
    assert.deepEqual((await ask(server, '/v2/models')).json, { models: ['a', 'b'] });
    const index = (await ask(server, '/v2/repository/index', {})).json;
    assert.deepEqual(index, [
      { name: 'a', version: '1', state: 'READY', reason: '' },
      { name: 'b', version: '7', state: 'READY', reason: '' },
    ]);
  });

  test('one that has no version leaves the others answering and the server not ready', async () => {
    const server = await core([plan('a', ONE), plan('b', null)]);
    assert.equal((await answer(server))[0], 200);
    assert.equal((await ask(server, '/v2/models/a/ready')).status, 200);
    assert.equal((await ask(server, '/v2/models/b/ready')).status, 503);
    const ready = await ask(server, '/readyz');
    assert.equal(ready.status, 503);
    assert.deepEqual((ready.json as { models: unknown }).models, [
      { name: 'a', version: '1' },
      { name: 'b', version: null },
    ]);
  });
});

test('a batch is sliced by the speed of its own model, whatever another one did', async () => {
  const time = { now: 0 };
  let largest = 0;
  const slow: Model = {
    ...FILES.one!,
    fitted: {
      ...FILES.one!.fitted,
      predict(rows) {
        largest = Math.max(largest, rows.nRows);
        time.now += rows.nRows;
        return FILES.one!.fitted.predict!(rows);
      },
    },
  };
  const models = [plan('fast', ONE), plan('slow', version('1', 'slow'))];
  const roster = await openRoster({ models }, async (path) => (path === 'slow' ? slow : open(path)));
  const server = createCore({ roster, software: '0.1.0', clock: { now: () => time.now } });
  const features = (nRows: number) => Array.from({ length: nRows }, () => [2, 1]);
  await ask(server, '/predict', { features: features(5000) });
  // 1 ms a row, of which a slice takes 2 ms, once the first slice of 64 has shown it.
  const said = await ask(server, '/v1/models/slow:predict', { instances: features(1000) });
  assert.equal((said.json as { predictions: unknown[] }).predictions.length, 1000);
  assert.equal(largest, 64);
});

describe('canary', () => {
  test('chance decides for callers without a key, the key for those with one', async () => {
    let next = 0;
    const canary: CanaryPlan = { ...TWO, share: 0.25, keyHeader: 'X-User' };
    const server = await core([plan('m', ONE, { canary })], () => next);
    next = 0.2499;
    assert.deepEqual(await answer(server), [200, '2', 'm/2']);
    next = 0.25;
    assert.deepEqual(await answer(server), [200, '1', 'm/1']);
    for (const user of ['ann', 'bob', 'cy', 'di', 'ed', 'flo', 'gus', 'hal']) {
      const wanted = isChosen('m', user, 0.25) ? 'm/2' : 'm/1';
      for (next of [0, 0.5]) {
        assert.equal((await answer(server, { 'x-user': user }))[2], wanted, user);
      }
    }
  });

  test('the share of callers is the one that was asked for, also where keys count up', () => {
    // 3 standard deviations of a binomial of 20,000: 0.0064 at 10 %.
    for (const [share, tolerance] of [
      [0.1, 0.0064],
      [0.5, 0.0107],
    ] as const) {
      for (const key of [(i: number) => `user-${i}`, (i: number) => String(i), (i: number) => `${i}@x.org`]) {
        let chosen = 0;
        for (let i = 0; i < 20_000; i++) {
          chosen += isChosen('house-price', key(i), share) ? 1 : 0;
        }
        assert.ok(Math.abs(chosen / 20_000 - share) < tolerance, `${chosen} of 20,000 at ${share}`);
      }
    }
  });

  test('who meets the canary at 10 % meets it at 50 % too', () => {
    for (let i = 0; i < 2000; i++) {
      assert.ok(!isChosen('m', String(i), 0.1) || isChosen('m', String(i), 0.5));
    }
  });
});

describe('shadow', () => {
  test('the champion answers, the shadow is compared with it in the background', async () => {
    const server = await core([plan('m', ONE, { shadow: TWO })]);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await answer(server), [200, '1', 'm/1']);
      // The first number is not the greater one: both say "no".
      await ask(server, '/predict', {
        features: [
          [1, 2],
          [0, 5],
        ],
      });
    }
    const metric = async (name: string): Promise<number> => {
      const text = (await ask(server, '/metrics')).body.toString();
      const line = text.split('\n').find((l) => l.startsWith(`${name}{model="m",version="2",against="1"`));
      return Number(line?.split(' ').at(-1));
    };
    const deadline = Date.now() + 5000;
    while ((await metric('loadline_compared_rows_total')) < 9 && Date.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await metric('loadline_compared_rows_total'), 9);
    assert.equal(await metric('loadline_compared_agreeing_total'), 6);
    assert.equal(await metric('loadline_compared_latency_seconds_count'), 6);
    assert.equal(await metric('loadline_compared_difference_count'), 0);
  });

  test('rows that the shadow cannot predict are counted as failed, and the answer stands', async () => {
    const server = await core([plan('m', ONE, { shadow: version('9', 'house') })]);
    assert.equal((await answer(server))[0], 200);
    const failed = /^loadline_compared_failed_total\{model="m",version="9",against="1"\} 1$/m;
    const deadline = Date.now() + 5000;
    let text = '';
    while (!failed.test(text) && Date.now() < deadline) {
      await new Promise((resolve) => setImmediate(resolve));
      text = (await ask(server, '/metrics')).body.toString();
    }
    assert.match(text, failed);
  });
});

describe('comparing in the background', () => {
  /** A comparer whose turns are taken by hand, and what a shadow of it counts. */
  function scene(predictRows: (rows: Data) => Target, tookMs: (nRows: number) => number = () => 0) {
    const time = { now: 0, busy: false };
    const turns: (() => void)[] = [];
    const sizes: number[] = [];
    const base = houseModel(true);
    const model: Model = {
      ...base,
      fitted: {
        ...base.fitted,
        predict(rows) {
          sizes.push(rows.nRows);
          time.now += tookMs(rows.nRows);
          return predictRows(rows);
        },
      },
    };
    const compared = createSeries(COMPARED).of(['m', '2', '1']);
    const served = { model, name: 'm', version: '2', header: [] };
    const answered = createSeries(COMPARED).of([]);
    const shadow: Shadow = {
      seat: { served, role: 'shadow', answered, pace: 64 },
      compared,
      places: null,
      pace: 1,
    };
    const comparer = createComparer(
      { now: () => time.now },
      () => time.busy,
      (turn) => turns.push(turn),
    );
    const offer = (rows: Data): void => {
      const target = numbers1d(new Float64Array(rows.nRows));
      const prediction = { target, probabilities: null, classes: null };
      comparer.offer({ shadow, rows, method: 'predict', prediction, tookMs: 0 });
    };
    const run = (): void => {
      for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
        turn();
      }
    };
    const counted = (name: string): number => {
      const family = COMPARED.families.find((one) => one.name === `loadline_compared_${name}_total`);
      return compared.values[family!.offset]!;
    };
    return { offer, run, counted, sizes, time, turns };
  }
  const zeros = (rows: Data): Target => numbers1d(new Float64Array(rows.nRows));
  const rowsOf = (nRows: number, nCols = 4) => dense(nRows, nCols, new Float64Array(nRows * nCols));

  test('a slow shadow is asked for one row at first', () => {
    const { offer, run, counted, sizes } = scene(zeros, (nRows) => 50 * nRows);
    offer(rowsOf(20));
    run();
    assert.deepEqual(sizes, new Array(20).fill(1));
    assert.equal(counted('rows'), 20);
  });

  test('what a shadow answers wrongly formed is a failure and ends nothing', () => {
    const broken = labels1d(new Int32Array(3).fill(7), ['a', 'b']);
    const { offer, run, counted } = scene(() => broken);
    offer(rowsOf(1));
    run();
    assert.equal(counted('failed'), 1);
  });

  test('what waits is bounded in rows and in bytes', () => {
    const narrow = scene(zeros);
    narrow.time.busy = true;
    for (let i = 0; i < 5000; i++) {
      narrow.offer(rowsOf(1));
      narrow.offer(rowsOf(0));
    }
    assert.equal(narrow.counted('dropped'), 5000 - 4096);
    const wide = scene(zeros);
    wide.time.busy = true;
    // 1 MiB each, of which 32 may wait.
    const row = rowsOf(1, 2 ** 17);
    for (let i = 0; i < 40; i++) {
      wide.offer(row);
    }
    assert.equal(wide.counted('dropped'), 8);
    wide.time.busy = false;
    wide.run();
    assert.equal(wide.counted('rows'), 32);
    wide.offer(row);
    wide.run();
    assert.equal(wide.counted('rows'), 33);
  });

  test('columns in another order are asked for in that order; one that callers do not send is a failure', async () => {
    const base = houseModel(true);
    const names = ['dist', 'age', 'rooms', 'area'];
    const renamed = (of: readonly string[]): Model => {
      const features = of.map((name) => ({ name, kind: 'number', missing: true }) as const);
      const fitted: Fitted = {
        ...base.fitted,
        features,
        predict(rows) {
          const { nRows, data } = toDense(rows, 'Reversed', 4, 'finite');
          const reversed = Float64Array.from(data, (_, i) => data[i - (i % 4) + 3 - (i % 4)]!);
          return base.fitted.predict!(dense(nRows, 4, reversed));
        },
      };
      return { ...base, fitted, signature: signatureOf(fitted) };
    };
    for (const [shadow, wanted] of [
      [renamed(names), /^loadline_compared_agreeing_total\{.*\} 2$/m],
      [renamed(['floor', ...names.slice(1)]), /^loadline_compared_failed_total\{.*\} 2$/m],
    ] as const) {
      const models = [plan('m', version('1', 'house'), { shadow: version('2', 'shadow') })];
      const roster = await openRoster({ models }, async (path) => (path === 'shadow' ? shadow : open(path)));
      const server = createCore({ roster, software: '0.1.0' });
      const row = { area: 1, rooms: 2, age: 3, dist: 4 };
      await ask(server, '/predict', { features: [row, { ...row, area: 7 }] });
      let text = '';
      const deadline = Date.now() + 5000;
      while (!wanted.test(text) && Date.now() < deadline) {
        await new Promise((resolve) => setImmediate(resolve));
        text = (await ask(server, '/metrics')).body.toString();
      }
      assert.match(text, wanted);
    }
  });
});

describe('a change of plan', () => {
  const report: CheckReport = { name: 'm', version: '2', example: null, difference: null };
  const planOf = (...models: ModelPlan[]): RosterPlan => ({ models });

  async function kept(check: () => Promise<CheckReport>): Promise<{
    readonly server: Core;
    readonly opened: string[];
    readonly keeper: ReturnType<typeof createKeeper>;
  }> {
    const server = await core([plan('m', ONE)]);
    const opened: string[] = [];
    const keeper = createKeeper(
      {
        roster: () => server.slot.seats.open,
        swap: server.swap,
        recent: (name) => server.slot.seats.byName.get(name)?.recent.rows() ?? [],
      },
      {
        open: (path) => {
          opened.push(path);
          return open(path);
        },
        check,
      },
    );
    return { server, opened, keeper };
  }

  test('nothing changes before the commit; what is open is not opened again', async () => {
    const { server, opened, keeper } = await kept(async () => report);
    assert.deepEqual(await keeper.prepare(planOf(plan('m', TWO, { warm: [ONE] }))), [report]);
    assert.equal((await answer(server))[2], 'm/1');
    keeper.commit();
    assert.equal((await answer(server))[2], 'm/2');
    await keeper.prepare(planOf(plan('m', ONE, { warm: [TWO] })));
    keeper.commit();
    assert.equal((await answer(server))[2], 'm/1');
    assert.deepEqual(opened, ['two']);
  });

  test('a version that cannot be opened or fails its check leaves all as it was', async () => {
    const { server, keeper } = await kept(async () => {
      throw new LoadlineError('LL7013', 'no');
    });
    await assert.rejects(keeper.prepare(planOf(plan('m', version('5', 'missing')))), { code: 'LL1006' });
    keeper.commit();
    await assert.rejects(keeper.prepare(planOf(plan('m', TWO))), { code: 'LL7013' });
    keeper.commit();
    assert.equal((await answer(server))[2], 'm/1');
  });

  test('the check is given the version that is replaced and recent rows', async () => {
    const server = await core([plan('m', ONE)]);
    await answer(server);
    const given: unknown[] = [];
    const keeper = createKeeper(
      {
        roster: () => server.slot.seats.open,
        swap: server.swap,
        recent: (name) => server.slot.seats.byName.get(name)?.recent.rows() ?? [],
      },
      {
        open,
        async check(next, name, number, previous, recent) {
          given.push(next === FILES.two, name, number, previous === FILES.one, recent.length);
          return report;
        },
      },
    );
    await keeper.prepare(planOf(plan('m', TWO)));
    assert.deepEqual(given, [true, 'm', '2', true, 1]);
  });

  test('a plan that is opened after it was dropped, or after the next one, is not served', async () => {
    const server = await core([plan('m', ONE)]);
    const gate = Promise.withResolvers<void>();
    const keeper = createKeeper(
      { roster: () => server.slot.seats.open, swap: server.swap, recent: () => [] },
      {
        async open(path) {
          if (path === 'two') {
            await gate.promise;
          }
          return open(path);
        },
        check: async () => report,
      },
    );
    const late = keeper.prepare(planOf(plan('m', TWO)));
    keeper.discard();
    await keeper.prepare(planOf(plan('m', THREE)));
    gate.resolve();
    await late;
    keeper.commit();
    assert.equal((await answer(server))[2], 'm/3');
  });

  test('a version that passed its check but was not served is checked again', async () => {
    let checks = 0;
    const { keeper } = await kept(async () => {
      checks++;
      return report;
    });
    await keeper.prepare(planOf(plan('m', TWO)));
    keeper.discard();
    assert.deepEqual(await keeper.prepare(planOf(plan('m', TWO))), [report]);
    keeper.commit();
    await keeper.prepare(planOf(plan('m', TWO)));
    assert.equal(checks, 2);
  });

  test('recent rows are those of who answers unasked, and end with an unload', async () => {
    const canary: CanaryPlan = { ...TWO, share: 0.5, keyHeader: 'x-user' };
    const server = await core([plan('m', ONE, { canary, warm: [THREE] })], () => 0);
    const recent = () => server.slot.seats.byName.get('m')!.recent.rows().length;
    const inputs = [{ name: 'x', shape: [1, 2], datatype: 'FP64', data: [2, 1] }];
    assert.equal((await ask(server, '/v2/models/m/versions/3/infer', { inputs })).status, 200);
    assert.equal(recent(), 0);
    assert.equal((await answer(server))[2], 'm/2');
    assert.equal((await ask(server, '/v2/models/m/versions/1/infer', { inputs })).status, 200);
    assert.equal(recent(), 2);
    server.swap(await openRoster(planOf(plan('m', TWO)), open));
    assert.equal(recent(), 2);
    server.swap(await openRoster(planOf(plan('m', null)), open));
    server.swap(await openRoster(planOf(plan('m', TWO)), open));
    assert.equal(recent(), 0);
  });

  test('the metrics say who sits where', async () => {
    const { server, keeper } = await kept(async () => report);
    await keeper.prepare(planOf(plan('m', TWO, { warm: [ONE] })));
    keeper.commit();
    const info = (await ask(server, '/metrics')).body.toString();
    assert.match(info, /^loadline_model_info\{name="m",version="2",role="champion".*\} 1$/m);
    assert.match(info, /^loadline_model_info\{name="m",version="1",role="warm".*\} 1$/m);
  });
});

test('a file that was written over since the plan was made is called by what it holds', async () => {
  const sha256 = 'ab'.repeat(32);
  const plan_ = plan('m', { version: 'cd'.repeat(6), path: 'f', identity: 'cd'.repeat(32) });
  const model = { ...greaterModel(['no', 'f']), origin: { ...greaterModel(['', '']).origin, sha256 } };
  const roster = await openRoster({ models: [plan_] }, async () => model);
  assert.deepEqual(roster.plan.models[0]?.champion, { version: 'ab'.repeat(6), path: 'f', identity: sha256 });
  const server = createCore({ roster, software: '0.1.0' });
  assert.deepEqual(await answer(server), [200, 'f', `m/${'ab'.repeat(6)}`]);
});

test('of several models the one that cannot be opened is named', async () => {
  const models = [plan('a', ONE), plan('b', version('7', 'missing'))];
  await assert.rejects(openRoster({ models }, open), (error: LoadlineError) => {
    assert.equal(error.code, 'LL1006');
    assert.equal(error.detail.where, 'b/7, missing');
    return true;
  });
});

test('a file that was given a version by hand keeps it only as long as its content', async () => {
  const sha256 = 'ab'.repeat(32);
  const model = { ...greaterModel(['no', 'f']), origin: { ...greaterModel(['', '']).origin, sha256 } };
  const versionOf = async (identity: string): Promise<unknown> => {
    const champion = { version: 'v7', path: 'f', identity };
    const { plan: opened } = await openRoster({ models: [plan('m', champion)] }, async () => model);
    return opened.models[0]?.champion?.version;
  };
  assert.equal(await versionOf(sha256), 'v7');
  assert.equal(await versionOf('cd'.repeat(32)), 'ab'.repeat(6));
  // What is registered has another kind of identity, and its number.
  assert.equal(await versionOf('models:/m/7'), 'v7');
});

test('recent rows: the first 128 requests, then every sixteenth; large ones are not kept', () => {
  const recent = createRecent();
  const row = (value: number, nRows = 1) =>
    ({ kind: 'dense', nRows, nCols: 1, data: new Float64Array(nRows).fill(value) }) as const;
  recent.offer(row(-1, 17));
  assert.equal(recent.rows().length, 0);
  for (let i = 0; i < 128 + 32; i++) {
    recent.offer(row(i));
  }
  const values = recent.rows().map((rows) => (rows.kind === 'dense' ? rows.data[0] : null));
  assert.equal(values.length, 128);
  assert.deepEqual(values.slice(0, 2), [2, 3]);
  assert.deepEqual(values.slice(-2), [128, 144]);
});

test('recent rows are bounded in bytes too', () => {
  const recent = createRecent();
  const rows = (kib: number) => ({ kind: 'texts', nRows: 1, values: ['x'.repeat(512 * kib - 4)] }) as const;
  recent.offer(rows(2 * 1024));
  assert.equal(recent.rows().length, 0);
  for (let i = 0; i < 500; i++) {
    recent.offer(rows(512));
  }
  // 16 of half a megabyte are 8 MiB.
  assert.equal(recent.rows().length, 16);
});
