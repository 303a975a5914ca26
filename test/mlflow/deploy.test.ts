/**
 * Models that the real client logged on a real server, of both majors: every way to name them leads to the bytes that
 * scikit-learn saved, and what Loadline changes is what the real client reads back. Expected predictions are scikit-learn's.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Sources } from '../../src/versions/open.ts';
import type { AddRequest, ModelRegistry } from '../../src/versions/types.ts';
import {
  assertClose,
  bring,
  failsWith,
  predictions,
  type Seeded,
  seed,
  sourcesOf,
  temporaryFolder,
  WORK,
} from './fixtures.ts';
import { type MlflowServer, mlflowMissing, startMlflow } from './real-server.ts';

const HOUSES = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));

for (const version of [3, 2] as const) {
  describe(`a real MLflow ${version} server`, { skip: mlflowMissing(version) ?? false }, () => {
    let server: MlflowServer;
    let logged: Seeded;
    let sources: Sources;

    before(async () => {
      server = await startMlflow({ version });
      logged = await seed(server);
      assert.match(logged.mlflow, version === 3 ? /^3\.17\./ : /^2\.22\./);
      sources = sourcesOf(server.env);
    });
    after(async () => {
      sources?.close();
      await server?.stop();
    });

    test('every way to name a version leads to its own model', async () => {
      const [first, second, third] = logged.versions;
      const ways: readonly (readonly [reference: string, name: string, version: string, index: number])[] = [
        ['models:/house-price@champion', 'house-price', '2', 1],
        ['models:/house-price/1', 'house-price', '1', 0],
        ['models:/house-price/2', 'house-price', '2', 1],
        ['models:/house-price/3', 'house-price', '3', 2],
        ['models:/house-price/latest', 'house-price', '3', 2],
        ['models:/house-price/Production', 'house-price', '1', 0],
        ['models:/house-price/production', 'house-price', '1', 0],
        // A copy of version 1: only the server knows where its files are.
        ['models:/häuser & co@prod', 'häuser & co', '1', 0],
        ['models:/h%C3%A4user%20&%20co/1', 'häuser & co', '1', 0],
        [`runs:/${first!.run}/model`, 'model', first!.run, 0],
        [`runs:/${third!.run}/${third!.path}`, 'my-model', third!.run, 2],
        ...(version === 3 ? ([[`models:/${second!.model}`, 'model', second!.model!, 1]] as const) : []),
      ];
      for (const [reference, name, number, index] of ways) {
        const found = await bring(sources, reference);
        assert.equal(found.name, name, reference);
        assert.equal(found.version, number, reference);
        assertClose(await predictions(found.path, logged.rows), logged.versions[index]!.predictions);
      }
      for (const { artifacts, predictions: wanted } of logged.versions) {
        assert.match(artifacts, /^mlflow-artifacts:\//);
        const found = await bring(sources, artifacts);
        assertClose(await predictions(found.path, logged.rows), wanted);
      }
    });

    test('what is logged again under the same path is fetched again', async () => {
      const log = (alpha: number): Promise<string> =>
        server.python(
          [
            'import mlflow, sys, tempfile, os, json',
            'from sklearn.linear_model import Ridge',
            'alpha, run = float(sys.argv[1]), sys.argv[2] or None',
            'model = Ridge(alpha).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 4.0])',
            'folder = os.path.join(tempfile.mkdtemp(), "model")',
            'mlflow.sklearn.save_model(model, folder, serialization_format="pickle")',
            'with mlflow.start_run(run_id=run) as run:',
            '    mlflow.log_artifacts(folder, "again")',
            'print(json.dumps([run.info.run_id, model.predict([[3.0]]).tolist()]))',
          ].join('\n'),
          [String(alpha), run],
        );
      let run = '';
      const seen = new Set<string>();
      for (const alpha of [0.1, 10]) {
        // The last line: MLflow says more when a run ends.
        const said = (await log(alpha)).trim().split('\n').at(-1) ?? '';
        const [runId, wanted] = JSON.parse(said) as [string, number[]];
        run = runId;
        const found = await bring(sources, `runs:/${runId}/again`);
        seen.add(found.identity);
        assertClose(await predictions(found.path, [[3]]), wanted);
      }
      assert.equal(seen.size, 2);
    });

    test('a name of exactly one version: what a person would write', async () => {
      const found = await sources.open(sources.parse('models:/house-price@champion')).find(WORK);
      assert.equal(found.uri, 'models:/house-price/2');
    });

    test('files are downloaded once, and not when the alias comes back to them', async () => {
      const cache = temporaryFolder();
      const own = sourcesOf(server.env, cache);
      const first = await bring(own, 'models:/house-price@champion');
      const entry = statSync(join(first.path, 'MLmodel'));
      const offline = sourcesOf(server.env, cache);
      const again = await bring(offline, 'models:/house-price/2');
      assert.equal(again.path, first.path);
      assert.equal(statSync(join(again.path, 'MLmodel')).ino, entry.ino);
      assert.ok(first.path.startsWith(join(cache, 'loadline', 'models', 'house-price-')), first.path);
      assert.ok(
        !existsSync(join(first.path, '..', '.taken')) ||
          readdirSync(join(first.path, '..', '.taken')).length === 0,
      );
      for (const one of [own, offline]) {
        one.close();
      }
    });

    test('what is not there is told with what is', async () => {
      const rows: readonly (readonly [string, Parameters<typeof failsWith>])[] = [
        [
          'models:/house-price@champoin',
          ['LL7001', /no alias "champoin": it has .*champion → 2; perhaps champion is meant/],
        ],
        [
          'models:/house-price@nowhere',
          ['LL7001', /no alias "nowhere": it has challenger → 3, champion → 2/],
        ],
        ['models:/empty@prod', ['LL7001', /no alias "prod": it has none/]],
        ['models:/house-price/9', ['LL7001', /no version 9: it has 1, 2, 3/]],
        ['models:/empty/latest', ['LL7001', /no version: it has no versions/]],
        [
          'models:/house-prise@champion',
          ['LL7001', /has no model "house-prise": perhaps "house-price" is meant/],
        ],
        ['models:/house-prise/1', ['LL7001', /perhaps "house-price" is meant/]],
        [
          'models:/unlike/latest',
          ['LL7001', /has no model "unlike": it has doubler, empty, house-price, häuser & co, notes/],
        ],
        ['models:/house-price/Staging', ['LL7001', /no version in the stage "Staging"/]],
        [
          'models:/house-price/champion',
          ['LL7001', /"champion" is an alias: write models:\/house-price@champion/],
        ],
        ['runs:/00000000000000000000000000000000/model', ['LL7001', /has no run 0{32}/]],
        [`runs:/${logged.notesRun}/model`, ['LL7001', /has no model "model"/]],
        [
          `models:/m-${'0'.repeat(32)}`,
          version === 3 ? ['LL7001', /no logged model m-0/] : ['LL7004', /404 with HTML/],
        ],
        ['models:/notes/1', ['LL7005', /has no MLmodel but only readme.txt/]],
        ['mlflow-artifacts:/nothing/here', ['LL7005', /has no MLmodel but nothing/]],
      ];
      for (const [reference, [code, message, fix]] of rows) {
        await assert.rejects(bring(sources, reference), failsWith(code, message, fix), reference);
      }
    });

    test('a flavor that Loadline does not read is named before its files come', async () => {
      await assert.rejects(
        bring(sources, 'models:/doubler/1'),
        failsWith('LL7005', /models:\/doubler\/1: .*Python function loaded by mlflow.pyfunc.model/),
      );
    });

    test('an alias that moves is seen, and so is a model that was made again', async () => {
      const source = sources.open(sources.parse('models:/moving@champion'));
      await server.python(`
from mlflow import MlflowClient
c = MlflowClient()
c.create_registered_model("moving")
for v in ("1", "2"):
    c.copy_model_version(f"models:/house-price/{v}", "moving")
c.set_registered_model_alias("moving", "champion", "1")`);
      const one = await source.find(WORK);
      assert.deepEqual([one.version, source.moves], ['1', true]);
      assert.equal((await source.find(WORK)).identity, one.identity);
      await server.python(`
from mlflow import MlflowClient
MlflowClient().set_registered_model_alias("moving", "champion", "2")`);
      const two = await source.find(WORK);
      assert.equal(two.version, '2');
      assertClose(
        await predictions((await source.fetch(two, WORK)).path, logged.rows),
        logged.versions[1]!.predictions,
      );
      // The version that was found is the one that is fetched, wherever the alias is by now.
      assertClose(
        await predictions((await source.fetch(one, WORK)).path, logged.rows),
        logged.versions[0]!.predictions,
      );
      await server.python(`
from mlflow import MlflowClient
c = MlflowClient()
c.delete_registered_model("moving")
c.create_registered_model("moving")
c.copy_model_version("models:/house-price/3", "moving")
c.set_registered_model_alias("moving", "champion", "1")`);
      const made = await source.find(WORK);
      assert.equal(made.version, '1');
      assert.notEqual(made.identity, one.identity);
      assertClose(
        await predictions((await source.fetch(made, WORK)).path, logged.rows),
        logged.versions[2]!.predictions,
      );
    });

    test('what Loadline adds, moves and tags is what the real client reads', async () => {
      const registry = await sources.registry('mlflow');
      assert.deepEqual([registry.kind, registry.place], ['mlflow', server.url]);
      const added = await registry.add(request({ from: { path: HOUSES } }), WORK);
      assert.deepEqual([added.name, added.version, added.status], ['added', '1', 'READY']);
      assert.deepEqual(
        [added.metrics, added.params, added.tags],
        [{ rmse: 0.125 }, { depth: '3' }, { team: 'risk' }],
      );
      assert.match(added.sha256 ?? '', /^[0-9a-f]{64}$/);
      const { run, path } = logged.versions[1]!;
      const second = await registry.add(request({ from: { runId: run, artifactPath: path } }), WORK);
      assert.deepEqual([second.version, second.runId, second.metrics.rmse], ['2', run, 0.5]);
      await assert.rejects(
        registry.add(request({ from: { runId: logged.notesRun, artifactPath: 'model' } }), WORK),
        failsWith('LL7001', /has no model "model"/),
      );

      const move = (to: string, expected?: string | null, rollback = false): Promise<unknown> =>
        registry.setAlias(
          'added',
          'champion',
          to,
          { by: 'ada', why: `to ${to}`, rollback, ...(expected === undefined ? {} : { expected }) },
          WORK,
        );
      assert.deepEqual(await move('1', null), { name: 'added', alias: 'champion', from: null, to: '1' });
      assert.deepEqual(await move('2', '1'), { name: 'added', alias: 'champion', from: '1', to: '2' });
      await assert.rejects(move('1', '1'), failsWith('LL7015', /expected it at 1, found 2/));
      await assert.rejects(move('7'), failsWith('LL7001', /no version 7: it has 1, 2/));
      await assert.rejects(
        registry.setAlias('added', 'v1', '1', { by: 'ada', why: '' }, WORK),
        failsWith('LL7010', /reserved/),
      );
      await registry.setTag('added', '1', 'checked', 'yes', WORK);
      await registry.setTag('added', null, 'owner', 'ada', WORK);
      await registry.setTag('added', '1', 'team', null, WORK);
      await assert.rejects(
        registry.setTag('added', '9', 'k', 'v', WORK),
        failsWith('LL7001', /no version 9/),
      );

      const read = JSON.parse(
        await server.python(
          `
import json, sys, mlflow, pandas as pd
from mlflow import MlflowClient
c = MlflowClient()
m = c.get_registered_model("added")
one, two = c.get_model_version("added", "1"), c.get_model_version("added", "2")
run = c.get_run(one.run_id)
rows = pd.DataFrame([[120.0, 4.0, 12.0, 5.5]], columns=["area_m2", "rooms", "age_years", "distance_km"])
print(json.dumps({
  "aliases": m.aliases, "owner": m.tags["owner"], "tags": {k: v for k, v in one.tags.items() if not k.startswith("loadline.")},
  "description": one.description, "run": [run.info.status, run.data.metrics, run.data.params, run.data.tags["mlflow.user"]],
  "experiment": c.get_experiment(run.info.experiment_id).name,
  "sources": [one.source.split("/")[0], two.source.split("/")[0]],
  "loaded": [type(mlflow.sklearn.load_model(f"models:/added/{v}")).__name__ for v in (1, 2)],
  "price": mlflow.sklearn.load_model("models:/added/1").predict(rows).tolist()}))`,
        ),
      ) as Record<string, unknown>;
      const { price, loaded, sources: schemes, ...rest } = read;
      assert.deepEqual(rest, {
        aliases: { champion: '2' },
        owner: 'ada',
        tags: { checked: 'yes' },
        description: 'a note',
        run: ['FINISHED', { rmse: 0.125 }, { depth: '3' }, 'ada'],
        experiment: 'loadline',
      });
      assert.deepEqual(
        schemes,
        version === 3 ? ['mlflow-artifacts:', 'models:'] : ['mlflow-artifacts:', 'mlflow-artifacts:'],
      );
      assert.equal((loaded as string[])[1], 'Ridge');
      const { path: folder } = await bring(sources, 'models:/added/1');
      const row = { area_m2: 120, rooms: 4, age_years: 12, distance_km: 5.5 };
      assertClose(await predictions(folder, [row]), price as number[]);

      await assertHistory(registry);
    });

    test('models are listed with their versions and aliases', async () => {
      const registry = await sources.registry('mlflow');
      const models = await registry.models(WORK);
      assert.ok(models.some(({ name }) => name === 'empty'));
      const houses = await registry.model('house-price', WORK);
      assert.deepEqual(houses.aliases, { challenger: '3', champion: '2' });
      assert.deepEqual(
        houses.versions.map(({ version: number, stage, aliases, metrics, params }) => [
          number,
          stage,
          aliases,
          metrics,
          params,
        ]),
        [
          ['3', 'None', ['challenger'], { rmse: 0.75 }, { estimator: 'RandomForestRegressor' }],
          ['2', 'None', ['champion'], { rmse: 0.5 }, { estimator: 'Ridge' }],
          ['1', 'Production', [], { rmse: 0.25 }, { estimator: 'LinearRegression' }],
        ],
      );
      await assert.rejects(
        registry.model('house-prise', WORK),
        failsWith('LL7001', /perhaps "house-price" is meant/),
      );
    });

    test('without a move of its own Loadline rolls back to the version below, and says so', async () => {
      const registry = await sources.registry('mlflow');
      const notes: string[] = [];
      const work = { ...WORK, note: (text: string) => notes.push(text) };
      assert.equal(await registry.previous('house-price', 'champion', work), '1');
      assert.match(
        notes.join(),
        /Loadline never moved "champion" of house-price, .* taking the version below 2, 1/,
      );
      await assert.rejects(
        registry.previous('empty', 'prod', WORK),
        failsWith('LL7014', /it is at no version/),
      );
      await assert.rejects(
        registry.previous('häuser & co', 'prod', WORK),
        failsWith('LL7014', /it is at 1, and no version before/),
      );
    });

    /** After 1, 2: back to 1, then nowhere; by hand elsewhere, and back from there. */
    async function assertHistory(registry: ModelRegistry): Promise<void> {
      assert.equal(await registry.previous('added', 'champion', WORK), '1');
      await registry.setAlias(
        'added',
        'champion',
        '1',
        { by: 'bob', why: 'back', rollback: true, expected: '2' },
        WORK,
      );
      await assert.rejects(registry.previous('added', 'champion', WORK), failsWith('LL7014', /it is at 1/));
      await server.python(`
from mlflow import MlflowClient
MlflowClient().set_registered_model_alias("added", "champion", "2")`);
      assert.equal(await registry.previous('added', 'champion', WORK), '1');
      await registry.deleteAlias('added', 'champion', { by: 'ada', why: 'retired' }, WORK);
      const events = await registry.history('added', WORK);
      assert.deepEqual(
        events.map(({ kind, from, to, by, why, version: number }) => [kind, from, to, by, why, number]),
        [
          ['alias-deleted', '2', null, 'ada', 'retired', null],
          ['alias-moved', '2', '1', 'bob', 'back', '1'],
          ['alias-moved', '1', '2', 'ada', 'to 2', '2'],
          ['alias-moved', null, '1', 'ada', 'to 1', '1'],
          ['version-added', null, null, 'ada', 'a note', '2'],
          ['version-added', null, null, 'ada', 'a note', '1'],
        ],
      );
    }
  });
}

function request(changes: Pick<AddRequest, 'from'>): AddRequest {
  return {
    name: 'added',
    // Of a run they would be logged to it.
    metrics: 'path' in changes.from ? { rmse: 0.125 } : {},
    params: 'path' in changes.from ? { depth: '3' } : {},
    tags: { team: 'risk' },
    description: 'a note',
    data: null,
    by: 'ada',
    ...changes,
  };
}
