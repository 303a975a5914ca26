import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import type { Data } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const SCALER = fakeObject('sklearn.preprocessing._data.MinMaxScaler', {
  scale_: fakeFloats([10, 100]),
  min_: fakeFloats([0, 0]),
  clip: false,
  feature_range: { kind: 'tuple', items: [0, 1] },
  n_features_in_: 2,
});
const WORDS = fakeObject('sklearn.feature_extraction.text.CountVectorizer', {
  input: 'content',
  analyzer: 'word',
  preprocessor: null,
  tokenizer: null,
  token_pattern: String.raw`(?u)\b\w\w+\b`,
  lowercase: true,
  strip_accents: null,
  stop_words: null,
  ngram_range: { kind: 'tuple', items: [1, 1] },
  binary: false,
  vocabulary_: { kind: 'dict', entries: [['red', 0]] },
});

function block(name: string, transformer: Inert, columns: Inert): Inert {
  return { kind: 'tuple', items: [name, transformer, columns] };
}

function transformer(blocks: Inert[], indices: [Inert, Inert][] | null, more: Record<string, Inert> = {}) {
  return fakeObject('sklearn.compose._column_transformer.ColumnTransformer', {
    transformers_: fakeList(...blocks),
    ...(indices !== null && { _transformer_to_input_indices: { kind: 'dict', entries: indices } }),
    n_features_in_: 4,
    transformer_weights: null,
    ...more,
  });
}

const NAMED = { feature_names_in_: fakeList('a', 'b', 'text', 'd') };
const NUMBERS = block('num', SCALER, fakeList('d', 'a'));
const TEXT = block('words', WORDS, 'text');
const MIXED = transformer(
  [NUMBERS, TEXT, block('rest', 'passthrough', fakeList('b')), block('none', 'drop', fakeList('a'))],
  [
    ['num', fakeList(3, 0)],
    ['words', fakeList(2)],
    ['rest', fakeList(1)],
    ['none', fakeList(0)],
  ],
  NAMED,
);

const REFUSED: readonly [string, Inert, ErrorCode, RegExp][] = [
  ['a column out of range', transformer([NUMBERS], [['num', fakeList(3, 4)]]), 'LL4003', /positions below 4/],
  ['a column that is no number', transformer([NUMBERS], [['num', fakeList(3, 0.5)]]), 'LL4003', /positions/],
  ['no columns for a name', transformer([NUMBERS], []), 'LL4004', /columns of num/],
  [
    'more columns than the transformer takes',
    transformer([NUMBERS], [['num', fakeList(3, 0, 1)]]),
    'LL4003',
    /2 columns for MinMaxScaler/,
  ],
  ['two columns of texts', transformer([TEXT], [['words', fakeList(2, 1)]]), 'LL4003', /one column of texts/],
  [
    'a block without columns',
    transformer([{ kind: 'tuple', items: ['num', SCALER] }], []),
    'LL4003',
    /columns/,
  ],
  [
    'names of other columns',
    transformer([NUMBERS], [['num', fakeList(3, 0)]], { feature_names_in_: fakeList('a') }),
    'LL4003',
    /4 names/,
  ],
  [
    'a predictor',
    transformer(
      [
        block(
          'p',
          fakeObject('sklearn.linear_model._base.LinearRegression', {
            coef_: fakeFloats([1]),
            intercept_: 0,
          }),
          fakeList(0),
        ),
      ],
      [['p', fakeList(0)]],
    ),
    'LL4003',
    /a transformer/,
  ],
];

for (const [what, value, code, message] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => resolveEstimator(value, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

function table(names: readonly string[] | null, ...row: (string | number | null)[]): Data {
  return { kind: 'table', nRows: 1, names, columns: row.map((cell) => [cell]) };
}

test('a table is read by name in any order, with columns beside that no block takes', () => {
  const fitted = resolveEstimator(MIXED, 'model');
  const wanted = dense(1, 4, Float64Array.of(40, 100, 2, 7));
  assert.deepEqual(fitted.transform?.(table(['a', 'b', 'text', 'd'], 1, 7, 'red RED', 4)), wanted);
  assert.deepEqual(
    fitted.transform?.(table(['text', 'extra', 'd', 'b', 'a'], 'red RED', 'x', 4, 7, 1)),
    wanted,
  );
  assert.deepEqual(fitted.transform?.(table(null, 1, 7, 'red RED', 4)), wanted);
});

test('features say what each column takes', () => {
  assert.deepEqual(
    resolveEstimator(MIXED, 'model').features?.map(({ name, kind }) => `${name}: ${kind}`),
    ['a: number', 'b: any', 'text: text', 'd: number'],
  );
});

test('columns before 1.0 are read as they were given', () => {
  const positions = transformer([block('num', SCALER, fakeInts([-1, 0]))], null);
  const rows = dense(1, 4, Float64Array.of(1, 2, 3, 4));
  assert.deepEqual(
    resolveEstimator(positions, 'model').transform?.(rows),
    dense(1, 2, Float64Array.of(40, 100)),
  );
});

test('bad rows are refused with row, outer column and step', () => {
  const fitted = resolveEstimator(MIXED, 'model');
  const all = ['a', 'b', 'text', 'd'];
  const rows: readonly [Data, ErrorCode, string | undefined, string | undefined][] = [
    [table(all, 'x', 7, 'red', 4), 'LL2006', 'a', 'num'],
    [table(all, 1, 7, 5, 4), 'LL2006', 'text', 'words'],
    [table(all, 1, 7, null, 4), 'LL2007', 'text', 'words'],
    [table(['a', 'b', 'text'], 1, 7, 'red'), 'LL2004', 'd', undefined],
    [table(null, 1, 7, 'red'), 'LL2003', undefined, undefined],
    [dense(1, 5, new Float64Array(5)), 'LL2003', undefined, undefined],
    [{ kind: 'texts', nRows: 1, values: ['red'] }, 'LL2006', undefined, undefined],
  ];
  for (const [data, code, field, where] of rows) {
    assert.throws(
      () => fitted.transform?.(data),
      (error) => {
        assert.ok(error instanceof LoadlineError);
        assert.deepEqual([error.code, error.detail.field, error.detail.where], [code, field, where]);
        return true;
      },
    );
  }
});
