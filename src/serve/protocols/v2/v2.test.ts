import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ask, coreOf, type Said } from '../../fixtures/ask.ts';
import {
  colourModel,
  doublingModel,
  greaterModel,
  houseModel,
  textModel,
  twoOutputModel,
} from '../../fixtures/models.ts';

// The models are made by hand (fixtures/models.ts): 6.9 is theirs for the row 1, 1, 2, 3. Shapes and names are those of
// the Open Inference Protocol and of MLServer's scikit-learn runtime.
const house = coreOf(houseModel(true));
const unnamed = coreOf(houseModel(false));
const greater = coreOf(greaterModel(['no', 'yes']));
const INFER = '/v2/models/m/infer';
type Core = typeof house;

const tensor = (shape: number[], data: unknown, datatype = 'FP64', name = 'x'): Record<string, unknown> => ({
  name,
  shape,
  datatype,
  data,
});
const ROW = tensor([1, 4], [[1, 1, 2, 3]]);
const columns = (order = ['area', 'rooms', 'age', 'dist'], shape = [1]): unknown[] => {
  const values: Record<string, number> = { area: 1, rooms: 1, age: 2, dist: 3 };
  return order.map((name) => tensor(shape, [values[name]], 'FP64', name));
};

interface Output {
  readonly name: string;
  readonly shape: number[];
  readonly datatype: string;
  readonly data?: unknown;
  readonly parameters: Record<string, unknown>;
}

function outputs(said: Said): readonly Output[] {
  assert.equal(said.status, 200, said.body.toString());
  return (said.json as { outputs: Output[] }).outputs;
}

describe('inputs', () => {
  const cases: readonly [string, Core, readonly unknown[], unknown][] = [
    ['a matrix, nested', house, [ROW], [6.9]],
    ['a matrix, flat', unnamed, [tensor([2, 4], [1, 1, 2, 3, 0, 0, 0, 0])], [6.9, 4]],
    ['integers', unnamed, [tensor([1, 4], [1, 1, 2, 3], 'INT64')], [6.9]],
    ['booleans', greater, [tensor([2, 2], [true, false, false, true], 'BOOL')], ['yes', 'no']],
    ['a tensor per column', house, columns(), [6.9]],
    ['columns in another order, [n, 1]', house, columns(['dist', 'age', 'rooms', 'area'], [1, 1]), [6.9]],
    ['columns without names go by order', unnamed, columns(), [6.9]],
    ['texts', coreOf(textModel()), [tensor([2], ['hi', 'hello'], 'BYTES')], ['short', 'long']],
    ['texts, [n, 1]', coreOf(textModel()), [tensor([2, 1], [['hi'], ['hello']], 'BYTES')], ['short', 'long']],
    [
      'mixed columns, null is missing',
      coreOf(colourModel()),
      [tensor([2], ['red', 'green'], 'BYTES', 'colour'), tensor([2], [null, 3], 'FP64', 'size')],
      [11, 3],
    ],
    [
      'base64',
      coreOf(textModel()),
      [
        {
          ...tensor([1], [Buffer.from('hello').toString('base64')], 'BYTES'),
          parameters: { content_type: 'base64' },
        },
      ],
      ['long'],
    ],
    ['one feature, [n]', coreOf(twoOutputModel()), [tensor([2], [2, 4])], [2, 0.5, 4, 0.25]],
    ['not finite is null', coreOf(twoOutputModel()), [tensor([1, 1], [0])], [0, null]],
  ];
  for (const [name, core, inputs, data] of cases) {
    test(name, async () => {
      const [output] = outputs(await ask(core, INFER, { inputs }));
      assert.equal(output?.name, 'predict');
      assert.deepEqual(output?.data, data);
    });
  }
});

