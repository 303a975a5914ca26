import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parquetWriteFile } from 'hyparquet-writer';
import { LoadlineError } from '../../errors.ts';
import type { Signature } from '../../model/model.ts';
import { BATCH_ROWS, formatOf, type InputFormat, readBatches } from './batches.ts';
import { jsonRows } from './json.ts';

const folder = mkdtempSync(join(tmpdir(), 'loadline-input-'));

const NAMED: Signature = {
  input: 'features',
  task: 'regressor',
  features: [
    { name: 'area', kind: 'number', missing: true },
    { name: 'city', kind: 'category', categories: ['oslo', 'bergen'], missing: true },
  ],
  named: true,
  nOutputs: 1,
  classes: null,
  methods: ['predict'],
};
const UNNAMED: Signature = {
  ...NAMED,
  named: false,
  features: [
    { name: 'x0', kind: 'number', missing: true },
    { name: 'x1', kind: 'number', missing: true },
  ],
};
const TEXTS: Signature = { ...NAMED, input: 'texts', features: null, named: false };

async function rowsOf(format: InputFormat, text: string, signature: Signature): Promise<unknown[]> {
  const path = join(folder, `rows-${Math.random()}.${format}`);
  writeFileSync(path, text);
  const rows: unknown[] = [];
  for await (const batch of readBatches(path, format, signature)) {
    rows.push(...batch.rows);
  }
  return JSON.parse(JSON.stringify(rows)) as unknown[];
}

const ACCEPTED: readonly [string, InputFormat, string, Signature, unknown[]][] = [
  [
    'json: rows',
    'json',
    '[[1,2],[3,null]]',
    UNNAMED,
    [
      [1, 2],
      [3, null],
    ],
  ],
  ['json: one flat row', 'json', ' [1, 2] ', UNNAMED, [[1, 2]]],
  ['json: texts', 'json', '["a, b", "c]d"]', TEXTS, ['a, b', 'c]d']],
  [
    'json: features',
    'json',
    '{"features": [[1,2],[3,4]]}',
    UNNAMED,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ['json: one flat features row', 'json', '{"features": [1,2]}', UNNAMED, [[1, 2]]],
  [
    'json: features after another key, whose strings hold brackets',
    'json',
    '{"note": "] \\" features", "other": {"features": [9]}, "features": [[1,2]], "z": [1]}',
    UNNAMED,
    [[1, 2]],
  ],
  [
    'json: one object as features',
    'json',
    '{"id": "features", "features": {"area": 1, "city": "a,}"}, "more": [1, {"a": 2}]}',
    NAMED,
    [{ area: 1, city: 'a,}' }],
  ],
  ['json: one text as features', 'json', '{"features": "a, \\"b\\" }", "x": 1}', TEXTS, ['a, "b" }']],
  ['json: objects', 'json', '[{"area": 1, "city": "o,]s\\"lo"}]', NAMED, [{ area: 1, city: 'o,]s"lo' }]],
  [
    'ndjson',
    'ndjson',
    '[1,2]\n\n[3,4]\r\n',
    UNNAMED,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    'csv with the model’s header',
    'csv',
    'city,area\noslo,1\n,2.5\n',
    NAMED,
    [
      { city: 'oslo', area: 1 },
      { city: null, area: 2.5 },
    ],
  ],
  [
    'csv with quotes and a BOM',
    'csv',
    '\ufeffarea,city\r\n1,"o, s""lo"\r\n',
    NAMED,
    [{ area: 1, city: 'o, s"lo' }],
  ],
  [
    'csv without a header',
    'csv',
    '1,2\nNA,4\n',
    UNNAMED,
    [
      [1, 2],
      [null, 4],
    ],
  ],
  ['csv with a header for a model without names', 'csv', 'a,b\n1,2\n', UNNAMED, [[1, 2]]],
  ['csv of texts', 'csv', 'text\nhello\n"a, b"\n', TEXTS, ['hello', 'a, b']],
];

for (const [name, format, text, signature, wanted] of ACCEPTED) {
  test(name, async () => {
    assert.deepEqual(await rowsOf(format, text, signature), wanted);
  });
}

const REFUSED: readonly [string, InputFormat, string, Signature, string][] = [
  ['json: no array', 'json', '{"rows": [[1,2]]}', UNNAMED, 'LL2018'],
  ['json: a scalar', 'json', '5', UNNAMED, 'LL2018'],
  ['json: cut off', 'json', '[[1,2],[3', UNNAMED, 'LL2018'],
  ['json: bad element', 'json', '[[1,2],[3,x]]', UNNAMED, 'LL2018'],
  ['json: wrong bracket', 'json', '[[1,2]}', UNNAMED, 'LL2018'],
  ['json: two documents', 'json', '[[1,2]] [[3,4]]', UNNAMED, 'LL2018'],
  ['json: an empty list', 'json', '[]', UNNAMED, 'LL2008'],
  ['ndjson: a bad line', 'ndjson', '[1,2]\nnope\n', UNNAMED, 'LL2018'],
  ['csv: text for a number', 'csv', 'area,city\nbig,oslo\n', NAMED, 'LL2006'],
  ['csv: a ragged line', 'csv', 'area,city\n1,oslo,3\n', NAMED, 'LL2018'],
  ['parquet: not parquet', 'parquet', 'PAR1 no', NAMED, 'LL2018'],
];

for (const [name, format, text, signature, code] of REFUSED) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(
      rowsOf(format, text, signature),
      (error) => error instanceof LoadlineError && error.code === code,
    );
  });
}

