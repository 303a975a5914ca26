import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, coreOf } from '../../fixtures/ask.ts';
import {
  colourModel,
  doublingModel,
  greaterModel,
  houseModel,
  textModel,
  twoOutputModel,
} from '../../fixtures/models.ts';

// The models are made by hand (fixtures/models.ts); expected values are their arithmetic.
const house = coreOf(houseModel(true));
const unnamed = coreOf(houseModel(false));
const greater = coreOf(greaterModel(['no', 'yes']));
const colour = coreOf(colourModel());

const ROW = [1, 1, 2, 3];
const OBJECT = { area: 1, rooms: 1, age: 2, dist: 3 };
const ANSWER = 6.9;

describe('rows', () => {
  const cases: readonly [string, typeof house, unknown, unknown][] = [
    ['one row', house, ROW, [ANSWER]],
    ['a list of rows', house, [ROW, [0, 0, 0, 0]], [ANSWER, 4]],
    ['an object', house, OBJECT, [ANSWER]],
    ['an object in another order', house, { dist: 3, age: 2, rooms: 1, area: 1 }, [ANSWER]],
    ['a list of objects', house, [OBJECT, OBJECT], [ANSWER, ANSWER]],
    ['a row without names', unnamed, ROW, [ANSWER]],
    [
      'text labels',
      greater,
      [
        [2, 1],
        [1, 2],
      ],
      ['yes', 'no'],
    ],
    ['number labels', coreOf(greaterModel([0, 1])), [2, 1], [1]],
    ['boolean labels', coreOf(greaterModel([false, true])), [2, 1], [true]],
    ['texts', coreOf(textModel()), ['hi', 'hello'], ['short', 'long']],
    ['one text', coreOf(textModel()), 'hello', ['long']],
    ['null for a missing number', colour, { colour: 'red', size: null }, [11]],
    ['null for a missing category', colour, [null, 2], [2]],
    [
      'several outputs, not finite is null',
      coreOf(twoOutputModel()),
      [[2], [0]],
      [
        [2, 0.5],
        [0, null],
      ],
    ],
    ['a transformer', coreOf(doublingModel()), [1, 2], [[2, 4]]],
  ];
  for (const [name, core, features, prediction] of cases) {
    test(name, async () => {
      const said = await ask(core, '/predict', { features });
      assert.deepEqual(said.json, { prediction });
      assert.equal(said.status, 200);
      assert.equal(said.type, 'application/json');
    });
  }

  test('probabilities come with their classes', async () => {
    const said = await ask(greater, '/predict', {
      features: [
        [2, 1],
        [1, 2],
      ],
      probabilities: true,
    });
    assert.deepEqual(said.json, {
      prediction: ['yes', 'no'],
      probabilities: [
        [0.25, 0.75],
        [0.75, 0.25],
      ],
      classes: ['no', 'yes'],
    });
  });

  test('probabilities: false is as if it were not there', async () => {
    const said = await ask(house, '/predict', { features: ROW, probabilities: false });
    assert.deepEqual(said.json, { prediction: [ANSWER] });
  });

  test('a batch of many slices is answered in order', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [i, 0, 0, 0]);
    const said = await ask(house, '/predict', { features: rows });
    assert.deepEqual(said.json, { prediction: rows.map((_, i) => i + 4) });
  });

  test('labels and probabilities of many slices stay together', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => [i % 3, 1]);
    const said = await ask(greater, '/predict', { features: rows, probabilities: true });
    assert.deepEqual(said.json, {
      prediction: rows.map(([x]) => (x! > 1 ? 'yes' : 'no')),
      probabilities: rows.map(([x]) => (x! > 1 ? [0.25, 0.75] : [0.75, 0.25])),
      classes: ['no', 'yes'],
    });
  });
});