describe('outputs', () => {
  test('shape, datatype and content type', async () => {
    const shapes: readonly [Core, unknown, object][] = [
      [house, ROW, { shape: [1, 1], datatype: 'FP64', parameters: { content_type: 'np' } }],
      [
        greater,
        tensor([1, 2], [2, 1]),
        { shape: [1, 1], datatype: 'BYTES', parameters: { content_type: 'str' } },
      ],
      [coreOf(greaterModel([0, 1])), tensor([1, 2], [2, 1]), { shape: [1, 1], datatype: 'INT64', data: [1] }],
      [
        coreOf(greaterModel([0.5, 1])),
        tensor([1, 2], [1, 2]),
        { shape: [1, 1], datatype: 'FP64', data: [0.5] },
      ],
      [coreOf(greaterModel([false, true])), tensor([1, 2], [2, 1]), { datatype: 'BOOL', data: [true] }],
      [coreOf(twoOutputModel()), tensor([1, 1], [2]), { shape: [1, 2], datatype: 'FP64' }],
      [coreOf(doublingModel()), tensor([1, 2], [1, 2]), { name: 'transform', shape: [1, 2], data: [2, 4] }],
    ];
    for (const [core, input, wanted] of shapes) {
      const [output] = outputs(await ask(core, INFER, { inputs: [input] }));
      assert.deepEqual(output, { ...output, ...wanted });
    }
  });

  test('predict_proba beside predict, by name and in the order asked', async () => {
    const said = await ask(greater, INFER, {
      inputs: [tensor([2, 2], [2, 1, 1, 2])],
      outputs: [{ name: 'predict_proba' }, { name: 'predict' }],
    });
    assert.deepEqual(
      outputs(said).map(({ name, shape, data }) => [name, shape, data]),
      [
        ['predict_proba', [2, 2], [0.25, 0.75, 0.75, 0.25]],
        ['predict', [2, 1], ['yes', 'no']],
      ],
    );
  });

  test("KServe's output-0 has one axis", async () => {
    const [output] = outputs(await ask(house, INFER, { inputs: [ROW], outputs: [{ name: 'output-0' }] }));
    assert.deepEqual([output?.name, output?.shape], ['output-0', [1]]);
  });

  test('id is given back, and made where there is none', async () => {
    const named = (await ask(house, INFER, { id: 'abc', inputs: [ROW] })).json as Record<string, unknown>;
    assert.deepEqual([named.id, named.model_name, 'model_version' in named], ['abc', 'm', false]);
    assert.match(
      String(((await ask(house, INFER, { inputs: [ROW] })).json as { id: string }).id),
      /^[0-9a-f-]{36}$/,
    );
  });

  test('a table is answered as a table', async () => {
    const said = await ask(house, INFER, { inputs: columns(), parameters: { content_type: 'pd' } });
    assert.deepEqual((said.json as { parameters: unknown }).parameters, { content_type: 'pd' });
  });
});

