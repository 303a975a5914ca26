/** What an MLflow server can do wrong, and what becomes of it: the error, and what lies on the disk afterwards. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openCache } from '../../src/versions/cache.ts';
import { createMlflowClient } from '../../src/versions/mlflow/client.ts';
import { readMlflowSettings } from '../../src/versions/mlflow/settings.ts';
import { mlflowSource } from '../../src/versions/mlflow/source.ts';
import { parseReference } from '../../src/versions/reference.ts';
import type { FetchedVersion, Source, Work } from '../../src/versions/types.ts';
import {
  type Fault,
  type FaultOptions,
  type FaultServer,
  FILES,
  MODEL,
  sendFile,
  startFaults,
} from './fault-server.ts';
import { failsWith, temporaryFolder, WORK } from './fixtures.ts';

interface Setting {
  readonly server: FaultServer;
  readonly source: Source;
  readonly cache: string;
  /** Pauses between tries, in milliseconds. */
  readonly pauses: readonly number[];
  bring(work?: Work): Promise<FetchedVersion>;
}

interface Options extends FaultOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: Fault;
  readonly maxBytes?: number;
  readonly cache?: string;
}

async function setUp(t: TestContext, options: Options = {}): Promise<Setting> {
  const server = await startFaults(options, options.fault);
  t.after(() => server.close());
  return { ...sourceAt(t, server.url, options), server };
}

function sourceAt(t: TestContext, url: string, options: Options): Omit<Setting, 'server'> {
  const cache = options.cache ?? temporaryFolder();
  const env = { MLFLOW_TRACKING_URI: url, XDG_CACHE_HOME: cache, ...options.env };
  const pauses: number[] = [];
  const client = createMlflowClient(readMlflowSettings(env), env, {
    sleep: async (ms) => {
      pauses.push(ms);
    },
  });
  t.after(() => client.close());
  const reference = parseReference('models:/house-price@champion', { exists: () => false });
  assert.ok(reference.kind === 'mlflow');
  const { maxBytes } = options;
  const source = mlflowSource(reference, {
    client,
    cache: () => openCache(env),
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
  return {
    source,
    cache,
    pauses,
    bring: async (work = WORK) => source.fetch(await source.find(work), work),
  };
}

/** Every file below a folder. */
function tree(folder: string): readonly string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => entry.name)
    : [];
}

function assertWhole({ path }: FetchedVersion): void {
  assert.deepEqual(readdirSync(path).sort(), ['MLmodel', 'model.pkl']);
  assert.ok(readFileSync(join(path, 'model.pkl')).equals(MODEL));
}

/** Nothing that could be taken for a version. */
function assertNoEntry({ cache }: { readonly cache: string }): void {
  const models = join(cache, 'loadline', 'models');
  const entries = existsSync(models)
    ? readdirSync(models).flatMap((model) =>
        readdirSync(join(models, model)).filter((name) => !name.startsWith('.')),
      )
    : [];
  assert.deepEqual(entries, []);
}

