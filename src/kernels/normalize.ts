/** Scaling of rows to length 1, as sklearn.preprocessing.normalize. */
import type { Csr, Dense } from '../model/data.ts';
import { pairwiseSum } from './math.ts';

export type Norm = 'l1' | 'l2' | 'max';

/** Norms below ten units of rounding count as zero in a dense matrix: scikit-learn's `_handle_zeros_in_scale`. */
const NEAR_ZERO = 10 * Number.EPSILON;
const NEAR_ZERO_FLOAT32 = 10 * 2 ** -23;

/** Divides each row of a dense matrix by its norm; a row whose norm is (nearly) 0 stays as it is. */
export function normalizeDense(rows: Dense, norm: Norm): Dense {
  const { nRows, nCols, float32 } = rows;
  const data = new Float64Array(rows.data);
  const absolute = new Float64Array(nCols);
  for (let i = 0; i < nRows; i++) {
    const start = i * nCols;
    const length = denseNorm(data, start, nCols, norm, absolute);
    if (length >= (float32 === true ? NEAR_ZERO_FLOAT32 : NEAR_ZERO)) {
      divide(data, start, nCols, float32 === true ? Math.fround(length) : length);
    }
  }
  if (float32 === true) {
    data.set(Float32Array.from(data));
  }
  return { ...rows, data };
}

/** Divides the stored values of each row of a sparse matrix by its norm; a row of norm 0 stays as it is. */
export function normalizeCsr(rows: Csr, norm: Norm): Csr {
  const { nRows, indptr } = rows;
  const data = new Float64Array(rows.data);
  for (let i = 0; i < nRows; i++) {
    const start = indptr[i]!;
    const n = indptr[i + 1]! - start;
    const length = sparseNorm(data, start, n, norm);
    if (length !== 0) {
      divide(data, start, n, length);
    }
  }
  return { ...rows, data };
}

/**
 * Sum of squares of `data[start .. start + n)` in the order of numpy's `einsum('ij,ij->i')` on x86-64: two lanes, in
 * blocks of four pairs taken from the last to the first. Source: numpy `einsum_sumprod.c.src`, contiguous operands.
 */
export function sumOfSquares(data: Float64Array, start: number, n: number): number {
  const end = start + n;
  let even = 0;
  let odd = 0;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    for (let k = at + 6; k >= at; k -= 2) {
      even += data[k]! * data[k]!;
      odd += data[k + 1]! * data[k + 1]!;
    }
  }
  for (; at < end; at += 2) {
    even += data[at]! * data[at]!;
    if (at + 1 < end) {
      odd += data[at + 1]! * data[at + 1]!;
    }
  }
  return even + odd;
}

function divide(data: Float64Array, start: number, n: number, length: number): void {
  for (let k = start; k < start + n; k++) {
    data[k]! /= length;
  }
}

function denseNorm(data: Float64Array, start: number, n: number, norm: Norm, absolute: Float64Array): number {
  switch (norm) {
    case 'l1':
      for (let j = 0; j < n; j++) {
        absolute[j] = Math.abs(data[start + j]!);
      }
      return pairwiseSum(absolute, 0, n);
    case 'l2':
      return Math.sqrt(sumOfSquares(data, start, n));
    case 'max':
      return sparseNorm(data, start, n, 'max');
  }
}

/** The compiled loops of scikit-learn over sparse rows add one value after the other. */
function sparseNorm(data: Float64Array, start: number, n: number, norm: Norm): number {
  let total = 0;
  for (let k = start; k < start + n; k++) {
    const x = data[k]!;
    if (norm === 'l2') {
      total += x * x;
    } else {
      total = norm === 'l1' ? total + Math.abs(x) : Math.max(total, Math.abs(x));
    }
  }
  return norm === 'l2' ? Math.sqrt(total) : total;
}
