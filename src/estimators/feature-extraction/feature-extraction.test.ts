import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import type { Data } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';
import { ENGLISH_STOP_WORDS } from './english-stop-words.ts';

const TEXT = 'sklearn.feature_extraction.text.';
const ANALYZER: Record<string, Inert> = {
  input: 'content',
  analyzer: 'word',
  preprocessor: null,
  tokenizer: null,
  token_pattern: String.raw`(?u)\b\w\w+\b`,
  lowercase: true,
  strip_accents: null,
  stop_words: null,
  ngram_range: pair(1, 1),
  binary: false,
};
const COUNT: Record<string, Inert> = { ...ANALYZER, vocabulary_: dict(['red', 1], ['dog', 0]) };
const OLD_TFIDF: Record<string, Inert> = { use_idf: true, sublinear_tf: false, norm: 'l2' };
const TFIDF: Record<string, Inert> = { ...OLD_TFIDF, idf_: fakeFloats([1, 2]) };

function pair(...items: Inert[]): Inert {
  return { kind: 'tuple', items };
}

function dict(...entries: (readonly [Inert, Inert])[]): Inert {
  return { kind: 'dict', entries };
}

function diagonal(...indices: number[]): Inert {
  return fakeObject('scipy.sparse._csr.csr_matrix', {
    _shape: pair(2, 2),
    indptr: fakeInts([0, 1, 2]),
    indices: fakeInts(indices),
    data: fakeFloats([1, 2]),
  });
}

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['no vocabulary', 'CountVectorizer', ANALYZER, 'LL4002', /vocabulary_/],
  [
    'a vocabulary that is a word',
    'CountVectorizer',
    { ...COUNT, vocabulary_: 'red' },
    'LL4003',
    /vocabulary_/,
  ],
  [
    'a column out of range',
    'CountVectorizer',
    { ...COUNT, vocabulary_: dict(['red', 2], ['dog', 0]) },
    'LL4003',
    /columns from 0 to 1/,
  ],
  ['a negative column', 'CountVectorizer', { ...COUNT, vocabulary_: dict(['red', -1]) }, 'LL4003', /columns/],
  [
    'a term that is no string',
    'CountVectorizer',
    { ...COUNT, vocabulary_: dict([1, 0]) },
    'LL4003',
    /strings/,
  ],
  [
    'a tokenizer',
    'CountVectorizer',
    { ...COUNT, tokenizer: { kind: 'global', module: '__main__', name: 'split', offset: 7 } },
    'LL3006',
    /"tokenizer".*__main__\.split/,
  ],
  [
    'a preprocessor',
    'CountVectorizer',
    { ...COUNT, preprocessor: fakeObject('mine.Clean', {}) },
    'LL3006',
    /mine\.Clean/,
  ],
  [
    'an analyzer',
    'TfidfVectorizer',
    { ...COUNT, analyzer: { kind: 'global', module: 'nltk.tokenize', name: 'word_tokenize', offset: 7 } },
    'LL3006',
    /nltk\.tokenize\.word_tokenize/,
  ],
  ['files as input', 'CountVectorizer', { ...COUNT, input: 'filename' }, 'LL4004', /input/],
  [
    'a pattern with a look-ahead',
    'CountVectorizer',
    { ...COUNT, token_pattern: '(?=a)b' },
    'LL4004',
    /token_pattern/,
  ],
  ['n-grams that fall', 'CountVectorizer', { ...COUNT, ngram_range: pair(2, 1) }, 'LL4003', /ngram_range/],
  ['n-grams without end', 'CountVectorizer', { ...COUNT, ngram_range: pair(1, 1e9) }, 'LL4004', /up to 100/],
  [
    'stop words of another language',
    'CountVectorizer',
    { ...COUNT, stop_words: 'klingon' },
    'LL4004',
    /stop_words/,
  ],
  [
    'stop words that are numbers',
    'CountVectorizer',
    { ...COUNT, stop_words: fakeList(1) },
    'LL4003',
    /strings/,
  ],
  [
    'idf of another vocabulary',
    'TfidfVectorizer',
    { ...COUNT, _tfidf: fakeObject(`${TEXT}TfidfTransformer`, { ...TFIDF, idf_: fakeFloats([1]) }) },
    'LL4003',
    /2 weights/,
  ],
  ['no idf', 'TfidfTransformer', { ...TFIDF, idf_: 'none' }, 'LL4003', /idf_/],
  [
    'idf off the diagonal',
    'TfidfTransformer',
    { ...OLD_TFIDF, _idf_diag: diagonal(1, 0) },
    'LL4003',
    /"_idf_diag".*a diagonal/,
  ],
  ['a norm that is not known', 'TfidfTransformer', { ...TFIDF, norm: 'l3' }, 'LL4004', /norm/],
  [
    'no columns',
    'HashingVectorizer',
    { ...ANALYZER, n_features: 0, alternate_sign: true, norm: null },
    'LL4003',
    /n_features/,
  ],
];

