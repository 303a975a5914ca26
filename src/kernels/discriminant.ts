/** Gaussian classes with a covariance each, in the axes of that covariance. */
import type { Dense } from '../model/data.ts';
import { dot } from './linear.ts';
import { pairwiseSum } from './math.ts';

/** One class of a quadratic discriminant. */
export interface QuadraticClass {
  /** `[nFeatures]`. */
  readonly mean: Float64Array;
  /** Number of axes. */
  readonly rank: number;
  /** Axes divided by the standard deviation along them, one axis after the other: `[rank, nFeatures]`. */
  readonly axes: Float64Array;
  /** Σ log variance over the axes. */
  readonly logDeterminant: number;
  readonly logPrior: number;
}

/**
 * −½ (Mahalanobis² + log determinant) + log prior, `[nRows, nClasses]`.
 * Source: scikit-learn `QuadraticDiscriminantAnalysis._decision_function`.
 */
export function quadraticScores(classes: readonly QuadraticClass[], rows: Dense): Float64Array {
  const { nRows, nCols, data } = rows;
  const out = new Float64Array(nRows * classes.length);
  const centred = new Float64Array(nCols);
  for (let c = 0; c < classes.length; c++) {
    const { mean, rank, axes, logDeterminant, logPrior } = classes[c]!;
    const squares = new Float64Array(rank);
    for (let i = 0; i < nRows; i++) {
      for (let j = 0; j < nCols; j++) {
        centred[j] = data[i * nCols + j]! - mean[j]!;
      }
      for (let k = 0; k < rank; k++) {
        const along = dot(centred, 0, axes, k * nCols, nCols);
        squares[k] = along * along;
      }
      out[i * classes.length + c] = -0.5 * (pairwiseSum(squares) + logDeterminant) + logPrior;
    }
  }
  return out;
}

/** Second column minus first of `[nRows, 2]`. */
export function columnDifference(scores: Float64Array): Float64Array {
  return Float64Array.from({ length: scores.length / 2 }, (_, i) => scores[2 * i + 1]! - scores[2 * i]!);
}
