/** How the members of an AdaBoost are combined. */
import { pairwiseSum } from './math.ts';

/**
 * Weighted median of each row's predictions: in rising order, the first whose weights add up to half of all or more.
 * `predictions` holds one array per member. Source: AdaBoost.R2, scikit-learn `_get_median_predict`.
 */
export function weightedMedian(
  predictions: readonly Float64Array[],
  weights: Float64Array,
  nRows: number,
): Float64Array {
  const nMembers = predictions.length;
  const out = new Float64Array(nRows);
  const row = new Float64Array(nMembers);
  const order = new Int32Array(nMembers);
  const sums = new Float64Array(nMembers);
  for (let i = 0; i < nRows; i++) {
    for (let t = 0; t < nMembers; t++) {
      row[t] = predictions[t]![i]!;
      order[t] = t;
    }
    order.sort((a, b) => row[a]! - row[b]!);
    let sum = 0;
    for (let k = 0; k < nMembers; k++) {
      sum += weights[order[k]!]!;
      sums[k] = sum;
    }
    const half = 0.5 * sum;
    const median = sums.findIndex((upTo) => upTo >= half);
    out[i] = row[order[Math.max(median, 0)]!]!;
  }
  return out;
}

/**
 * Adds a member's vote to `scores`, row-major `[nRows, nClasses]`: `hit` for the class it says, `miss` for every other.
 * `codes` are its classes, −1 for one that the ensemble does not know.
 */
export function addVotes(
  scores: Float64Array,
  codes: Int32Array,
  nClasses: number,
  hit: number,
  miss: number,
): void {
  for (let i = 0, at = 0; i < codes.length; i++) {
    for (let k = 0; k < nClasses; k++) {
      scores[at++]! += codes[i] === k ? hit : miss;
    }
  }
}

/**
 * Adds a member's probabilities, `[nRows, nClasses]`, to `scores` as SAMME.R weighs them: (K − 1)(log p − mean log p).
 * Source: scikit-learn `_samme_proba`, through 1.5.
 */
export function addLogProbabilities(
  scores: Float64Array,
  probabilities: Float64Array,
  nClasses: number,
): void {
  const logs = new Float64Array(nClasses);
  for (let start = 0; start < scores.length; start += nClasses) {
    for (let k = 0; k < nClasses; k++) {
      logs[k] = Math.log(Math.max(probabilities[start + k]!, Number.EPSILON));
    }
    const mean = (1 / nClasses) * pairwiseSum(logs);
    for (let k = 0; k < nClasses; k++) {
      scores[start + k]! += (nClasses - 1) * (logs[k]! - mean);
    }
  }
}
