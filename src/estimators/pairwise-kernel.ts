/** scikit-learn's names of pairwise kernels. */
import { LoadlineError } from '../errors.ts';
import type { RowKernel } from '../kernels/pairwise.ts';
import {
  additiveChi2Kernel,
  chi2Kernel,
  cosineKernel,
  laplacianKernel,
  linearKernel,
  polynomialKernel,
  rbfKernel,
  sigmoidKernel,
} from '../kernels/pairwise.ts';
import { columnName } from '../model/coerce.ts';
import type { Csr, Data, Dense } from '../model/data.ts';
import { kernelPoints, toDensePoints } from './points.ts';
import type { EstimatorState } from './state.ts';

const NAMES = [
  'linear',
  'poly',
  'polynomial',
  'rbf',
  'sigmoid',
  'laplacian',
  'cosine',
  'chi2',
  'additive_chi2',
] as const;

export interface KernelParameters {
  /** Null for the default: 1 over the number of columns, or 1 for chi2. */
  readonly gamma: number | null;
  readonly degree: number;
  readonly coef0: number;
}

export interface NamedKernel {
  readonly kernel: RowKernel;
  /** Whether it takes no numbers below 0. */
  readonly nonNegative: boolean;
}

/** Reads the kernel named by `attribute` over `points`. Throws LL4004 for one that is not supported, LL3006 for one that is code. */
export function readPairwiseKernel(
  state: EstimatorState,
  attribute: string,
  { gamma, degree, coef0 }: KernelParameters,
  points: Dense | Csr,
): NamedKernel {
  const name = state.choice(attribute, NAMES);
  if (name === 'chi2' || name === 'additive_chi2') {
    const { data, nRows, nCols } = toDensePoints(state, attribute, points);
    const kernel =
      name === 'chi2' ? chi2Kernel(data, nRows, nCols, gamma ?? 1) : additiveChi2Kernel(data, nRows, nCols);
    return { kernel, nonNegative: true };
  }
  const of = kernelPoints(points);
  const scale = gamma ?? 1 / points.nCols;
  switch (name) {
    case 'linear':
      return { kernel: linearKernel(of), nonNegative: false };
    case 'poly':
    case 'polynomial':
      return { kernel: polynomialKernel(of, scale, coef0, degree), nonNegative: false };
    case 'rbf':
      return { kernel: rbfKernel(of, scale), nonNegative: false };
    case 'sigmoid':
      return { kernel: sigmoidKernel(of, scale, coef0), nonNegative: false };
    case 'laplacian':
      return { kernel: laplacianKernel(of, scale), nonNegative: false };
    case 'cosine':
      return { kernel: cosineKernel(of), nonNegative: false };
  }
}

/** Reads `gamma`, `degree` and `coef0`. */
export function readKernelParameters(state: EstimatorState, gammaAttribute = 'gamma'): KernelParameters {
  return {
    gamma: state.value(gammaAttribute) === null ? null : state.number(gammaAttribute),
    degree: state.number('degree'),
    coef0: state.number('coef0'),
  };
}

/** Refuses rows with a number below 0, as the chi-squared kernels do. `rows` are what came, for the column's name. */
export function refuseNegative(matrix: Dense | Csr, rows: Data, name: string): void {
  const at = matrix.data.findIndex((x) => x < 0);
  if (at < 0) {
    return;
  }
  const cell =
    matrix.kind === 'dense'
      ? { row: Math.floor(at / matrix.nCols), column: at % matrix.nCols }
      : { row: matrix.indptr.findIndex((end) => end > at) - 1, column: matrix.indices[at]! };
  const field = columnName(rows, cell.column);
  throw new LoadlineError(
    'LL2015',
    `Row ${cell.row}, ${field}: ${name} wanted a number from 0 on, found ${matrix.data[at]}`,
    { row: cell.row, field },
  );
}
