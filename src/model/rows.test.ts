import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadlineError } from '../errors.ts';
import type { NamedFeature, Signature } from './model.ts';
import { rowsToData, splitRows } from './rows.ts';

function signature(features: readonly NamedFeature[] | null, more: Partial<Signature> = {}): Signature {
  return {
    input: 'features',
    task: 'regressor',
    features,
    named: true,
    nOutputs: 1,
    classes: null,
    methods: ['predict'],
    ...more,
  };
}

const AREA: NamedFeature = { name: 'area', kind: 'number', missing: false };
const AGE: NamedFeature = { name: 'age', kind: 'number', missing: true };
const CITY: NamedFeature = { name: 'city', kind: 'category', categories: ['oslo', 'bergen'], missing: true };
const NOTE: NamedFeature = { name: 'note', kind: 'text', missing: false };

const NUMERIC = signature([AREA, AGE]);
const MIXED = signature([AREA, CITY, NOTE]);
const UNNAMED = signature(
  [
    { ...AREA, name: 'x0' },
    { ...AGE, name: 'x1' },
  ],
  { named: false },
);
const TEXTS = signature(null, { input: 'texts', named: false });

test('one flat array is one row of features, and one text each for a text model', () => {
  assert.deepEqual(splitRows([1, 2], NUMERIC), [[1, 2]]);
  assert.deepEqual(splitRows([[1, 2]], NUMERIC), [[1, 2]]);
  assert.deepEqual(splitRows({ area: 1, age: 2 }, NUMERIC), [{ area: 1, age: 2 }]);
  assert.deepEqual(splitRows([{ area: 1, age: 2 }], NUMERIC), [{ area: 1, age: 2 }]);
  assert.deepEqual(splitRows(['a', 'b'], TEXTS), ['a', 'b']);
  assert.deepEqual(splitRows('a', TEXTS), ['a']);
});

test('arrays and objects give the same matrix, whatever the order of keys', () => {
  const wanted = { kind: 'dense', nRows: 2, nCols: 2, data: Float64Array.of(1, 2, 3, 4) };
  const arrays = [
    [1, 2],
    [3, 4],
  ];
  const objects = [
    { age: 2, area: 1 },
    { area: 3, age: 4 },
  ];
  assert.deepEqual(rowsToData(arrays, NUMERIC), wanted);
  assert.deepEqual(rowsToData(objects, NUMERIC), wanted);
  assert.deepEqual(rowsToData([[3, 4], ...arrays].slice(1), NUMERIC), wanted);
});

test('null is NaN in a numeric column, booleans are 0 and 1', () => {
  assert.deepEqual(rowsToData([[true, null]], NUMERIC), {
    kind: 'dense',
    nRows: 1,
    nCols: 2,
    data: Float64Array.of(1, Number.NaN),
  });
});

test('mixed rows become named columns, numbers packed', () => {
  const rows = [
    { area: 1, city: 'oslo', note: 'a' },
    { note: 'b', city: null, area: 2 },
  ];
  assert.deepEqual(rowsToData(rows, MIXED), {
    kind: 'table',
    nRows: 2,
    names: ['area', 'city', 'note'],
    columns: [Float64Array.of(1, 2), ['oslo', null], ['a', 'b']],
  });
});

test('a key that is a name of Object.prototype is a column like any other', () => {
  const odd = signature([{ ...AREA, name: 'constructor' }]);
  assert.deepEqual(rowsToData([{ constructor: 7 }], odd), {
    kind: 'dense',
    nRows: 1,
    nCols: 1,
    data: Float64Array.of(7),
  });
  assert.throws(
    () => rowsToData([{}], odd),
    (error) => error instanceof LoadlineError && error.code === 'LL2004',
  );
});

const REFUSED: readonly [
  string,
  readonly unknown[],
  Signature,
  string,
  number | undefined,
  string | undefined,
][] = [
  ['no rows', [], NUMERIC, 'LL2008', undefined, undefined],
  ['too few values', [[1, 2], [1]], NUMERIC, 'LL2003', 1, undefined],
  ['too many values', [[1, 2, 3]], NUMERIC, 'LL2003', 0, undefined],
  ['a missing column', [{ area: 1 }], NUMERIC, 'LL2004', 0, 'age'],
  ['an unknown column', [{ area: 1, age: 2, agee: 3 }], NUMERIC, 'LL2005', 0, 'agee'],
  [
    'a string for a number',
    [
      [1, 2],
      ['x', 2],
    ],
    NUMERIC,
    'LL2006',
    1,
    'area',
  ],
  ['an object for a number', [[1, {}]], NUMERIC, 'LL2006', 0, 'age'],
  ['an array for a category', [[1, ['oslo'], 'a']], MIXED, 'LL2006', 0, 'city'],
  ['a number for a text', [[1, 'oslo', 3]], MIXED, 'LL2006', 0, 'note'],
  ['a missing text', [[1, 'oslo', null]], MIXED, 'LL2007', 0, 'note'],
  ['null where the model refuses it', [[null, 2]], NUMERIC, 'LL2007', 0, 'area'],
  ['an object for a model without names', [{ a: 1, b: 2 }], UNNAMED, 'LL2002', 0, undefined],
  ['a bare number for a row', [[1, 2], 5], NUMERIC, 'LL2002', 1, undefined],
  ['a number for a document', ['a', 5], TEXTS, 'LL2006', 1, undefined],
];

for (const [name, rows, given, code, row, field] of REFUSED) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => rowsToData(rows, given),
      (error) => {
        assert.ok(error instanceof LoadlineError);
        assert.deepEqual([error.code, error.detail.row, error.detail.field], [code, row, field]);
        return true;
      },
    );
  });
}

test('a record may give a feature several strings at once', () => {
  const records = signature(null, { input: 'records', named: false });
  assert.deepEqual(rowsToData([{ tags: ['a', 'b'], size: 2 }], records), {
    kind: 'records',
    nRows: 1,
    values: [
      new Map<string, unknown>([
        ['tags', ['a', 'b']],
        ['size', 2],
      ]),
    ],
  });
  assert.throws(
    () => rowsToData([{ tags: ['a', 1] }], records),
    (error) => error instanceof LoadlineError && error.code === 'LL2006' && error.detail.field === 'tags',
  );
});

test('a bare value is a row of a model of one feature, and of no other', () => {
  const one = signature([AREA]);
  assert.deepEqual(rowsToData([3, [4]], one), {
    kind: 'dense',
    nRows: 2,
    nCols: 1,
    data: Float64Array.of(3, 4),
  });
  assert.throws(
    () => rowsToData([3], NUMERIC),
    (error) => error instanceof LoadlineError && error.code === 'LL2002',
  );
});
