/** From scores to calibrated probabilities, as sklearn.calibration. All work on one batch, in place where it says so. */
import type { Dense } from '../model/data.ts';
import { expit, pairwiseSum, softmaxRows } from './math.ts';
import { interpolate } from './quantile.ts';

/** Platt's sigmoid 1 / (1 + exp(a·score + b)). */
export function sigmoidProbabilities(scores: Float64Array, a: number, b: number): Float64Array {
  return scores.map((score) => expit(-(a * score + b)));
}

/** What lies outside the range of an isotonic fit: the nearest value, or NaN. */
export type OutOfBounds = 'clip' | 'nan';

/** A fitted isotonic function: `xs` rises, both of one length ≥ 1. */
export interface IsotonicFit {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
  readonly outOfBounds: OutOfBounds;
  /** Whether scikit-learn holds the fit, and so its results, in float32 (interpolated by scipy as each version likes). */
  readonly float32: boolean;
}

/** The isotonic function at each value; a fit of one point is constant. */
export function isotonicValues(values: Float64Array, fit: IsotonicFit): Float64Array {
  const { xs, ys, outOfBounds, float32 } = fit;
  const last = xs.length - 1;
  return values.map((x) => {
    if (last === 0) {
      return ys[0]!;
    }
    if (outOfBounds === 'nan' && !(x >= xs[0]! && x <= xs[last]!)) {
      return Number.NaN;
    }
    return float32 ? Math.fround(interpolate(Math.fround(x), xs, ys)) : interpolate(x, xs, ys);
  });
}

/** Divides each row by its sum, in place; a row of sum 0 becomes uniform. */
export function normalizeProbabilities({ nRows, nCols, data }: Dense): void {
  for (let i = 0; i < nRows; i++) {
    const start = i * nCols;
    const sum = pairwiseSum(data, start, nCols);
    for (let j = start; j < start + nCols; j++) {
      data[j] = sum === 0 ? 1 / nCols : data[j]! / sum;
    }
  }
}

/** Probabilities up to 1e-5 above 1, which rounding makes, become 1, in place. */
export function trimAboveOne(data: Float64Array): void {
  for (let k = 0; k < data.length; k++) {
    if (data[k]! > 1 && data[k]! <= 1 + 1e-5) {
      data[k] = 1;
    }
  }
}

/**
 * Softmax of `beta` times the logits. scikit-learn tells logits from probabilities by the batch: where every value lies
 * in [0, 1] and every row adds up to 1 they are probabilities, and their logarithms the logits.
 */
export function temperatureProbabilities(scores: Dense, beta: number): Dense {
  const { nRows, nCols } = scores;
  const logarithms = areProbabilities(scores);
  const data = scores.data.map((x) => beta * (logarithms ? Math.log(x + 1e-12) : x));
  softmaxRows(data, nRows, nCols);
  return { kind: 'dense', nRows, nCols, data };
}

function areProbabilities({ nRows, nCols, data }: Dense): boolean {
  for (let i = 0; i < nRows; i++) {
    const start = i * nCols;
    for (let j = start; j < start + nCols; j++) {
      if (!(data[j]! >= 0 && data[j]! <= 1)) {
        return false;
      }
    }
    if (!(Math.abs(pairwiseSum(data, start, nCols) - 1) <= 1e-8 + 1e-5)) {
      return false;
    }
  }
  return true;
}
