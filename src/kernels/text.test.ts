import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isCombining, isDigit, isSpace, isWord } from './characters.ts';
import { charNgrams, charWordNgrams, stripAccents, stripToAscii, wordNgrams, words } from './text.ts';

// Expected values: analyzers of scikit-learn 1.7.2 on CPython 3.13.
const TEXT = 'Café ΟΔΟΣ  İx 😀a b\t\tab_1 e\u0301x';

test('words are runs of two or more word characters; a combining mark ends one', () => {
  assert.deepEqual(words(TEXT.toLowerCase()), ['café', 'οδος', 'ab_1']);
  assert.deepEqual(words('𝔘𝔫 𝔘 x'), ['𝔘𝔫']);
});

test('accents are stripped by Unicode and to ASCII', () => {
  assert.deepEqual(words(stripAccents(TEXT.toLowerCase())), ['cafe', 'οδος', 'ix', 'ab_1', 'ex']);
  assert.deepEqual(words(stripToAscii(TEXT.toLowerCase())), ['cafe', 'ix', 'ab_1', 'ex']);
});

test('word n-grams', () => {
  const tokens = ['a1', 'b2', 'c3'];
  assert.deepEqual(wordNgrams(tokens, 1, 3), ['a1', 'b2', 'c3', 'a1 b2', 'b2 c3', 'a1 b2 c3']);
  assert.deepEqual(wordNgrams(tokens, 2, 2), ['a1 b2', 'b2 c3']);
  assert.deepEqual(wordNgrams(tokens, 4, 9), []);
});

test('character n-grams go by code point and squeeze spaces', () => {
  assert.deepEqual(charNgrams('a😀  b', 1, 2), ['a', '😀', ' ', 'b', 'a😀', '😀 ', ' b']);
});

test('character n-grams within words pad each word and count a short one once', () => {
  assert.deepEqual(charWordNgrams('ab \x1c\u00a0c', 2, 4), [
    ' a',
    'ab',
    'b ',
    ' ab',
    'ab ',
    ' ab ',
    ' c',
    'c ',
    ' c ',
  ]);
  assert.deepEqual(charWordNgrams('ab', 1, 5), [' ', 'a', 'b', ' ', ' a', 'ab', 'b ', ' ab', 'ab ', ' ab ']);
});

test('character classes are those of Python', () => {
  // re.match(r'\w') and so on, and unicodedata.combining, on CPython 3.13.
  const letters = ['a', '_', '5', 'é', 'Ⅷ', '½', '²', '中', '𝔘'];
  assert.ok(letters.every((char) => isWord(char.codePointAt(0)!)));
  assert.ok([0x301, 0x93f, 0x200d, 0x1f600, 0x20].every((codePoint) => !isWord(codePoint)));
  assert.ok([0x0a, 0x1c, 0x1f, 0x85, 0xa0, 0x2003, 0x3000].every(isSpace));
  assert.ok([0xfeff, 0x200b, 0x08, 0x61].every((codePoint) => !isSpace(codePoint)));
  assert.ok(isDigit(0x39) && isDigit(0x0967) && !isDigit(0xb2) && !isDigit(0x2167));
  assert.deepEqual([0x345, 0x93f, 0x94d, 0x301, 0x20dd].filter(isCombining), [0x345, 0x94d, 0x301]);
});
