import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileTokenPattern, findTokens } from './token-pattern.ts';

/** Pattern, text, and what CPython 3.13's `re.findall` gives. */
const FOUND: readonly [string, string, readonly string[]][] = [
  [String.raw`(?u)\b\w+\b`, 'a bc d_e', ['a', 'bc', 'd_e']],
  [String.raw`\w+(?:['-]\w+)?`, "don't re-do it", ["don't", 're-do', 'it']],
  [String.raw`(?u)\b(\w\w)\w*\b`, 'hello a world', ['he', 'wo']],
  [String.raw`[a-z]+|\d{2,3}`, 'abc 1 12 1234', ['abc', '12', '123']],
  ['a+?b|c', 'aab c ab', ['aab', 'c', 'ab']],
  ['(a)|b', 'ab', ['a', '']],
  [String.raw`\S+`, 'a\u00a0b\u0085c\ufeffd', ['a', 'b', 'c\ufeffd']],
  [String.raw`[^\W\d_]+`, 'ab1_é2ß', ['ab', 'é', 'ß']],
  ['x{2}|x{,1}y', 'xxx yxy', ['xx', 'y', 'xy']],
  [String.raw`^\w|\w$`, 'ab cd\n', ['a', 'd']],
  [String.raw`\B\w`, 'abc d', ['b', 'c']],
  [String.raw`[]\-^]+`, 'a]-^b', [']-^']],
  [String.raw`\x41|\u00e9|\.`, 'Aé.', ['A', 'é', '.']],
  ['😀.|a{', '😀x a{ 😀', ['😀x', 'a{']],
];

for (const [source, text, wanted] of FOUND) {
  test(`${source} finds what Python finds`, () => {
    const pattern = compileTokenPattern(source);
    assert.ok(pattern !== null);
    assert.deepEqual(findTokens(pattern, text), wanted);
  });
}

const REFUSED: readonly [string, string][] = [
  ['look-ahead', String.raw`\w+(?=s)`],
  ['look-behind', String.raw`(?<!\w)\w+`],
  ['a back-reference', String.raw`(\w)\1`],
  ['a named group', String.raw`(?P<word>\w+)`],
  ['two groups', '(a)(b)'],
  ['a flag', String.raw`(?i)\w+`],
  ['a possessive repeat', String.raw`\w++`],
  ['a repeat of a repeat', 'a**'],
  ['a repeat of what may be empty', '(?:a*)+b'],
  ['an empty match', String.raw`\w*`],
  ['no pattern', ''],
  ['an open group', '(a'],
  ['an open bracket', '[a'],
  ['a stray closing bracket', 'a)'],
  ['an unknown escape', String.raw`\q`],
  ['a backslash at the end', 'a\\'],
  ['a range that falls', '[z-a]'],
  ['a range that ends in a class', String.raw`[a-\w]`],
  ['bounds that fall', 'a{3,2}'],
  ['a program of a million steps', '(?:(?:a{99}){99}){99}'],
  ['a bound beyond counting', 'a{99999999999999999999}'],
  ['groups in groups', `${'(?:'.repeat(500)}a${')'.repeat(500)}`],
];

for (const [what, source] of REFUSED) {
  test(`${what} is refused`, () => {
    assert.equal(compileTokenPattern(source), null);
  });
}

/** Each keeps a backtracking engine busy for longer than the sun will shine, or for the square of the length. */
const EXPLOSIVE = [
  '(?:a+)+b',
  '(?:a|aa)+$',
  String.raw`(?:\w+\s?)+\.`,
  String.raw`[a-z]{2,}\b1`,
  'a*a*a*a*b',
];

for (const source of EXPLOSIVE) {
  test(`${source} stays linear in the text`, { timeout: 20_000 }, () => {
    const pattern = compileTokenPattern(source);
    assert.ok(pattern !== null);
    const text = `${'a'.repeat(100_000)}!`;
    assert.deepEqual(findTokens(pattern, text), []);
  });
}
