/** SIGHUP and V2 load and unload, under load: no request is lost, and every answer is one model's right one. */
import assert from 'node:assert/strict';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Sent, startLoad } from '../../src/image/check/load.ts';
import {
  ask,
  childrenOf,
  corpusModel,
  isClose,
  PROOF,
  type Server,
  startServer,
  temporaryFolder,
  until,
  warmUp,
} from './harness.ts';

const RELOADS = PROOF ? 50 : 4;
const CONNECTIONS = 12;
const KEY = 'a-key-for-tests';

const folder = temporaryFolder();
/** Two models that take the same row and answer it differently: −18.4 and −20.2. */
const models = [corpusModel('linear/ridge'), corpusModel('trees/forest-regressor')] as const;
const row = models[0].rows[0];
assert.deepEqual(row, models[1].rows[0]);
const answers = models.map(({ predict }) => predict[0]!);

/** Puts another file in the place of the model as a deployment does: whole, by a rename. */
function replace(path: string, write: (to: string) => void): void {
  write(`${path}.new`);
  renameSync(`${path}.new`, path);
}

/** Which of the two models gave an answer; −1 for neither. */
function modelOf(body: string): number {
  const { prediction } = JSON.parse(body) as { prediction: unknown[] };
  return prediction.length === 1 ? answers.findIndex((answer) => isClose(prediction[0], answer)) : -1;
}

/** Asks on new connections, which go to all workers in turn. */
async function assertOnly(server: Server, model: number): Promise<void> {
  for (let i = 0; i < 12; i++) {
    const { status, text } = await ask(`${server.url}/predict`, { json: { features: row } });
    assert.equal(status, 200, text);
    assert.equal(modelOf(text), model, `${text} is not model ${model}'s answer`);
  }
}

for (const workers of [1, 2]) {
  const kind = workers === 1 ? 'one process' : `${workers} workers`;

  test(`${RELOADS} reloads under load: ${kind} (50 with LOADLINE_PROOF=1)`, async (t) => {
    const path = join(folder, `reload-${workers}.pkl`);
    copyFileSync(models[0].path, path);
    const server = await startServer(path, ['--workers', String(workers), '--drain', '0s']);
    await warmUp(server, row);
    const counts = [0, 0];
    const faults: Sent[] = [];
    const load = startLoad({
      port: server.port,
      path: '/predict',
      body: JSON.stringify({ features: row }),
      connections: CONNECTIONS,
      pauseMs: 5,
      onClose: 'reconnect',
      onSent: (sent) => {
        const model = sent.status === 200 ? modelOf(sent.body) : -1;
        if (model < 0) {
          faults.push(sent);
        } else {
          counts[model]! += 1;
        }
      },
    });
    const total = (): number => counts[0]! + counts[1]!;
    try {
      await until(() => total() > CONNECTIONS, 'answers');
      for (let i = 1; i <= RELOADS; i++) {
        const model = i % 2;
        const { sha256 } = await modelInfo(server);
        const from = server.logs.length;
        replace(path, (to) => copyFileSync(models[model]!.path, to));
        server.signal('SIGHUP');
        const at = await server.logged(/^serving [\w-]+\/[0-9a-f]{12} instead of /, from);
        assert.ok(!server.logs[at]!.includes(`/${sha256.slice(0, 12)} `), 'the new model has another sha256');
        await assertOnly(server, model);
      }

      const last = RELOADS % 2;
      for (const [what, content] of [
        ['cut', Buffer.from('\x80\x04\x95')],
        ['dangerous', Buffer.from("cposix\nsystem\n(S'true'\ntR.")],
        ['empty', Buffer.alloc(0)],
      ] as const) {
        const from = server.logs.length;
        const before = total();
        replace(path, (to) => writeFileSync(to, content));
        server.signal('SIGHUP');
        await server.logged(/^reload failed, the old model goes on serving: ./, from);
        await assertOnly(server, last);
        await until(() => total() > before, `answers after a ${what} file`);
      }
      assert.equal((await ask(`${server.url}/readyz`)).status, 200);
    } finally {
      await load.stop();
      await server.close();
    }
    assert.deepEqual(faults.slice(0, 5), [], `${faults.length} requests were lost or wrong`);
    assert.ok(counts[0]! > 0 && counts[1]! > 0, 'both models answered');
    t.diagnostic(
      `${kind}: ${RELOADS} reloads and 3 broken files, ${counts[0]} and ${counts[1]} right answers of the two models, 0 requests lost`,
    );
  });

  test(`V2 load and unload with a key: ${kind}`, async () => {
    const path = join(folder, `repository-${workers}.pkl`);
    copyFileSync(models[0].path, path);
    const args = ['--workers', String(workers), '--name', 'm', '--drain', '0s'];
    const server = await startServer(path, args, { LOADLINE_API_KEYS: `deploy:${KEY}` });
    const headers = { authorization: `Bearer ${KEY}` };
    const post = (route: string, json: unknown = {}) => ask(`${server.url}${route}`, { json, headers });
    const predictions = (): ReturnType<typeof post>[] =>
      Array.from({ length: 6 }, () => post('/predict', { features: row }));
    try {
      const anonymous = await ask(`${server.url}/v2/repository/models/m/unload`, { json: {} });
      assert.equal(anonymous.status, 401, anonymous.text);
      for (const answer of await Promise.all(predictions())) {
        assert.equal(modelOf(answer.text), 0, answer.text);
      }

      assert.equal((await post('/v2/repository/models/m/unload')).status, 200);
      for (const answer of await Promise.all(predictions())) {
        assert.equal(answer.status, 503, answer.text);
      }
      assert.equal((await ask(`${server.url}/readyz`)).status, 503);
      assert.equal((await ask(`${server.url}/v2/health/ready`)).status, 503);
      assert.equal((await ask(`${server.url}/healthz`)).status, 200);
      const index = JSON.parse((await post('/v2/repository/index')).text) as { state: string }[];
      assert.equal(index[0]?.state, 'UNAVAILABLE');

      replace(path, (to) => copyFileSync(models[1].path, to));
      const loaded = await post('/v2/repository/models/m/load');
      assert.equal(loaded.status, 200, loaded.text);
      for (const answer of await Promise.all(predictions())) {
        assert.equal(modelOf(answer.text), 1, answer.text);
      }
      assert.equal((await ask(`${server.url}/readyz`)).status, 200);

      replace(path, (to) => writeFileSync(to, 'no model'));
      const refused = await post('/v2/repository/models/m/load');
      assert.ok(refused.status >= 400, refused.text);
      assert.ok(typeof (JSON.parse(refused.text) as { error?: unknown }).error === 'string', refused.text);
      for (const answer of await Promise.all(predictions())) {
        assert.equal(modelOf(answer.text), 1, 'the old model goes on serving');
      }
      const other = await post('/v2/repository/models/other/load');
      assert.equal(other.status, 404, other.text);
    } finally {
      await server.close();
    }
  });
}

