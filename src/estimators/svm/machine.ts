/** What every estimator of libsvm keeps: support vectors, their coefficients, and the kernel. */
import type { RowKernel } from '../../kernels/pairwise.ts';
import { csrToDense, toMatrix } from '../../model/coerce.ts';
import type { Csr, Data, Dense } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import { asCsr } from '../../pickle/sparse.ts';
import { readPairwiseKernel } from '../pairwise-kernel.ts';
import { readPoints } from '../points.ts';
import type { EstimatorState } from '../state.ts';

export interface FittedMachine {
  readonly kernel: RowKernel;
  readonly nVectors: number;
  readonly nFeatures: number;
  readonly features: readonly Feature[];
  /** Row-major `[nCoefficientRows, nVectors]`. */
  readonly coefficients: Float64Array;
  readonly intercepts: Float64Array;
  readonly take: (rows: Data) => Dense | Csr;
}

/**
 * Reads the machine with `nRows` rows of coefficients and `nIntercepts` intercepts. The attributes with an underscore
 * in front are libsvm's own; those without have their sign turned for two classes.
 */
export function readMachine(state: EstimatorState, nRows: number, nIntercepts: number): FittedMachine {
  const vectors = readPoints(state, 'support_vectors_');
  const { nRows: nVectors, nCols: nFeatures } = vectors;
  // 'precomputed' and functions are refused here: their rows are kernel values, not features.
  state.choice('kernel', ['linear', 'poly', 'rbf', 'sigmoid']);
  const parameters = {
    gamma: state.number('_gamma'),
    degree: state.number('degree'),
    coef0: state.number('coef0'),
  };
  return {
    kernel: readPairwiseKernel(state, 'kernel', parameters, vectors).kernel,
    nVectors,
    nFeatures,
    features: state.numericFeatures(nFeatures),
    coefficients: readCoefficients(state, nRows, nVectors),
    intercepts: state.floats('_intercept_', { shape: [nIntercepts] }),
    take: (rows) => toMatrix(rows, state.name, nFeatures, 'finite'),
  };
}

/** `_dual_coef_`, which is sparse where the model was fitted on a sparse matrix. */
function readCoefficients(state: EstimatorState, nRows: number, nVectors: number): Float64Array {
  const value = state.value('_dual_coef_');
  const sparse = asCsr(value);
  if (sparse === null) {
    return state.floats('_dual_coef_', { shape: [nRows, nVectors] });
  }
  if (sparse.nRows !== nRows || sparse.nCols !== nVectors || !sparse.data.every(Number.isFinite)) {
    throw state.wrong(
      '_dual_coef_',
      `[${nRows}, ${nVectors}] finite numbers`,
      value,
      `[${sparse.nRows}, ${sparse.nCols}]`,
    );
  }
  return csrToDense({ kind: 'csr', ...sparse }).data;
}
