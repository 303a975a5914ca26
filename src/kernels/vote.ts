/** Combining what several models say about the same rows. */
import { argmaxRows, pairwiseSum } from './math.ts';

/**
 * Weighted mean of arrays of one length, added in their order, as numpy.average over the axis of the models; null
 * weighs all alike.
 */
export function weightedMean(parts: readonly Float64Array[], weights: Float64Array | null): Float64Array {
  const out = new Float64Array(parts[0]?.length ?? 0);
  for (let p = 0; p < parts.length; p++) {
    const part = parts[p]!;
    const weight = weights === null ? 1 : weights[p]!;
    for (let i = 0; i < out.length; i++) {
      out[i]! += part[i]! * weight;
    }
  }
  const total = weights === null ? parts.length : pairwiseSum(weights);
  for (let i = 0; i < out.length; i++) {
    out[i]! /= total;
  }
  return out;
}

/** The class with most votes in each row, the first one on a tie. `votes[p][row]` is a class below `nClasses`; null weighs all alike. */
export function majority(
  votes: readonly Float64Array[],
  weights: Float64Array | null,
  nRows: number,
  nClasses: number,
): Int32Array {
  const counts = new Float64Array(nRows * nClasses);
  for (let p = 0; p < votes.length; p++) {
    const vote = votes[p]!;
    const weight = weights === null ? 1 : weights[p]!;
    for (let i = 0; i < nRows; i++) {
      counts[i * nClasses + vote[i]!]! += weight;
    }
  }
  return argmaxRows(counts, nRows, nClasses);
}
