import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, coreOf } from '../../fixtures/ask.ts';
import { colourModel, greaterModel, houseModel, textModel, twoOutputModel } from '../../fixtures/models.ts';

// Statuses, error codes and numbers are what MLflow 3.17.2 answered for the same formula (y = area + 2 rooms − age / 2 +
// 0.3 dist + 4) served with a signature of four columns (`named`) and without a signature (`unnamed`).
const named = coreOf(houseModel(true));
const unnamed = coreOf(houseModel(false));

const ROW = [1.5, -0.3, 2.2, 0.7];
const RECORD = { area: 1.5, rooms: -0.3, age: 2.2, dist: 0.7 };
const COLUMNS = ['area', 'rooms', 'age', 'dist'];
const Y = 4.01;

type Core = typeof named;
const CSV = { 'content-type': 'text/csv' };
const JSON_TYPE = { 'content-type': 'application/json' };

function assertNear(found: unknown, wanted: readonly number[]): void {
  const list = (found as { predictions: number[] }).predictions;
  assert.equal(list.length, wanted.length);
  list.forEach((value, i) => {
    assert.ok(Math.abs(value - wanted[i]!) < 1e-12, `${value} instead of ${wanted[i]}`);
  });
}

describe('accepted', () => {
  const cases: readonly [string, Core, unknown, readonly number[]][] = [
    ['inputs by column', named, { inputs: { area: [1.5], rooms: [-0.3], age: [2.2], dist: [0.7] } }, [Y]],
    ['inputs of scalars by column', named, { inputs: RECORD }, [Y]],
    ['inputs, a list of objects', named, { inputs: [RECORD] }, [Y]],
    ['instances, a list of objects', named, { instances: [RECORD] }, [Y]],
    ['dataframe_split', named, { dataframe_split: { columns: COLUMNS, data: [ROW] } }, [Y]],
    [
      'dataframe_split with index',
      named,
      { dataframe_split: { columns: COLUMNS, index: [7], data: [ROW] } },
      [Y],
    ],
    [
      'dataframe_split, columns in another order',
      named,
      { dataframe_split: { columns: ['dist', 'age', 'rooms', 'area'], data: [[0.7, 2.2, -0.3, 1.5]] } },
      [Y],
    ],
    [
      'an extra column is dropped',
      named,
      { dataframe_split: { columns: [...COLUMNS, 'zz'], data: [[...ROW, 1]] } },
      [Y],
    ],
    ['dataframe_records', named, { dataframe_records: [RECORD] }, [Y]],
    ['an extra key in a record', named, { dataframe_records: [{ ...RECORD, zz: 'x' }] }, [Y]],
    ['a text of a number', named, { dataframe_records: [{ area: '1.5', rooms: 1, age: 2, dist: 3 }] }, [7.4]],
    ['integers', named, { dataframe_records: [{ area: 1, rooms: 1, age: 2, dist: 3 }] }, [6.9]],
    ['params are taken and not used', named, { dataframe_records: [RECORD], params: { a: 1 } }, [Y]],
    ['params: null', named, { dataframe_records: [RECORD], params: null }, [Y]],
    ['other keys are ignored', named, { dataframe_records: [RECORD], zz: 1 }, [Y]],
    ['unnamed: inputs', unnamed, { inputs: [ROW] }, [Y]],
    ['unnamed: two rows', unnamed, { inputs: [ROW, ROW] }, [Y, Y]],
    ['unnamed: instances', unnamed, { instances: [[1, 2, 3, 4]] }, [8.7]],
    ['unnamed: dataframe_split without columns', unnamed, { dataframe_split: { data: [ROW] } }, [Y]],
    [
      'unnamed: names are ignored, order counts',
      unnamed,
      { dataframe_split: { columns: ['dist', 'age', 'rooms', 'area'], data: [[0.7, 2.2, -0.3, 1.5]] } },
      [9.7],
    ],
    ['unnamed: dataframe_records', unnamed, { dataframe_records: [RECORD] }, [Y]],
    [
      'unnamed: a text of a number',
      unnamed,
      { dataframe_records: [{ area: '1.5', rooms: 1, age: 2, dist: 3 }] },
      [7.4],
    ],
    // MLflow refuses rows without names only where the model was logged with a signature, which a pickle does not have.
    ['rows in the order of training for a model with names', named, { inputs: [ROW] }, [Y]],
  ];
  for (const [name, core, body, predictions] of cases) {
    test(name, async () => {
      const said = await ask(core, '/invocations', body);
      assert.equal(said.status, 200, said.body.toString());
      assertNear(said.json, predictions);
    });
  }

  test('CSV with a header', async () => {
    for (const core of [named, unnamed, coreOf(houseModel(true), { dialect: 'mlflow' })]) {
      const said = await ask(core, '/invocations', 'area,rooms,age,dist\n1.5,-0.3,2.2,0.7\n', CSV);
      assertNear(said.json, [Y]);
    }
  });
  test('CSV, columns by name', async () => {
    assertNear((await ask(named, '/invocations', 'x,dist,age,rooms,area\n9,0.7,2.2,-0.3,1.5\n', CSV)).json, [
      Y,
    ]);
  });
  test('CSV without a header where the dialect is open', async () => {
    assertNear((await ask(named, '/invocations', '1.5,-0.3,2.2,0.7\n1,1,2,3\n', CSV)).json, [Y, 6.9]);
  });
  test('CSV in the dialect of MLflow takes the first line as a header, whatever it holds', async () => {
    const core = coreOf(houseModel(false), { dialect: 'mlflow' });
    assertNear((await ask(core, '/invocations', '1.5,-0.3,2.2,0.7\n1,1,2,3\n', CSV)).json, [6.9]);
  });
  test('a key that only some records have is missing in the others', async () => {
    const said = await ask(coreOf(colourModel()), '/invocations', {
      dataframe_records: [{ colour: 'red', size: 2 }, { colour: 'red' }],
    });
    assert.deepEqual(said.json, { predictions: [12, 11] });
  });
  test("Python's NaN is a missing value", async () => {
    const said = await ask(
      coreOf(colourModel()),
      '/invocations',
      '{"dataframe_split": {"columns": ["colour", "size"], "data": [["NaN", NaN], ["red", 1]]}}',
      JSON_TYPE,
    );
    assert.deepEqual(said.json, { predictions: [1, 11] });
  });
  test('labels, texts, several outputs, null for what is not finite', async () => {
    const said = [
      await ask(coreOf(greaterModel(['no', 'yes'])), '/invocations', {
        inputs: [
          [2, 1],
          [1, 2],
        ],
      }),
      await ask(coreOf(textModel()), '/invocations', { instances: ['hi', 'hello'] }),
      await ask(coreOf(textModel()), '/invocations', { dataframe_records: [{ text: 'hello' }] }),
      await ask(coreOf(textModel()), '/invocations', { inputs: { text: ['hi', 'hello'] } }),
      await ask(coreOf(twoOutputModel()), '/invocations', { inputs: [[0]] }),
    ];
    assert.deepEqual(
      said.map(({ json }) => (json as { predictions: unknown }).predictions),
      [['yes', 'no'], ['short', 'long'], ['long'], ['short', 'long'], [[0, null]]],
    );
  });
});

