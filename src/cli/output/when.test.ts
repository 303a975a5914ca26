import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago } from './when.ts';

const NOW = Date.UTC(2026, 10, 24, 12);
const cases: readonly (readonly [string, number, string])[] = [
  ['the same moment', 0, 'just now'],
  ['a clock that is ahead a little', -3, 'just now'],
  ['seconds', 59, '59 s ago'],
  ['minutes', 60, '1 min ago'],
  ['hours, never rounded up', 7199, '1 h ago'],
  ['days', 3 * 86_400, '3 d ago'],
  ['more than 30 days', 31 * 86_400, '2026-10-24'],
  ['what is to come', -2 * 86_400, '2026-11-26'],
];

for (const [what, seconds, text] of cases) {
  test(`ago: ${what}`, () => {
    assert.equal(ago(NOW - seconds * 1000, NOW), text);
  });
}