/** Answers so, whatever is asked. */
function says(
  status: number,
  body: string | Buffer = '',
  headers: Readonly<Record<string, string>> = {},
): Fault {
  return (_, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
}

function saysJson(status: number, value: unknown): Fault {
  return says(status, JSON.stringify(value), { 'Content-Type': 'application/json' });
}

function saysHtml(status: number): Fault {
  return says(status, '<!doctype html><html><body>Please log in</body></html>', {
    'Content-Type': 'text/html',
  });
}

/** Sends these bytes as the model file, breaking off after `most`. */
function sends(bytes: Buffer, etag: string | null = '"v1"', most?: number): Fault {
  return (one, response) => {
    sendFile(one, response, bytes, etag, most);
    return true;
  };
}

/** Only where the model file is asked for. */
function onFile(fault: Fault): Fault {
  return (one, response) => isFile(one) && fault(one, response);
}

/** One fault a request for the model file, then none. */
function inTurn(...faults: readonly Fault[]): Fault {
  let n = 0;
  return onFile((one, response) => faults[n++]?.(one, response) ?? false);
}

const isFile = ({ path }: { readonly path: string }): boolean => path.endsWith('/model.pkl');

describe('a server that does not answer as it should', () => {
  test('down', async (t) => {
    const server = await startFaults();
    await server.close();
    const { source, pauses } = sourceAt(t, server.url, {});
    await assert.rejects(
      source.find(WORK),
      failsWith(
        'LL7002',
        /cannot be reached: the connection was refused \(tried 4 times\)/,
        /MLFLOW_TRACKING_URI/,
      ),
    );
    assert.equal(pauses.length, 3);
    assert.ok(pauses.reduce((sum, ms) => sum + ms, 0) <= 1750);
  });

  test('a name that does not exist', async (t) => {
    const { source, pauses } = sourceAt(t, 'http://no-such-host.invalid:5001', {});
    await assert.rejects(
      source.find(WORK),
      failsWith('LL7002', /its name (is not known|could not be looked up)/),
    );
    assert.ok(pauses.length === 0 || pauses.length === 3);
  });

  const patience = { MLFLOW_HTTP_REQUEST_TIMEOUT: '0.3' };
  test('silent', async (t) => {
    const { source, server } = await setUp(t, { env: patience, fault: () => true });
    await assert.rejects(source.find(WORK), failsWith('LL7002', /it did not answer in time/));
    // Waiting once more would only double the wait.
    assert.equal(server.asked.length, 1);
  });

  test('a byte now and then, without end', async (t) => {
    const { source } = await setUp(t, {
      env: patience,
      fault: (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
        return true;
      },
    });
    await assert.rejects(source.find(WORK), failsWith('LL7002', /it did not answer in time/));
  });

  const rows: readonly (readonly [string, Fault, Parameters<typeof failsWith>, number])[] = [
    [
      '401',
      says(401, 'You are not authenticated.', { 'WWW-Authenticate': 'Basic' }),
      [
        'LL7003',
        /answers 401 \(You are not authenticated\.\); asked without credentials/,
        /MLFLOW_TRACKING_USERNAME/,
      ],
      1,
    ],
    ['403', says(403, 'Permission denied'), ['LL7003', /answers 403 \(Permission denied\)/], 1],
    [
      '403 for the host',
      says(403, 'Invalid Host header - possible DNS rebinding attack detected'),
      ['LL7018', /Invalid Host header/, /--allowed-hosts 127/],
      1,
    ],
    ['404 in HTML', saysHtml(404), ['LL7004', /answers 404 with HTML/, /names the server itself/], 1],
    [
      'a redirect',
      says(302, '', { Location: 'https://login.example/?next=1' }),
      ['LL7004', /answers 302: it sends on to https:\/\/login\.example/],
      1,
    ],
    [
      '500',
      saysJson(500, { error_code: 'INTERNAL_ERROR', message: 'disk on fire' }),
      ['LL7002', /answers 500 \(disk on fire\)/],
      1,
    ],
    ['502 in HTML', saysHtml(502), ['LL7002', /answers 502 with HTML \(tried 4 times\)/], 4],
    ['503', says(503, 'warming up'), ['LL7002', /answers 503 \(warming up\) \(tried 4 times\)/], 4],
    [
      '429 that asks for an hour',
      says(429, '', { 'Retry-After': '3600' }),
      ['LL7002', /answers 429; it asks to wait for 3600 s/],
      1,
    ],
    ['HTML with 200', saysHtml(200), ['LL7004', /answers 200 with HTML/], 1],
    ['a list', saysJson(200, []), ['LL7004', /answers 200 with no JSON/], 1],
    ['an empty object', saysJson(200, {}), ['LL7004', /has no model version/], 1],
    [
      'a version without a number',
      saysJson(200, { model_version: { name: 'house-price' } }),
      ['LL7004', /has no "version"/],
      1,
    ],
    [
      'a version that is a list',
      saysJson(200, { model_version: [1] }),
      ['LL7004', /has no model version/],
      1,
    ],
    [
      'a date that is none',
      saysJson(200, { model_version: { name: 'a', version: '1', creation_timestamp: 'x' } }),
      ['LL7004', /"creation_timestamp" that is no time/],
      1,
    ],
    [
      'a refusal',
      saysJson(400, { error_code: 'BAD_REQUEST', message: 'no\u001b[31m' }),
      ['LL7018', /answers 400 BAD_REQUEST \(no \[31m\)/],
      1,
    ],
  ];
  for (const [name, fault, [code, message, fix], times] of rows) {
    test(name, async (t) => {
      const { source, server } = await setUp(t, { fault });
      await assert.rejects(source.find(WORK), failsWith(code, message, fix));
      assert.equal(server.asked.length, times);
    });
  }

  test('what passes is waited for: 503, a cut connection, 429', async (t) => {
    let n = 0;
    const { source, pauses } = await setUp(t, {
      fault: (_, response) => {
        n += 1;
        if (n === 1) {
          response.writeHead(503).end();
        } else if (n === 2) {
          response.destroy();
        } else if (n === 3) {
          response.writeHead(429, { 'Retry-After': '2' }).end();
        }
        return n <= 3;
      },
    });
    assert.equal((await source.find(WORK)).version, '3');
    assert.equal(pauses[2], 2000);
  });

  test('an end in the middle of an answer', async (t) => {
    const { source, server } = await setUp(t, {
      fault: (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 1000 });
        response.write('{"model_version":', () => response.destroy());
        return true;
      },
    });
    await assert.rejects(source.find(WORK), failsWith('LL7002', /the connection was cut/));
    assert.equal(server.asked.length, 4);
  });

  test('an end that a person makes', async (t) => {
    const controller = new AbortController();
    const { source } = await setUp(t, {
      fault: () => {
        controller.abort();
        return true;
      },
    });
    await assert.rejects(
      source.find({ ...WORK, signal: controller.signal }),
      failsWith('LL6017', /Interrupted/),
    );
  });

  test('a version that is still being logged', async (t) => {
    const { source } = await setUp(t, { status: 'PENDING_REGISTRATION' });
    await assert.rejects(
      source.find(WORK),
      failsWith('LL7006', /status is PENDING_REGISTRATION, expected READY/),
    );
  });
});

