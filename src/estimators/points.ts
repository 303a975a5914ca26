/** Training rows or support vectors that a model keeps, dense or sparse. */
import type { KernelPoints } from '../kernels/pairwise.ts';
import { denseKernelPoints, sparseKernelPoints } from '../kernels/pairwise.ts';
import { csrToDense } from '../model/coerce.ts';
import type { Csr, Dense } from '../model/data.ts';
import { dense } from '../model/data.ts';
import { asCsr } from '../pickle/sparse.ts';
import type { EstimatorState } from './state.ts';

/** Cells of a sparse matrix that may be spelled out as a dense one: 256 MiB of float64. */
const MAX_DENSE_CELLS = 2 ** 25;

/** Reads a matrix of points as it was kept. Throws LL4003 when there is none in it, or a value is not finite; NaN passes where `missing`. */
export function readPoints(state: EstimatorState, attribute: string, missing = false): Dense | Csr {
  const value = state.value(attribute);
  const sparse = asCsr(value);
  if (sparse === null) {
    const { rows, cols, data } = state.matrix(attribute, { shape: [null, null], nonFinite: missing });
    if (missing && data.some((x) => Math.abs(x) === Number.POSITIVE_INFINITY)) {
      throw state.wrong(attribute, 'finite or missing numbers', value, 'an infinity among them');
    }
    if (cols === 0) {
      throw state.wrong(attribute, 'at least one column', value);
    }
    return dense(rows, cols, data);
  }
  if (sparse.nCols === 0) {
    throw state.wrong(attribute, 'at least one column', value);
  }
  if (!sparse.data.every(Number.isFinite)) {
    throw state.wrong(attribute, 'finite numbers', value, 'NaN or an infinity among them');
  }
  return { kind: 'csr', ...sparse };
}

/** Spells sparse points out for a measure that needs them dense. Throws LL4004, naming `attribute`, where they would not fit. */
export function toDensePoints(state: EstimatorState, attribute: string, points: Dense | Csr): Dense {
  if (points.kind === 'dense') {
    return points;
  }
  if (points.nRows * points.nCols > MAX_DENSE_CELLS) {
    throw state.unsupported(
      attribute,
      `measures that take sparse points, for as many as ${points.nRows} × ${points.nCols}`,
      state.value(attribute),
    );
  }
  return csrToDense(points);
}

/** Points as kernels take them. */
export function kernelPoints(points: Dense | Csr): KernelPoints {
  return points.kind === 'dense'
    ? denseKernelPoints(points.data, points.nRows, points.nCols)
    : sparseKernelPoints(points);
}
