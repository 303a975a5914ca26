/** Euclidean distances over the features that both rows have, as sklearn.metrics.pairwise.nan_euclidean_distances. */
import { sumOfSquares } from './normalize.ts';

/** The rows to measure from: missing values are 0 in `data` and 1 in `missing`; both row-major `[nRows, nCols]`. */
export interface IncompleteRows {
  readonly nRows: number;
  readonly nCols: number;
  readonly data: Float64Array;
  readonly missing: Uint8Array;
  /** Sum of squares of each row. */
  readonly squares: Float64Array;
}

/** Prepares rows whose missing values are marked by `missing`; `data` is copied. */
export function incompleteRows(
  data: Float64Array,
  missing: Uint8Array,
  nRows: number,
  nCols: number,
): IncompleteRows {
  const filled = data.map((x, i) => (missing[i] === 1 ? 0 : x));
  const squares = Float64Array.from({ length: nRows }, (_, i) => sumOfSquares(filled, i * nCols, nCols));
  return { nRows, nCols, data: filled, missing, squares };
}

/**
 * Writes the distance of row `i` of `rows` to every row of `points` to `out`: the sum over common features, scaled up
 * to all of them; NaN where there is none.
 */
export function nanEuclidean(
  rows: IncompleteRows,
  i: number,
  points: IncompleteRows,
  out: Float64Array,
): void {
  const { nCols } = rows;
  const start = i * nCols;
  for (let p = 0, at = 0; p < points.nRows; p++) {
    let product = 0;
    let onlyHere = 0;
    let onlyThere = 0;
    let common = 0;
    for (let j = start; j < start + nCols; j++, at++) {
      const x = rows.data[j]!;
      const y = points.data[at]!;
      product += x * y;
      if (points.missing[at] === 1) {
        onlyHere += x * x;
      } else if (rows.missing[j] === 1) {
        onlyThere += y * y;
      } else {
        common++;
      }
    }
    // The expanded square, then off what only one of both has: scikit-learn's order, which rounds in its own way.
    const whole = Math.max(-2 * product + rows.squares[i]! + points.squares[p]!, 0);
    const shared = Math.max(whole - onlyHere - onlyThere, 0);
    out[p] = common === 0 ? Number.NaN : Math.sqrt((shared / common) * nCols);
  }
}
