/** Names and paths that are refused; the rules are those of MLflow 3.17's utils/validation.py and utils/uri.py. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails } from './fixtures/store.ts';
import { checkAlias, checkArtifactPath, checkModelName } from './names.ts';

for (const name of ['house-price', 'Maison à vendre', 'a.b_c d', '房价', '..', 'm@x', '3']) {
  test(`model name ${name} is taken`, () => checkModelName(name));
}
for (const name of ['', '  ', 'a/b', 'a:b', 'a\nb', 'a\0b', 'a\ud800']) {
  test(`model name ${JSON.stringify(name)} is refused`, () => {
    assert.throws(() => checkModelName(name), fails('LL7010'));
  });
}

for (const alias of ['champion', 'a_b-c', 'v', 'v1a', 'latest-2', '3', 'größe', 'x'.repeat(255)]) {
  test(`alias ${alias.slice(0, 20)} is taken`, () => checkAlias(alias));
}
for (const alias of ['', 'a b', 'a/b', 'a@b', 'latest', 'LATEST', 'v1', 'V20', 'a\n', 'x'.repeat(256)]) {
  test(`alias ${JSON.stringify(alias.slice(0, 20))} is refused`, () => {
    assert.throws(() => checkAlias(alias), fails('LL7010'));
  });
}

for (const path of [
  'MLmodel',
  '1/models/m-1/artifacts/MLmodel',
  'a b/ü.txt',
  'a..b/c..',
  '...',
  '100%.txt',
  '%41',
]) {
  test(`path ${path} is taken`, () => checkArtifactPath(path));
}
const ESCAPES: readonly string[] = [
  '',
  '/etc/passwd',
  '..',
  '../x',
  'a/../../x',
  'a/..',
  './a',
  'a/./b',
  'a//b',
  'a/',
  'a\\..\\b',
  'C:/x',
  'c:x',
  'a\0b',
  'a\nb',
  '%2e%2e/x',
  '..%2fx',
  'a/%2E%2E/%2E%2E/x',
  '%252e%252e/x',
  '%25252e%25252e%25252fx',
  '%2fetc',
  'a%5c..%5cb',
  'a%00b',
  // Twelve layers of percent-encoding.
  `%${'25'.repeat(12)}2e`,
  'x'.repeat(256),
  'é'.repeat(128),
  Array(1100).fill('a').join('/'),
  '\ud800',
];
for (const path of ESCAPES) {
  test(`path ${JSON.stringify(path.slice(0, 40))} is refused`, () => {
    assert.throws(() => checkArtifactPath(path), fails('LL7007'));
  });
}
