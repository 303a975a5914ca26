import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkExposure, createKeyring, isLoopback, parseKeys } from './keys.ts';

describe('reading keys', () => {
  test('a comma list, with and without names', () => {
    assert.deepEqual(parseKeys('team-a:secret-1234, plain-secret', 'x'), [
      { name: 'team-a', key: 'secret-1234' },
      { name: 'key2', key: 'plain-secret' },
    ]);
  });
  test('a file, with comments and empty lines', () => {
    assert.deepEqual(parseKeys('# the team, all of it\n\n a:first-key:with:colons \r\nb:second-key\n', 'x'), [
      { name: 'a', key: 'first-key:with:colons' },
      { name: 'b', key: 'second-key' },
    ]);
  });
  test('nothing', () => {
    assert.deepEqual(parseKeys(' \n', 'x'), []);
  });
  for (const [name, text, message] of [
    ['too short', 'a:short', /key "a" of the file: expected at least 8/],
    ['a space in it', 'a:two words', /key "a"/],
    ['a name twice', 'a:secret-1234,a:secret-5678', /"a" is there twice/],
    ['a name that no label can be', 'a b:secret-1234', /key 1 of the file/],
    ['a name of ours taken', 'key2:secret-1234,secret-5678', /"key2" is there twice/],
  ] as const) {
    test(`refused: ${name}`, () => {
      assert.throws(
        () => parseKeys(text, 'the file'),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'LL1005');
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /secret|short|words/);
          return true;
        },
      );
    });
  }
});

describe('finding a key', () => {
  const keyring = createKeyring(parseKeys('a:first-key,b:second-key', 'x'), null, { now: () => 0 });
  for (const [header, found] of [
    ['Bearer first-key', 0],
    ['bearer second-key', 1],
    ['Bearer  second-key ', 1],
    ['Bearer first-ke', -1],
    ['Bearer first-key2', -1],
    ['Bearer a:first-key', -1],
    ['Basic first-key', -1],
    ['first-key', -1],
    ['Bearer ', -1],
    ['', -1],
    [undefined, -1],
  ] as const) {
    test(String(header), () => {
      assert.equal(keyring.find(header), found);
    });
  }
});

test('a rate: one second of it may come at once, then it refills with time', () => {
  let now = 0;
  const keyring = createKeyring(parseKeys('a:first-key,b:second-key', 'x'), 4, { now: () => now });
  assert.deepEqual(
    [1, 2, 3, 4].map(() => keyring.take(0)),
    [0, 0, 0, 0],
  );
  assert.equal(keyring.take(0), 0.25);
  assert.equal(keyring.take(1), 0);
  now = 250;
  assert.equal(keyring.take(0), 0);
  assert.equal(keyring.take(0), 0.25);
  now = 60_000;
  assert.deepEqual(
    [1, 2, 3, 4].map(() => keyring.take(0)),
    [0, 0, 0, 0],
  );
  assert.ok(keyring.take(0) > 0);
});

test('a rate below one a second lets one through', () => {
  const keyring = createKeyring(parseKeys('a:first-key', 'x'), 0.5, { now: () => 0 });
  assert.equal(keyring.take(0), 0);
  assert.equal(keyring.take(0), 2);
});

test('loopback', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1', '[::1]']) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', 'example.org', '']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('an address that others reach needs keys or a word for everyone', () => {
  const keys = parseKeys('a:first-key', 'x');
  assert.throws(() => checkExposure({ host: '0.0.0.0' }), { code: 'LL1004' });
  checkExposure({});
  checkExposure({ host: '0.0.0.0', keys });
  checkExposure({ host: '::', allowAnonymous: true });
});