test('a poll is one request on a connection that stays', async (t) => {
  const { source, server } = await setUp(t);
  for (let i = 0; i < 3; i++) {
    await source.find(WORK);
  }
  assert.deepEqual(
    server.asked.map(({ path, query }) => `${path}?${query}`),
    Array(3).fill('/api/2.0/mlflow/registered-models/alias?name=house-price&alias=champion'),
  );
  assert.equal(new Set(server.asked.map(({ port }) => port)).size, 1);
});

describe('certificates', () => {
  const folder = temporaryFolder();
  const key = join(folder, 'key.pem');
  const cert = join(folder, 'cert.pem');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
    ].concat(['-days', '2', '-subj', '/CN=mlflow', '-addext', 'subjectAltName=IP:127.0.0.1']),
    { stdio: 'ignore' },
  );
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };

  test('one that nobody vouches for is refused, with both ways out', async (t) => {
    const { source } = await setUp(t, { tls });
    await assert.rejects(
      source.find(WORK),
      failsWith(
        'LL7002',
        /certificate cannot be checked/,
        /MLFLOW_TRACKING_SERVER_CERT_PATH.*MLFLOW_TRACKING_INSECURE_TLS/,
      ),
    );
  });
  test('MLFLOW_TRACKING_SERVER_CERT_PATH', async (t) => {
    const { bring } = await setUp(t, { tls, env: { MLFLOW_TRACKING_SERVER_CERT_PATH: cert } });
    assertWhole(await bring());
  });
  test('MLFLOW_TRACKING_INSECURE_TLS', async (t) => {
    const { bring } = await setUp(t, { tls, env: { MLFLOW_TRACKING_INSECURE_TLS: 'true' } });
    assertWhole(await bring());
  });
});

