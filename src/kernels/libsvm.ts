/**
 * libsvm's decision values, votes and probabilities. Source: libsvm `svm.cpp` (`svm_predict_values`,
 * `svm_predict_probability`), as scikit-learn carries it.
 */
import type { Csr, Dense } from '../model/data.ts';
import type { RowKernel } from './pairwise.ts';
import { eachRow } from './pairwise.ts';

/** One machine for every pair of classes, over support vectors that lie class by class. */
export interface PairwiseMachines {
  /** Kernel with every support vector. */
  readonly kernel: RowKernel;
  /** Number of support vectors of each class, `[nClasses]`. */
  readonly counts: Int32Array;
  /** Row-major `[nClasses − 1, nVectors]`: the coefficients of a vector towards each of the other classes. */
  readonly coefficients: Float64Array;
  /** One per pair (0, 1), (0, 2), …, (1, 2), …. */
  readonly intercepts: Float64Array;
}

/** Decision values of every pair, row-major `[nRows, nPairs]`: above 0 speaks for the first class of the pair. */
export function pairDecisions(machines: PairwiseMachines, rows: Dense | Csr): Float64Array {
  const { kernel, counts, coefficients, intercepts } = machines;
  const nClasses = counts.length;
  const nPairs = intercepts.length;
  const starts = new Int32Array(nClasses + 1);
  for (let c = 0; c < nClasses; c++) {
    starts[c + 1] = starts[c]! + counts[c]!;
  }
  const nVectors = starts[nClasses]!;
  const values = new Float64Array(nVectors);
  const out = new Float64Array(rows.nRows * nPairs);
  let at = 0;
  eachRow(rows, (row, start) => {
    kernel(row, start, values);
    for (let i = 0, pair = 0; i < nClasses; i++) {
      for (let j = i + 1; j < nClasses; j++) {
        let sum = 0;
        for (let k = starts[i]!, from = (j - 1) * nVectors; k < starts[i + 1]!; k++) {
          sum += coefficients[from + k]! * values[k]!;
        }
        for (let k = starts[j]!, from = i * nVectors; k < starts[j + 1]!; k++) {
          sum += coefficients[from + k]! * values[k]!;
        }
        out[at++] = sum + intercepts[pair++]!;
      }
    }
  });
  return out;
}

/** Class with most votes of the pairs, `[nRows]`; the first of several. */
export function pairVotes(decisions: Float64Array, nRows: number, nClasses: number): Int32Array {
  const codes = new Int32Array(nRows);
  const votes = new Int32Array(nClasses);
  for (let r = 0, at = 0; r < nRows; r++) {
    votes.fill(0);
    for (let i = 0; i < nClasses; i++) {
      for (let j = i + 1; j < nClasses; j++) {
        votes[decisions[at++]! > 0 ? i : j]!++;
      }
    }
    let best = 0;
    for (let c = 1; c < nClasses; c++) {
      if (votes[c]! > votes[best]!) {
        best = c;
      }
    }
    codes[r] = best;
  }
  return codes;
}

/**
 * A score for every class from the decisions of the pairs: its votes, and the sum of its confidences squeezed below a
 * third to order equal votes. Row-major `[nRows, nClasses]`. Source: scikit-learn `_ovr_decision_function`.
 */
export function oneVsRestScores(decisions: Float64Array, nRows: number, nClasses: number): Float64Array {
  const out = new Float64Array(nRows * nClasses);
  const sums = new Float64Array(nClasses);
  for (let r = 0, at = 0; r < nRows; r++) {
    const start = r * nClasses;
    sums.fill(0);
    for (let i = 0; i < nClasses; i++) {
      for (let j = i + 1; j < nClasses; j++) {
        const decision = decisions[at++]!;
        sums[i]! += decision;
        sums[j]! -= decision;
        out[start + (decision < 0 ? j : i)]!++;
      }
    }
    for (let c = 0; c < nClasses; c++) {
      out[start + c]! += sums[c]! / (3 * (Math.abs(sums[c]!) + 1));
    }
  }
  return out;
}

/** Platt's sigmoid of each pair: probability 1 / (1 + exp(slope × decision + offset)). */
export interface PairSigmoids {
  readonly slopes: Float64Array;
  readonly offsets: Float64Array;
}

/** Probabilities of the classes, row-major `[nRows, nClasses]`. */
export function pairProbabilities(
  decisions: Float64Array,
  sigmoids: PairSigmoids,
  nRows: number,
  nClasses: number,
): Float64Array {
  const { slopes, offsets } = sigmoids;
  const out = new Float64Array(nRows * nClasses);
  const couple = makeCoupling(nClasses);
  const pairs = new Float64Array(nClasses * nClasses);
  for (let r = 0, at = 0; r < nRows; r++) {
    for (let i = 0, pair = 0; i < nClasses; i++) {
      for (let j = i + 1; j < nClasses; j++, pair++) {
        const p = sigmoid(decisions[at++]! * slopes[pair]! + offsets[pair]!);
        const clipped = Math.min(Math.max(p, 1e-7), 1 - 1e-7);
        pairs[i * nClasses + j] = clipped;
        pairs[j * nClasses + i] = 1 - clipped;
      }
    }
    couple(pairs, out.subarray(r * nClasses, (r + 1) * nClasses));
  }
  return out;
}

/** 1 / (1 + exp(x)) without overflow. */
function sigmoid(x: number): number {
  return x >= 0 ? Math.exp(-x) / (1 + Math.exp(-x)) : 1 / (1 + Math.exp(x));
}

/**
 * Class probabilities that fit the pairwise ones best (Wu, Lin and Weng, JMLR 5, 2004, method 2), by libsvm's
 * iteration with its stopping rule, which decides the digits from the third on.
 */
function makeCoupling(k: number): (pairs: Float64Array, p: Float64Array) => void {
  const q = new Float64Array(k * k);
  const qp = new Float64Array(k);
  const epsilon = 0.005 / k;
  const maxIterations = Math.max(100, k);
  return (pairs, p) => {
    q.fill(0);
    for (let t = 0; t < k; t++) {
      p[t] = 1 / k;
      for (let j = 0; j < t; j++) {
        q[t * k + t]! += pairs[j * k + t]! * pairs[j * k + t]!;
        q[t * k + j] = q[j * k + t]!;
      }
      for (let j = t + 1; j < k; j++) {
        q[t * k + t]! += pairs[j * k + t]! * pairs[j * k + t]!;
        q[t * k + j] = -pairs[j * k + t]! * pairs[t * k + j]!;
      }
    }
    for (let iteration = 0; iteration < maxIterations; iteration++) {
      let pqp = 0;
      for (let t = 0; t < k; t++) {
        let sum = 0;
        for (let j = 0; j < k; j++) {
          sum += q[t * k + j]! * p[j]!;
        }
        qp[t] = sum;
        pqp += p[t]! * sum;
      }
      let maxError = 0;
      for (let t = 0; t < k; t++) {
        maxError = Math.max(maxError, Math.abs(qp[t]! - pqp));
      }
      if (maxError < epsilon) {
        return;
      }
      for (let t = 0; t < k; t++) {
        const diagonal = q[t * k + t]!;
        const step = (-qp[t]! + pqp) / diagonal;
        p[t]! += step;
        pqp = (pqp + step * (step * diagonal + 2 * qp[t]!)) / (1 + step) / (1 + step);
        for (let j = 0; j < k; j++) {
          qp[j] = (qp[j]! + step * q[t * k + j]!) / (1 + step);
          p[j]! /= 1 + step;
        }
      }
    }
  };
}
