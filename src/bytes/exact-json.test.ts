import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ExactJson } from './exact-json.ts';
import { isExactObject, parseExactJson, plainJson } from './exact-json.ts';
import { limitsOf } from './limits.ts';

function parse(text: string): ExactJson {
  return parseExactJson(Buffer.from(text), 'text', limitsOf());
}

/** Plain objects in place of those without a prototype, for comparing. */
function usual(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe('exact JSON', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(usual(plainJson(parse(text))), JSON.parse(text));
      }),
    );
  });

  it('keeps the order of keys', () => {
    const found = parse('{"b": 1, "10": 2, "2": 3}');
    assert.deepEqual(isExactObject(found) && [...found.fields.keys()], ['b', '10', '2']);
  });

  it('says where an object stands, in bytes', () => {
    const found = parse('["ü", {"a": 1}]');
    assert.ok(Array.isArray(found) && isExactObject(found[1]));
    assert.equal((found[1] as { offset: number }).offset, 7);
  });

  // What Python's json.dumps writes: json.dumps(2**53 + 1), float("nan"), -float("inf"), -0.0, "\ud800", "ü\n".
  const rows: readonly (readonly [text: string, value: ExactJson])[] = [
    ['9007199254740993', 9007199254740993n],
    ['NaN', Number.NaN],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['-0.0', -0],
    ['"\\ud800"', '\ud800'],
    ['"\\u00fc\\n"', 'ü\n'],
    ['"ü and more than a dozen"', 'ü and more than a dozen'],
    ['1e3', 1000],
    ['-0', 0],
  ];
  for (const [text, value] of rows) {
    it(text, () => assert.deepEqual(parse(text), value));
  }

  it('a key of a prototype is a key', () => {
    const found = plainJson(parse('{"__proto__": {"x": 1}, "constructor": 2}')) as Record<string, unknown>;
    assert.equal(found.x, undefined);
    assert.deepEqual(Object.keys(found), ['__proto__', 'constructor']);
  });

  for (const text of [
    '',
    ' ',
    '{',
    '[1',
    '[1,]',
    '{"a"}',
    '{"a" 1}',
    '{a: 1}',
    '{"a": 1,}',
    '{"a": 1, "a": 2}',
    '"a',
    '"\\x"',
    '"\\u12"',
    '"\\',
    '"\n"',
    '01',
    '+1',
    '.5',
    'nul',
    '1 2',
    "'a'",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parse(text), { code: 'LL3003' }));
  }
});
