/** What goes wrong while a server follows an alias: it goes on answering as before, and says why, in three places. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mlflowMissing } from '../mlflow/real-server.ts';
import { ask, isClose, type Server, startServer, temporaryFolder, until } from '../serve/harness.ts';
import { answering, assertAnswers, following, followMetric, makeHouses, untilAnswers } from './following.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { type Notebook, openNotebook, predictions, QUICK, train } from './notebook.ts';

const folder = temporaryFolder();
const MARKER = join(folder, 'executed');
const rows = makeHouses(4);

/** What the versions are logged with; each piece of code that follows assigns the version's number to `answer`. */
const PREPARE = `
import os, tempfile
from pathlib import Path
import mlflow, mlflow.pyfunc, mlflow.sklearn, numpy as np, pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

mlflow.set_tracking_uri(url)
mlflow.set_experiment("house-price")
client = MlflowClient()
columns = ["area_m2", "rooms", "age_years", "distance_km"]
houses = pd.DataFrame(np.random.RandomState(1).normal(10, 3, (50, 4)), columns=columns)
good = LinearRegression().fit(houses, houses.sum(axis=1))

def log(model, flavor=mlflow.sklearn, **how):
    # Without finding out the requirements, which takes seconds.
    how = {"pip_requirements": ["scikit-learn"], "registered_model_name": "house-price", **how}
    with mlflow.start_run():
        return str(flavor.log_model(name="model", **model, **how).registered_model_version)

def register(source, **how):
    return str(client.create_model_version("house-price", source, **how).version)

class Dangerous(LinearRegression):
    def __reduce__(self):
        return os.system, (f"touch {marker}",)

class Twice(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2.0] * len(model_input)
`;

interface Refused {
  readonly what: string;
  readonly code: string;
  readonly why: RegExp;
  readonly log: string;
}

const REFUSED: readonly Refused[] = [
  {
    what: 'other features',
    code: 'LL7013',
    why: /needs the feature "floor"/,
    log: `
other = houses.rename(columns={"rooms": "floor"})
answer = log({"sk_model": LinearRegression().fit(other, houses.sum(axis=1))})`,
  },
  {
    what: 'a pickle that would run a command',
    code: 'LL3005',
    why: /posix\.system|os\.system/,
    log: `
answer = log({"sk_model": Dangerous().fit(houses, houses.sum(axis=1))}, serialization_format="cloudpickle")`,
  },
  {
    what: 'another flavor',
    code: 'LL7005',
    why: /Cannot use models:\/house-price\/\d+: its MLmodel has a Python function/,
    log: `
answer = log({"python_model": Twice()}, mlflow.pyfunc)`,
  },
  {
    what: 'a logged model that is still being uploaded',
    code: 'LL7006',
    why: /Cannot use models:\/house-price\/\d+: its status is LOGGED_MODEL_PENDING/,
    log: `
pending = mlflow.initialize_logged_model(name="model")
answer = register(f"models:/{pending.model_id}", model_id=pending.model_id)`,
  },
  {
    what: 'files without the one of the model',
    code: 'LL7006',
    why: /Cannot use models:\/house-price\/\d+: its MLmodel names model\.pkl, which is not among its files/,
    log: `
with tempfile.TemporaryDirectory() as place, mlflow.start_run() as run:
    mlflow.sklearn.save_model(good, f"{place}/model", serialization_format="pickle", pip_requirements=["scikit-learn"])
    os.remove(f"{place}/model/model.pkl")
    mlflow.log_artifacts(f"{place}/model", "model")
    answer = register(f"{run.info.artifact_uri}/model", run_id=run.info.run_id)`,
  },
  {
    what: 'a signature that is not the one of the model',
    code: 'LL7013',
    why: /signature|inputs/,
    log: `
answer = log({"sk_model": good}, signature=infer_signature(houses.assign(floor=1.0), [1.0]))`,
  },
  {
    what: 'an input example that it cannot answer',
    code: 'LL7013',
    why: /example/,
    log: `
answer = log({"sk_model": good}, signature=infer_signature(houses, [1.0]), input_example=houses.head(2).assign(rooms="many"))`,
  },
];