describe('content types', () => {
  const body = JSON.stringify({ features: ROW });
  for (const type of [
    undefined,
    'application/json',
    'Application/JSON; charset=UTF-8',
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
  ]) {
    test(`${type} is read`, async () => {
      const said = await ask(house, '/predict', body, type === undefined ? {} : { 'content-type': type });
      assert.deepEqual(said.json, { prediction: [ANSWER] });
    });
  }
  for (const type of [
    'text/csv',
    'application/xml',
    'application/json; charset=latin-1',
    'multipart/form-data',
  ]) {
    test(`${type} is refused`, async () => {
      const said = await ask(house, '/predict', body, { 'content-type': type });
      assert.equal(said.status, 415);
      assert.equal(said.headers.get('x-loadline-code'), 'LL2010');
    });
  }

  for (const encoding of ['gzip', 'x-gzip', 'identity']) {
    test(`content-encoding ${encoding}`, async () => {
      const bytes = encoding === 'identity' ? Buffer.from(body) : gzipSync(body);
      const said = await ask(house, '/predict', bytes, { 'content-encoding': encoding });
      assert.deepEqual(said.json, { prediction: [ANSWER] });
    });
  }
  test('an unknown content-encoding is 415', async () => {
    assert.equal((await ask(house, '/predict', body, { 'content-encoding': 'br' })).status, 415);
  });
  test('a broken gzip stream is 400', async () => {
    const said = await ask(house, '/predict', gzipSync(body).subarray(0, 20), { 'content-encoding': 'gzip' });
    assert.equal(said.status, 400);
    assert.equal(said.headers.get('x-loadline-code'), 'LL2020');
  });
  test('a gzip bomb is 413', async () => {
    const core = coreOf(houseModel(true), { maxBodyBytes: 100_000 });
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    assert.ok(bomb.length < 100_000);
    assert.equal((await ask(core, '/predict', bomb, { 'content-encoding': 'gzip' })).status, 413);
  });
});

describe('refusals', () => {
  const cases: readonly [string, typeof house, unknown, number, string, RegExp, object?][] = [
    ['no JSON', house, '{"features": [1, 2', 400, 'LL2001', /ends after 18 characters/],
    ['single quotes', house, "{'features': [1]}", 400, 'LL2001', /line 1, column 2 .*JSON quotes with "/],
    ['NaN', house, '{"features": [NaN, 1, 1, 1]}', 400, 'LL2001', /column 15 .*send null/],
    ['an empty body', house, '', 400, 'LL2001', /empty/],
    ['no UTF-8', house, Buffer.from([0x22, 0xff, 0x22, 0x7d]), 400, 'LL2001', /UTF-8/],
    ['an array', house, [ROW], 400, 'LL2002', /is an array/],
    ['a number', house, 5, 400, 'LL2002', /is a number/],
    ['no features', house, {}, 400, 'LL2002', /no "features"/],
    [
      'a misspelled key',
      house,
      { feature: ROW },
      400,
      'LL2002',
      /"feature".*did you mean "features"\?/,
      { field: 'feature' },
    ],
    [
      'an unknown key',
      house,
      { features: ROW, rows: 1 },
      400,
      'LL2002',
      /"rows".*expected features, probabilities/,
    ],
    ['probabilities: 1', house, { features: ROW, probabilities: 1 }, 400, 'LL2002', /found a number/],
    [
      'probabilities of a regressor',
      house,
      { features: ROW, probabilities: true },
      400,
      'LL1009',
      /no probabilities/,
    ],
    ['too few values', house, { features: [1, 2] }, 400, 'LL2003', /Row 0 has 2 values.*4/, { row: 0 }],
    [
      'too many in row 1',
      house,
      { features: [ROW, [1, 2, 3, 4, 5]] },
      400,
      'LL2003',
      /Row 1 has 5/,
      { row: 1 },
    ],
    [
      'a missing column',
      house,
      { features: { area: 1, rooms: 1, age: 2 } },
      400,
      'LL2004',
      /"dist"/,
      { row: 0, field: 'dist' },
    ],
    [
      'an unknown column',
      house,
      { features: { ...OBJECT, pool: 1 } },
      400,
      'LL2005',
      /"pool"/,
      { field: 'pool' },
    ],
    [
      'a string for a number',
      house,
      { features: ['x', 1, 1, 1] },
      400,
      'LL2006',
      /Row 0, area: wanted a number, found a string/,
      { row: 0, field: 'area' },
    ],
    ['an array for a number', house, { features: [[[1], 1, 1, 1]] }, 400, 'LL2006', /found an array/],
    [
      'a missing value that the model refuses',
      house,
      { features: [null, 1, 1, 1] },
      400,
      'LL2007',
      /area/,
      { row: 0 },
    ],
    ['a missing value that the signature refuses', greater, { features: [null, 1] }, 400, 'LL2007', /x0/],
    ['an infinite value', house, '{"features": [1e999, 1, 1, 1]}', 400, 'LL2007', /infinite/],
    ['no rows', house, { features: [] }, 400, 'LL2008', /empty/],
    ['an object without names', unnamed, { features: OBJECT }, 400, 'LL2002', /without column names/],
    ['a number for a text', coreOf(textModel()), { features: [1] }, 400, 'LL2006', /wanted a string/],
  ];
  for (const [name, core, body, status, code, detail, extra] of cases) {
    test(name, async () => {
      const said = await ask(core, '/predict', body);
      const problem = said.json as Record<string, unknown>;
      assert.equal(said.status, status);
      assert.equal(said.type, 'application/problem+json');
      assert.match(String(problem.detail), detail);
      assert.deepEqual(
        { ...problem, detail: '' },
        { ...problem, ...extra, detail: '', status, code, type: `urn:loadline:error:${code}` },
      );
      assert.ok(String(problem.title).length > 0 && String(problem.fix).length > 0);
      assert.equal(said.headers.get('x-loadline-code'), code);
    });
  }

  test('a row in a later slice is named by its number in the request', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => (i === 400 ? [null, 0, 0, 0] : [1, 1, 1, 1]));
    const said = await ask(house, '/predict', { features: rows });
    assert.equal((said.json as { row: number }).row, 400);
    assert.match((said.json as { detail: string }).detail, /^Row 400, area/);
  });

  test('the payload is never in the answer', async () => {
    const secret = 'c0ffee-51-secret';
    for (const body of [
      `{"features": [1, ${secret}`,
      `{"features": ["${secret}", 1, 1, 1]}`,
      `"${secret}"`,
      `{"features": "${secret}"}`,
    ]) {
      const said = await ask(house, '/predict', body);
      assert.equal(said.status, 400);
      assert.ok(!said.body.includes(secret), said.body.toString());
    }
  });

  test('a defect is 500 without a trace', async () => {
    const broken = houseModel(true);
    const core = coreOf({
      ...broken,
      fitted: {
        ...broken.fitted,
        predict() {
          throw new TypeError('secret detail');
        },
      },
    });
    const said = await ask(core, '/predict', { features: ROW });
    assert.equal(said.status, 500);
    assert.equal((said.json as { code: string }).code, 'LL1099');
    assert.doesNotMatch(said.body.toString(), /secret|at .*\.ts/);
  });

  test('a body over the limit is 413', async () => {
    const core = coreOf(houseModel(true), { maxBodyBytes: 20 });
    const said = await ask(core, '/predict', { features: ROW });
    assert.equal(said.status, 413);
    assert.match(said.body.toString(), /at most 20 bytes/);
  });

  test('without a model it is 503', async () => {
    const said = await ask(coreOf(null), '/predict', { features: ROW });
    assert.equal(said.status, 503);
    assert.equal((said.json as { code: string }).code, 'LL5003');
  });
});

