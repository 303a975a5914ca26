/** B-splines by de Boor's recursion, in the order of operations of scipy's `_deBoor_D`. */

/** A spline over `[nKnots]` knots with several outputs. */
export interface BSpline {
  readonly knots: Float64Array;
  readonly degree: number;
  /** Row-major `[nCoefficients, nOutputs]`, `nCoefficients = nKnots − degree − 1`. */
  readonly coefficients: Float64Array;
  readonly nOutputs: number;
}

/**
 * Writes the spline's outputs at `x`, or its first derivative when `derivative` is 1, to `out[at .. at + nOutputs)`.
 * Outside the base interval the end pieces are continued when `extrapolate`, else the outputs are NaN.
 * `work` is scratch of at least `2 · degree + 2`.
 */
export function evaluateSpline(
  spline: BSpline,
  x: number,
  extrapolate: boolean,
  derivative: 0 | 1,
  work: Float64Array,
  out: Float64Array,
  at: number,
): void {
  const { knots, degree, coefficients, nOutputs } = spline;
  const interval = findInterval(spline, x, extrapolate);
  if (interval < 0) {
    out.fill(Number.NaN, at, at + nOutputs);
    return;
  }
  basis(knots, x, degree, interval, derivative, work);
  for (let output = 0; output < nOutputs; output++) {
    let sum = 0;
    for (let a = 0; a <= degree; a++) {
      sum += coefficients[(interval + a - degree) * nOutputs + output]! * work[a]!;
    }
    out[at + output] = sum;
  }
}

/** Index l with `knots[l] ≤ x < knots[l + 1]` within the base interval; −1 where there is none. */
function findInterval(spline: BSpline, x: number, extrapolate: boolean): number {
  const { knots, degree } = spline;
  const last = knots.length - degree - 1;
  if (Number.isNaN(x) || (!extrapolate && (x < knots[degree]! || x > knots[last]!))) {
    return -1;
  }
  let interval = degree;
  while (x >= knots[interval + 1]! && interval !== last - 1) {
    interval++;
  }
  return interval;
}

/** The `degree + 1` basis functions (or first derivatives) that do not vanish on the interval, into `work[0 .. degree]`. */
function basis(
  knots: Float64Array,
  x: number,
  degree: number,
  interval: number,
  derivative: 0 | 1,
  work: Float64Array,
): void {
  const before = degree + 1;
  work[0] = 1;
  for (let j = 1; j <= degree; j++) {
    work.copyWithin(before, 0, j);
    work[0] = 0;
    const differentiate = j > degree - derivative;
    for (let n = 1; n <= j; n++) {
      const right = knots[interval + n]!;
      const left = knots[interval + n - j]!;
      if (right === left) {
        // For derivatives scipy writes the entry of the order instead; the knots here never coincide inside the range.
        work[differentiate ? derivative : n] = 0;
        continue;
      }
      if (differentiate) {
        const w = (j * work[before + n - 1]!) / (right - left);
        work[n - 1]! -= w;
        work[n] = w;
      } else {
        const w = work[before + n - 1]! / (right - left);
        work[n - 1]! += w * (right - x);
        work[n] = w * (x - left);
      }
    }
  }
  if (derivative === 1 && degree === 0) {
    work[0] = 0;
  }
}