describe('credentials', () => {
  const basic = `Basic ${Buffer.from('ada:pass:word').toString('base64')}`;
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, string | undefined])[] = [
    ['none', {}, undefined],
    ['a user', { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_PASSWORD: 'pass:word' }, basic],
    ['a token', { MLFLOW_TRACKING_TOKEN: 'abc' }, 'Bearer abc'],
    [
      'both: the user',
      {
        MLFLOW_TRACKING_USERNAME: 'ada',
        MLFLOW_TRACKING_PASSWORD: 'pass:word',
        MLFLOW_TRACKING_TOKEN: 'abc',
      },
      basic,
    ],
    [
      'a user without a password: the token',
      { MLFLOW_TRACKING_USERNAME: 'ada', MLFLOW_TRACKING_TOKEN: 'abc' },
      'Bearer abc',
    ],
  ];
  for (const [name, env, wanted] of rows) {
    test(name, async (t) => {
      const { bring, server } = await setUp(t, { env });
      await bring();
      assert.deepEqual([...new Set(server.asked.map(({ headers }) => headers.authorization))], [wanted]);
    });
  }

  test('in the address, and never shown', async (t) => {
    const { server } = await setUp(t, { fault: says(401) });
    const { source } = sourceAt(t, server.url.replace('//', '//ada:pass%3Aword@'), {});
    await assert.rejects(source.find(WORK), (error: Error) => {
      assert.match(error.message, /answers 401; asked as user "ada"/);
      assert.doesNotMatch(error.message, /pass/);
      return true;
    });
    assert.equal(server.asked[0]?.headers.authorization, basic);
  });

  test('do not go to another host that the artifacts are on', async (t) => {
    const other = await startFaults();
    t.after(() => other.close());
    for (const uri of [
      `mlflow-artifacts://${new URL(other.url).host}/1/models/m-0123456789abcdef0123456789abcdef/artifacts`,
      `${other.url}/api/2.0/mlflow-artifacts/artifacts/1/models/m-0123456789abcdef0123456789abcdef/artifacts`,
    ]) {
      const { bring, server } = await setUp(t, { artifactUri: uri, env: { MLFLOW_TRACKING_TOKEN: 'abc' } });
      assertWhole(await bring());
      assert.equal(server.files().length, 0);
    }
    assert.equal(other.files().length, 4);
    assert.deepEqual([...new Set(other.asked.map(({ headers }) => headers.authorization))], [undefined]);
  });
});

/** What was asked of the model file, one request after the other. */
function ranges(server: FaultServer): readonly (readonly [string | undefined, string | undefined])[] {
  return server
    .files()
    .filter(isFile)
    .map(({ headers }) => [headers.range, headers['if-range'] as string | undefined]);
}

