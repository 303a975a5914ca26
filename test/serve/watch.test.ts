/** `serve --watch`: an alias of the store moves under load; no request is lost and none has another version's name. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Sent, startLoad } from '../../src/image/check/load.ts';
import { openStore } from '../../src/versions/store/open.ts';
import { storeRegistry } from '../../src/versions/store/registry.ts';
import type { Store } from '../../src/versions/store/types.ts';
import {
  ask,
  corpusModel,
  isClose,
  PROOF,
  type Server,
  startServer,
  temporaryFolder,
  until,
  warmUp,
} from './harness.ts';

const SWAPS = PROOF ? 50 : 4;
const CONNECTIONS = 12;
const NAME = 'house-price';
const MARK = { by: 'tests', why: '' };
const work = { signal: new AbortController().signal, onProgress() {} };

/** Versions 1 to 3. The first two take the same row and answer it differently; the third takes other features. */
const models = ['linear/ridge', 'trees/forest-regressor', 'linear/linear-regression-wide'].map(corpusModel);
const row = models[0]!.rows[0];
const answers = models.slice(0, 2).map(({ predict }) => predict[0]!);
/** Version 4. */
const UNSAFE = "cposix\nsystem\n(S'true'\ntR.";

/** A store with the four versions, the champion at the first. */
async function fill(t: TestContext): Promise<Store> {
  const store = openStore(join(temporaryFolder(), 'store'), { create: true });
  t.after(() => store.close());
  const registry = storeRegistry(store);
  for (const { path } of models) {
    const request = { name: NAME, from: { path }, metrics: {}, params: {}, tags: {}, description: '' };
    await registry.add({ ...request, data: null, by: 'tests' }, work);
  }
  // `models add` refuses it; a client of the MLflow API may log it.
  const first = store.catalog.version(NAME, '1');
  const mlmodel = store.artifacts.open(`${first.artifactPath}/MLmodel`);
  assert.ok(mlmodel !== null);
  const artifactPath = 'tests/unsafe';
  await store.artifacts.put(`${artifactPath}/MLmodel`, bytes(readFileSync(mlmodel.file)));
  await store.artifacts.put(`${artifactPath}/model.pkl`, bytes(Buffer.from(UNSAFE)));
  store.catalog.createVersion({
    name: NAME,
    source: `mlflow-artifacts:/${artifactPath}`,
    artifactPath,
    runId: null,
    description: '',
    tags: {},
    by: 'tests',
  });
  store.catalog.setAlias(NAME, 'champion', '1', MARK);
  return store;
}

async function* bytes(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** What is wrong with an answer: it has to be a right one of the version whose name it has. */
function faultOf({ status, head, body, failure }: Sent): string | null {
  const version = Number(/\r\nx-loadline-model: house-price\/(\d+)/.exec(head)?.[1]);
  if (status !== 200) {
    return failure ?? `${status} ${body}`;
  }
  const { prediction } = JSON.parse(body) as { prediction: unknown[] };
  const wanted = answers[version - 1];
  return wanted !== undefined && prediction.length === 1 && isClose(prediction[0], wanted)
    ? null
    : `${body} is not the answer of version ${version}`;
}

/** The versions that new connections meet: one of each worker and more. */
async function versionsOf(server: Server): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let i = 0; i < 6; i++) {
    const { status, headers, text } = await ask(`${server.url}/predict`, { json: { features: row } });
    assert.equal(status, 200, text);
    found.add(String(headers['x-loadline-model']));
  }
  return found;
}

async function untilServed(server: Server, version: number): Promise<void> {
  await until(async () => {
    const versions = await versionsOf(server);
    return versions.size === 1 && versions.has(`${NAME}/${version}`);
  }, `version ${version} to answer`);
}