test('without keys models are neither loaded nor unloaded', async () => {
  const server = await startServer(models[0].path, ['--name', 'm']);
  try {
    for (const what of ['load', 'unload']) {
      const answer = await ask(`${server.url}/v2/repository/models/m/${what}`, { json: {} });
      assert.equal(answer.headers['x-loadline-code'], 'LL5005', answer.text);
      assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status));
    }
    await assertOnly(server, 0);
  } finally {
    await server.close();
  }
});

/** What `/metrics` says of the model that is served. */
async function modelInfo(server: Server): Promise<{ readonly sha256: string }> {
  const { text } = await ask(`${server.url}/metrics`);
  const sha256 = /^loadline_model_info\{.*role="champion".*sha256="([0-9a-f]{64})".*\} \d+$/m.exec(text)?.[1];
  assert.ok(sha256 !== undefined, text);
  return { sha256 };
}

test('a worker that takes the place of a dead one serves no file that was not checked', async (t) => {
  const path = join(folder, 'successor.pkl');
  copyFileSync(models[0].path, path);
  const server = await startServer(path, ['--workers', '2', '--drain', '0s']);
  t.after(server.close);
  const kill = async (): Promise<void> => {
    const from = server.logs.length;
    process.kill(childrenOf(server.pid)[0]!, 'SIGKILL');
    await server.logged(/^worker \d+ ended \(SIGKILL\)/, from);
  };
  // It takes 60 features: the others refuse it.
  replace(path, (to) => copyFileSync(corpusModel('linear/linear-regression-wide').path, to));
  await kill();
  await server.logged(
    /^worker \d+ could not start: Cannot serve successor\/.* was written over since it was checked$/,
  );
  await server.logged(/^successor\/\w+ is not served, \w+ goes on serving: .*\(LL7013\)$/);
  await assertOnly(server, 0);
  // What fits is taken by all, the one that could not start among them.
  replace(path, (to) => copyFileSync(models[1].path, to));
  await server.logged(/^worker \d+ is back$/);
  assert.equal(childrenOf(server.pid).length, 2);
  await assertOnly(server, 1);
});
