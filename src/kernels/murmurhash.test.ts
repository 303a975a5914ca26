import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashColumn, murmurHash } from './murmurhash.ts';

test('hashes are those of sklearn.utils.murmurhash3_32 with seed 0', () => {
  const known: readonly [string, number][] = [
    ['', 0],
    ['a', 1009084850],
    ['ab', -1681926305],
    ['abc', -1277324294],
    ['abcd', 1139631978],
    ['hello world', 1586663183],
    ['café', 605818632],
    ['😀', -1095487750],
    ['x'.repeat(300), -1143794275],
  ];
  for (const [text, hash] of known) {
    assert.equal(murmurHash(text), hash, text.slice(0, 20));
  }
});

test('the lowest hash has a column too', () => {
  // (2147483647 - (n - 1)) % n in scikit-learn, for n = 10.
  assert.equal(hashColumn(-2147483648, 10), 8);
  assert.equal(hashColumn(-7, 5), 2);
});
