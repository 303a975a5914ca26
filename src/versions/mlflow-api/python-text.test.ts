import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pythonFloat, pythonJson, pythonRepr, pythonType } from './python-text.ts';

// Expected values as CPython 3.11 prints them.
describe('repr', () => {
  for (const [text, shown] of [
    ["a'b", `"a'b"`],
    ['a"b', `'a"b'`],
    [`a'b"c`, `'a\\'b"c'`],
    ['a\nb', "'a\\nb'"],
    ['\\d', "'\\\\d'"],
    ['é', "'é'"],
    ['', "''"],
  ] as const) {
    test(shown, () => assert.equal(pythonRepr(text), shown));
  }
  test('floats', () =>
    assert.deepEqual([1, -2, 0.5, 1e21].map(pythonFloat), ['1.0', '-2.0', '0.5', '1e+21']));
});

describe('json.dumps', () => {
  const value = { b: 1, a: [1.5, null, true, 'é'] };
  test('spaced', () =>
    assert.equal(pythonJson([value], true), '[{"b": 1, "a": [1.5, null, true, "\\u00e9"]}]'));
  test('compact, keys sorted', () =>
    assert.equal(pythonJson(value, false), '{"a":[1.5,null,true,"\\u00e9"],"b":1}'));
  test('beyond the basic plane', () => assert.equal(pythonJson('😀\u2028', true), '"\\ud83d\\ude00\\u2028"'));
});

test('names of types', () => {
  assert.deepEqual(['', 1, 1.5, true, null, undefined, [], {}].map(pythonType), [
    'str',
    'int',
    'float',
    'bool',
    'NoneType',
    'NoneType',
    'list',
    'dict',
  ]);
});
