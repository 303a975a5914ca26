/** `models:/…` on the command line: the same steps on a real MLflow server and on the store that speaks its protocol. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mlflowMissing, startMlflow } from '../mlflow/real-server.ts';
import { commandLine, HOUSES, type Outcome, ROOT } from './command-line.ts';

/** A linear regression of four columns a, b, c, d, fitted by scikit-learn 1.9.1. */
const COLUMNS = `${ROOT}corpus/linear/linear-regression-columns/1.9.pkl`;

interface Place {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** `loadline models server`, as a person starts it. */
async function startOwn(): Promise<Place & { readonly child: ChildProcess; readonly url: string }> {
  const { folder } = commandLine();
  const child = spawn(
    process.execPath,
    [`${ROOT}bin/loadline.js`, 'models', 'server', '--port', '0', '--store', join(folder, 'store'), '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { event, url } = JSON.parse(line) as { event: string; url: string };
  assert.equal(event, 'ready');
  return {
    child,
    url,
    env: { MLFLOW_TRACKING_URI: url },
    async stop() {
      if (child.exitCode === null) {
        child.kill();
        await once(child, 'exit');
      }
    },
  };
}

const missing = mlflowMissing(3);
const places: readonly (readonly [string, string | false, () => Promise<Place>])[] = [
  ['loadline models server', false, startOwn],
  ['MLflow 3.17', missing ?? false, () => startMlflow({ version: 3 })],
];

for (const [what, skip, start] of places) {
  describe(`models:/ on ${what}`, { skip }, () => {
    const { loadline } = commandLine();
    let place: Place;
    before(async () => {
      place = await start();
    });
    after(() => place.stop());
    // Commands run while this process waits: the server's log, which it reads, would fill its pipe and stop the server.
    beforeEach(() => sleep(10));

    const run = (...args: string[]): Outcome => loadline(args, '', { ...place.env });
    const ok = (...args: string[]): string => {
      const { code, stdout, stderr } = run(...args);
      assert.equal(code, 0, `${stderr}${stdout}`);
      return `${stdout}${stderr}`;
    };
    const answer = (...args: string[]): Record<string, unknown> =>
      JSON.parse(ok(...args, '--json')) as Record<string, unknown>;

    test('before the first version there is nothing, and how to begin', () => {
      assert.match(ok('models', 'list', 'models:/'), /loadline models add model\.pkl --name models:\/NAME/);
      const { code, stderr } = run('models', 'rollback', 'house-price');
      assert.equal(code, 4, stderr);
      assert.match(stderr, /On http:\/\/127\.0\.0\.1:\d+ a model is called models:\/NAME\./);
      assert.match(
        ok('models', 'list'),
        /Those of http:\/\/127\.0\.0\.1:\d+ +loadline models list models:\/$/m,
      );
    });

    test('add registers, with metrics, parameters, a note and an alias', () => {
      const first = [
        '--metric',
        'rmse=0.23',
        '--param',
        'alpha=1',
        '--note',
        'the first',
        '--alias',
        'champion',
      ];
      assert.match(
        ok('models', 'add', HOUSES, '--name', 'models:/house-price', ...first, '--by', 'ana'),
        /✓ models:\/house-price\/1 .*\n.*✓ champion is now at 1/,
      );
      ok(
        'models',
        'add',
        COLUMNS,
        '--name',
        'models:/house-price',
        '--metric',
        'rmse=0.21',
        '--tag',
        'team=a',
      );
      assert.match(ok('models', 'list', 'models:/'), /^house-price +2 +champion → 1 +2 /m);
      const card = ok('models', 'show', 'models:/house-price');
      assert.match(card, /^1 +champion +rmse 0\.23 +7feb4c64128c +ana /m);
      assert.match(
        card,
        /note +the first\n[\s\S]*metric rmse +0\.23\n +param alpha +1\n[\s\S]*StandardScaler/,
      );
    });

    test('promote, history and rollback', () => {
      assert.match(
        ok('models', 'promote', 'models:/house-price/2', '--why', 'lower error', '--by', 'ana'),
        /~ metric rmse +0\.23 → 0\.21 {3}−8\.70 %[\s\S]*champion was 1, now 2/,
      );
      assert.match(
        ok('models', 'rollback', 'models:/house-price', '--why', 'worse'),
        /champion was 2, now 1/,
      );
      assert.equal(run('models', 'rollback', 'models:/house-price').code, 1);
      const history = ok('models', 'history', 'models:/house-price').split('\n');
      assert.match(history[1] ?? '', /alias champion +2 → 1 \(rollback\) .* worse$/);
      assert.match(history[2] ?? '', /alias champion +1 → 2 +ana +lower error$/);
    });

    test('inspect, predict, diff and tag', () => {
      assert.match(ok('inspect', 'models:/house-price@champion'), /version +models:\/house-price\/1\n/);
      const rows = JSON.stringify([[120, 4, 12, 5.5]]);
      const predict = (model: string): string =>
        loadline(['predict', model, '--input', '-'], rows, { ...place.env }).stdout;
      assert.equal(predict('models:/house-price/1'), predict(HOUSES));
      assert.match(predict('models:/house-price/latest'), /prediction/);
      const changes = answer('models', 'diff', HOUSES, 'models:/house-price/1').changes as {
        field: string;
      }[];
      assert.deepEqual(
        changes.map(({ field }) => field),
        ['metric rmse', 'note', 'param alpha'],
      );
      assert.match(
        ok('models', 'tag', 'models:/house-price/2', 'reviewed=yes', 'team-'),
        /team was a, is gone/,
      );
    });

    test('a version comes into the store with what is known of it, and a run becomes a version', () => {
      ok('models', 'add', 'models:/house-price/1', '--name', 'house-price', '--metric', 'mae=0.1');
      const [stored] = answer('models', 'show', 'house-price').versions as {
        metrics: unknown;
        params: unknown;
        description: string;
        sha256: string;
      }[];
      assert.deepEqual(stored?.metrics, { rmse: 0.23, mae: 0.1 });
      assert.deepEqual(stored.params, { alpha: '1' });
      assert.equal(stored.description, 'the first');
      const { versions } = answer('models', 'show', 'models:/house-price/1') as {
        versions: { version: string; runId: string }[];
      };
      const runId = versions.find(({ version }) => version === '1')?.runId;
      assert.match(
        ok('models', 'add', `runs:/${runId}/model`, '--name', 'models:/again'),
        /✓ models:\/again\/1/,
      );
      assert.match(ok('models', 'add', `runs:/${runId}/model`, '--name', 'again'), /✓ again\/1/);
      assert.match(
        ok('models', 'diff', 'again/1', 'models:/again/1'),
        /^ {2}\d+ facts are the same|no difference/m,
      );
    });

    test('an alias and a tag may have the names of what every object has', () => {
      for (const name of ['again', 'models:/again']) {
        assert.equal(run('models', 'show', `${name}@toString`).code, 4);
        assert.equal(run('models', 'rollback', name, '--alias', 'constructor').code, 4);
        assert.match(
          ok('models', 'promote', `${name}/1`, '--alias', 'constructor'),
          /constructor is now at 1/,
        );
        assert.match(ok('models', 'show', `${name}@constructor`), /aliases +.*constructor/);
        assert.match(ok('models', 'tag', name, 'valueOf=x'), /valueOf is x/);
      }
    });

    test('scripts read the same fields of either registry, times in ISO 8601', () => {
      const shown = (name: string): Record<string, unknown> => answer('models', 'show', name);
      const fields = (of: unknown): string[] => Object.keys(of as object).sort();
      const [store, mlflow] = [shown('again'), shown('models:/again')];
      assert.deepEqual(fields(store), fields(mlflow));
      assert.deepEqual(fields(store.shown), fields(mlflow.shown));
      const [a, b] = [store, mlflow].map(({ versions }) => (versions as Record<string, unknown>[])[0]!);
      assert.deepEqual(fields(a), fields(b));
      assert.match(String(a!.createdAt), /^\d{4}-\d\d-\d\dT/);
    });

    const mistakes: readonly (readonly [string, number, RegExp])[] = [
      ['show models:/house-prce', 4, /house-price/],
      ['show models:/house-price/9', 4, /no version 9: it has 1, 2/],
      ['promote models:/house-price@champoin', 4, /perhaps champion/],
      ['export models:/house-price hp.tar', 2, /models add models:\/house-price --name house-price/],
      ['add runs:/0123456789abcdef0123456789abcdef/model --name models:/h', 4, /0123456789abcdef/],
    ];
    for (const [line, exit, message] of mistakes) {
      test(`models ${line}`, () => {
        const { code, stderr } = run('models', ...line.split(' '));
        assert.equal(code, exit, stderr);
        assert.match(stderr, message);
      });
    }
  });
}

test('models server ends at a signal when its work is done, and says so', async () => {
  const { child, url } = await startOwn();
  assert.equal((await fetch(`${url}/health`)).status, 200);
  child.kill('SIGTERM');
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.deepEqual([code, signal], [0, null]);
});

test('models server is for this machine alone unless it has keys', () => {
  const { loadline } = commandLine({ LOADLINE_API_KEYS: '' });
  const open = loadline(['models', 'server', '--host', '0.0.0.0', '--port', '0']);
  assert.equal(open.code, 3);
  assert.match(open.stderr, /LL1004/);
  const port = loadline(['models', 'server', '--port', 'many']);
  assert.equal(port.code, 2);
});

test('no MLflow server: said with its address, after a few tries', () => {
  const { loadline } = commandLine({ MLFLOW_TRACKING_URI: 'http://127.0.0.1:1' });
  const { code, stderr } = loadline(['models', 'list', 'models:/', '--json']);
  assert.equal(code, 1);
  const { error } = JSON.parse(stderr) as { error: { code: string; detail: string } };
  assert.equal(error.code, 'LL7002');
  assert.match(error.detail, /127\.0\.0\.1:1/);
});
