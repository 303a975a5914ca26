/**
 * Kernel functions between one row and the points a model keeps. Source of the formulas: scikit-learn
 * `metrics/pairwise.py`.
 */
import type { Csr, Dense } from '../model/data.ts';
import {
  absoluteDistances,
  dots,
  sparseDots,
  squaredDistances,
  squaredNorm,
  squaredNorms,
} from './distance.ts';

/** Writes the kernel of the row at `row[start]` with every point to `out[0 .. nPoints)`. */
export type RowKernel = (row: Float64Array, start: number, out: Float64Array) => void;

/** What kernels need of the points; a dense matrix or a sparse one stands behind it. */
export interface KernelPoints {
  readonly nPoints: number;
  readonly nCols: number;
  /** |y|² of every point. */
  readonly squaredNorms: Float64Array;
  readonly dots: RowKernel;
  readonly squaredDistances: RowKernel;
  readonly absoluteDistances: RowKernel;
}

/** Points of a dense row-major matrix `[nPoints, nCols]`, which is kept. */
export function denseKernelPoints(data: Float64Array, nPoints: number, nCols: number): KernelPoints {
  return {
    nPoints,
    nCols,
    squaredNorms: Float64Array.from({ length: nPoints }, (_, i) => squaredNorm(data, i * nCols, nCols)),
    dots: (row, start, out) => dots(row, start, data, 0, nPoints, nCols, out),
    squaredDistances: (row, start, out) => squaredDistances(row, start, data, 0, nPoints, nCols, out),
    absoluteDistances: (row, start, out) => absoluteDistances(row, start, data, 0, nPoints, nCols, out),
  };
}

/** Points of a sparse matrix, which is kept. Squared distances are |x|² − 2 x·y + |y|², never below 0. */
export function sparseKernelPoints(points: Csr): KernelPoints {
  const { nRows: nPoints, nCols, indptr, indices, data } = points;
  const norms = squaredNorms(points);
  return {
    nPoints,
    nCols,
    squaredNorms: norms,
    dots: (row, start, out) => sparseDots(points, row, start, 0, nPoints, out),
    squaredDistances(row, start, out) {
      const rowNorm = squaredNorm(row, start, nCols);
      sparseDots(points, row, start, 0, nPoints, out);
      for (let i = 0; i < nPoints; i++) {
        out[i] = Math.max(0, -2 * out[i]! + rowNorm + norms[i]!);
      }
    },
    absoluteDistances(row, start, out) {
      let rowSum = 0;
      for (let j = start; j < start + nCols; j++) {
        rowSum += Math.abs(row[j]!);
      }
      for (let i = 0; i < nPoints; i++) {
        let sum = rowSum;
        for (let k = indptr[i]!; k < indptr[i + 1]!; k++) {
          const x = row[start + indices[k]!]!;
          sum += Math.abs(x - data[k]!) - Math.abs(x);
        }
        out[i] = sum;
      }
    },
  };
}

/** x·y. */
export function linearKernel(points: KernelPoints): RowKernel {
  return points.dots;
}

/** (gamma x·y + coef0)^degree. */
export function polynomialKernel(
  points: KernelPoints,
  gamma: number,
  coef0: number,
  degree: number,
): RowKernel {
  const whole = Number.isInteger(degree) && degree >= 0 && degree <= 64;
  return (row, start, out) => {
    points.dots(row, start, out);
    for (let i = 0; i < points.nPoints; i++) {
      const base = gamma * out[i]! + coef0;
      out[i] = whole ? wholePower(base, degree) : base ** degree;
    }
  };
}

/** tanh(gamma x·y + coef0). */
export function sigmoidKernel(points: KernelPoints, gamma: number, coef0: number): RowKernel {
  return (row, start, out) => {
    points.dots(row, start, out);
    for (let i = 0; i < points.nPoints; i++) {
      out[i] = Math.tanh(gamma * out[i]! + coef0);
    }
  };
}

/** exp(−gamma |x − y|²). */
export function rbfKernel(points: KernelPoints, gamma: number): RowKernel {
  return exponential(points.squaredDistances, points.nPoints, -gamma);
}

