/**
 * Covariance functions of Gaussian processes between one row and the training points.
 * Source of the formulas: scikit-learn `gaussian_process/kernels.py`.
 */
import { dots, squaredDistances } from './distance.ts';
import type { RowKernel } from './pairwise.ts';

/** The training points, row-major `[nPoints, nCols]`. */
export interface TrainingPoints {
  readonly data: Float64Array;
  readonly nPoints: number;
  readonly nCols: number;
}

/** One length for all columns, or one per column. */
export type LengthScale = Float64Array;

/** The same value everywhere. */
export function constantKernel(nPoints: number, value: number): RowKernel {
  return (_row, _start, out) => {
    out.fill(value, 0, nPoints);
  };
}

/** x·y + sigma². */
export function dotProductKernel({ data, nPoints, nCols }: TrainingPoints, sigma: number): RowKernel {
  const offset = sigma * sigma;
  return (row, start, out) => {
    dots(row, start, data, 0, nPoints, nCols, out);
    for (let i = 0; i < nPoints; i++) {
      out[i]! += offset;
    }
  };
}

/** exp(−d²/2) of the scaled distance d. */
export function squaredExponentialKernel(points: TrainingPoints, scale: LengthScale): RowKernel {
  return overScaledSquares(points, scale, (square) => Math.exp(-0.5 * square));
}

/** Matérn's covariance of order `nu` of the scaled distance d; the closed forms at 1/2, 3/2, 5/2 and infinity. */
export function maternKernel(points: TrainingPoints, scale: LengthScale, nu: number): RowKernel {
  return overScaledSquares(points, scale, maternOfSquare(nu));
}

/** (1 + d²/(2 alpha length²))^−alpha. */
export function rationalQuadraticKernel(points: TrainingPoints, length: number, alpha: number): RowKernel {
  const divisor = 2 * alpha * length * length;
  return overSquares(points, (square) => (1 + square / divisor) ** -alpha);
}

/** exp(−2 (sin(π d / period) / length)²). */
export function expSineSquaredKernel(points: TrainingPoints, length: number, period: number): RowKernel {
  return overSquares(points, (square) => {
    const sine = Math.sin((Math.PI / period) * Math.sqrt(square)) / length;
    return Math.exp(-2 * sine * sine);
  });
}

/** a + b. */
export function sumKernel(a: RowKernel, b: RowKernel, nPoints: number): RowKernel {
  const second = new Float64Array(nPoints);
  return (row, start, out) => {
    a(row, start, out);
    b(row, start, second);
    for (let i = 0; i < nPoints; i++) {
      out[i]! += second[i]!;
    }
  };
}

/** a × b. */
export function productKernel(a: RowKernel, b: RowKernel, nPoints: number): RowKernel {
  const second = new Float64Array(nPoints);
  return (row, start, out) => {
    a(row, start, out);
    b(row, start, second);
    for (let i = 0; i < nPoints; i++) {
      out[i]! *= second[i]!;
    }
  };
}

/** a^exponent. */
export function powerKernel(a: RowKernel, exponent: number, nPoints: number): RowKernel {
  return (row, start, out) => {
    a(row, start, out);
    for (let i = 0; i < nPoints; i++) {
      out[i] = out[i]! ** exponent;
    }
  };
}

function overSquares(
  { data, nPoints, nCols }: TrainingPoints,
  formula: (square: number) => number,
): RowKernel {
  return (row, start, out) => {
    squaredDistances(row, start, data, 0, nPoints, nCols, out);
    for (let i = 0; i < nPoints; i++) {
      out[i] = formula(out[i]!);
    }
  };
}

/** As `overSquares`, with rows and points divided by the length scale first. */
function overScaledSquares(
  { data, nPoints, nCols }: TrainingPoints,
  scale: LengthScale,
  formula: (square: number) => number,
): RowKernel {
  const lengths = scale.length === 1 ? new Float64Array(nCols).fill(scale[0]!) : scale;
  const scaled = { data: data.map((x, i) => x / lengths[i % nCols]!), nPoints, nCols };
  const kernel = overSquares(scaled, formula);
  const scaledRow = new Float64Array(nCols);
  return (row, start, out) => {
    for (let j = 0; j < nCols; j++) {
      scaledRow[j] = row[start + j]! / lengths[j]!;
    }
    kernel(scaledRow, 0, out);
  };
}

function maternOfSquare(nu: number): (square: number) => number {
  if (nu === 0.5) {
    return (square) => Math.exp(-Math.sqrt(square));
  }
  if (nu === 1.5) {
    return (square) => {
      const k = Math.sqrt(square) * Math.sqrt(3);
      return (1 + k) * Math.exp(-k);
    };
  }
  if (nu === 2.5) {
    return (square) => {
      const k = Math.sqrt(square) * Math.sqrt(5);
      return (1 + k + (k * k) / 3) * Math.exp(-k);
    };
  }
  if (nu === Number.POSITIVE_INFINITY) {
    return (square) => Math.exp(-square / 2);
  }
  const besselK = makeBesselK(nu);
  const factor = 2 ** (1 - nu) / gamma(nu);
  return (square) => {
    // scikit-learn moves a distance of 0 off the pole by one epsilon.
    const x = Math.sqrt(2 * nu) * (Math.sqrt(square) || Number.EPSILON);
    return factor * x ** nu * besselK(x);
  };
}

/**
 * Step of the trapezoidal sums below. Their error falls with exp(−π²/step), and with exp(−2π²/(step² x)) where x is
 * large: below one epsilon for orders to 50 and x to 600, where K is 1e-262.
 */
const STEP = 1 / 32;

/**
 * K of order `nu`, the modified Bessel function of the second kind, for x > 0: ∫ exp(−x cosh t) cosh(nu t) dt over
 * t ≥ 0 (DLMF 10.32.9) by the trapezoidal rule, which converges geometrically for it (Trefethen and Weideman, SIAM
 * Review 56, 2014). 0 where it underflows.
 */
export function makeBesselK(nu: number): (x: number) => number {
  // exp(−x cosh t) underflows beyond t = 50 for every x ≥ epsilon.
  const n = Math.ceil(50 / STEP);
  const coshes = Float64Array.from({ length: n }, (_, k) => Math.cosh(k * STEP));
  const halves = Float64Array.from({ length: n }, (_, k) => 0.5 * (1 + Math.exp(-2 * nu * k * STEP)));
  return (x) => {
    // The integrand is about 1/√x wide: a small x does with half of the terms.
    const stride = x < 32 ? 2 : 1;
    let sum = 0.5 * Math.exp(-x);
    let last = -x;
    for (let k = stride; k < n; k += stride) {
      const exponent = nu * k * STEP - x * coshes[k]!;
      const term = halves[k]! * Math.exp(exponent);
      sum += term;
      if (exponent < last && term <= sum * 1e-18) {
        break;
      }
      last = exponent;
    }
    return STEP * stride * sum;
  };
}

/** Γ(a) for a > 0: ∫ exp(a t − exp t) dt over all t (DLMF 5.2.1 with u = exp t) by the trapezoidal rule. */
export function gamma(a: number): number {
  if (a < 1) {
    return gamma(a + 1) / a;
  }
  // exp(a t − exp t) is below one epsilon of the sum outside −40 to log(a) + 10.
  let sum = 0;
  for (let k = Math.floor(-40 / STEP); k * STEP < Math.log(a) + 10; k++) {
    sum += Math.exp(a * k * STEP - Math.exp(k * STEP));
  }
  return STEP * sum;
}