describe('routes', () => {
  test('probes', async () => {
    const loading = coreOf(null);
    assert.equal((await ask(loading, '/healthz')).status, 200);
    assert.equal((await ask(loading, '/readyz')).status, 503);
    assert.equal((await ask(house, '/readyz')).status, 200);
    const draining = coreOf(houseModel(true));
    draining.slot.phase = 'draining';
    assert.equal((await ask(draining, '/readyz')).status, 503);
    assert.equal((await ask(draining, '/predict', { features: ROW })).status, 200);
    draining.slot.phase = 'closing';
    assert.equal(
      (await ask(draining, '/predict', { features: ROW })).headers.get('x-loadline-code'),
      'LL5002',
    );
  });

  test('an unknown route is 404 with the nearest', async () => {
    const said = await ask(house, '/predicts', { features: ROW });
    assert.equal(said.status, 404);
    assert.match(said.body.toString(), /did you mean \/predict\?/);
  });

  test('a wrong method is 405 with Allow, and OPTIONS says the same', async () => {
    const said = await ask(house, '/predict');
    assert.equal(said.status, 405);
    assert.equal(said.headers.get('allow'), 'POST, OPTIONS');
    const options = await ask(house, '/metrics', undefined, {}, 'OPTIONS');
    assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS']);
    assert.equal((await ask(house, '/healthz', undefined, {}, 'DELETE')).status, 405);
  });

  test('a query changes nothing', async () => {
    assert.equal((await ask(house, '/predict?x=1', { features: ROW })).status, 200);
  });

  test('/ is a page for a browser and the alive answer for anyone else', async () => {
    const page = await ask(house, '/', undefined, { accept: 'text/html,*/*' });
    assert.match(page.type, /^text\/html/);
    assert.ok(page.headers.has('content-security-policy'));
    assert.deepEqual((await ask(house, '/')).json, { status: 'alive' });
    for (const file of ['/page.css', '/page.js']) {
      assert.equal((await ask(house, file)).status, 200);
    }
  });

  test('/metrics counts what was asked', async () => {
    const core = coreOf(houseModel(true));
    await ask(core, '/predict', { features: [ROW, ROW] });
    await ask(core, '/predict', { features: [] });
    const said = await ask(core, '/metrics');
    assert.match(said.type, /^text\/plain; version=0\.0\.4/);
    const text = said.body.toString();
    assert.match(text, /^loadline_predictions_total 2$/m);
    assert.match(text, /^loadline_errors_total\{code="LL2008"\} 1$/m);
    assert.match(text, /^loadline_model_info\{name="m",.*estimator="LinearRegression",sklearn="1\.7\.2"/m);
  });

  for (const [name, model] of [
    ['named numbers', houseModel(true)],
    ['numbers', houseModel(false)],
    ['categories', colourModel()],
    ['texts', textModel()],
    ['labels', greaterModel(['no', 'yes'])],
  ] as const) {
    test(`the example of /openapi.json works: ${name}`, async () => {
      const core = coreOf(model);
      const api = (await ask(core, '/openapi.json')).json as {
        openapi: string;
        paths: { '/predict': { post: { requestBody: Content; responses: { 200: Content } } } };
      };
      assert.match(api.openapi, /^3\.1/);
      const { requestBody, responses } = api.paths['/predict'].post;
      const said = await ask(core, '/predict', requestBody.content['application/json'].example);
      assert.equal(said.status, 200);
      assert.deepEqual(said.json, responses[200].content['application/json'].example);
    });
  }
});

interface Content {
  readonly content: { readonly 'application/json': { readonly example: unknown } };
}

describe('keys', () => {
  const keys = [
    { name: 'a', key: 'first-key-1' },
    { name: 'b', key: 'second-key-2' },
  ];
  const core = coreOf(houseModel(true), { keys });
  const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

  test('a valid key is let in, any other is 401', async () => {
    const body = { features: ROW };
    assert.equal((await ask(core, '/predict', body, bearer('second-key-2'))).status, 200);
    for (const headers of [
      {},
      bearer('third-key-3'),
      bearer('first-key-'),
      { authorization: 'Basic first-key-1' },
    ]) {
      const said = await ask(core, '/predict', body, headers);
      assert.equal(said.status, 401);
      assert.equal(said.headers.get('www-authenticate'), 'Bearer realm="loadline"');
    }
    assert.match(
      (await ask(core, '/metrics', undefined, bearer('first-key-1'))).body.toString(),
      /key_requests_total\{key="b"\} 1/,
    );
  });

  test('probes are open, everything else is not', async () => {
    for (const url of [
      '/healthz',
      '/readyz',
      '/ping',
      '/health',
      '/',
      '/v2/health/live',
      '/v2/health/ready',
      '/v2/models/m/ready',
      '/v1/models/m',
    ]) {
      assert.equal((await ask(core, url)).status, 200, url);
    }
    for (const url of [
      '/metrics',
      '/openapi.json',
      '/version',
      '/v2',
      '/v2/models',
      '/v2/models/m',
      '/v1/models',
    ]) {
      assert.equal((await ask(core, url)).status, 401, url);
    }
    assert.equal((await ask(core, '/', undefined, { accept: 'text/html' })).status, 401);
    for (const url of [
      '/invocations',
      '/v2/models/m/infer',
      '/v1/models/m:predict',
      '/v2/repository/index',
      '/v2/repository/models/m/load',
    ]) {
      assert.equal((await ask(core, url, {})).status, 401, url);
    }
  });

  test('a key over its rate is 429 until time has passed', async () => {
    let now = 0;
    const slow = coreOf(houseModel(true), { keys, keyRatePerSecond: 2, clock: { now: () => now } });
    const get = async (key: string): Promise<number> =>
      (await ask(slow, '/v2', undefined, bearer(key))).status;
    assert.deepEqual(
      [await get('first-key-1'), await get('first-key-1'), await get('first-key-1')],
      [200, 200, 429],
    );
    assert.equal(await get('second-key-2'), 200);
    assert.equal((await ask(slow, '/v2', undefined, bearer('first-key-1'))).headers.get('retry-after'), '1');
    now = 500;
    assert.deepEqual([await get('first-key-1'), await get('first-key-1')], [200, 429]);
  });
});
