import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalCdf, normalQuantile } from './normal.ts';

/** scipy.special.ndtri of scipy 1.18. */
const QUANTILES: readonly [number, number][] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798409],
  [1e-7, -5.1993375821928165],
  [0.01, -2.3263478740408408],
  [0.1353, -1.10168187367228],
  [0.25, -0.6744897501960817],
  [0.5, 0],
  [0.6, 0.2533471031357997],
  [0.9, 1.2815515655446004],
  [0.99999, 4.264890793923841],
  [0, Number.NEGATIVE_INFINITY],
  [1, Number.POSITIVE_INFINITY],
  [-0.1, Number.NaN],
  [1.1, Number.NaN],
  [Number.NaN, Number.NaN],
];

/** scipy.special.ndtr of scipy 1.18. */
const PROBABILITIES: readonly [number, number][] = [
  [-40, 0],
  [-9, 1.1285884059538324e-19],
  [-6, 9.865876450376946e-10],
  [-1.5, 0.06680720126885807],
  [-1, 0.15865525393145707],
  [0, 0.5],
  [0.3, 0.6179114221889526],
  [1.5, 0.9331927987311419],
  [8.2, 0.9999999999999999],
  [Number.NaN, Number.NaN],
];

function close(found: number, wanted: number): boolean {
  return Object.is(found, wanted) || Math.abs(found - wanted) <= 1e-14 * Math.abs(wanted);
}

test('quantiles agree with scipy', () => {
  for (const [p, x] of QUANTILES) {
    assert.ok(close(normalQuantile(p), x), `${p}: ${normalQuantile(p)}, wanted ${x}`);
  }
});

test('probabilities agree with scipy', () => {
  for (const [x, p] of PROBABILITIES) {
    assert.ok(close(normalCdf(x), p), `${x}: ${normalCdf(x)}, wanted ${p}`);
  }
});