describe('binary tensors', () => {
  /** A request whose inputs are bytes. */
  function binary(inputs: readonly [object, Buffer][], more: object = {}): [Buffer, Record<string, string>] {
    const json = Buffer.from(
      JSON.stringify({
        inputs: inputs.map(([input, bytes]) => ({
          ...input,
          parameters: { binary_data_size: bytes.length },
        })),
        ...more,
      }),
    );
    return [
      Buffer.concat([json, ...inputs.map(([, bytes]) => bytes)]),
      { 'content-type': 'application/octet-stream', 'inference-header-content-length': String(json.length) },
    ];
  }
  const input = (datatype: string, shape: number[], name = 'x'): object => ({ name, datatype, shape });
  /** JSON part and bytes of an answer. */
  function parts(said: Said): [{ outputs: Output[] }, Buffer] {
    const length = Number(said.headers.get('inference-header-content-length'));
    assert.equal(said.type, 'application/octet-stream');
    return [
      JSON.parse(said.body.toString('utf8', 0, length)) as { outputs: Output[] },
      said.body.subarray(length),
    ];
  }

  // Little-endian bytes of 1, 1, 2, 3 (BOOL: 1, 0, 1, 1) in each type, by Python's struct and numpy.
  const ENCODED: readonly [string, string, number][] = [
    ['UINT8', '01010203', 6.9],
    ['INT8', '01010203', 6.9],
    ['UINT16', '0100010002000300', 6.9],
    ['INT16', '0100010002000300', 6.9],
    ['UINT32', '01000000010000000200000003000000', 6.9],
    ['INT32', '01000000010000000200000003000000', 6.9],
    ['UINT64', '0100000000000000010000000000000002000000000000000300000000000000', 6.9],
    ['INT64', '0100000000000000010000000000000002000000000000000300000000000000', 6.9],
    ['FP16', '003c003c00400042', 6.9],
    ['FP32', '0000803f0000803f0000004000004040', 6.9],
    ['FP64', '000000000000f03f000000000000f03f00000000000000400000000000000840', 6.9],
    ['BOOL', '01000101', 1 - 0.5 + 0.3 + 4],
  ];
  for (const [datatype, hex, y] of ENCODED) {
    test(datatype, async () => {
      const [body, headers] = binary([[input(datatype, [1, 4]), Buffer.from(hex, 'hex')]]);
      const [output] = outputs(await ask(unnamed, INFER, body, headers));
      assert.deepEqual(output?.data, [y]);
    });
  }

  test('FP16: subnormal, negative, fractions', async () => {
    // numpy.array([6e-8, -1.5, 0.333251953125, 65504], 'float16').tobytes().hex()
    const [body, headers] = binary([[input('FP16', [4, 1]), Buffer.from('010000be5535ff7b', 'hex')]]);
    const [output] = outputs(await ask(coreOf(twoOutputModel()), INFER, body, headers));
    assert.deepEqual(
      (output!.data as number[]).filter((_, i) => i % 2 === 0),
      [2 ** -24, -1.5, 0.333251953125, 65_504],
    );
  });

  test('BYTES', async () => {
    const bytes = Buffer.concat([
      Buffer.from([2, 0, 0, 0]),
      Buffer.from('hi'),
      Buffer.from([6, 0, 0, 0]),
      Buffer.from('héllo'),
    ]);
    const [body, headers] = binary([[input('BYTES', [2]), bytes]], {
      parameters: { binary_data_output: true },
    });
    const [json, raw] = parts(await ask(coreOf(textModel()), INFER, body, headers));
    assert.deepEqual(json.outputs[0], {
      name: 'predict',
      shape: [2, 1],
      datatype: 'BYTES',
      parameters: { content_type: 'str', binary_data_size: 17 },
    });
    assert.equal(raw.toString('hex'), `0500000073686f727404000000${Buffer.from('long').toString('hex')}`);
  });

  test('one output as bytes, the other as JSON', async () => {
    const request = {
      inputs: [tensor([1, 2], [2, 1])],
      outputs: [{ name: 'predict' }, { name: 'predict_proba', parameters: { binary_data: true } }],
    };
    const [json, raw] = parts(await ask(greater, INFER, request));
    assert.deepEqual(json.outputs[0]?.data, ['yes']);
    assert.equal(json.outputs[1]?.data, undefined);
    assert.equal(json.outputs[1]?.parameters.binary_data_size, 16);
    assert.deepEqual([raw.readDoubleLE(0), raw.readDoubleLE(8)], [0.25, 0.75]);
  });

  test('an output goes before the default of the request', async () => {
    const request = {
      inputs: [ROW],
      parameters: { binary_data_output: true },
      outputs: [{ name: 'predict', parameters: { binary_data: false } }],
    };
    assert.deepEqual(outputs(await ask(house, INFER, request))[0]?.data, [6.9]);
  });

  test('integer and boolean labels as bytes', async () => {
    for (const [classes, hex] of [
      [[-1, 1], 'ffffffffffffffff'],
      [[false, true], '00'],
    ] as const) {
      const request = { inputs: [tensor([1, 2], [1, 2])], parameters: { binary_data_output: true } };
      const [, raw] = parts(await ask(coreOf(greaterModel(classes)), INFER, request));
      assert.equal(raw.toString('hex'), hex);
    }
  });

  test('bytes and JSON in one request', async () => {
    const json = Buffer.from(
      JSON.stringify({
        inputs: [
          { name: 'size', shape: [1], datatype: 'FP64', parameters: { binary_data_size: 8 } },
          tensor([1], ['red'], 'BYTES', 'colour'),
        ],
      }),
    );
    const said = await ask(
      coreOf(colourModel()),
      INFER,
      Buffer.concat([json, Buffer.from(Float64Array.of(5).buffer)]),
      { 'inference-header-content-length': String(json.length) },
    );
    assert.deepEqual(outputs(said)[0]?.data, [15]);
  });

  test("Triton's raw request", async () => {
    const said = await ask(house, INFER, Buffer.from(Float64Array.of(1, 1, 2, 3).buffer), {
      'inference-header-content-length': '0',
    });
    const [json, raw] = parts(said);
    assert.deepEqual(json.outputs[0]?.shape, [1, 1]);
    assert.equal(raw.readDoubleLE(0), 6.9);
  });

  test('a NaN is a missing value', async () => {
    const [body, headers] = binary([
      [input('FP64', [1, 4]), Buffer.from(Float64Array.of(Number.NaN, 1, 1, 1).buffer)],
    ]);
    const said = await ask(house, INFER, body, headers);
    assert.equal(said.status, 400);
    assert.match((said.json as { error: string }).error, /Row 0, area/);
  });

  const bad: readonly [string, Buffer, Record<string, string>, RegExp][] = [
    [
      'no header',
      Buffer.from('x'),
      { 'content-type': 'application/octet-stream' },
      /^received byte inputs, but the 'inference-header-content-length' header is missing\.$/,
    ],
    [
      'a header beyond the body',
      Buffer.from('{}'),
      { 'inference-header-content-length': '3' },
      /up to those of the body, 2/,
    ],
    [
      'a header that is no number',
      Buffer.from('{}'),
      { 'inference-header-content-length': '-1' },
      /inference-header-content-length/,
    ],
    ['too few bytes', ...binary([[input('FP32', [1, 4]), Buffer.alloc(15)]]), /16 bytes, found 15/],
    [
      'bytes left over',
      Buffer.concat([binary([[input('FP32', [1, 4]), Buffer.alloc(16)]])[0], Buffer.alloc(1)]),
      binary([[input('FP32', [1, 4]), Buffer.alloc(16)]])[1],
      /1 bytes are left/,
    ],
    [
      'BYTES that end in the middle',
      ...binary([[input('BYTES', [1]), Buffer.from([9, 0, 0, 0, 1])]]),
      /middle of element 0/,
    ],
    [
      'a raw request of the wrong size',
      Buffer.alloc(31),
      { 'inference-header-content-length': '0' },
      /32 bytes, found 31/,
    ],
  ];
  for (const [name, body, headers, message] of bad) {
    test(`refused: ${name}`, async () => {
      const said = await ask(unnamed, INFER, body, headers);
      assert.equal(said.status, 400, said.body.toString());
      assert.match((said.json as { error: string }).error, message);
    });
  }
});

