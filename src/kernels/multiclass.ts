/** From the scores of binary models to classes, as sklearn.multiclass. Scores come as one array per model. */

/** The model with the highest score in each row; of equal ones the last where `lastWins`, else the first. */
export function highest(scores: readonly Float64Array[], nRows: number, lastWins: boolean): Int32Array {
  const out = new Int32Array(nRows);
  for (let i = 0; i < nRows; i++) {
    let best = 0;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < scores.length; k++) {
      const score = scores[k]![i]!;
      if (score > max || (lastWins && score === max)) {
        max = score;
        best = k;
      }
    }
    out[i] = best;
  }
  return out;
}

/**
 * Votes of one-against-one models with their confidences as tie-breakers, row-major `[nRows, nClasses]`. Models come in
 * the order of pairs (0, 1), (0, 2), …; a prediction of 0 votes for the first of the pair, 1 for the second.
 * Source: sklearn.utils.multiclass `_ovr_decision_function`.
 */
export function pairVotes(
  predictions: readonly Float64Array[],
  confidences: readonly Float64Array[],
  nRows: number,
  nClasses: number,
): Float64Array {
  const votes = new Float64Array(nRows * nClasses);
  const sums = new Float64Array(nRows * nClasses);
  let pair = 0;
  for (let a = 0; a < nClasses; a++) {
    for (let b = a + 1; b < nClasses; b++, pair++) {
      const prediction = predictions[pair]!;
      const confidence = confidences[pair]!;
      for (let i = 0; i < nRows; i++) {
        const start = i * nClasses;
        sums[start + a]! -= confidence[i]!;
        sums[start + b]! += confidence[i]!;
        if (prediction[i] === 0) {
          votes[start + a]!++;
        } else if (prediction[i] === 1) {
          votes[start + b]!++;
        }
      }
    }
  }
  for (let k = 0; k < votes.length; k++) {
    votes[k]! += sums[k]! / (3 * (Math.abs(sums[k]!) + 1));
  }
  return votes;
}

/** The code word nearest to the scores of each row, by Euclidean distance; the first of equal ones. `codes` is row-major `[nClasses, nModels]`. */
export function nearestCode(
  scores: readonly Float64Array[],
  codes: Float64Array,
  nRows: number,
  nClasses: number,
): Int32Array {
  const nModels = scores.length;
  const out = new Int32Array(nRows);
  for (let i = 0; i < nRows; i++) {
    let nearest = Number.POSITIVE_INFINITY;
    for (let c = 0; c < nClasses; c++) {
      let distance = 0;
      for (let m = 0; m < nModels; m++) {
        const difference = scores[m]![i]! - codes[c * nModels + m]!;
        distance += difference * difference;
      }
      if (distance < nearest) {
        nearest = distance;
        out[i] = c;
      }
    }
  }
  return out;
}
