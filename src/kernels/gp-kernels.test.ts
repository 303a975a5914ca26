import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  constantKernel,
  dotProductKernel,
  expSineSquaredKernel,
  gamma,
  makeBesselK,
  maternKernel,
  powerKernel,
  productKernel,
  rationalQuadraticKernel,
  squaredExponentialKernel,
  sumKernel,
} from './gp-kernels.ts';
import type { RowKernel } from './pairwise.ts';

const ROW = Float64Array.of(1, -2, 0.5, 3);
const POINTS = { data: Float64Array.of(0.5, 1, -1, 3.5, 1, -2, 0.5, 3, 0, 0, 2, -1), nPoints: 3, nCols: 4 };
const TWO = Float64Array.of(2);

/** Expected values: scikit-learn 1.9.1 `gaussian_process.kernels`. */
const KERNELS: readonly [string, RowKernel, readonly number[]][] = [
  [
    'anisotropic squared exponential',
    squaredExponentialKernel(POINTS, Float64Array.of(1, 2, 0.5, 3)),
    [0.0031388810725537027, 1, 0.0016801219668463152],
  ],
  ['Matérn 1/2', maternKernel(POINTS, TWO, 0.5), [0.1801593305141719, 1, 0.08973335842559763]],
  ['Matérn 3/2', maternKernel(POINTS, TWO, 1.5), [0.20388976837245612, 1, 0.07951378634404754]],
  ['Matérn 5/2', maternKernel(POINTS, TWO, 2.5), [0.2106847583459111, 1, 0.07327880360040068]],
  [
    'Matérn infinity',
    maternKernel(POINTS, TWO, Number.POSITIVE_INFINITY),
    [0.23021307174736147, 1, 0.05468039736791477],
  ],
  ['Matérn 0.8', maternKernel(POINTS, TWO, 0.8), [0.1923288052822637, 1.000000000000001, 0.0865532953902379]],
  [
    'rational quadratic',
    rationalQuadraticKernel(POINTS, 1.5, 0.7),
    [0.33696671162156944, 1, 0.22578476740144976],
  ],
  ['exp-sine-squared', expSineSquaredKernel(POINTS, 1.5, 4), [0.8455700901609848, 1, 0.724935450879165]],
  ['dot product', dotProductKernel(POINTS, 1.5), [10.75, 16.5, 0.25]],
];

for (const [name, kernel, expected] of KERNELS) {
  test(`${name} kernel`, () => {
    near(valuesOf(kernel), expected, 1e-13);
  });
}

test('sums, products and powers of kernels', () => {
  // Of [10.75, 16.5, 0.25] and 2, by hand.
  const dots = dotProductKernel(POINTS, 1.5);
  const two = constantKernel(3, 2);
  near(valuesOf(sumKernel(dots, two, 3)), [12.75, 18.5, 2.25], 0);
  near(valuesOf(productKernel(dots, two, 3)), [21.5, 33, 0.5], 0);
  near(valuesOf(powerKernel(dots, 2, 3)), [115.5625, 272.25, 0.0625], 0);
});

test('the modified Bessel function of the second kind', () => {
  // scipy 1.18: scipy.special.kv(nu, x)
  for (const [nu, x, expected] of [
    [0.3, 0.05, 3.8119663367691143],
    [0.8, 1, 0.530191901503203],
    [1.2, 7, 0.0004677238378020532],
    [4.2, 0.5, 1284.8515612520782],
    [4.2, 40, 1.0433368443458597e-18],
    [15.5, 3, 267535576.6943983],
  ] as const) {
    const found = makeBesselK(nu)(x);
    assert.ok(Math.abs(found / expected - 1) < 1e-13, `K(${nu}, ${x}): expected ${expected}, found ${found}`);
  }
  assert.equal(makeBesselK(1.2)(800), 0);
});

test('the gamma function', () => {
  // scipy 1.18: scipy.special.gamma(a)
  for (const [a, expected] of [
    [0.3, 2.991568987687591],
    [1, 1],
    [2.5, 1.329340388179137],
    [4.2, 7.75668953579318],
    [20, 1.21645100408832e17],
  ] as const) {
    const found = gamma(a);
    assert.ok(Math.abs(found / expected - 1) < 1e-13, `gamma(${a}): expected ${expected}, found ${found}`);
  }
});

function valuesOf(kernel: RowKernel): Float64Array {
  const out = new Float64Array(3);
  kernel(Float64Array.of(9, ...ROW), 1, out);
  return out;
}

function near(found: Float64Array, expected: readonly number[], tolerance: number): void {
  for (const [i, wanted] of expected.entries()) {
    const close = Math.abs(found[i]! - wanted) <= tolerance * Math.abs(wanted);
    assert.ok(close, `${i}: expected ${wanted}, found ${found[i]}`);
  }
}