describe('while a server follows an alias', { skip: mlflowMissing(3) ?? false }, () => {
  let registry: ModelServer;
  let notebook: Notebook;
  let server: Server;
  let first: number[];
  /** Answers of all requests that are sent all the time, and what was wrong with any. */
  let asked = 0;
  const faults: string[] = [];
  let asking: Promise<void>;
  let over = false;

  before(async () => {
    notebook = openNotebook(3, QUICK);
    registry = await startModelServer(join(folder, 'store'));
    const { url } = registry;
    await train(notebook, url);
    first = await predictions(notebook, url, 'models:/house-price/1', rows);
    await notebook.run(PREPARE, { url, marker: MARKER });
    server = await startServer(
      'models:/house-price@champion',
      ['--watch', '200ms', '--drain', '0s', '--log-level', 'silent'],
      { MLFLOW_TRACKING_URI: url, XDG_CACHE_HOME: folder },
    );
    asking = askOn();
  });

  after(async () => {
    over = true;
    await asking;
    await server.close();
    await registry.kill();
    await notebook.close();
  });

  async function askOn(): Promise<void> {
    for (let i = 0; !over; i = (i + 1) % rows.length) {
      const { status, headers, text } = await ask(`${server.url}/predict`, { json: { features: rows[i] } });
      const [value] = (JSON.parse(text) as { prediction?: number[] }).prediction ?? [];
      asked++;
      if (status !== 200 || headers['x-loadline-model'] !== 'house-price/1' || !isClose(value, first[i]!)) {
        faults.push(`${status} ${headers['x-loadline-model']} ${text}`);
      }
    }
  }

  /** With MLflow's own client, which refuses nothing. */
  const move = (version: string | null): Promise<void> =>
    notebook.run(
      version === null
        ? 'client.delete_registered_model_alias("house-price", "champion")'
        : 'client.set_registered_model_alias("house-price", "champion", version)',
      { version },
    );

  /** The reason has to stand on /readyz, in the metrics and in the log, with the first version answering all along. */
  async function assertProblem(code: string, why: RegExp, logged: RegExp): Promise<void> {
    await until(async () => (await following(server)).problem?.code === code, `${code} on /readyz`);
    const { problem } = await following(server);
    assert.match(problem!.message, why);
    await until(async () => (await followMetric(server)) === `0 ${code}`, `${code} on /metrics`);
    const at = await server.logged(logged);
    assert.match(server.logs[at]!, why);
    const before = asked;
    await until(() => asked > before + 5, 'answers');
    assert.equal(await answering(server, rows[0]), 'house-price/1');
  }

  async function assertWell(): Promise<void> {
    await until(async () => (await following(server)).problem === null, 'the problem to be gone');
    await until(async () => (await followMetric(server)) === '1 ', 'the metric to be well');
  }

  for (const { what, code, why, log } of REFUSED) {
    test(what, async () => {
      const version = await notebook.run<string>(log);
      await move(version);
      await assertProblem(
        code,
        why,
        new RegExp(`^house-price/${version} is not served, 1 goes on serving: .*\\(${code}\\)$`, 's'),
      );
      assert.equal((await following(server)).wanted, version);
      await move('1');
      await assertWell();
    });
  }

  test('nothing of a dangerous model was executed', () => {
    assert.equal(existsSync(MARKER), false);
  });

  test('the alias is deleted meanwhile', async () => {
    await move(null);
    await assertProblem(
      'LL7001',
      /champion/,
      /cannot look up models:\/house-price@champion, what is served goes on/,
    );
    await move('1');
    await assertWell();
  });

  test('the registry is killed and comes back', async () => {
    await registry.kill();
    await assertProblem('LL7002', /127\.0\.0\.1/, /cannot look up .*\(LL7002\)/);
    await registry.start();
    await assertWell();
    await server.logged(/^house-price: models:\/house-price@champion can be looked up again, after \d+ s$/);
  });

  test('none of the requests was lost or answered by anything else', () => {
    assert.ok(asked > 50, `${asked} requests`);
    assert.deepEqual(faults, []);
  });

  test('and then a good version is served', async () => {
    over = true;
    await asking;
    const version = await notebook.run<string>(
      'answer = log({"sk_model": good}, input_example=houses.head(2))',
    );
    await move(version);
    await untilAnswers(server, rows[0], `house-price/${version}`);
    const expected = await predictions(notebook, registry.url, 'models:/house-price@champion', rows);
    await assertAnswers(server, rows, expected, `house-price/${version}`);
    await assertWell();
  });
});
