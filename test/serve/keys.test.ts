/** API keys, exposed addresses and taken ports, as the operator of a server meets them. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Answer,
  ask,
  HOUSES,
  house,
  isClose,
  refusedServer,
  series,
  startServer,
  temporaryFolder,
} from './harness.ts';

const { row, price } = house();
const json = { features: row };
const WEB = 'the-key-of-the-web-shop';
const JOBS = 'the-key-of-nightly-jobs';

function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
}

function problem({ headers, text }: Answer): Problem {
  assert.match(String(headers['content-type']), /^application\/problem\+json/);
  return JSON.parse(text) as Problem;
}

for (const workers of ['1', '2']) {
  test(`with keys all but the probes asks for one (--workers ${workers})`, async () => {
    const server = await startServer(HOUSES, ['--workers', workers], {
      LOADLINE_API_KEYS: `web:${WEB},jobs:${JOBS}`,
    });
    try {
      for (const probe of ['/healthz', '/readyz', '/ping', '/v2/health/live', '/v2/health/ready']) {
        assert.equal((await ask(`${server.url}${probe}`)).status, 200, probe);
      }
      for (const path of ['/metrics', '/openapi.json', '/v2', '/v2/models/model', '/version']) {
        assert.equal((await ask(`${server.url}${path}`)).status, 401, path);
        assert.notEqual((await ask(`${server.url}${path}`, { headers: bearer(WEB) })).status, 401, path);
      }
      for (const path of ['/predict', '/invocations', '/v2/models/model/infer', '/v1/models/model:predict']) {
        const { status, headers, text } = await ask(`${server.url}${path}`, { json });
        assert.equal(status, 401, `${path}: ${text}`);
        assert.equal(headers['x-loadline-code'], 'LL2016', path);
      }
      for (const headers of [
        bearer('not-one-of-the-keys'),
        bearer(WEB.slice(0, -1)),
        bearer(`${WEB}x`),
        { authorization: WEB },
        { authorization: `Basic ${Buffer.from(`web:${WEB}`).toString('base64')}` },
      ]) {
        const answer = await ask(`${server.url}/predict`, { json, headers });
        assert.equal(answer.status, 401, JSON.stringify(headers));
        assert.match(String(answer.headers['www-authenticate']), /^Bearer/);
        const { status, code } = problem(answer);
        assert.deepEqual({ status, code }, { status: 401, code: 'LL2016' });
        assert.ok(!answer.text.includes(headers.authorization ?? ''), 'no key is repeated');
      }
      for (const key of [WEB, JOBS, JOBS]) {
        const { status, text } = await ask(`${server.url}/predict`, { json, headers: bearer(key) });
        assert.equal(status, 200, text);
        assert.ok(isClose((JSON.parse(text) as { prediction: unknown[] }).prediction[0], price), text);
      }
      const { text } = await ask(`${server.url}/metrics`, { headers: bearer(WEB) });
      assert.equal(series(text, 'loadline_key_requests_total{key="jobs"}'), 2, text);
      assert.ok(!text.includes(WEB) && !text.includes(JOBS), 'metrics show names, not keys');
    } finally {
      await server.close();
    }
  });
}

test('keys from a file, with a rate for each', async () => {
  const path = join(temporaryFolder(), 'keys');
  writeFileSync(path, `# who may ask\nweb:${WEB}\njobs:${JOBS}\n`);
  chmodSync(path, 0o600);
  const server = await startServer(HOUSES, ['--keys-file', path, '--key-rate', '5']);
  try {
    // Five of a burst are in the bucket; a slow machine may refill some while the rest come.
    const burst = await Promise.all(
      Array.from({ length: 40 }, () => ask(`${server.url}/predict`, { json, headers: bearer(WEB) })),
    );
    const limited = burst.filter(({ status }) => status === 429);
    assert.ok(burst.filter(({ status }) => status === 200).length >= 5);
    assert.ok(limited.length > 0, 'no request was over the rate');
    assert.deepEqual([...new Set(burst.map(({ status }) => status))].sort(), [200, 429]);
    for (const answer of limited) {
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
      assert.equal(problem(answer).code, 'LL2017');
    }
    const other = await ask(`${server.url}/predict`, { json, headers: bearer(JOBS) });
    assert.equal(other.status, 200, 'the rate of one key does not touch another');
    const { text } = await ask(`${server.url}/metrics`, { headers: bearer(JOBS) });
    assert.equal(series(text, 'loadline_key_limited_total{key="web"}'), limited.length, text);
    assert.equal(series(text, 'loadline_key_limited_total{key="jobs"}'), 0, text);
  } finally {
    await server.close();
  }
});

for (const workers of ['1', '2']) {
  test(`an address that is not loopback needs keys or --allow-anonymous (--workers ${workers})`, async () => {
    const args = [HOUSES, '--host', '0.0.0.0', '--port', '0', '--workers', workers];
    const { code, stderr } = await refusedServer(args);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /LL1004/);
    assert.match(stderr, /--allow-anonymous/);
    assert.match(stderr, /LOADLINE_API_KEYS/);
  });

  test(`a taken port ends with 1 and names another (--workers ${workers})`, async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    assert.ok(typeof address === 'object' && address !== null);
    try {
      const { code, stderr } = await refusedServer([
        HOUSES,
        '--port',
        String(address.port),
        '--workers',
        workers,
      ]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /LL1003/);
      const named = /--port (\d+)/.exec(stderr)?.[1];
      assert.ok(named !== undefined && Number(named) !== address.port, stderr);
    } finally {
      other.close();
    }
  });
}

test('a short key, a wrong name and an empty file are refused without being shown', async () => {
  const empty = join(temporaryFolder(), 'none');
  writeFileSync(empty, '# nobody yet\n');
  for (const [args, env] of [
    [[], { LOADLINE_API_KEYS: 'web:short' }],
    [[], { LOADLINE_API_KEYS: `we b:${WEB}` }],
    [['--keys-file', empty], {}],
  ] as const) {
    const { code, stderr } = await refusedServer([HOUSES, '--port', '0', ...args], env);
    assert.equal(code, 3, stderr);
    assert.match(stderr, /LL1005/);
    assert.ok(!stderr.includes(WEB) && !stderr.includes('short'), stderr);
  }
});
