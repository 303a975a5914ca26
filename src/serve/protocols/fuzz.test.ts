/** Bodies near to what the protocols read: whatever is wrong with them is the caller's fault, never a defect of ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ask, coreOf } from '../fixtures/ask.ts';
import {
  colourModel,
  doublingModel,
  greaterModel,
  houseModel,
  textModel,
  twoOutputModel,
} from '../fixtures/models.ts';

const RUNS = process.env.LOADLINE_PROOF === '1' ? 50_000 : 2000;

const models = fc.constantFrom(
  ...[
    houseModel(true),
    houseModel(false),
    colourModel(),
    greaterModel(['a', 'b']),
    textModel(),
    twoOutputModel(),
    doublingModel(),
  ].map((model) => coreOf(model)),
);

const column = fc.constantFrom(
  'area',
  'rooms',
  'age',
  'dist',
  'colour',
  'size',
  'x0',
  '__proto__',
  'constructor',
  'length',
);
const key = fc.oneof(
  column,
  fc.constantFrom('data', 'columns', 'index', 'name', 'shape', 'content_type', 'binary_data_size'),
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    'FP64',
    'BYTES',
    'np',
    'pd',
    'predict',
    'transform',
    'red',
    '1.5',
    '',
    null,
    true,
    0,
    1,
    -1,
    1e308,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string(),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));
const tensor = fc.record(
  {
    name: fc.oneof(column, leaf),
    shape: fc.oneof(fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }), leaf),
    datatype: fc.oneof(fc.constantFrom('FP64', 'INT64', 'BYTES', 'BOOL', 'UINT8'), leaf),
    data: fc.oneof(fc.array(fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })), { maxLength: 8 }), value),
    parameters: value,
  },
  { requiredKeys: [] },
);
const split = fc.record(
  { columns: fc.array(column), data: fc.array(fc.array(leaf)), index: value },
  { requiredKeys: [] },
);
const body = fc.oneof(
  value,
  fc.record({ features: value, probabilities: leaf }, { requiredKeys: ['features'] }),
  fc.record(
    { inputs: fc.array(tensor, { maxLength: 5 }), outputs: value, id: leaf, parameters: value },
    { requiredKeys: ['inputs'] },
  ),
  fc.record({ dataframe_split: split, params: value }, { requiredKeys: ['dataframe_split'] }),
  fc.record({ dataframe_records: fc.array(fc.dictionary(column, leaf)) }),
  fc.record({ instances: fc.array(value) }),
  fc.record({ inputs: fc.dictionary(column, fc.oneof(leaf, fc.array(leaf))) }),
);

test(`${RUNS} bodies of JSON`, async () => {
  const urls = fc.constantFrom('/predict', '/invocations', '/v2/models/m/infer', '/v1/models/m:predict');
  await fc.assert(
    fc.asyncProperty(
      models,
      urls,
      body,
      fc.constantFrom(null, '0', '5', '40'),
      async (core, url, json, length) => {
        const headers = {
          'content-type': 'application/json',
          ...(length === null ? {} : { 'inference-header-content-length': length }),
        };
        const said = await ask(core, url, JSON.stringify(json), headers);
        assert.ok(said.status === 200 || said.status === 400, `${said.status} ${said.body}`);
      },
    ),
    { numRuns: RUNS },
  );
});

test(`${RUNS} bodies of CSV`, async () => {
  const unit = fc.constantFrom(
    '1',
    '2',
    '.',
    ',',
    '\n',
    '\r',
    '"',
    'a',
    'area',
    'rooms',
    'age',
    'dist',
    'red',
    ' ',
  );
  const types = fc.constantFrom('text/csv', 'text/csv;header=present', 'text/csv;header=absent');
  await fc.assert(
    fc.asyncProperty(models, fc.string({ unit, maxLength: 40 }), types, async (core, text, type) => {
      const said = await ask(core, '/invocations', text, { 'content-type': type });
      assert.ok(said.status === 200 || said.status === 400, `${said.status} ${said.body}`);
    }),
    { numRuns: RUNS },
  );
});