test('a JSON document cut anywhere into chunks gives the same rows', async () => {
  const text = '{"a": "\\"[", "features": [["é", "]"], ["x\\\\", "y,z"]]}';
  const bytes = Buffer.from(text);
  for (let cut = 1; cut < bytes.length; cut++) {
    const rows: unknown[] = [];
    async function* chunks(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, cut);
      yield bytes.subarray(cut);
    }
    for await (const row of jsonRows(chunks(), 'test', UNNAMED)) {
      rows.push(row);
    }
    assert.deepEqual(rows, [
      ['é', ']'],
      ['x\\', 'y,z'],
    ]);
  }
});

test('parquet: numbers, strings and missing values, by name and by position', async () => {
  const path = join(folder, 'rows.parquet');
  parquetWriteFile({
    filename: path,
    columnData: [
      { name: 'area', data: [1.5, null, 3], type: 'DOUBLE' },
      { name: 'city', data: ['oslo', 'bergen', null], type: 'STRING' },
    ],
  });
  const read = async (signature: Signature): Promise<unknown[]> => {
    const rows: unknown[] = [];
    for await (const batch of readBatches(path, 'parquet', signature)) {
      rows.push(...batch.rows);
    }
    return JSON.parse(JSON.stringify(rows)) as unknown[];
  };
  assert.deepEqual(await read(NAMED), [
    { area: 1.5, city: 'oslo' },
    { area: null, city: 'bergen' },
    { area: 3, city: null },
  ]);
  assert.deepEqual(await read({ ...NAMED, named: false }), [
    [1.5, 'oslo'],
    [null, 'bergen'],
    [3, null],
  ]);
});

test('rows come in batches that know their place in the file', async () => {
  const path = join(folder, 'many.ndjson');
  writeFileSync(path, '[1,2]\n'.repeat(BATCH_ROWS + 3));
  const starts: [number, number][] = [];
  for await (const batch of readBatches(path, 'ndjson', UNNAMED)) {
    starts.push([batch.firstRow, batch.rows.length]);
  }
  assert.deepEqual(starts, [
    [0, BATCH_ROWS],
    [BATCH_ROWS, 3],
  ]);
});

test('the format follows the ending', () => {
  assert.equal(formatOf('a.b/rows.JSONL'), 'ndjson');
  assert.equal(formatOf('rows.parquet'), 'parquet');
  assert.throws(() => formatOf('rows.xlsx'), /LL2018|Cannot tell/);
});

test('a missing file is named', async () => {
  await assert.rejects(
    async () => {
      for await (const _ of readBatches(join(folder, 'none.json'), 'json', NAMED)) {
        assert.fail('no batch');
      }
    },
    (error) => error instanceof LoadlineError && error.code === 'LL1006',
  );
});
