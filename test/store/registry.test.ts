/** `models add` into the embedded store: what is kept of a model file, and what is not let in. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { EXIT } from '../../src/errors.ts';
import { createTrackingTables } from '../../src/versions/mlflow-api/schema.ts';
import { checkOut } from '../../src/versions/store/checkout.ts';
import {
  addRequest,
  fails,
  newVersion,
  openTestStore,
  sha256Of,
  streamOf,
  temporaryFolder,
  WORK,
} from '../../src/versions/store/fixtures/store.ts';
import { storeRegistry } from '../../src/versions/store/registry.ts';
import type { Store } from '../../src/versions/store/types.ts';

const MODEL = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));
/** os.system("true") in pickle protocol 0, written by hand from the opcodes of Python's pickletools. */
const MALICIOUS = "cos\nsystem\n(S'true'\ntR.";

/** That a failed addition left nothing: no version, no artifact, no bytes. */
function assertEmpty(store: Store): void {
  assert.deepEqual(store.catalog.models(), []);
  assert.deepEqual(store.artifacts.list(''), []);
  assert.deepEqual(readdirSync(join(store.folder, 'incoming')), []);
  assert.deepEqual(readdirSync(join(store.folder, 'blobs/sha256')), []);
}

test('a model file becomes an MLflow model folder with all that was said of it', async (t) => {
  const store = openTestStore(t);
  const data = join(temporaryFolder(t), 'train.CSV');
  writeFileSync(data, 'a,b\n1,2\n');
  const request = addRequest('house-price', MODEL, {
    metrics: { rmse: 0.23 },
    params: { alpha: '1' },
    tags: { team: 'a' },
    description: 'first',
    data,
  });
  const version = await storeRegistry(store, '.loadline/models').add(request, WORK);
  const bytes = readFileSync(MODEL);
  assert.deepEqual(
    [
      version.version,
      version.metrics,
      version.params,
      version.tags,
      version.description,
      version.sha256,
      version.bytes,
    ],
    ['1', { rmse: 0.23 }, { alpha: '1' }, { team: 'a' }, 'first', sha256Of(bytes), bytes.length],
  );
  const folder = await checkOut(store, store.catalog.version('house-price', '1'), WORK);
  assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), [
    'MLmodel',
    'conda.yaml',
    'loadline',
    'loadline/training-data.csv',
    'model.pkl',
    'python_env.yaml',
    'requirements.txt',
  ]);
  assert.deepEqual(readFileSync(join(folder, 'model.pkl')), bytes);
  assert.equal(readFileSync(join(folder, 'loadline/training-data.csv'), 'utf8'), 'a,b\n1,2\n');
  // examples/house-price/requirements.txt says which scikit-learn fitted it.
  assert.deepEqual(readFileSync(join(folder, 'requirements.txt'), 'utf8').split('\n').slice(0, 2), [
    'mlflow',
    'scikit-learn==1.9.1',
  ]);
  const mlmodel = parse(readFileSync(join(folder, 'MLmodel'), 'utf8')) as { flavors: { sklearn: object } };
  assert.deepEqual(mlmodel.flavors.sklearn, {
    code: null,
    pickled_model: 'model.pkl',
    serialization_format: 'pickle',
    sklearn_version: '1.9.1',
  });
});

test('a file that would run something is not added: exit 5, and nothing is kept', async (t) => {
  const store = openTestStore(t);
  const file = join(temporaryFolder(t), 'model.pkl');
  writeFileSync(file, MALICIOUS);
  await assert.rejects(storeRegistry(store).add(addRequest('m', file), WORK), (error: unknown) => {
    assert.equal((error as { exit: number }).exit, EXIT.unsafe);
    return fails('LL3005', /os\.system/)(error);
  });
  assertEmpty(store);
});

test('what cannot be added is said, and nothing is kept', async (t) => {
  const store = openTestStore(t);
  const registry = storeRegistry(store);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'notes.txt'), 'no model at all');
  mkdirSync(join(folder, 'empty'));
  const missing = join(folder, 'missing');
  await assert.rejects(registry.add(addRequest('a/b', MODEL), WORK), fails('LL7010'));
  await assert.rejects(registry.add(addRequest('m', missing), WORK), fails('LL1006', /missing/));
  await assert.rejects(registry.add(addRequest('m', join(folder, 'notes.txt')), WORK), fails('LL3001'));
  await assert.rejects(
    registry.add(addRequest('m', join(folder, 'empty')), WORK),
    fails('LL7005', /MLmodel/),
  );
  await assert.rejects(
    registry.add(addRequest('m', MODEL, { data: missing }), WORK),
    fails('LL1006', /missing/),
  );
  await assert.rejects(
    registry.add(addRequest('m', MODEL, { metrics: { rmse: Number.POSITIVE_INFINITY } }), WORK),
    fails('LL1001', /rmse/),
  );
  const run = { from: { runId: 'r1', artifactPath: 'model' } };
  await assert.rejects(
    registry.add({ ...addRequest('m', ''), ...run }, WORK),
    fails('LL7001', /the run has none/),
  );
  assert.deepEqual(store.catalog.models(), []);
  assert.deepEqual(readdirSync(join(store.folder, 'incoming')), []);
});

test('an addition that is ended leaves nothing', async (t) => {
  const store = openTestStore(t);
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(storeRegistry(store).add(addRequest('m', MODEL), { ...WORK, signal }), /enough/);
  assertEmpty(store);
});

