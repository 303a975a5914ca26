/**
 * Small numeric pieces shared by the kernels, rounding as numpy and scipy round where the order of operations shows.
 */

/**
 * Sum of `data[start .. start + n)` in the order of numpy's pairwise summation: plain below 8 elements, eight running
 * sums up to 128, halves beyond. Source: numpy `loops_utils.h`, pairwise sum, blocksize 128.
 */
export function pairwiseSum(data: Float64Array, start = 0, n = data.length - start): number {
  if (n < 8) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += data[start + i]!;
    }
    return sum;
  }
  if (n > 128) {
    let half = n >> 1;
    half -= half % 8;
    return pairwiseSum(data, start, half) + pairwiseSum(data, start + half, n - half);
  }
  let r0 = data[start]!;
  let r1 = data[start + 1]!;
  let r2 = data[start + 2]!;
  let r3 = data[start + 3]!;
  let r4 = data[start + 4]!;
  let r5 = data[start + 5]!;
  let r6 = data[start + 6]!;
  let r7 = data[start + 7]!;
  let i = 8;
  for (; i < n - (n % 8); i += 8) {
    const at = start + i;
    r0 += data[at]!;
    r1 += data[at + 1]!;
    r2 += data[at + 2]!;
    r3 += data[at + 3]!;
    r4 += data[at + 4]!;
    r5 += data[at + 5]!;
    r6 += data[at + 6]!;
    r7 += data[at + 7]!;
  }
  let sum = r0 + r1 + (r2 + r3) + (r4 + r5 + (r6 + r7));
  for (; i < n; i++) {
    sum += data[start + i]!;
  }
  return sum;
}

/** Logistic function as scipy.special.expit rounds it: 1 / (1 + exp(−x)). */
export function expit(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Index of the largest of `data[start .. start + n)`; the first one on a tie, and NaN wins as in numpy. */
export function argmax(data: Float64Array, start = 0, n = data.length - start): number {
  let best = 0;
  let max = data[start]!;
  for (let i = 1; i < n && !Number.isNaN(max); i++) {
    const x = data[start + i]!;
    if (x > max || Number.isNaN(x)) {
      max = x;
      best = i;
    }
  }
  return best;
}

/** Index of the smallest of `data[start .. start + n)`; the first one on a tie. */
export function argmin(data: Float64Array, start = 0, n = data.length - start): number {
  let best = 0;
  for (let i = 1; i < n; i++) {
    if (data[start + i]! < data[start + best]!) {
      best = i;
    }
  }
  return best;
}

/** Largest class of each row of a row-major `[nRows, nCols]` matrix. */
export function argmaxRows(data: Float64Array, nRows: number, nCols: number): Int32Array {
  const out = new Int32Array(nRows);
  for (let i = 0; i < nRows; i++) {
    out[i] = argmax(data, i * nCols, nCols);
  }
  return out;
}

/** Replaces each row of `[nRows, nCols]` by its softmax: exp(x − max) / sum, as sklearn.utils.extmath.softmax. */
export function softmaxRows(data: Float64Array, nRows: number, nCols: number): void {
  for (let i = 0; i < nRows; i++) {
    const start = i * nCols;
    const max = data[start + argmax(data, start, nCols)]!;
    for (let j = start; j < start + nCols; j++) {
      data[j] = Math.exp(data[j]! - max);
    }
    const sum = pairwiseSum(data, start, nCols);
    for (let j = start; j < start + nCols; j++) {
      data[j]! /= sum;
    }
  }
}

/** log(sum(exp(x))) of `data[start .. start + n)`, as scipy.special.logsumexp. */
export function logSumExp(data: Float64Array, start = 0, n = data.length - start): number {
  const max = data[start + argmax(data, start, n)]!;
  const shift = Number.isFinite(max) ? max : 0;
  const terms = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    terms[i] = Math.exp(data[start + i]! - shift);
  }
  return shift + Math.log(pairwiseSum(terms));
}
