/** Principal components in the space of a kernel. */
import { pairwiseSum } from '../../kernels/math.ts';
import type { RowKernel } from '../../kernels/pairwise.ts';
import { kernelSums } from '../../kernels/pairwise.ts';
import { toMatrix } from '../../model/coerce.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { readKernelParameters, readPairwiseKernel, refuseNegative } from '../pairwise-kernel.ts';
import { readPoints } from '../points.ts';
import type { EstimatorState } from '../state.ts';

export const kernelPca = defineEstimators({
  rows: [{ name: 'KernelPCA', module: 'sklearn.decomposition' }],
  read(state) {
    const { name } = state;
    const points = readPoints(state, 'X_fit_');
    const { nRows: nPoints, nCols: nFeatures } = points;
    // `gamma_` with its default filled in from 1.3 on; `lambdas_` and `alphas_` before 1.0.
    const parameters = readKernelParameters(state, state.anyOf('gamma_', 'gamma'));
    const { kernel, nonNegative } = readPairwiseKernel(state, 'kernel', parameters, points);
    const values = state.floats(state.anyOf('eigenvalues_', 'lambdas_'), { shape: [null] });
    const nOutputs = values.length;
    const vectors = state.floats(state.anyOf('eigenvectors_', 'alphas_'), { shape: [nPoints, nOutputs] });
    const coefficients = new Float64Array(nPoints * nOutputs);
    for (let k = 0; k < nOutputs; k++) {
      for (let i = 0; i < nPoints; i++) {
        coefficients[k * nPoints + i] =
          values[k] === 0 ? 0 : vectors[i * nOutputs + k]! / Math.sqrt(values[k]!);
      }
    }
    const sums = { kernel: centred(kernel, readCentre(state, nPoints)), nPoints, nOutputs, coefficients };
    return {
      name,
      task: 'transformer',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: null,
      nOutputs,
      children: [],
      transform(rows) {
        const matrix = toMatrix(rows, name, nFeatures, 'finite');
        if (nonNegative) {
          refuseNegative(matrix, rows, name);
        }
        return dense(rows.nRows, nOutputs, kernelSums(sums, matrix));
      },
    };
  },
});

interface Centre {
  /** Mean of the training kernel with each point. */
  readonly rows: Float64Array;
  /** Mean of the whole training kernel. */
  readonly all: number;
}

function readCentre(state: EstimatorState, nPoints: number): Centre {
  const centerer = state.nested('_centerer');
  return {
    rows: centerer.floats('K_fit_rows_', { shape: [nPoints] }),
    all: centerer.number('K_fit_all_'),
  };
}

/** The kernel between centred images. Source: scikit-learn `KernelCenterer.transform`. */
function centred(kernel: RowKernel, { rows, all }: Centre): RowKernel {
  const nPoints = rows.length;
  return (row, start, out) => {
    kernel(row, start, out);
    const mean = pairwiseSum(out, 0, nPoints) / nPoints;
    for (let i = 0; i < nPoints; i++) {
      out[i] = out[i]! - rows[i]! - mean + all;
    }
  };
}