describe('refusals', () => {
  const cases: readonly [string, Core, unknown, RegExp][] = [
    ['malformed', house, '{"inputs": [', /not valid JSON/],
    ['no inputs', house, {}, /"inputs": expected a list of tensors, found nothing/],
    ['an empty list', house, { inputs: [] }, /an empty list/],
    ['inputs of numbers', house, { inputs: [1] }, /inputs\[0\]: expected an object, found a number/],
    ['id: 5', house, { id: 5, inputs: [ROW] }, /"id"/],
    ['no name', house, { inputs: [{ ...ROW, name: undefined }] }, /"name"/],
    ['an unknown datatype', house, { inputs: [{ ...ROW, datatype: 'FLOAT' }] }, /"datatype"/],
    ['no shape', house, { inputs: [{ ...ROW, shape: undefined }] }, /"shape"/],
    ['a negative shape', house, { inputs: [{ ...ROW, shape: [-1, 4] }] }, /"shape"/],
    ['nine axes', house, { inputs: [{ ...ROW, shape: [1, 1, 1, 1, 1, 1, 1, 1, 4] }] }, /at most 8/],
    ['a shape without end', house, { inputs: [{ ...ROW, shape: [1e9, 1e9] }] }, /more than the body has/],
    [
      'fewer elements than the shape',
      house,
      { inputs: [tensor([2, 4], [1, 2, 3, 4])] },
      /holds 8 elements, found 4/,
    ],
    [
      'more elements than the shape',
      house,
      { inputs: [tensor([1, 4], [1, 2, 3, 4, 5])] },
      /holds 4 elements, found 5/,
    ],
    ['nested too deep', house, { inputs: [tensor([1, 4], [[[1, 2, 3, 4]]])] }, /element 0/],
    [
      'a string in FP64',
      house,
      { inputs: [tensor([1, 4], ['a', 2, 3, 4])] },
      /element 0 is not a value of FP64, found string/,
    ],
    [
      'a fraction in INT64',
      house,
      { inputs: [tensor([1, 4], [1.5, 2, 3, 4], 'INT64')] },
      /element 0 is not a value of INT64/,
    ],
    ['256 in UINT8', house, { inputs: [tensor([1, 4], [1, 2, 3, 256], 'UINT8')] }, /element 3/],
    ['−129 in INT8', house, { inputs: [tensor([1, 4], [-128, -129, 1, 1], 'INT8')] }, /element 1/],
    ['null in INT32', house, { inputs: [tensor([1, 4], [null, 2, 3, 4], 'INT32')] }, /found null/],
    ['FP16 as JSON', house, { inputs: [tensor([1, 4], [1, 2, 3, 4], 'FP16')] }, /FP16/],
    ['wrong width', house, { inputs: [tensor([1, 3], [1, 2, 3])] }, /Row 0 has 3 values/],
    [
      'one axis for four features',
      house,
      { inputs: [tensor([4], [1, 2, 3, 4])] },
      /expected the shape \[n, 4\], found \[4\]/,
    ],
    ['three axes', house, { inputs: [tensor([1, 2, 2], [1, 2, 3, 4])] }, /expected the shape/],
    ['no rows', house, { inputs: [tensor([0, 4], [])] }, /has no rows/],
    ['a missing column', house, { inputs: columns(['area', 'rooms', 'age']) }, /"dist" is missing/],
    ['an unknown column', house, { inputs: [...columns(), tensor([1], [1], 'FP64', 'pool')] }, /"pool"/],
    [
      'columns of unequal length',
      house,
      { inputs: [...columns(['area', 'rooms', 'age']), tensor([2], [1, 2], 'FP64', 'dist')] },
      /expected 1 rows, found 2/,
    ],
    ['two inputs for a text model', coreOf(textModel()), { inputs: columns() }, /one input/],
    [
      'an unknown output',
      house,
      { inputs: [ROW], outputs: [{ name: 'y' }] },
      /one of predict, predict_proba, transform, output-0/,
    ],
    ['outputs: 5', house, { inputs: [ROW], outputs: 5 }, /"outputs"/],
    [
      'probabilities of a regressor',
      house,
      { inputs: [ROW], outputs: [{ name: 'predict_proba' }] },
      /no probabilities/,
    ],
    [
      'transform of a regressor',
      house,
      { inputs: [ROW], outputs: [{ name: 'transform' }] },
      /neither predict nor transform|cannot/,
    ],
    [
      'an unknown content type of an input',
      house,
      { inputs: [{ ...ROW, parameters: { content_type: 'pickle' } }] },
      /content_type/,
    ],
    ['parameters: 5', house, { inputs: [ROW], parameters: 5 }, /"parameters"/],
  ];
  for (const [name, core, body, message] of cases) {
    test(name, async () => {
      const said = await ask(core, INFER, body);
      assert.equal(said.status, 400, said.body.toString());
      assert.deepEqual(Object.keys(said.json as object), ['error']);
      assert.match((said.json as { error: string }).error, message);
    });
  }

  test('unknown model, unknown version, not ready, unknown path, wrong type', async () => {
    const body = { inputs: [ROW] };
    assert.deepEqual((await ask(house, '/v2/models/x/infer', body)).json, {
      error: 'Model with name x does not exist.',
    });
    assert.equal((await ask(house, '/v2/models/m/versions/1/infer', body)).status, 404);
    assert.equal((await ask(coreOf(null), INFER, body)).status, 503);
    assert.deepEqual(Object.keys((await ask(house, '/v2/nothing')).json as object), ['error']);
    assert.equal((await ask(house, INFER, '1,2', { 'content-type': 'text/csv' })).status, 415);
  });
});