for (const [what, name, attributes, code, message] of REFUSED) {
  test(`${name}: ${what} is refused`, () => {
    assert.throws(
      () => resolveEstimator(fakeObject(TEXT + name, attributes), 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
    );
  });
}

function transformed(
  name: string,
  attributes: Record<string, Inert>,
  rows: Data,
  version?: string,
): number[] {
  const out = resolveEstimator(fakeObject(name, attributes, version), 'model').transform?.(rows);
  assert.ok(out?.kind === 'csr');
  return [...out.data];
}

const DOCUMENTS: Data = { kind: 'texts', nRows: 2, values: ['red dog red', 'a cat'] };

test('a vocabulary given and never fitted counts too, a set in the order of code points', () => {
  const set: Inert = { kind: 'set', frozen: false, items: ['😀b', '\uffffb', 'aa'] };
  const attributes = { ...ANALYZER, vocabulary: set, token_pattern: String.raw`\S+` };
  const out = resolveEstimator(fakeObject(`${TEXT}CountVectorizer`, attributes), 'model').transform?.({
    kind: 'texts',
    nRows: 1,
    values: ['😀b \uffffb'],
  });
  // sorted(['😀b', '\uffffb', 'aa']) is ['aa', '\uffffb', '😀b'] in Python, and the other way round by UTF-16 unit.
  assert.ok(out?.kind === 'csr');
  assert.deepEqual([...out.indices], [1, 2]);
  const list = { ...ANALYZER, vocabulary: fakeList('dog', 'red') };
  assert.deepEqual(transformed(`${TEXT}CountVectorizer`, list, DOCUMENTS), [1, 2]);
});

test('idf on a diagonal, as before 1.5, weigh the same', () => {
  const before = fakeObject(`${TEXT}TfidfTransformer`, { ...OLD_TFIDF, _idf_diag: diagonal(0, 1) });
  const after = fakeObject(`${TEXT}TfidfTransformer`, TFIDF);
  // (1·1, 2·2) / √17; the old product hands the row out from its end.
  const wanted = [1 / Math.sqrt(17), 4 / Math.sqrt(17)];
  assert.deepEqual(transformed(`${TEXT}TfidfVectorizer`, { ...COUNT, _tfidf: after }, DOCUMENTS), wanted);
  assert.deepEqual(
    transformed(`${TEXT}TfidfVectorizer`, { ...COUNT, _tfidf: before }, DOCUMENTS),
    wanted.toReversed(),
  );
});

test('the English stop words are 318', () => {
  assert.equal(ENGLISH_STOP_WORDS.size, 318);
  assert.ok(
    ENGLISH_STOP_WORDS.has('yourselves') && ENGLISH_STOP_WORDS.has('a') && !ENGLISH_STOP_WORDS.has(''),
  );
});

test('a record with a value that cannot be hashed is refused', () => {
  const hasher = fakeObject('sklearn.feature_extraction._hash.FeatureHasher', {
    n_features: 8,
    input_type: 'dict',
    alternate_sign: true,
  });
  const rows: Data = { kind: 'records', nRows: 2, values: [new Map([['a', 1]]), new Map([['b', null]])] };
  assert.throws(
    () => resolveEstimator(hasher, 'model').transform?.(rows),
    (error) =>
      error instanceof LoadlineError &&
      error.code === 'LL2006' &&
      error.detail.row === 1 &&
      error.detail.field === 'b',
  );
});
