/** Joint log likelihoods of the naive Bayes models: log P(class) + log P(row | class), `[nRows, nClasses]`. */
import type { Csr, Dense } from '../model/data.ts';
import type { LinearMap } from './linear.ts';
import { logSumExp, pairwiseSum } from './math.ts';

/** Normal distributions per class and feature. */
export interface GaussianModel {
  readonly nClasses: number;
  readonly nFeatures: number;
  /** Row-major `[nClasses, nFeatures]`. */
  readonly means: Float64Array;
  readonly variances: Float64Array;
  /** log prior of each class, `[nClasses]`. */
  readonly logPriors: Float64Array;
  /** −½ Σ log(2π variance) of each class, `[nClasses]`: see `gaussianNorms`. */
  readonly norms: Float64Array;
}

/** −½ Σ log(2π variance) of each class. */
export function gaussianNorms(variances: Float64Array, nClasses: number, nFeatures: number): Float64Array {
  const logs = variances.map((variance) => Math.log(2 * Math.PI * variance));
  return Float64Array.from(
    { length: nClasses },
    (_, c) => -0.5 * pairwiseSum(logs, c * nFeatures, nFeatures),
  );
}

/** Joint log likelihood under normal distributions. Source: scikit-learn `GaussianNB._joint_log_likelihood`. */
export function gaussianLikelihood(model: GaussianModel, rows: Dense): Float64Array {
  const { nClasses, nFeatures, means, variances, logPriors, norms } = model;
  const out = new Float64Array(rows.nRows * nClasses);
  const terms = new Float64Array(nFeatures);
  for (let i = 0; i < rows.nRows; i++) {
    for (let c = 0; c < nClasses; c++) {
      const at = c * nFeatures;
      for (let j = 0; j < nFeatures; j++) {
        const delta = rows.data[i * nFeatures + j]! - means[at + j]!;
        terms[j] = (delta * delta) / variances[at + j]!;
      }
      out[i * nClasses + c] = logPriors[c]! + (norms[c]! - 0.5 * pairwiseSum(terms));
    }
  }
  return out;
}

/**
 * The linear map that gives the joint log likelihood of zeros and ones from the log probability of a one,
 * `[nClasses, nFeatures]`. Source: `BernoulliNB._joint_log_likelihood`.
 */
export function bernoulliMap(
  logProbabilities: Float64Array,
  logPriors: Float64Array,
  nFeatures: number,
): LinearMap {
  const nClasses = logPriors.length;
  const ofZero = logProbabilities.map((value) => Math.log(1 - Math.exp(value)));
  return {
    nInputs: nFeatures,
    nOutputs: nClasses,
    weights: logProbabilities.map((value, i) => value - ofZero[i]!),
    offsets: logPriors.map((prior, c) => prior + pairwiseSum(ofZero, c * nFeatures, nFeatures)),
  };
}

/** 1 where a value is above the threshold, else 0; a sparse matrix keeps its structure (threshold ≥ 0). */
export function binarized(rows: Dense | Csr, threshold: number): Dense | Csr {
  const data = rows.data.map((value) => (value > threshold ? 1 : 0));
  return { ...rows, data };
}

/** Log probabilities of the categories of one feature. */
export interface CategoryTable {
  readonly nCategories: number;
  /** Row-major `[nClasses, nCategories]`. */
  readonly logProbabilities: Float64Array;
}

/**
 * Joint log likelihood of categories. `rows` holds codes that every table has, one column per table.
 * Source: `CategoricalNB._joint_log_likelihood`.
 */
export function categoricalLikelihood(
  tables: readonly CategoryTable[],
  logPriors: Float64Array,
  rows: Dense,
): Float64Array {
  const nClasses = logPriors.length;
  const out = new Float64Array(rows.nRows * nClasses);
  for (let i = 0; i < rows.nRows; i++) {
    for (let c = 0; c < nClasses; c++) {
      let sum = 0;
      for (let j = 0; j < tables.length; j++) {
        const { nCategories, logProbabilities } = tables[j]!;
        sum += logProbabilities[c * nCategories + rows.data[i * rows.nCols + j]!]!;
      }
      out[i * nClasses + c] = sum + logPriors[c]!;
    }
  }
  return out;
}

/** exp(x − logsumexp(row)) over the rows of `[nRows, nCols]`, in place. */
export function normaliseLogRows(data: Float64Array, nRows: number, nCols: number): void {
  for (let i = 0; i < nRows; i++) {
    const start = i * nCols;
    const total = logSumExp(data, start, nCols);
    for (let j = start; j < start + nCols; j++) {
      data[j] = Math.exp(data[j]! - total);
    }
  }
}