/** exp(−gamma Σ|x − y|). */
export function laplacianKernel(points: KernelPoints, gamma: number): RowKernel {
  return exponential(points.absoluteDistances, points.nPoints, -gamma);
}

/** x·y / (|x| |y|); 0 where one of them is all zeros. */
export function cosineKernel(points: KernelPoints): RowKernel {
  const lengths = points.squaredNorms.map((norm) => Math.sqrt(norm) || 1);
  return (row, start, out) => {
    points.dots(row, start, out);
    const length = Math.sqrt(squaredNorm(row, start, points.nCols)) || 1;
    for (let i = 0; i < points.nPoints; i++) {
      out[i] = out[i]! / (length * lengths[i]!);
    }
  };
}

/** −Σ(x − y)² / (x + y), columns of two zeros left out; for rows without negative numbers and dense points. */
export function additiveChi2Kernel(data: Float64Array, nPoints: number, nCols: number): RowKernel {
  return (row, start, out) => {
    for (let i = 0; i < nPoints; i++) {
      let sum = 0;
      for (let j = 0; j < nCols; j++) {
        const x = row[start + j]!;
        const y = data[i * nCols + j]!;
        if (x + y !== 0) {
          sum -= ((x - y) * (x - y)) / (x + y);
        }
      }
      out[i] = sum;
    }
  };
}

/** exp(gamma × the additive chi-squared kernel). */
export function chi2Kernel(data: Float64Array, nPoints: number, nCols: number, gamma: number): RowKernel {
  return exponential(additiveChi2Kernel(data, nPoints, nCols), nPoints, gamma);
}

/** Coefficients of every point for each of several outputs. */
export interface KernelSums {
  readonly kernel: RowKernel;
  readonly nPoints: number;
  readonly nOutputs: number;
  /** Row-major `[nOutputs, nPoints]`. */
  readonly coefficients: Float64Array;
}

/** Σ over the points of kernel × coefficient, for every row and output: row-major `[nRows, nOutputs]`. */
export function kernelSums(sums: KernelSums, rows: Dense | Csr): Float64Array {
  const { kernel, nPoints, nOutputs, coefficients } = sums;
  const values = new Float64Array(nPoints);
  const row = new Float64Array(nOutputs);
  const out = new Float64Array(rows.nRows * nOutputs);
  eachRow(rows, (data, start, i) => {
    kernel(data, start, values);
    dots(values, 0, coefficients, 0, nOutputs, nPoints, row);
    out.set(row, i * nOutputs);
  });
  return out;
}

/** Calls `visit` with each row as dense numbers at `data[start]`; for a sparse matrix they are valid during the call only. */
export function eachRow(
  rows: Dense | Csr,
  visit: (data: Float64Array, start: number, index: number) => void,
): void {
  if (rows.kind === 'dense') {
    for (let i = 0; i < rows.nRows; i++) {
      visit(rows.data, i * rows.nCols, i);
    }
    return;
  }
  const { indptr, indices, data } = rows;
  const row = new Float64Array(rows.nCols);
  for (let i = 0; i < rows.nRows; i++) {
    for (let k = indptr[i]!; k < indptr[i + 1]!; k++) {
      row[indices[k]!] = data[k]!;
    }
    visit(row, 0, i);
    for (let k = indptr[i]!; k < indptr[i + 1]!; k++) {
      row[indices[k]!] = 0;
    }
  }
}

function exponential(measure: RowKernel, nPoints: number, scale: number): RowKernel {
  return (row, start, out) => {
    measure(row, start, out);
    for (let i = 0; i < nPoints; i++) {
      out[i] = Math.exp(scale * out[i]!);
    }
  };
}

/** base^times by repeated squaring, as libsvm's `powi`. */
function wholePower(base: number, times: number): number {
  let factor = base;
  let product = 1;
  for (let t = times; t > 0; t >>= 1) {
    if (t % 2 === 1) {
      product *= factor;
    }
    factor *= factor;
  }
  return product;
}