describe('files that come badly', () => {
  const HALF = 300_000;

  test('one that breaks off goes on where it was', async (t) => {
    const { bring, server } = await setUp(t, { fault: inTurn(sends(MODEL, '"v1"', HALF)) });
    assertWhole(await bring());
    const [first, second, ...more] = ranges(server);
    assert.deepEqual([first, more], [[undefined, undefined], []]);
    const [, from] = /^bytes=(\d+)-$/.exec(second?.[0] ?? '') ?? [];
    // What had arrived and was not yet read is lost with the connection.
    assert.ok(Number(from) > 0 && Number(from) <= HALF, second?.[0]);
    assert.equal(second?.[1], '"v1"');
  });

  test('one that breaks off again and again still gets here while it gets on', async (t) => {
    const { bring, server } = await setUp(t, { fault: onFile(sends(MODEL, '"v1"', 100_000)) });
    assertWhole(await bring());
    // More often than it would be tried without getting on.
    assert.ok(ranges(server).length >= 7, JSON.stringify(ranges(server)));
  });

  test('one that breaks off and does not get on', async (t) => {
    const setting = await setUp(t, { fault: onFile(sends(MODEL, '"v1"', 10)) });
    await assert.rejects(
      setting.bring(),
      failsWith(
        'LL7002',
        /model\.pkl of models:\/house-price\/3: .*the connection was cut \(tried 4 times\)/,
      ),
    );
    assert.equal(ranges(setting.server).length, 4);
    assertNoEntry(setting);
  });

  test('a server that knows no ranges sends it from the start', async (t) => {
    const whole: Fault = (one, response) => sends(MODEL)({ ...one, headers: {} }, response);
    const { bring } = await setUp(t, { fault: inTurn(sends(MODEL, '"v1"', HALF), whole) });
    assertWhole(await bring());
  });

  test('without a tag nothing is taken up: the rest could be of another file', async (t) => {
    const { bring, server } = await setUp(t, { etag: null, fault: inTurn(sends(MODEL, null, HALF)) });
    assertWhole(await bring());
    assert.deepEqual(ranges(server), [
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  test('a range that begins elsewhere is not put together', async (t) => {
    const elsewhere: Fault = (one, response) =>
      sends(MODEL)({ ...one, headers: { range: 'bytes=7-' } }, response);
    const { bring } = await setUp(t, { fault: inTurn(sends(MODEL, '"v1"', HALF), elsewhere) });
    assertWhole(await bring());
  });

  test('a file that became another in the middle is fetched from its start', async (t) => {
    const old = Buffer.alloc(MODEL.length, 'x');
    const { bring } = await setUp(t, { etag: '"v2"', fault: inTurn(sends(old, '"v1"', HALF)) });
    assertWhole(await bring());
  });

  const sha = createHash('sha256').update(MODEL).digest('hex');
  test('a tag that is a sha256 is checked', async (t) => {
    const whole = await setUp(t, { fault: onFile(sends(MODEL, `"${sha}"`)) });
    assertWhole(await whole.bring());
    const damaged = await setUp(t, { fault: onFile(sends(Buffer.alloc(MODEL.length, 'x'), `"${sha}"`)) });
    await assert.rejects(
      damaged.bring(),
      failsWith('LL7006', new RegExp(`its sha256 is [0-9a-f]{64}, the server says ${sha}`)),
    );
    assertNoEntry(damaged);
    // What was wrong is not kept for the next try.
    damaged.server.fail(() => false);
    assertWhole(await damaged.bring());
  });

  const rows: readonly (readonly [string, Fault, Parameters<typeof failsWith>])[] = [
    [
      'shorter than listed',
      onFile(sends(MODEL.subarray(0, 1000))),
      ['LL7006', /it has 1000 bytes, the listing says 650000/],
    ],
    [
      'longer than listed',
      onFile(sends(Buffer.concat([MODEL, MODEL]))),
      ['LL7006', /it has 1300000 bytes, the listing says 650000/],
    ],
    [
      'longer than listed, without a length',
      onFile(says(200, Buffer.concat([MODEL, MODEL]))),
      ['LL7006', /it has more than 650000 bytes/],
    ],
    [
      'shorter than listed, without a length',
      onFile(says(200, MODEL.subarray(0, 1000))),
      ['LL7006', /it broke off after 1000 of 650000 bytes \(tried 4 times\)/],
    ],
    ['HTML', onFile(saysHtml(200)), ['LL7004', /answers with HTML/]],
    [
      '404',
      onFile(saysJson(404, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No such artifact' })),
      ['LL7001', /answers 404 \(No such artifact\)/],
    ],
    ['403', onFile(says(403, 'Permission denied')), ['LL7003', /answers 403/]],
    [
      'a server that hands out no artifacts',
      onFile(saysJson(503, { detail: 'Artifact serving is disabled. Use --serve-artifacts.' })),
      ['LL7018', /Artifact serving is disabled/, /without --no-serve-artifacts/],
    ],
  ];
  for (const [name, fault, [code, message, fix]] of rows) {
    test(name, async (t) => {
      const setting = await setUp(t, { fault });
      await assert.rejects(setting.bring(), failsWith(code, message, fix));
      assertNoEntry(setting);
    });
  }

  test('a version whose model file is not there yet is not kept: it comes once it is', async (t) => {
    const files: Record<string, Buffer> = { MLmodel: FILES.MLmodel! };
    const setting = await setUp(t, { files });
    await assert.rejects(
      setting.bring(),
      failsWith(
        'LL7006',
        /models:\/house-price\/3: its MLmodel names model\.pkl, which is not among its files/,
      ),
    );
    assertNoEntry(setting);
    files['model.pkl'] = MODEL;
    assertWhole(await setting.bring());
  });

  test('of another flavor nothing but the MLmodel is fetched', async (t) => {
    const MLmodel = Buffer.from('flavors:\n  xgboost:\n    data: model.pkl\n');
    const { server, bring } = await setUp(t, { files: { ...FILES, MLmodel } });
    await assert.rejects(bring(), failsWith('LL7005', /models:\/house-price\/3: .* the flavor xgboost/));
    assert.deepEqual(
      server.files().map(({ path }) => path.split('/').at(-1)),
      ['MLmodel'],
    );
  });

  test('a version whose logged model is still being uploaded', async (t) => {
    const pending: Fault = (one, response) => {
      const isModel = one.path.endsWith('/logged-models/m-0123456789abcdef0123456789abcdef');
      if (isModel) {
        saysJson(200, {
          model: {
            info: {
              model_id: 'm-0123456789abcdef0123456789abcdef',
              name: 'model',
              status: 'LOGGED_MODEL_PENDING',
              artifact_uri: 'mlflow-artifacts:/1/models/m-0123456789abcdef0123456789abcdef/artifacts',
              creation_timestamp_ms: 1795429867436,
              experiment_id: '1',
            },
          },
        })(one, response);
      }
      return isModel;
    };
    const setting = await setUp(t, { fault: pending });
    await assert.rejects(setting.bring(), failsWith('LL7006', /its status is LOGGED_MODEL_PENDING/));
    assertNoEntry(setting);
  });

  test('larger than the limit', async (t) => {
    const { bring } = await setUp(t, { maxBytes: 1000 });
    await assert.rejects(bring(), failsWith('LL3004', /it has 650049 bytes, the limit is 1000/));
    const unlisted = await setUp(t, {
      maxBytes: 1000,
      listing: (folder) => (folder === '' ? Object.keys(FILES).map((path) => ({ path })) : []),
    });
    await assert.rejects(unlisted.bring(), failsWith('LL7006', /it has more than 1000 bytes/));
  });
});

describe('listings that lead elsewhere', () => {
  const file = (path: string): unknown => ({ path, is_dir: false, file_size: 12 });
  const rows: readonly (readonly [string, readonly unknown[], RegExp])[] = [
    ['..', [file('../evil')], /"\.\.\/evil".*it has "\.\."/],
    ['.. further down', [file('a/../../evil')], /it has "\.\."/],
    ['.. of Windows', [file('..\\evil')], /it has a backslash/],
    ['encoded', [file('%2e%2e/evil')], /it has "\.\."/],
    ['absolute', [file('/etc/evil')], /it is absolute/],
    ['a drive', [file('C:/evil')], /it is absolute/],
    ['NUL', [file('a\0b')], /control character/],
    ['empty', [file('')], /empty part/],
    ['a dot', [file('./MLmodel')], /empty part/],
    ['twice', [file('MLmodel'), file('MLmodel')], /it is listed twice/],
    [
      'twice but for capitals',
      [file('model.pkl'), file('Model.PKL')],
      /the same file as "model\.pkl" on some disks/,
    ],
    ['twice but for accents', [file('\u00e9'), file('e\u0301')], /the same file/],
    ['a folder that leaves', [{ path: '../up', is_dir: true }], /it has "\.\."/],
    ['too long', [file('a'.repeat(300))], /longer than 255/],
  ];
  for (const [name, listed, message] of rows) {
    test(name, async (t) => {
      const setting = await setUp(t, {
        listing: (folder) =>
          folder === '' ? [file('MLmodel'), ...listed].slice(name.startsWith('twice') ? 1 : 0) : [],
      });
      await assert.rejects(setting.bring(), failsWith('LL7007', message));
      assert.equal(setting.server.files().length, 0);
      assert.deepEqual(
        tree(setting.cache).filter((path) => path.includes('evil')),
        [],
      );
    });
  }

  test('folders without end', async (t) => {
    const { bring, server } = await setUp(t, { listing: () => [{ path: 'again', is_dir: true }] });
    await assert.rejects(bring(), failsWith('LL7007', /longer than 255 bytes a part or 2048 in all/));
    assert.ok(server.asked.length < 500);
  });

  test('files without end', async (t) => {
    const { bring } = await setUp(t, {
      listing: (folder) => (folder === '' ? Array.from({ length: 10_001 }, (_, i) => file(`f${i}`)) : []),
    });
    await assert.rejects(bring(), failsWith('LL7005', /more than 10000 files/));
  });

  test('a storage that neither Loadline nor a route reaches is named', async (t) => {
    const { bring } = await setUp(t, {
      artifactUri: 's3://bucket/models/house',
      fault(one, response) {
        if (one.path.endsWith('/runs/get')) {
          const info = {
            run_id: '0a1b2c3d',
            experiment_id: '1',
            artifact_uri: 's3://other/1/0a1b2c3d/artifacts',
          };
          return saysJson(200, { run: { info, data: {} } })(one, response);
        }
        return false;
      },
    });
    await assert.rejects(
      bring(),
      failsWith(
        'LL7018',
        /s3:\/\/bucket\/models\/house: Loadline does not read this storage/,
        /--artifacts-destination/,
      ),
    );
  });
});

describe('several at once, and ends in the middle', () => {
  test('an end that a person makes leaves what came for the next time', async (t) => {
    const controller = new AbortController();
    let isFirst = true;
    const { bring, server, cache } = await setUp(t, {
      fault(one, response) {
        if (!isFile(one) || !isFirst) {
          return false;
        }
        isFirst = false;
        response.writeHead(200, { 'Content-Length': MODEL.length, ETag: '"v1"' });
        response.write(MODEL.subarray(0, 400_000));
        return true;
      },
    });
    const work: Work = {
      signal: controller.signal,
      onProgress: (_, done) => done >= 400_000 && controller.abort(),
    };
    await assert.rejects(bring(work));
    assertNoEntry({ cache });
    assertWhole(await bring());
    assert.equal(server.files().filter(isFile)[1]?.headers.range, 'bytes=400000-');
    // And nothing of it is left.
    assert.deepEqual([...tree(cache)].filter((name) => !name.includes('@')).sort(), ['MLmodel', 'model.pkl']);
  });

  const FETCH = fileURLToPath(new URL('./fetch-process.ts', import.meta.url));
  const launch = (url: string, cache: string) =>
    spawn(process.execPath, [FETCH], {
      env: { ...process.env, MLFLOW_TRACKING_URI: url, XDG_CACHE_HOME: cache },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  test('a process that is killed leaves nothing half, and what came for the next one', async (t) => {
    const cache = temporaryFolder();
    const stalled = Promise.withResolvers<void>();
    const { bring, server } = await setUp(t, {
      cache,
      fault(one, response) {
        if (!isFile(one) || one.headers.range !== undefined) {
          return false;
        }
        response.writeHead(200, { 'Content-Length': MODEL.length, ETag: '"v1"' });
        response.write(MODEL.subarray(0, 400_000), () => stalled.resolve());
        return true;
      },
    });
    const child = launch(server.url, cache);
    await stalled.promise;
    const part = (): number => Math.max(0, ...findParts(cache));
    while (part() < 400_000) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    assertNoEntry({ cache });
    assertWhole(await bring());
    assert.equal(server.files().filter(isFile)[1]?.headers.range, 'bytes=400000-');
  });

  test('three processes and two of this one get the same whole folder', async (t) => {
    const cache = temporaryFolder();
    const { bring, server } = await setUp(t, { cache });
    const children = [1, 2, 3].map(() => launch(server.url, cache));
    const outputs = children.map(async (child) => {
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (more: string) => {
        text += more;
      });
      const [code] = (await once(child, 'close')) as [number];
      assert.equal(code, 0);
      return text.trim();
    });
    const [first, second, ...paths] = await Promise.all([bring(), bring(), ...outputs]);
    assertWhole(first);
    assert.deepEqual([...new Set([first.path, second.path, ...paths])], [first.path]);
  });
});

function findParts(folder: string): readonly number[] {
  const models = join(folder, 'loadline', 'models');
  if (!existsSync(models)) {
    return [];
  }
  return readdirSync(models, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith('/parts') && !entry.name.endsWith('.etag'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).length);
}

describe('the disk', () => {
  const skip =
    process.platform === 'linux' && process.getuid?.() === 0
      ? false
      : 'a file system of 300 KiB is mounted: needs Linux and root';
  test('one that fills: LL1007, and nothing is left', { skip }, async (t) => {
    const folder = temporaryFolder();
    const cache = join(folder, 'small');
    mkdirSync(cache);
    // In a mount namespace of its own, so that nothing of it is left whatever happens.
    const script = `mount -t tmpfs -o size=300k tmpfs ${cache} && ${process.execPath} ${fileURLToPath(new URL('./fetch-process.ts', import.meta.url))}; code=$?; find ${cache} -type f -size +0 | wc -l; exit $code`;
    const { server } = await setUp(t, {});
    const child = spawn('unshare', ['-m', 'sh', '-c', script], {
      env: { ...process.env, MLFLOW_TRACKING_URI: server.url, XDG_CACHE_HOME: cache },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 1, output);
    assert.match(output, /LL1007 Cannot write .*ENOSPC/);
    assert.match(output, /\n0\n$/);
  });

  test('a home that cannot be written: the temporary folder', async (t) => {
    const folder = temporaryFolder();
    const blocked = join(folder, 'file');
    writeFileSync(blocked, '');
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const { server } = await setUp(t, {});
    const child = spawn(process.execPath, [fileURLToPath(new URL('./fetch-process.ts', import.meta.url))], {
      env: { ...process.env, MLFLOW_TRACKING_URI: server.url, XDG_CACHE_HOME: blocked, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [path] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    await once(child, 'close');
    assert.ok(path.startsWith(join(temporary, `loadline-${process.getuid?.()}`, 'models')), path);
  });
});
