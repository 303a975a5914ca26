/** Affine maps of rows, and the probabilities that linear classifiers make of their scores. */
import type { Csr, Dense } from '../model/data.ts';
import { expit, pairwiseSum, softmaxRows } from './math.ts';

/** y = W x + b. */
export interface LinearMap {
  readonly nInputs: number;
  readonly nOutputs: number;
  /** W, row-major `[nOutputs, nInputs]`. */
  readonly weights: Float64Array;
  /** b, `[nOutputs]`. */
  readonly offsets: Float64Array;
}

/** W X + b for every row, row-major `[nRows, nOutputs]`; the caller owns it. `rows` has `nInputs` columns. */
export function applyLinear(map: LinearMap, rows: Dense | Csr): Float64Array {
  const out = new Float64Array(rows.nRows * map.nOutputs);
  if (rows.kind === 'csr') {
    applySparse(map, rows, out);
  } else {
    applyDense(map, rows, out);
  }
  return out;
}

function applyDense(map: LinearMap, rows: Dense, out: Float64Array): void {
  const { nInputs, nOutputs, weights, offsets } = map;
  const { data, nRows } = rows;
  let at = 0;
  for (let i = 0; i < nRows; i++) {
    const start = i * nInputs;
    for (let o = 0; o < nOutputs; o++) {
      out[at++] = dot(data, start, weights, o * nInputs, nInputs) + offsets[o]!;
    }
  }
}

function applySparse(map: LinearMap, rows: Csr, out: Float64Array): void {
  const { nInputs, nOutputs, weights, offsets } = map;
  const { data, indices, indptr, nRows } = rows;
  let at = 0;
  for (let i = 0; i < nRows; i++) {
    const end = indptr[i + 1]!;
    for (let o = 0; o < nOutputs; o++) {
      const start = o * nInputs;
      let sum = 0;
      for (let k = indptr[i]!; k < end; k++) {
        sum += data[k]! * weights[start + indices[k]!]!;
      }
      out[at++] = sum + offsets[o]!;
    }
  }
}

/**
 * Dot product of `n` elements of `a` and `b` from their starts on. Four running sums: a single one waits for each
 * addition before the next, and BLAS has no fixed order either.
 */
export function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < n; i += 4) {
    s0 += a[aStart + i]! * b[bStart + i]!;
    s1 += a[aStart + i + 1]! * b[bStart + i + 1]!;
    s2 += a[aStart + i + 2]! * b[bStart + i + 2]!;
    s3 += a[aStart + i + 3]! * b[bStart + i + 3]!;
  }
  for (; i < n; i++) {
    s0 += a[aStart + i]! * b[bStart + i]!;
  }
  return s0 + s1 + (s2 + s3);
}

/** Swaps rows and columns of a row-major `[nRows, nCols]` matrix. */
export function transpose(data: Float64Array, nRows: number, nCols: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < nRows; i++) {
    for (let j = 0; j < nCols; j++) {
      out[j * nRows + i] = data[i * nCols + j]!;
    }
  }
  return out;
}

/** Codes of two classes: 1 where the score is above `threshold`. */
export function codesAbove(scores: Float64Array, threshold: number): Int32Array {
  const codes = new Int32Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    codes[i] = scores[i]! > threshold ? 1 : 0;
  }
  return codes;
}

/** [1 − p, p] for every p: `[nRows, 2]`. */
export function complementColumns(positive: Float64Array): Float64Array {
  const out = new Float64Array(positive.length * 2);
  for (let i = 0; i < positive.length; i++) {
    out[2 * i] = 1 - positive[i]!;
    out[2 * i + 1] = positive[i]!;
  }
  return out;
}

/**
 * How scores become probabilities. All take scores `[nRows, nScores]`, write over them, and give `[nRows, nClasses]`,
 * where one score stands for two classes.
 */
export type Link = (scores: Float64Array, nRows: number, nScores: number) => Float64Array;

/**
 * Logistic function of every score, each row normalised when there are several. A row of zeros becomes NaN.
 * Source: scikit-learn `LinearClassifierMixin._predict_proba_lr` through 1.8.
 */
export function oneVsRestLink(scores: Float64Array, nRows: number, nScores: number): Float64Array {
  expitAll(scores);
  if (nScores === 1) {
    return complementColumns(scores);
  }
  for (let i = 0; i < nRows; i++) {
    divideRow(scores, i * nScores, nScores, pairwiseSum(scores, i * nScores, nScores));
  }
  return scores;
}

/** As `oneVsRestLink`, but a row of zeros becomes uniform. Source: the same from 1.9. */
export function oneVsRestUniformLink(scores: Float64Array, nRows: number, nScores: number): Float64Array {
  expitAll(scores);
  return nScores === 1 ? complementColumns(scores) : normaliseOrUniform(scores, nRows, nScores);
}

/** Softmax of every row; one score d counts as [−d, d]. Source: `LogisticRegression.predict_proba`, multinomial. */
export function softmaxLink(scores: Float64Array, nRows: number, nScores: number): Float64Array {
  if (nScores > 1) {
    softmaxRows(scores, nRows, nScores);
    return scores;
  }
  const both = new Float64Array(nRows * 2);
  for (let i = 0; i < nRows; i++) {
    both[2 * i] = -scores[i]!;
    both[2 * i + 1] = scores[i]!;
  }
  softmaxRows(both, nRows, 2);
  return both;
}

/** Logistic function of one score, softmax of several. Source: `LinearDiscriminantAnalysis.predict_proba`. */
export function logisticOrSoftmaxLink(scores: Float64Array, nRows: number, nScores: number): Float64Array {
  return nScores === 1 ? oneVsRestLink(scores, nRows, 1) : softmaxLink(scores, nRows, nScores);
}

/**
 * (clip(score, −1, 1) + 1) / 2, each row normalised, a row of zeros becomes uniform.
 * Source: `SGDClassifier.predict_proba`, loss modified_huber.
 */
export function modifiedHuberLink(scores: Float64Array, nRows: number, nScores: number): Float64Array {
  for (let i = 0; i < scores.length; i++) {
    scores[i] = (Math.min(Math.max(scores[i]!, -1), 1) + 1) / 2;
  }
  return nScores === 1 ? complementColumns(scores) : normaliseOrUniform(scores, nRows, nScores);
}

function expitAll(scores: Float64Array): void {
  for (let i = 0; i < scores.length; i++) {
    scores[i] = expit(scores[i]!);
  }
}

function normaliseOrUniform(scores: Float64Array, nRows: number, nCols: number): Float64Array {
  for (let i = 0; i < nRows; i++) {
    const start = i * nCols;
    const sum = pairwiseSum(scores, start, nCols);
    if (sum === 0) {
      scores.fill(1 / nCols, start, start + nCols);
    } else {
      divideRow(scores, start, nCols, sum);
    }
  }
  return scores;
}

function divideRow(data: Float64Array, start: number, n: number, by: number): void {
  for (let j = start; j < start + n; j++) {
    data[j]! /= by;
  }
}
