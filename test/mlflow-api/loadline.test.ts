/** What Loadline's MLflow API does by itself: who may ask, what it does not have, and what survives a kill. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startMlflowApi } from '../../src/versions/mlflow-api/server.ts';
import { openStore } from '../../src/versions/store/open.ts';
import { mlflowMissing, runPython } from '../mlflow/real-server.ts';
import { type Answer, ask } from './ask.ts';
import { type LoadlineServer, startLoadline } from './loadline.ts';
import type { Request } from './requests.ts';

const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

const get = (url: string, path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(url, { name: path, ask: `GET ${path}`, headers });

const post = (
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> => ask(url, { name: path, ask: `POST ${path}`, body, headers });

/** Error code and message of an answer that must be a fault in MLflow's shape. */
function faultOf(answer: Answer): { readonly code: string; readonly message: string } {
  assert.equal(answer.type, 'application/json');
  const body = JSON.parse(answer.body) as Record<string, string>;
  assert.deepEqual(Object.keys(body).sort(), ['error_class', 'error_code', 'message', 'sqlstate']);
  return { code: body.error_code!, message: body.message! };
}

describe('what there is not', () => {
  let server: LoadlineServer;
  before(async () => {
    server = await startLoadline();
  });
  after(() => server.stop());

  for (const [line, status, says] of [
    ['GET nope', 404, /^No API found for GET nope\. This is Loadline's model store/],
    ['GET /nope', 404, /^No API found for GET \/nope/],
    ['GET /api/9.0/mlflow/runs/get', 404, /^No API found/],
    ['POST webhooks', 404, /does not have webhooks: follow an alias with `loadline serve/],
    ['GET webhooks/abc', 404, /webhooks/],
    ['POST /api/3.0/mlflow/traces', 404, /does not have traces\. A real MLflow server has\.$/],
    ['GET gateway/endpoints', 404, /the AI gateway/],
    ['POST /graphql', 404, /No API found for POST \/graphql/],
    ['GET /static-files/index.html', 404, /No API found/],
    ['POST users/create', 404, /keys are set where the server is started/],
    ['GET runs/create', 405, /^Cannot GET runs\/create: it takes POST$/],
    ['POST logged-models/m-1', 405, /it takes GET, PATCH, DELETE$/],
    ['PATCH /api/2.0/mlflow-artifacts/artifacts/x', 405, /it takes GET, PUT, DELETE$/],
    ['POST /api/2.0/mlflow-artifacts/mpu/create/x', 404, /No API found/],
  ] as const) {
    test(line, async () => {
      const answer = await ask(server.url, { name: line, ask: line });
      assert.equal(answer.status, status);
      const { code, message } = faultOf(answer);
      assert.equal(code, 'ENDPOINT_NOT_FOUND');
      assert.match(message, says);
      assert.equal(answer.headers.allow !== undefined, status === 405);
    });
  }

  for (const [name, request, says] of [
    [
      'a body that is no JSON',
      { ask: 'POST runs/create', body: '{bad' },
      /^The request's body is not JSON: /,
    ],
    [
      'a body that is a list',
      { ask: 'POST runs/create', body: [1] },
      /^The request's body is not a JSON object$/,
    ],
    [
      'a prompt',
      {
        ask: 'POST registered-models/create',
        body: { name: 'p', tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }] },
      },
      /keeps models and no prompts/,
    ],
    [
      'an integer too large to be kept',
      { ask: 'POST runs/create', body: { experiment_id: '0', start_time: '9007199254740993' } },
      /Invalid value "9007199254740993" for parameter 'start_time'/,
    ],
  ] as const satisfies readonly (readonly [string, Omit<Request, 'name'>, RegExp])[]) {
    test(name, async () => {
      const answer = await ask(server.url, { name, ...request });
      assert.equal(answer.status, 400);
      assert.match(faultOf(answer).message, says);
    });
  }

  test('a source outside the store', async () => {
    await post(server.url, 'registered-models/create', { name: 'outside' });
    const answer = await post(server.url, 'model-versions/create', {
      name: 'outside',
      source: 's3://bucket/m',
    });
    assert.equal(answer.status, 400);
    assert.match(faultOf(answer).message, /has only models whose files lie in it/);
  });

  test('a page', async () => {
    const answer = await get(server.url, '/');
    assert.deepEqual([answer.status, answer.type], [200, 'text/plain']);
    assert.match(answer.body, /no web page/);
  });

  test('a body larger than 16 MiB', async () => {
    const answer = await post(server.url, 'runs/log-batch', { run_id: 'x'.repeat(17 * 2 ** 20) });
    assert.equal(answer.status, 413);
    assert.match(faultOf(answer).message, /larger than 16 MiB/);
  });
});

describe('artifacts', () => {
  let server: LoadlineServer;
  const at = (path: string) => `/api/2.0/mlflow-artifacts/artifacts/${path}`;
  const put = (path: string, body: string) =>
    ask(server.url, { name: path, ask: `PUT ${at(path)}`, body, contentType: null });
  before(async () => {
    server = await startLoadline();
    assert.equal((await put('1/run/artifacts/page.html', '<script>1</script>')).status, 200);
  });
  after(() => server.stop());

  test('a page that was logged is never shown as one', async () => {
    const { type, headers, body } = await get(server.url, at('1/run/artifacts/page.html'));
    assert.equal(type, 'application/octet-stream');
    assert.equal(headers['content-disposition'], 'attachment; filename="page.html"');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(body, '<script>1</script>');
  });

  for (const path of [
    '../x',
    'a/../../x',
    '..%2fx',
    '%2e%2e/x',
    '%252e%252e%252fx',
    '/etc/passwd',
    '%2fetc/passwd',
    'a%5c..%5cx',
    'C:/x',
    'a%00b',
    '%zz',
  ]) {
    test(`out of the store: ${path}`, async () => {
      // As bytes on the socket: every client would tidy such a path first.
      for (const method of ['PUT', 'GET', 'DELETE']) {
        const { hostname, port } = new URL(server.url);
        const socket = connect(Number(port), hostname);
        socket.end(
          `${method} ${at(path)} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
        );
        let text = '';
        for await (const chunk of socket) {
          text += chunk;
        }
        assert.match(text, /^HTTP\/1\.1 400 /, method);
        assert.match(text, /"Invalid path"/);
      }
    });
  }

  test('ranges', async () => {
    const ranged = (range: string, more: Record<string, string> = {}) =>
      get(server.url, at('1/run/artifacts/page.html'), { range, ...more });
    const last = await ranged('bytes=-3');
    assert.deepEqual([last.status, last.body, last.headers['content-range']], [206, 'pt>', 'bytes 15-17/18']);
    const beyond = await ranged('bytes=18-');
    assert.deepEqual([beyond.status, beyond.headers['content-range']], [416, 'bytes */18']);
    const changed = await ranged('bytes=2-', { 'if-range': '"another"' });
    assert.deepEqual([changed.status, changed.body.length], [200, 18]);
    const same = await ranged('bytes=2-', { 'if-range': String(last.headers.etag) });
    assert.deepEqual([same.status, same.body.length], [206, 16]);
  });

  test('a folder asked for as a file, and a file that would be a folder', async () => {
    assert.match(faultOf(await get(server.url, at('1/run'))).message, /directory, not a file: '1\/run'$/);
    const answer = await put('1/run/artifacts/page.html/below', 'x');
    assert.equal(answer.status, 400);
    assert.equal(faultOf(answer).code, 'INVALID_PARAMETER_VALUE');
    assert.match(faultOf(await put('1/run/', 'x')).message, /must include a filename/);
  });

  test('an upload that breaks off leaves nothing', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${at('1/half')} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 1000000\r\n\r\n`);
    await new Promise((resolve) => socket.write('x'.repeat(1000), resolve));
    socket.destroy();
    assert.equal((await get(server.url, at('1/half'))).status, 404);
  });
});

describe('who may ask', () => {
  let server: LoadlineServer;
  const asks = (headers: Record<string, string>, path = 'experiments/get?experiment_id=0') =>
    get(server.url, path, headers);
  before(async () => {
    server = await startLoadline({
      keys: [
        { name: 'team', key: 'first-secret' },
        { name: 'ci', key: 'second-secret' },
      ],
      allowedHosts: ['models.example', '*.cluster.local'],
    });
  });
  after(() => server.stop());

  for (const [name, authorization, status] of [
    ['a token', 'Bearer second-secret', 200],
    ['a password', basic('ann', 'first-secret'), 200],
    ['a password without a user', basic('', 'first-secret'), 200],
    ['another password', basic('ann', 'third-secret'), 401],
    ['the key as the user', basic('first-secret', ''), 401],
    ['half a key', 'Bearer first', 401],
    ['no base64', 'Basic %%%', 401],
    ['nothing', '', 401],
  ] as const) {
    test(name, async () => {
      const answer = await asks(authorization === '' ? {} : { authorization });
      assert.equal(answer.status, status);
      if (status === 401) {
        assert.equal(answer.type, 'text/plain');
        assert.equal(answer.headers['www-authenticate'], 'Basic realm="mlflow"');
        assert.match(answer.body, /^You are not authenticated\./);
      }
    });
  }

  test('every path but those of probes needs a key', async () => {
    const statuses = await Promise.all(
      [
        '/health',
        '/api/3.0/mlflow/server-info',
        '/version',
        '/',
        '/get-artifact',
        '/api/2.0/mlflow-artifacts/artifacts?path=x',
        'nope',
      ].map(async (path) => (await asks({}, path)).status),
    );
    assert.deepEqual(statuses, [200, 200, 401, 401, 401, 401, 401]);
  });

  test('the history says who', async () => {
    const create = (name: string, authorization: string) =>
      post(server.url, 'registered-models/create', { name }, { authorization });
    await create('by-ann', basic('ann', 'first-secret'));
    await create('by-key', 'Bearer second-secret');
    const { catalog } = server.store;
    assert.deepEqual(
      ['by-ann', 'by-key'].map((name) => catalog.history(name)[0]!.by),
      ['ann', 'ci'],
    );
  });

  for (const [host, status] of [
    ['localhost:5001', 200],
    ['127.0.0.1', 200],
    ['[::1]:5001', 200],
    ['192.168.1.7:5001', 200],
    ['models.example', 200],
    ['models.example:5001', 200],
    ['a.cluster.local:80', 200],
    ['cluster.local', 403],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['models.example.evil.example', 403],
    ['localhost.evil.example:5001', 403],
  ] as const) {
    test(`host ${host}`, async () => {
      const answer = await asks({ host, authorization: 'Bearer first-secret' });
      assert.equal(answer.status, status);
      assert.equal(
        answer.status === 200 ||
          answer.body === 'Invalid Host header - possible DNS rebinding attack detected',
        true,
      );
    });
  }

  for (const [origin, status] of [
    ['http://localhost:3000', 200],
    ['http://127.0.0.1:5001', 200],
    ['https://evil.example', 403],
    ['http://localhost.evil.example', 403],
    ['null', 403],
  ] as const) {
    test(`origin ${origin}`, async () => {
      const headers = { origin, authorization: 'Bearer first-secret' };
      const answer = await post(server.url, 'experiments/search', { max_results: 1 }, headers);
      assert.equal(answer.status, status);
    });
  }

  test('an address that others reach needs keys', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loadline-mlflow-api-'));
    const store = openStore(folder, { create: true });
    await assert.rejects(startMlflowApi({ store, host: '0.0.0.0', port: 0 }), { code: 'LL1004' });
    store.close();
    rmSync(folder, { recursive: true });
  });

  test('a port that is taken', async () => {
    const port = Number(new URL(server.url).port);
    await assert.rejects(startMlflowApi({ store: server.store, port }), { code: 'LL1003' });
  });
});

describe('with the real clients', { skip: mlflowMissing(3) ?? mlflowMissing(2) ?? false }, () => {
  for (const version of [3, 2] as const) {
    test(`credentials of the client of ${version}.x`, async () => {
      const server = await startLoadline({ keys: [{ name: 'team', key: 'first-secret' }] });
      try {
        const code = `
import mlflow, sys
with mlflow.start_run():
    mlflow.log_text("x", "a.txt")
print(mlflow.artifacts.load_text(f"runs:/{mlflow.last_active_run().info.run_id}/a.txt"))
client = mlflow.MlflowClient()
client.create_registered_model(sys.argv[1])
`;
        const MLFLOW_TRACKING_URI = server.url;
        const credentials = [
          ['by-token', { MLFLOW_TRACKING_TOKEN: 'first-secret' }],
          ['by-password', { MLFLOW_TRACKING_USERNAME: 'ann', MLFLOW_TRACKING_PASSWORD: 'first-secret' }],
        ] as const;
        for (const [name, env] of credentials) {
          const said = await runPython(version, code, [name], { MLFLOW_TRACKING_URI, ...env });
          assert.match(said, /^x$/m);
        }
        const { catalog } = server.store;
        assert.equal(catalog.history('by-token')[0]!.by, 'team');
        assert.equal(catalog.history('by-password')[0]!.by, 'ann');
        await assert.rejects(
          runPython(version, code, ['no'], { MLFLOW_TRACKING_URI }),
          /not authenticated|401/,
        );
      } finally {
        await server.stop();
      }
    });
  }
});

describe('a server that is killed', () => {
  const PROGRAM = `
    const [store, api] = process.argv.slice(1);
    const { openStore } = await import(store);
    const { startMlflowApi } = await import(api);
    const server = await startMlflowApi({ store: openStore(process.env.STORE, { create: true }), port: 0 });
    console.log(server.url);
  `;
  const module = (path: string) => new URL(`../../src/versions/${path}`, import.meta.url).href;

  async function start(folder: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
    const child = spawn(
      process.execPath,
      ['--input-type=module', '-e', PROGRAM, module('store/open.ts'), module('mlflow-api/server.ts')],
      { env: { ...process.env, STORE: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    return { child, url: line.toString().trim() };
  }

  test('has lost nothing that it answered', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loadline-mlflow-api-'));
    const kept = new Map<string, string>();
    try {
      for (let round = 0; round < 4; round++) {
        const { child, url } = await start(folder);
        const created = JSON.parse((await post(url, 'runs/create', { experiment_id: '0' })).body) as {
          run: { info: { run_id: string } };
        };
        const { run_id } = created.run.info;
        const write = async (i: number): Promise<void> => {
          const value = `${round}.${i}`;
          const path = `0/${run_id}/artifacts/${i}.txt`;
          const [param, file] = await Promise.all([
            post(url, 'runs/log-parameter', { run_id, key: `p${i}`, value }),
            ask(url, { name: path, ask: `PUT /api/2.0/mlflow-artifacts/artifacts/${path}`, body: value }),
          ]);
          if (param.status === 200) {
            kept.set(`${run_id} p${i}`, value);
          }
          if (file.status === 200) {
            kept.set(path, value);
          }
        };
        const writes = Array.from({ length: 200 }, (_, i) => write(i).catch(() => {}));
        // In the middle of them, wherever that is.
        await Promise.race(writes.slice(20 * (round + 1)));
        child.kill('SIGKILL');
        await Promise.all([once(child, 'exit'), ...writes]);
      }
      assert.ok(kept.size > 0);
      const { child, url } = await start(folder);
      const params = new Map<string, Map<string, string>>();
      for (const [what, value] of kept) {
        if (what.includes('/')) {
          const { status, body } = await get(url, `/api/2.0/mlflow-artifacts/artifacts/${what}`);
          assert.deepEqual([what, status, body], [what, 200, value]);
          continue;
        }
        const [run, key] = what.split(' ') as [string, string];
        if (!params.has(run)) {
          const { body } = await get(url, `runs/get?run_id=${run}`);
          const { data } = (
            JSON.parse(body) as { run: { data: { params?: { key: string; value: string }[] } } }
          ).run;
          params.set(run, new Map((data.params ?? []).map((param) => [param.key, param.value])));
        }
        assert.equal(params.get(run)!.get(key), value);
      }
      child.kill('SIGKILL');
      await once(child, 'exit');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('a server that is closed finishes what it has begun', async () => {
  const server = await startLoadline();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `PUT /api/2.0/mlflow-artifacts/artifacts/1/slow.txt HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 4\r\n\r\nab`,
  );
  // Its head has been read once the folder of uploads has a file.
  while (readdirSync(join(server.folder, 'incoming')).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const stopped = server.stop();
  socket.write('cd');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 200 /);
  await stopped;
  await assert.rejects(get(server.url, '/health'));
});