interface Following {
  readonly wanted: string;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

async function following(server: Server): Promise<Following> {
  const { status, text } = await ask(`${server.url}/readyz`);
  assert.equal(status, 200, text);
  const [first] = (JSON.parse(text) as { readonly following: readonly Following[] }).following;
  assert.ok(first !== undefined, text);
  return first;
}

/** What `/metrics` says of following: whether all is well, with the code of the error where it is not. */
async function followMetric(server: Server): Promise<string> {
  const { text } = await ask(`${server.url}/metrics`);
  const found =
    /^loadline_follow_ok\{model="house-price",reference="house-price@champion",code="(\w*)"\} (.*)$/m.exec(
      text,
    );
  assert.ok(found !== null, text);
  return `${found[1]} ${found[2]}`.trim();
}

function loadline(...args: readonly string[]): void {
  const cli = fileURLToPath(new URL('../../bin/loadline.js', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

for (const workers of [1, 2]) {
  const kind = workers === 1 ? 'one process' : `${workers} workers`;

  test(`${SWAPS} moves of an alias under load: ${kind} (50 with LOADLINE_PROOF=1)`, async (t) => {
    const store = await fill(t);
    const { catalog } = store;
    const args = ['--watch', '100ms', '--store', store.folder, '--workers', String(workers), '--drain', '0s'];
    const server = await startServer(`${NAME}@champion`, args);
    await warmUp(server, row);
    const counts = new Map<string, number>();
    const faults: string[] = [];
    let total = 0;
    const load = startLoad({
      port: server.port,
      path: '/predict',
      body: JSON.stringify({ features: row }),
      connections: CONNECTIONS,
      pauseMs: 5,
      onClose: 'reconnect',
      onSent: (sent) => {
        total++;
        const fault = faultOf(sent);
        if (fault !== null) {
          faults.push(fault);
        }
        const version = /x-loadline-model: (\S+)/.exec(sent.head)?.[1] ?? 'none';
        counts.set(version, (counts.get(version) ?? 0) + 1);
      },
    });
    try {
      await until(() => total > CONNECTIONS, 'answers');
      for (let i = 1; i <= SWAPS; i++) {
        const version = (i % 2) + 1;
        const from = server.logs.length;
        catalog.setAlias(NAME, 'champion', String(version), MARK);
        await untilServed(server, version);
        // The first move fetches; those after it find the version open.
        const at = await server.logged(
          new RegExp(`^serving ${NAME}/${version} instead of ${3 - version} `),
          from,
        );
        assert.match(
          server.logs[at]!,
          i === 1 ? /fetched in .* recent rows 0 are answered alike/ : /was open/,
        );
      }

      // Neither of these ever answers.
      for (const [version, code, why] of [
        ['3', 'LL7013', /takes 60 features, .* takes 4$/],
        ['4', 'LL3005', /posix\.system|os\.system/],
      ] as const) {
        const before = total;
        catalog.setAlias(NAME, 'champion', version, MARK);
        await until(async () => (await following(server)).problem?.code === code, `${code} on /readyz`);
        const { wanted, problem } = await following(server);
        assert.equal(wanted, version);
        assert.match(problem!.message, why);
        await until(async () => (await followMetric(server)) === `${code} 0`, `${code} on /metrics`);
        await server.logged(
          new RegExp(`^${NAME}/${version} is not served, 1 goes on serving: .*\\(${code}\\)$`),
        );
        await until(() => total > before + CONNECTIONS, 'answers by the old version');
        assert.deepEqual(await versionsOf(server), new Set([`${NAME}/1`]));
      }

      // Back to what is served, then as a person rolls back: to the version that the alias was at before.
      catalog.setAlias(NAME, 'champion', '2', MARK);
      await untilServed(server, 2);
      await until(async () => (await following(server)).problem === null, 'the problem to be gone');
      await until(async () => (await followMetric(server)) === '1', 'the metric to be well');
      catalog.setAlias(NAME, 'champion', '1', MARK);
      await untilServed(server, 1);
      const from = server.logs.length;
      loadline('models', 'rollback', NAME, '--store', store.folder);
      await untilServed(server, 2);
      await server.logged(/^serving house-price\/2 instead of 1 .*it was open/, from);
    } finally {
      await load.stop();
      await server.close();
    }
    assert.deepEqual(faults.slice(0, 5), [], `${faults.length} of ${total} requests were lost or wrong`);
    assert.deepEqual([...counts.keys()].sort(), [`${NAME}/1`, `${NAME}/2`]);
    t.diagnostic(
      `${kind}: ${SWAPS + 3} moves, 2 refused versions, ${[...counts].map(([name, n]) => `${n} answers of ${name}`).join(', ')}, 0 lost, 0 under a wrong name`,
    );
  });
}

test('SIGHUP looks at once, with --watch or without; a version in use cannot be deleted until the server ends', async (t) => {
  const store = await fill(t);
  const { catalog } = store;
  const server = await startServer(`${NAME}@champion`, ['--store', store.folder, '--drain', '0s']);
  try {
    await warmUp(server, row);
    catalog.setAlias(NAME, 'champion', '2', MARK);
    server.signal('SIGHUP');
    await untilServed(server, 2);
    for (const version of ['1', '2']) {
      assert.throws(() => catalog.deleteVersion(NAME, version, { ...MARK, force: true }), { code: 'LL7011' });
    }
    catalog.setAlias(NAME, 'champion', '3', MARK);
    server.signal('SIGHUP');
    await server.logged(/^reload failed, the old model goes on serving: .* takes 60 features/);
    assert.deepEqual(await versionsOf(server), new Set([`${NAME}/2`]));
    server.signal('SIGTERM');
    assert.equal((await server.ended).code, 0);
    catalog.deleteVersion(NAME, '1', { ...MARK, force: true });
  } finally {
    await server.close();
  }
});