describe('refused', () => {
  const ONE_OF = /The input must be a JSON dictionary with exactly one of the input fields \{.*\}\./;
  const cases: readonly [string, Core, unknown, string, RegExp][] = [
    [
      'a missing column',
      named,
      { dataframe_split: { columns: ['area', 'rooms', 'age'], data: [[1, 2, 3]] } },
      'INVALID_PARAMETER_VALUE',
      /"dist" is missing/,
    ],
    [
      'a string for a number',
      named,
      { dataframe_records: [{ area: 'abc', rooms: 1, age: 2, dist: 3 }] },
      'BAD_REQUEST',
      /^Invalid input\. .*area.*number/,
    ],
    [
      'null where the model refuses it',
      named,
      { dataframe_records: [{ area: null, rooms: 1, age: 2, dist: 3 }] },
      'BAD_REQUEST',
      /area.*missing/,
    ],
    ['ragged rows', named, { inputs: [ROW, [1.5, -0.3]] }, 'INVALID_PARAMETER_VALUE', /Row 1 has 2/],
    ['no rows', named, { inputs: [] }, 'BAD_REQUEST', /no rows/],
    ['inputs: null', named, { inputs: null }, 'BAD_REQUEST', /^Invalid input\. /],
    ['inputs: a string', named, { inputs: 'abc' }, 'BAD_REQUEST', /^Invalid input\. /],
    ['inputs: a number', named, { inputs: 5 }, 'BAD_REQUEST', /^Invalid input\. /],
    [
      'columns of unequal length',
      named,
      { inputs: { area: [1, 2], rooms: [1], age: [1], dist: [1] } },
      'BAD_REQUEST',
      /"rooms" has 1/,
    ],
    ['unnamed: one flat row', unnamed, { inputs: ROW }, 'BAD_REQUEST', /wanted an array/],
    ['unnamed: three columns', unnamed, { inputs: [[1, 2, 3]] }, 'INVALID_PARAMETER_VALUE', /Row 0 has 3/],
    [
      'unnamed: inputs by column',
      unnamed,
      { inputs: { area: [1.5], rooms: [-0.3], age: [2.2], dist: [0.7] } },
      'BAD_REQUEST',
      /without column names/,
    ],
    [
      'neither key',
      named,
      { data: [ROW] },
      'BAD_REQUEST',
      new RegExp(`${ONE_OF.source} Received dictionary with input fields: \\[\\]`),
    ],
    [
      'two keys',
      named,
      { inputs: [ROW], instances: [ROW] },
      'BAD_REQUEST',
      /Received dictionary with input fields: \['instances', 'inputs'\]/,
    ],
    ['a number', named, 5, 'BAD_REQUEST', /Received unexpected input type '<class 'int'>\./],
    ['a string', named, '"x"', 'BAD_REQUEST', /'<class 'str'>\./],
    ['null', named, null, 'BAD_REQUEST', /'<class 'NoneType'>\./],
    [
      'dataframe_split: a list',
      named,
      { dataframe_split: [1, 2] },
      'BAD_REQUEST',
      /^Invalid input\. Dataframe split format must be a dictionary\. Got list\.$/,
    ],
    [
      'dataframe_split: an unknown key',
      named,
      { dataframe_split: { columns: COLUMNS, data: [ROW], foo: 1 } },
      'BAD_REQUEST',
      /^Invalid input\. Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields\./,
    ],
    [
      'dataframe_split: ragged',
      named,
      { dataframe_split: { columns: COLUMNS, data: [[1.5, -0.3]] } },
      'INVALID_PARAMETER_VALUE',
      /Error: '4 columns passed, passed data had 2 columns'/,
    ],
    [
      'dataframe_records: an object',
      named,
      { dataframe_records: { a: 1 } },
      'BAD_REQUEST',
      /^Invalid input\. Dataframe records format must be a list of records\. Got dictionary\.$/,
    ],
    [
      'params: a list',
      named,
      { dataframe_records: [RECORD], params: [1] },
      'BAD_REQUEST',
      /Parameters must be a dictionary\. Got type 'list'\./,
    ],
    ['no JSON', named, 'not json', 'BAD_REQUEST', /^Invalid input\. /],
    ['an empty body', named, '', 'BAD_REQUEST', /^Invalid input\. /],
    ['cut off', named, '{"inputs":[[1,2', 'BAD_REQUEST', /^Invalid input\. /],
  ];
  for (const [name, core, body, code, message] of cases) {
    test(name, async () => {
      const said = await ask(core, '/invocations', body, JSON_TYPE);
      const problem = said.json as { error_code: string; message: string };
      assert.equal(said.status, 400, said.body.toString());
      assert.deepEqual(Object.keys(problem), ['error_code', 'message']);
      assert.match(problem.message, message);
      assert.equal(problem.error_code, code);
    });
  }

  for (const [name, text] of [
    ['empty', ''],
    ['a header alone', 'area,rooms,age,dist\n'],
    ['a string for a number', 'area,rooms,age,dist\nx,1,2,3\n'],
    ['a missing column', 'area,rooms\n1,1\n'],
    ['ragged', 'area,rooms,age,dist\n1,2,3,4\n1,2\n'],
    ['an open quote', 'area,rooms,age,dist\n"1,2,3,4\n'],
  ] as const) {
    test(`CSV: ${name}`, async () => {
      const said = await ask(named, '/invocations', text, CSV);
      assert.equal(said.status, 400, said.body.toString());
      assert.deepEqual(Object.keys(said.json as object), ['error_code', 'message']);
    });
  }

  test('content types, in the words of MLflow', async () => {
    const strict = coreOf(houseModel(true), { dialect: 'mlflow' });
    const cases: readonly [string | undefined, string | RegExp][] = [
      ['application/json; charset=latin-1', 'The scoring server only supports UTF-8'],
      ['application/json; format=pandas-split', /^Unrecognized content type parameters: format\./],
      [
        'text/plain',
        "This predictor only supports the following content types: Types: ['text/csv', 'application/json']. Got 'text/plain'.",
      ],
      [undefined, /^This predictor only supports/],
    ];
    for (const [type, text] of cases) {
      const said = await ask(
        strict,
        '/invocations',
        '{"inputs":[[1,2,3,4]]}',
        type === undefined ? {} : { 'content-type': type },
      );
      assert.equal(said.status, 415);
      assert.match(said.type, /^text\/plain/);
      if (typeof text === 'string') {
        assert.equal(said.body.toString(), text);
      } else {
        assert.match(said.body.toString(), text);
      }
    }
    assert.equal(
      (
        await ask(
          strict,
          '/invocations',
          { inputs: [ROW] },
          { 'content-type': 'application/json; charset=UTF-8' },
        )
      ).status,
      200,
    );
  });

  test('a bare list in its own dialect', async () => {
    const strict = coreOf(houseModel(true), { dialect: 'mlflow' });
    const said = await ask(strict, '/invocations', [ROW]);
    assert.equal(said.status, 400);
    assert.match((said.json as { message: string }).message, /^Invalid input\. .* Received a list\.$/);
  });

  test('GET /invocations', async () => {
    const said = await ask(named, '/invocations');
    assert.deepEqual([said.status, said.json], [405, { detail: 'Method Not Allowed' }]);
  });

  test('error codes by status', async () => {
    const keyed = coreOf(houseModel(true), { keys: [{ name: 'k', key: 'a-long-key' }] });
    const loading = coreOf(null);
    const small = coreOf(houseModel(true), { maxBodyBytes: 4 });
    const found = [];
    for (const core of [keyed, loading, small]) {
      const said = await ask(core, '/invocations', { inputs: [ROW] });
      found.push([said.status, (said.json as { error_code: string }).error_code]);
    }
    assert.deepEqual(found, [
      [401, 'UNAUTHENTICATED'],
      [503, 'TEMPORARILY_UNAVAILABLE'],
      [413, 'BAD_REQUEST'],
    ]);
  });
});

test('probes and version', async () => {
  for (const url of ['/ping', '/health']) {
    const said = await ask(named, url);
    assert.deepEqual([said.status, said.type, said.body.toString()], [200, 'application/json', '\n']);
    assert.equal((await ask(coreOf(null), url)).status, 404);
  }
  const version = await ask(named, '/version');
  assert.equal(version.type, 'application/json');
  assert.match(version.body.toString(), /^\d+\.\d+\.\d+$/);
});

test('the dialect of SageMaker has no /health and no /version', async () => {
  const core = coreOf(houseModel(true), { dialect: 'sagemaker' });
  assert.equal((await ask(core, '/health')).status, 404);
  assert.equal((await ask(core, '/version')).status, 404);
});

describe('a model that was logged to be asked by another method', () => {
  const loggedFor = (predictFn: string): Core => {
    const declared = {
      mlflow: '3.17.2',
      sklearn: '1.9.1',
      runId: null,
      modelId: null,
      inputs: null,
      outputs: null,
      predictFn,
      example: null,
      faults: [],
    };
    return coreOf({ ...greaterModel(['no', 'yes']), declared });
  };

  // MLflow 3.17.2 answers `{"predictions": [[0.44…, 0.55…], …]}` to a LogisticRegression saved with predict_proba.
  test('predict_proba: rows of probabilities', async () => {
    const said = await ask(loggedFor('predict_proba'), '/invocations', {
      inputs: [
        [2, 1],
        [1, 2],
      ],
    });
    assert.deepEqual(said.json, {
      predictions: [
        [0.25, 0.75],
        [0.75, 0.25],
      ],
    });
  });

  test('one that is not answered is refused by name', async () => {
    const said = await ask(loggedFor('decision_function'), '/invocations', { inputs: [[2, 1]] });
    assert.equal(said.status, 400);
    assert.match(said.body.toString(), /decision_function/);
  });
});
