import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolynomialOptions } from './polynomial.ts';
import { expandPolynomial, planPolynomial, polynomialWidth } from './polynomial.ts';

/** Primes, so that a product names its factors: a, b, c = 2, 3, 5. */
const CASES: readonly [string, Partial<PolynomialOptions>, readonly number[]][] = [
  ['degree 2', {}, [1, 2, 3, 5, 4, 6, 10, 9, 15, 25]],
  ['no bias', { includeBias: false }, [2, 3, 5, 4, 6, 10, 9, 15, 25]],
  ['interactions up to degree 5', { maxDegree: 5, interactionOnly: true }, [1, 2, 3, 5, 6, 10, 15, 30]],
  ['degree 3 only', { minDegree: 3, maxDegree: 3 }, [1, 8, 12, 20, 18, 30, 50, 27, 45, 75, 125]],
  [
    'interactions of degree 2 to 3, no bias',
    { minDegree: 2, maxDegree: 3, interactionOnly: true, includeBias: false },
    [6, 10, 15, 30],
  ],
  [
    'interactions of more features than there are',
    { minDegree: 4, maxDegree: 5, interactionOnly: true },
    [1],
  ],
  ['degree 0', { maxDegree: 0 }, [1]],
];

for (const [label, options, wanted] of CASES) {
  test(`expands in scikit-learn's order: ${label}`, () => {
    const all = { minDegree: 0, maxDegree: 2, interactionOnly: false, includeBias: true, ...options };
    const plan = planPolynomial(3, all, 100)!;
    assert.equal(polynomialWidth(plan), wanted.length);
    const data = Float64Array.of(2, 3, 5, 1, 1, 1);
    const out = expandPolynomial(data, 2, plan, false);
    assert.deepEqual(Array.from(out.subarray(0, wanted.length)), wanted);
    assert.deepEqual(
      Array.from(out.subarray(wanted.length)),
      wanted.map(() => 1),
    );
  });
}

test('a plan wider than allowed is none', () => {
  const options = { minDegree: 0, maxDegree: 1_000_000_000, interactionOnly: false, includeBias: true };
  assert.equal(planPolynomial(3, options, 1000), null);
  assert.notEqual(planPolynomial(3, { ...options, interactionOnly: true }, 1000), null);
});
