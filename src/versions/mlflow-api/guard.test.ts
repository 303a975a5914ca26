import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { credentialsOf, isForeignWrite, isOwnHost } from './guard.ts';

describe('hosts', () => {
  for (const [header, own] of [
    ['localhost', true],
    ['LOCALHOST:5001', true],
    ['127.0.0.1:5001', true],
    ['[::1]', true],
    ['[fe80::1]:5001', true],
    ['8.8.8.8', true],
    ['store:5001', true],
    ['STORE', true],
    ['a.local', true],
    ['a.b.local:1', true],
    ['.local', true],
    ['local', false],
    ['store.evil.example', false],
    ['evil.example', false],
    ['127.0.0.1.evil.example', false],
    ['evil.example:5001', false],
    ['', false],
    [undefined, false],
  ] as const) {
    test(String(header), () => assert.equal(isOwnHost(header, '/x', ['store', '*.local']), own));
  }
  test('probes have no name for it', () => assert.ok(isOwnHost('evil.example', '/health', [])));
});

describe('pages of others', () => {
  for (const [method, origin, foreign] of [
    ['POST', undefined, false],
    ['GET', 'https://evil.example', false],
    ['PUT', 'https://evil.example', true],
    ['DELETE', 'null', true],
    ['PATCH', 'http://localhost.evil.example', true],
    ['POST', 'http://localhost:3000', false],
    ['POST', 'http://[::1]:3000', false],
    ['POST', 'not a page', true],
  ] as const) {
    test(`${method} ${origin}`, () => assert.equal(isForeignWrite(method, origin), foreign));
  }
});

describe('credentials', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  for (const [header, bearer, user] of [
    [undefined, undefined, null],
    ['Bearer abc', 'Bearer abc', null],
    [basic('ann:secret'), 'Bearer secret', 'ann'],
    [basic('ann:se:cret'), 'Bearer se:cret', 'ann'],
    [basic(':secret'), 'Bearer secret', null],
    [basic('secret'), 'Bearer secret', null],
    ['Basic ***', 'Basic ***', null],
  ] as const) {
    test(String(header), () => assert.deepEqual(credentialsOf(header), { bearer, user }));
  }
});
