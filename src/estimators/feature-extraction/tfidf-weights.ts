/** The weighting of counts that TfidfTransformer and TfidfVectorizer share. */
import { scaleColumns } from '../../kernels/affine.ts';
import { normalizeCsr } from '../../kernels/normalize.ts';
import { mapStored, reverseRows } from '../../kernels/sparse-rows.ts';
import type { Csr } from '../../model/data.ts';
import { asCsr } from '../../pickle/sparse.ts';
import type { EstimatorState } from '../state.ts';

export interface TfidfWeights {
  /** Inverse document frequencies by column, or null where they are not used. */
  readonly idf: Float64Array | null;
  /** Weighs counts; `float32` says that they are held in float32. */
  apply(counts: Csr, float32: boolean): Csr;
}

/**
 * Reads a fitted TfidfTransformer. Before scikit-learn 1.5 the idf lie on the diagonal of a sparse matrix, and
 * multiplying with it leaves each row in the opposite order (scipy's `csr_matmat` hands its list out from the end): the
 * sum of the norm follows that order.
 */
export function readTfidfWeights(state: EstimatorState): TfidfWeights {
  const diagonal = !state.has('idf_') && state.has('_idf_diag');
  const idf = !state.boolean('use_idf')
    ? null
    : diagonal
      ? readDiagonal(state)
      : state.floats('idf_', { shape: [null] });
  const sublinear = state.boolean('sublinear_tf');
  const norm = state.optional('norm') == null ? null : state.choice('norm', ['l1', 'l2']);
  return {
    idf,
    apply(counts, float32) {
      let rows = counts;
      if (sublinear) {
        rows = mapStored(rows, float32 ? logarithmicFloat32 : logarithmic);
      }
      if (idf !== null) {
        rows = scaleColumns(rows, idf);
        rows = diagonal ? reverseRows(rows) : rows;
        rows = float32 ? mapStored(rows, Math.fround) : rows;
      }
      if (norm !== null) {
        rows = normalizeCsr(rows, norm);
        rows = float32 ? mapStored(rows, Math.fround) : rows;
      }
      return rows;
    },
  };
}

function readDiagonal(state: EstimatorState): Float64Array {
  const value = state.value('_idf_diag');
  const matrix = asCsr(value);
  if (matrix === null || matrix.nRows !== matrix.nCols || matrix.data.length !== matrix.nRows) {
    throw state.wrong('_idf_diag', 'a diagonal matrix', value);
  }
  if (!matrix.indices.every((column, row) => column === row && matrix.indptr[row] === row)) {
    throw state.wrong('_idf_diag', 'a diagonal matrix', value);
  }
  if (!matrix.data.every(Number.isFinite)) {
    throw state.wrong('_idf_diag', 'finite numbers', value);
  }
  return matrix.data;
}

function logarithmic(count: number): number {
  return Math.log(count) + 1;
}

function logarithmicFloat32(count: number): number {
  return Math.fround(Math.fround(Math.log(count)) + 1);
}