test('a model folder is added as it is, but not with a link in it', async (t) => {
  const store = openTestStore(t);
  const registry = storeRegistry(store);
  await registry.add(addRequest('first', MODEL), WORK);
  const made = await checkOut(store, store.catalog.version('first', '1'), WORK);
  const folder = join(temporaryFolder(t), 'model');
  cpSync(made, folder, { recursive: true });
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'code/own.py'), 'print(1)');
  const version = await registry.add(addRequest('second', folder), WORK);
  assert.equal(version.sha256, sha256Of(readFileSync(MODEL)));
  assert.deepEqual(
    store.catalog.files(store.catalog.version('second', '1')).map(({ path }) => path),
    ['MLmodel', 'code/own.py', 'conda.yaml', 'model.pkl', 'python_env.yaml', 'requirements.txt'],
  );
  symlinkSync('/etc/passwd', join(folder, 'code/secrets'));
  await assert.rejects(
    registry.add(addRequest('third', folder), WORK),
    fails('LL7007', /code\/secrets.*a link/),
  );
  assert.equal(store.catalog.hasModel('third'), false);
});

test('a run’s model is registered where it lies, with the run’s metrics and parameters', async (t) => {
  const store = openTestStore(t);
  const registry = storeRegistry(store);
  await registry.add(addRequest('seed', MODEL), WORK);
  // As the MLflow API keeps them: MLflow 2 under the run, MLflow 3 in a logged model.
  createTrackingTables(store);
  const { database } = store;
  database.exec(`
    INSERT INTO tracking_runs (id, experiment, name, user, started_at, artifact_uri) VALUES
      ('aaa', 0, 'old', 'ann', 0, 'mlflow-artifacts:/0/aaa/artifacts'),
      ('bbb', 0, 'new', 'ann', 0, 'mlflow-artifacts:/0/bbb/artifacts');
    INSERT INTO tracking_params VALUES ('aaa', 'alpha', '0.5');
    INSERT INTO tracking_latest_metrics VALUES ('aaa', 'rmse', 0.5, 0, 0, 0), ('aaa', 'bad', 0, 1, 0, 0);
    INSERT INTO tracking_logged_models (id, experiment, name, artifact_uri, created_at, updated_at, model_type, source_run)
      VALUES ('m-1', 0, 'model', 'mlflow-artifacts:/0/models/m-1/artifacts', 0, 0, '', 'bbb');
  `);
  const seed = store.catalog.version('seed', '1');
  for (const { path, sha256 } of store.catalog.files(seed)) {
    const bytes = readFileSync(join(store.folder, 'blobs/sha256', sha256.slice(0, 2), sha256));
    for (const to of ['0/aaa/artifacts/sub/model', '0/models/m-1/artifacts']) {
      await store.artifacts.put(`${to}/${path}`, streamOf(bytes));
    }
  }
  const add = (runId: string, artifactPath: string) =>
    registry.add({ ...addRequest('m', ''), from: { runId, artifactPath }, metrics: { mae: 0.1 } }, WORK);
  await assert.rejects(add('aaa', 'model'), fails('LL7001', /the run has sub\/model$/));
  await add('aaa', 'sub/model');
  await add('bbb', 'model');
  const [second, first] = (await registry.model('m', WORK)).versions;
  assert.deepEqual(
    [first?.source, first?.runId, first?.sha256],
    ['runs:/aaa/sub/model', 'aaa', sha256Of(readFileSync(MODEL))],
  );
  assert.deepEqual(
    [first?.metrics, first?.params],
    [{ rmse: 0.5, bad: Number.NaN, mae: 0.1 }, { alpha: '0.5' }],
  );
  assert.deepEqual(
    [second?.source, second?.runId, second?.metrics],
    ['runs:/bbb/model', 'bbb', { mae: 0.1 }],
  );
  const version = store.catalog.version('m', '2');
  assert.equal(version.artifactPath, '0/models/m-1/artifacts');
  assert.equal(store.catalog.files(version).length, store.catalog.files(seed).length);
});

test('versions, aliases and the way back through the registry', async (t) => {
  const store = openTestStore(t);
  const registry = storeRegistry(store);
  for (let i = 0; i < 3; i++) {
    store.catalog.createVersion(newVersion('m'));
  }
  for (const version of ['1', '2', '3']) {
    await registry.setAlias('m', 'champion', version, { by: 'ann', why: '' }, WORK);
  }
  for (const version of ['2', '1']) {
    assert.equal(await registry.previous('m', 'champion', WORK), version);
    await registry.setAlias('m', 'champion', version, { by: 'ann', why: '', rollback: true }, WORK);
  }
  await assert.rejects(registry.previous('m', 'champion', WORK), fails('LL7014'));
  await registry.setTag('m', '1', 'quality', 'gold', WORK);
  await registry.deleteAlias('m', 'champion', { by: 'ann', why: 'closed' }, WORK);
  const model = await registry.model('m', WORK);
  assert.deepEqual([model.aliases, model.versions[2]?.tags], [{}, { quality: 'gold' }]);
  const [last] = await registry.history('m', WORK);
  assert.deepEqual([last?.kind, last?.from, last?.by, last?.why], ['alias-deleted', '1', 'ann', 'closed']);
});
