import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from './cases.ts';
import { CONTRACT, difference, winningMargin } from './compare.ts';

const NEXT = 1 + Number.EPSILON;

const CASES: readonly {
  name: string;
  answer: unknown;
  recorded: Json;
  share: 'none' | 'within' | 'beyond';
}[] = [
  { name: 'equal numbers', answer: 0.1, recorded: 0.1, share: 'none' },
  { name: 'zeros of either sign', answer: -0, recorded: 0, share: 'none' },
  { name: 'NaN', answer: Number.NaN, recorded: 'nan', share: 'none' },
  { name: 'infinity', answer: Number.NEGATIVE_INFINITY, recorded: '-inf', share: 'none' },
  { name: 'a missing cell of a table', answer: null, recorded: 'nan', share: 'none' },
  { name: 'the next double is no longer equal', answer: NEXT, recorded: 1, share: 'within' },
  { name: 'a relative difference of 0.9e-9', answer: 1e6 * (1 + 0.9e-9), recorded: 1e6, share: 'within' },
  { name: 'a relative difference of 1.1e-9', answer: 1e6 * (1 + 1.1e-9), recorded: 1e6, share: 'beyond' },
  { name: '0.9e-12 from 0', answer: 0.9e-12, recorded: 0, share: 'within' },
  { name: '1.1e-12 from 0', answer: 1.1e-12, recorded: 0, share: 'beyond' },
  { name: 'a number for NaN', answer: 0, recorded: 'nan', share: 'beyond' },
  { name: 'NaN for a number', answer: Number.NaN, recorded: 1, share: 'beyond' },
  { name: 'a finite number for infinity', answer: 1e308, recorded: 'inf', share: 'beyond' },
  { name: 'infinity of the other sign', answer: Number.POSITIVE_INFINITY, recorded: '-inf', share: 'beyond' },
  { name: 'another label', answer: 'a', recorded: 'b', share: 'beyond' },
  { name: 'a number for a boolean label', answer: 1, recorded: true, share: 'beyond' },
  { name: 'a string for a number', answer: '1', recorded: 1, share: 'beyond' },
];

for (const { name, answer, recorded, share } of CASES) {
  test(name, () => {
    const { share: found } = difference(answer, recorded, CONTRACT, 'row 0');
    assert.equal(found === 0 ? 'none' : found <= 1 ? 'within' : 'beyond', share);
  });
}

test('the winning margin is that of the two best classes, as a share of the larger', () => {
  assert.equal(winningMargin([0.2, 0.5, 0.25]), 0.5);
  assert.equal(winningMargin([-8, -4]), 0.5);
  assert.equal(winningMargin([3, 3, 1]), 0);
  assert.equal(winningMargin(-0.25), 0.25);
});
