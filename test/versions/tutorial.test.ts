/** The tutorial's third step as it is written: train and register, serve the registered model, promote, roll back. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { commandLine } from '../cli/command-line.ts';
import { type MlflowServer, type MlflowVersion, mlflowMissing, startMlflow } from '../mlflow/real-server.ts';
import { ask, isClose, startServer, temporaryFolder } from '../serve/harness.ts';
import { assertAnswers, following, makeHouses, untilAnswers, type V2Answer, v2Body } from './following.ts';
import { startModelServer } from './model-server.ts';
import { type Notebook, openNotebook, predictions, train } from './notebook.ts';

const folder = temporaryFolder();
const rows = makeHouses(4);
const CHAMPION = 'models:/house-price@champion';

// At once: each waits for its Python and its server most of the time.
describe("the tutorial's third step", { concurrency: true }, () => {
  for (const version of [3, 2] as const satisfies readonly MlflowVersion[]) {
    const client = version === 3 ? '3.17.2' : '2.22.5';

    describe(`with MLflow's client ${client}`, { skip: mlflowMissing(version) ?? false }, () => {
      let notebook: Notebook;
      let real: Promise<MlflowServer>;
      before(() => {
        notebook = openNotebook(version);
        // It takes its time to start: meanwhile the first test runs.
        real = startMlflow({ version });
        real.catch(() => null);
      });
      after(async () => {
        await notebook.close();
        await (await real).stop();
      });

      test('loadline models server', async (t) => {
        const registry = await startModelServer(join(folder, `store-${version}`));
        t.after(() => registry.kill());
        await follow(t, notebook, registry.url);
      });

      test('the real server of the same version', async (t) => {
        const { url } = await real;
        await follow(t, notebook, url);
      });
    });
  }
});

async function follow(t: TestContext, notebook: Notebook, url: string): Promise<void> {
  const env = { MLFLOW_TRACKING_URI: url, XDG_CACHE_HOME: folder };
  const { loadline } = commandLine(env);
  const expected = (reference: string): Promise<number[]> => predictions(notebook, url, reference, rows);

  await train(notebook, url);
  const first = await expected(CHAMPION);
  const server = await startServer(CHAMPION, ['--watch', '300ms', '--drain', '0s'], env);
  t.after(() => server.close());
  await assertAnswers(server, rows, first, 'house-price/1');
  await assertV2(server.url, first, '1');

  await train(notebook, url, ['--houses', '5000']);
  const second = await expected('models:/house-price/2');
  assert.ok(!isClose(second[0], first[0]!), 'two versions that cannot be told apart show nothing');
  const { code, stderr } = loadline([
    'models',
    'promote',
    'models:/house-price/2',
    '--alias',
    'champion',
    '--why',
    'more houses',
  ]);
  assert.equal(code, 0, stderr);
  await untilAnswers(server, rows[0], 'house-price/2');
  await assertAnswers(server, rows, second, 'house-price/2');
  await assertV2(server.url, second, '2');
  assert.deepEqual(await expected(CHAMPION), second);

  const from = server.logs.length;
  const back = loadline(['models', 'rollback', 'models:/house-price']);
  assert.equal(back.code, 0, back.stderr);
  await untilAnswers(server, rows[0], 'house-price/1');
  await server.logged(/^serving house-price\/1 instead of 2 .*it was open/, from);
  await assertAnswers(server, rows, first, 'house-price/1');
  assert.deepEqual(await expected(CHAMPION), first);
  const { wanted, problem } = await following(server);
  assert.deepEqual({ wanted, problem }, { wanted: '1', problem: null });

  const history = loadline(['models', 'history', 'models:/house-price', '--json']);
  assert.equal(history.code, 0, history.stderr);
  assert.match(history.stdout, /"why": "more houses"/);
}

async function assertV2(url: string, expected: readonly number[], version: string): Promise<void> {
  const { status, text } = await ask(`${url}/v2/models/house-price/infer`, { json: v2Body(rows) });
  assert.equal(status, 200, text);
  const { model_name, model_version, outputs } = JSON.parse(text) as V2Answer;
  assert.deepEqual([model_name, model_version], ['house-price', version]);
  for (const [i, value] of expected.entries()) {
    assert.ok(isClose(outputs[0]?.data[i], value), `row ${i}: ${outputs[0]?.data[i]} is not ${value}`);
  }
}
