/** Ridge regression over a kernel with the training rows. */
import { transpose } from '../../kernels/linear.ts';
import { kernelSums } from '../../kernels/pairwise.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { numbers1d, numbers2d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { readKernelParameters, readPairwiseKernel, refuseNegative } from '../pairwise-kernel.ts';
import { readPoints } from '../points.ts';

export const kernelRidge = defineEstimators({
  rows: [{ name: 'KernelRidge', module: 'sklearn.kernel_ridge' }],
  read(state) {
    const { name } = state;
    const points = readPoints(state, 'X_fit_');
    const { nRows: nPoints, nCols: nFeatures } = points;
    const { kernel, nonNegative } = readPairwiseKernel(state, 'kernel', readKernelParameters(state), points);
    const oneD = state.array('dual_coef_').shape.length === 1;
    const { cols: nOutputs, data } = oneD
      ? { cols: 1, data: state.floats('dual_coef_', { shape: [nPoints] }) }
      : state.matrix('dual_coef_', { shape: [nPoints, null] });
    const sums = { kernel, nPoints, nOutputs, coefficients: transpose(data, nPoints, nOutputs) };
    function predictions(rows: Data): Float64Array {
      const matrix = toMatrix(rows, name, nFeatures, 'finite');
      if (nonNegative) {
        refuseNegative(matrix, rows, name);
      }
      return kernelSums(sums, matrix);
    }
    return {
      name,
      task: 'regressor',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: null,
      nOutputs,
      children: [],
      predict: (rows) =>
        oneD ? numbers1d(predictions(rows)) : numbers2d(rows.nRows, nOutputs, predictions(rows)),
    };
  },
});
