import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Model } from '../model/model.ts';
import { houseModel } from './fixtures/models.ts';
import { TEST_SETTINGS } from './fixtures/settings.ts';
import { soleModel } from './roster/open.ts';
import { startSingle } from './single.ts';

/** In a function of its own, whose variables are gone when it has ended. */
async function start() {
  const model = houseModel(true);
  const first = new WeakRef<Model>(model);
  const repository = { load: async () => {}, unload: async () => {} };
  return { first, ...(await startSingle(soleModel(model, 'm', '1'), TEST_SETTINGS, repository)) };
}

test('a version that was replaced and is not kept warm leaves the memory, the first one too', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { first, running } = await start();
  t.after(() => running.stop(0));
  const { models } = running.plan();
  await running.apply({ models: models.map((model) => ({ ...model, champion: null })) });
  for (let i = 0; i < 20 && first.deref() !== undefined; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  assert.equal(first.deref(), undefined);
});