describe('metadata and health', () => {
  test('server', async () => {
    assert.deepEqual((await ask(house, '/v2/health/live')).json, { live: true });
    assert.deepEqual((await ask(house, '/v2/health/ready')).json, { ready: true });
    assert.equal((await ask(coreOf(null), '/v2/health/live')).status, 200);
    assert.equal((await ask(coreOf(null), '/v2/health/ready')).status, 503);
    assert.deepEqual((await ask(house, '/v2')).json, {
      name: 'loadline',
      version: '0.1.0',
      extensions: ['binary_tensor_data'],
    });
    assert.deepEqual((await ask(house, '/v2/models')).json, { models: ['m'] });
  });

  test('model', async () => {
    assert.deepEqual((await ask(unnamed, '/v2/models/m')).json, {
      name: 'm',
      platform: 'sklearn',
      inputs: [{ name: 'input-0', datatype: 'FP64', shape: [-1, 4] }],
      outputs: [{ name: 'predict', datatype: 'FP64', shape: [-1, 1] }],
    });
    const versioned = coreOf(colourModel(), { version: '3' });
    const said = (await ask(versioned, '/v2/models/m/versions/3')).json as {
      versions: string[];
      inputs: Output[];
    };
    assert.deepEqual(said.versions, ['3']);
    assert.deepEqual(
      said.inputs.map(({ name, datatype }) => [name, datatype]),
      [
        ['colour', 'BYTES'],
        ['size', 'FP64'],
      ],
    );
    const classifier = (await ask(greater, '/v2/models/m')).json as { outputs: Output[] };
    assert.deepEqual(
      classifier.outputs.map(({ name, datatype, shape }) => [name, datatype, shape]),
      [
        ['predict', 'BYTES', [-1, 1]],
        ['predict_proba', 'FP64', [-1, 2]],
      ],
    );
    assert.deepEqual((await ask(house, '/v2/models/m/ready')).json, { name: 'm', ready: true });
    assert.equal((await ask(coreOf(null), '/v2/models/m/ready')).status, 503);
    assert.equal((await ask(coreOf(null), '/v2/models/m')).status, 503);
    assert.equal((await ask(house, '/v2/models/x/ready')).status, 404);
  });

  test('a versioned model answers with and without its version', async () => {
    const core = coreOf(houseModel(true), { version: '3' });
    for (const url of [INFER, '/v2/models/m/versions/3/infer']) {
      assert.equal(
        ((await ask(core, url, { inputs: [ROW] })).json as { model_version: string }).model_version,
        '3',
      );
    }
  });
});

