/** A server of one process that follows an alias of the embedded store, with models and answers of scikit-learn. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openModel } from '../../src/formats/open.ts';
import { TEST_SETTINGS } from '../../src/serve/fixtures/settings.ts';
import { checkVersion } from '../../src/serve/roster/check.ts';
import { openFirst } from '../../src/serve/roster/keeper.ts';
import { startSingle } from '../../src/serve/single.ts';
import { createFollower } from '../../src/serve/watch/follow.ts';
import { storeHold } from '../../src/serve/watch/hold.ts';
import { preparePlan } from '../../src/serve/watch/plan.ts';
import { openStore } from '../../src/versions/store/open.ts';
import { storeRegistry } from '../../src/versions/store/registry.ts';
import { storeSource } from '../../src/versions/store/source.ts';
import { type Answer, ask, corpusModel, isClose, temporaryFolder, until } from './harness.ts';

const NAME = 'house-price';
const HOLDER = 'a server of the tests';
const MARK = { by: 'tests', why: '' };
/** Versions 1 to 3; the third takes other features. */
const models = ['linear/ridge', 'trees/forest-regressor', 'linear/linear-regression-wide'].map(corpusModel);
const row = models[0]!.rows[0];
const work = { signal: new AbortController().signal, onProgress() {} };

test('an alias of the store is followed; what is served is held; what does not fit never answers', async (t) => {
  const store = openStore(join(temporaryFolder(), 'store'), { create: true });
  const { catalog, holds } = store;
  const registry = storeRegistry(store);
  for (const { path } of models) {
    await registry.add(
      {
        name: NAME,
        from: { path },
        metrics: {},
        params: {},
        tags: {},
        description: '',
        data: null,
        by: 'tests',
      },
      work,
    );
  }
  catalog.setAlias(NAME, 'champion', '1', MARK);
  const { plan, followed } = await preparePlan(
    [
      {
        name: null,
        reference: `${NAME}@champion`,
        watch: 10,
        canary: null,
        shadow: null,
        versions: [],
      },
    ],
    {
      parse: () => ({ kind: 'store', name: NAME, pick: { kind: 'alias', alias: 'champion' } }),
      open: (reference) => {
        assert.ok(reference.kind === 'store');
        return storeSource(reference, store);
      },
    },
    work,
  );
  const logs: string[] = [];
  const follower = createFollower({
    references: followed,
    log: (message) => logs.push(message),
    hold: storeHold(holds, HOLDER, followed),
  });
  const { running, address } = await startSingle(
    await openFirst(plan, { open: openModel, check: checkVersion }),
    TEST_SETTINGS,
    follower.repository,
  );
  follower.start(running);
  t.after(() => {
    follower.stop();
    running.kill();
    store.close();
  });

  const predict = (): Promise<Answer> => ask(`${address.url}/predict`, { json: { features: row } });
  const assertVersion = async (version: number): Promise<void> => {
    const { status, headers, text } = await predict();
    assert.equal(status, 200, text);
    assert.equal(headers['x-loadline-model'], `${NAME}/${version}`);
    const { prediction } = JSON.parse(text) as { prediction: unknown[] };
    assert.ok(isClose(prediction[0], models[version - 1]!.predict[0]!), text);
  };
  const serves = (version: number) => async (): Promise<boolean> =>
    (await predict()).headers['x-loadline-model'] === `${NAME}/${version}`;
  const readyz = async (): Promise<string> => {
    const { status, text } = await ask(`${address.url}/readyz`);
    assert.equal(status, 200, text);
    return text;
  };

  await assertVersion(1);
  assert.deepEqual(holds.holders(NAME, '1'), [HOLDER]);
  assert.deepEqual(holds.holders(NAME, '2'), []);

  catalog.setAlias(NAME, 'champion', '2', MARK);
  await until(serves(2), 'version 2 to answer');
  await assertVersion(2);
  // The version before stays open, and so held.
  assert.deepEqual(holds.holders(NAME, '1'), [HOLDER]);
  assert.deepEqual(holds.holders(NAME, '2'), [HOLDER]);
  assert.throws(() => catalog.deleteVersion(NAME, '1', { ...MARK, force: true }), { code: 'LL7011' });
  assert.match(logs[0]!, /^serving house-price\/2 instead of 1 .* of \d+ recent rows 0 are answered alike/);

  catalog.setAlias(NAME, 'champion', '3', MARK);
  await until(async () => (await readyz()).includes('LL7013'), 'the reason on /readyz');
  await assertVersion(2);
  const { following } = JSON.parse(await readyz()) as {
    following: readonly { readonly wanted: string; readonly problem: { readonly message: string } }[];
  };
  assert.equal(following[0]?.wanted, '3');
  assert.match(following[0].problem.message, /takes 60 features, .* takes 4$/);
  const { text: metrics } = await ask(`${address.url}/metrics`);
  assert.match(metrics, /^loadline_follow_ok\{[^}]*\} 0$/m);

  catalog.setAlias(NAME, 'champion', '1', MARK);
  await until(serves(1), 'version 1 to answer again');
  await assertVersion(1);
  assert.match(logs.at(-1)!, /^serving house-price\/1 instead of 2 .*: it was open/);
  await until(async () => !(await readyz()).includes('LL7013'), 'the reason to be gone');

  follower.stop();
  assert.deepEqual(holds.holders(NAME, '1'), []);
});
