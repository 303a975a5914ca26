/** Piecewise linear maps between values and quantiles: numpy.interp and what QuantileTransformer makes of it. */
import { normalCdf, normalQuantile } from './normal.ts';

/** Probabilities this near to 0 and 1 are treated as the bounds when the output is normal. */
const BOUNDS_THRESHOLD = 1e-7;
const CLIP_LOW = normalQuantile(BOUNDS_THRESHOLD - Number.EPSILON);
const CLIP_HIGH = normalQuantile(1 - (BOUNDS_THRESHOLD - Number.EPSILON));

/**
 * The value at `x` of the line through the points (`xs[i]`, `ys[i]`), constant outside; `xs` never falls. Rounds as
 * numpy.interp, repeated abscissae included: the last of them counts.
 */
export function interpolate(x: number, xs: Float64Array, ys: Float64Array): number {
  const last = xs.length - 1;
  if (Number.isNaN(x)) {
    return x;
  }
  if (x > xs[last]!) {
    return ys[last]!;
  }
  if (x < xs[0]!) {
    return ys[0]!;
  }
  // Largest j with xs[j] ≤ x.
  let low = 0;
  let high = last + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const j = Math.max(low - 1, 0);
  if (j === last || xs[j] === x) {
    return ys[j]!;
  }
  const slope = (ys[j + 1]! - ys[j]!) / (xs[j + 1]! - xs[j]!);
  const y = slope * (x - xs[j]!) + ys[j]!;
  if (!Number.isNaN(y)) {
    return y;
  }
  const fromRight = slope * (x - xs[j + 1]!) + ys[j + 1]!;
  return Number.isNaN(fromRight) && ys[j] === ys[j + 1] ? ys[j]! : fromRight;
}

/** One column's quantiles, ascending `[nQuantiles]`, and both arrays negated and reversed for the pass from the right. */
export interface QuantileColumn {
  readonly quantiles: Float64Array;
  readonly references: Float64Array;
  readonly mirroredQuantiles: Float64Array;
  readonly mirroredReferences: Float64Array;
}

/** Prepares a column; `references` are the probabilities of `quantiles`, ascending from 0 to 1. */
export function quantileColumn(quantiles: Float64Array, references: Float64Array): QuantileColumn {
  return {
    quantiles,
    references,
    mirroredQuantiles: mirrored(quantiles),
    mirroredReferences: mirrored(references),
  };
}

/** The probability of `x` in its column, or its normal quantile when `normal`. NaN stays. */
export function toQuantile(x: number, column: QuantileColumn, normal: boolean): number {
  if (Number.isNaN(x)) {
    return x;
  }
  const { quantiles } = column;
  const low = quantiles[0]!;
  const high = quantiles[quantiles.length - 1]!;
  // The lower bound is written last by scikit-learn: it wins where both hold.
  if (normal ? x - BOUNDS_THRESHOLD < low : x === low) {
    return normal ? CLIP_LOW : 0;
  }
  if (normal ? x + BOUNDS_THRESHOLD > high : x === high) {
    return normal ? CLIP_HIGH : 1;
  }
  // The mean of the passes from both sides, so that a run of equal quantiles maps to its middle.
  const y =
    0.5 *
    (interpolate(x, quantiles, column.references) -
      interpolate(-x, column.mirroredQuantiles, column.mirroredReferences));
  return normal ? Math.min(Math.max(normalQuantile(y), CLIP_LOW), CLIP_HIGH) : y;
}

/** The value of the column at a probability, or at a normal quantile when `normal`. NaN stays. */
export function fromQuantile(y: number, column: QuantileColumn, normal: boolean): number {
  if (Number.isNaN(y)) {
    return y;
  }
  const { quantiles, references } = column;
  const p = normal ? normalCdf(y) : y;
  if (normal ? p - BOUNDS_THRESHOLD < 0 : p === 0) {
    return quantiles[0]!;
  }
  if (normal ? p + BOUNDS_THRESHOLD > 1 : p === 1) {
    return quantiles[quantiles.length - 1]!;
  }
  return interpolate(p, references, quantiles);
}

function mirrored(values: Float64Array): Float64Array {
  return Float64Array.from(values, (x) => -x).reverse();
}
