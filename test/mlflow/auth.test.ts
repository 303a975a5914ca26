/** Real servers with MLflow's basic-auth app: who is not known, who may not see a model, and who may only read. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Sources } from '../../src/versions/open.ts';
import { assertClose, bring, failsWith, lastLine, predictions, sourcesOf, WORK } from './fixtures.ts';
import { type MlflowServer, mlflowMissing, startMlflow } from './real-server.ts';

const PASSWORD = 'tr0ub4dor-and-three';
/** Every request takes the server a good part of a second, for the password's hash: as few as there can be. */
const SEED = `
import json, sys, mlflow
from mlflow.server import get_app_client
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]], [1.0, 2.5, 4.0])
with mlflow.start_run():
    mlflow.sklearn.log_model(model, "model", registered_model_name="house-price")
mlflow.MlflowClient().set_registered_model_alias("house-price", "champion", "1")
auth = get_app_client("basic-auth", tracking_uri=sys.argv[1])
for name in ("reader", "barred"):
    auth.create_user(name, sys.argv[2])
if hasattr(auth, "grant_user_permission"):
    auth.grant_user_permission("barred", "registered_model", "house-price", "DENY")
else:
    auth.create_registered_model_permission("house-price", "barred", "NO_PERMISSIONS")
print(json.dumps(model.predict([[2.0, 2.0]]).tolist()))
`;

for (const version of [3, 2] as const) {
  describe(`MLflow ${version} with basic-auth`, { skip: mlflowMissing(version) ?? false }, () => {
    let server: MlflowServer;
    /** scikit-learn's. */
    let wanted: readonly number[];
    const opened: Sources[] = [];

    const as = (username: string, password = PASSWORD): Sources => {
      const env = {
        MLFLOW_TRACKING_URI: server.url,
        MLFLOW_TRACKING_USERNAME: username,
        MLFLOW_TRACKING_PASSWORD: password,
      };
      const sources = sourcesOf(env);
      opened.push(sources);
      return sources;
    };

    before(async () => {
      server = await startMlflow({ version, auth: true });
      wanted = lastLine(await server.python(SEED, [server.url, PASSWORD])) as number[];
    });
    after(async () => {
      for (const sources of opened) {
        sources.close();
      }
      await server?.stop();
    });

    test('a user who may read gets the model', async () => {
      const { path } = await bring(as('reader'), 'models:/house-price@champion');
      assertClose(await predictions(path, [[2, 2]]), wanted);
    });

    test('credentials in the address', async () => {
      const url = server.url.replace('//', `//reader:${encodeURIComponent(PASSWORD)}@`);
      const sources = sourcesOf({ MLFLOW_TRACKING_URI: url });
      opened.push(sources);
      assert.equal((await bring(sources, 'models:/house-price/1')).version, '1');
    });

    test('a user who may read only changes nothing', async () => {
      const sources = as('reader');
      const registry = await sources.registry('mlflow');
      const denied = failsWith(
        'LL7003',
        /answers 403 \(Permission denied\); asked as user "reader"/,
        /MLFLOW_TRACKING_USERNAME/,
      );
      await assert.rejects(
        registry.setAlias('house-price', 'champion', '1', { by: 'me', why: '' }, WORK),
        denied,
      );
      await assert.rejects(registry.setTag('house-price', '1', 'k', 'v', WORK), denied);
      await assert.rejects(
        registry.deleteAlias('house-price', 'champion', { by: 'me', why: '' }, WORK),
        denied,
      );
      assert.equal(
        (await sources.open(sources.parse('models:/house-price@champion')).find(WORK)).version,
        '1',
      );
    });

    test('a model that a user may not see', async () => {
      await assert.rejects(
        bring(as('barred'), 'models:/house-price@champion'),
        failsWith('LL7003', /answers 403/),
      );
    });

    test('nobody, a stranger and a wrong password', async () => {
      const nobody = sourcesOf({ MLFLOW_TRACKING_URI: server.url });
      opened.push(nobody);
      const rows: readonly (readonly [Sources, RegExp])[] = [
        [nobody, /answers 401.*; asked without credentials/],
        [as('stranger'), /answers 401.*; asked as user "stranger"/],
        [as('reader', 'wrong'), /answers 401.*; asked as user "reader"/],
      ];
      for (const [sources, message] of rows) {
        await assert.rejects(bring(sources, 'models:/house-price@champion'), failsWith('LL7003', message));
      }
    });
  });
}
