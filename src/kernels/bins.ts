/** Bins of numbers. */

/**
 * For every value of a row-major `[nRows, nFeatures]` matrix how many edges of its feature are ≤ it. `edges` holds one
 * ascending array a feature.
 */
export function binCodes(data: Float64Array, nRows: number, edges: readonly Float64Array[]): Int32Array {
  const nFeatures = edges.length;
  const codes = new Int32Array(nRows * nFeatures);
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let j = 0; j < nFeatures; j++, at++) {
      codes[at] = countUpTo(edges[j]!, data[at]!);
    }
  }
  return codes;
}

function countUpTo(sorted: Float64Array, x: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= x) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
