/** KernelCenterer: a kernel matrix against the training rows, centred in feature space. */
import { pairwiseSum } from '../../kernels/math.ts';
import { toDense } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';

export const kernelCenterers = defineEstimators({
  rows: [{ name: 'KernelCenterer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const rowMeans = state.floats('K_fit_rows_', { shape: [null] });
    const mean = state.number('K_fit_all_');
    const nTraining = rowMeans.length;
    return transformer(state, state.numericFeatures(nTraining), {
      transform(rows) {
        const kernel = toDense(rows, name, nTraining, 'finite');
        const data = new Float64Array(kernel.data.length);
        for (let i = 0, at = 0; i < kernel.nRows; i++) {
          const rowMean = pairwiseSum(kernel.data, at, nTraining) / nTraining;
          for (let j = 0; j < nTraining; j++, at++) {
            data[at] = kernel.data[at]! - rowMeans[j]! - rowMean + mean;
          }
        }
        return { ...kernel, data };
      },
    });
  },
});