describe('repository', () => {
  const keys = [{ name: 'k', key: 'a-long-key' }];
  const headers = { authorization: 'Bearer a-long-key' };

  test('index', async () => {
    assert.deepEqual((await ask(house, '/v2/repository/index', {})).json, [
      { name: 'm', state: 'READY', reason: '' },
    ]);
    assert.deepEqual((await ask(house, '/v2/repository/index', '')).status, 200);
    const loading = coreOf(null);
    assert.deepEqual((await ask(loading, '/v2/repository/index', {})).json, [
      { name: 'm', state: 'UNAVAILABLE', reason: 'loading' },
    ]);
    assert.deepEqual((await ask(loading, '/v2/repository/index', { ready: true })).json, []);
    assert.equal((await ask(house, '/v2/repository/index', [])).status, 400);
  });

  test('load and unload need a server with keys', async () => {
    for (const action of ['load', 'unload']) {
      const said = await ask(house, `/v2/repository/models/m/${action}`, {});
      assert.equal(said.status, 403);
      assert.equal(said.headers.get('x-loadline-code'), 'LL5005');
    }
  });

  test('load and unload', async () => {
    const calls: string[] = [];
    const repository = {
      load: async () => {
        calls.push('load');
      },
      unload: async () => {
        calls.push('unload');
      },
    };
    const core = coreOf(houseModel(true), { keys, repository });
    assert.deepEqual((await ask(core, '/v2/repository/models/m/unload', {}, headers)).status, 200);
    assert.deepEqual((await ask(core, '/v2/repository/models/m/load', '', headers)).json, {
      name: 'm',
      load: true,
    });
    assert.equal((await ask(core, '/v2/repository/models/x/load', '', headers)).status, 404);
    assert.equal((await ask(core, '/v2/repository/models/m/load', '')).status, 401);
    assert.deepEqual(calls, ['unload', 'load']);
    const { extensions } = (await ask(core, '/v2', undefined, headers)).json as { extensions: string[] };
    assert.ok(extensions.includes('model_repository'));
  });
});

test('a compressed request', async () => {
  const said = await ask(house, INFER, gzipSync(JSON.stringify({ inputs: [ROW] })), {
    'content-encoding': 'gzip',
  });
  assert.deepEqual(outputs(said)[0]?.data, [6.9]);
});
