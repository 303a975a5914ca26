/** Gaussian process regression: the mean of the posterior. */
import { transpose } from '../../kernels/linear.ts';
import { kernelSums } from '../../kernels/pairwise.ts';
import { toDense } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense, numbers1d, numbers2d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { refuseNegative } from '../pairwise-kernel.ts';
import type { EstimatorState } from '../state.ts';
import { readCovariance } from './covariance.ts';

export const gaussianProcessRegressor = defineEstimators({
  rows: [{ name: 'GaussianProcessRegressor', module: 'sklearn.gaussian_process' }],
  read(state) {
    const { name } = state;
    const { rows: nPoints, cols: nFeatures, data } = state.matrix('X_train_', { shape: [null, null] });
    const { kernel, nonNegative } = readCovariance(state, dense(nPoints, nFeatures, data));
    const { cols: nOutputs, data: alpha } =
      state.array('alpha_').shape.length === 1
        ? { cols: 1, data: state.floats('alpha_', { shape: [nPoints] }) }
        : state.matrix('alpha_', { shape: [nPoints, null] });
    const means = readStatistic(state, '_y_train_mean', nOutputs);
    const deviations = readStatistic(state, '_y_train_std', nOutputs);
    const sums = { kernel, nPoints, nOutputs, coefficients: transpose(alpha, nPoints, nOutputs) };
    function predictions(rows: Data): Float64Array {
      const matrix = toDense(rows, name, nFeatures, 'finite');
      if (nonNegative) {
        refuseNegative(matrix, rows, name);
      }
      const out = kernelSums(sums, matrix);
      for (let i = 0; i < out.length; i++) {
        out[i] = deviations[i % nOutputs]! * out[i]! + means[i % nOutputs]!;
      }
      return out;
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
        nOutputs === 1 ? numbers1d(predictions(rows)) : numbers2d(rows.nRows, nOutputs, predictions(rows)),
    };
  },
});

/** A statistic of the targets: a number for a vector of targets, else one per output, or a single one for all. */
function readStatistic(state: EstimatorState, attribute: string, nOutputs: number): Float64Array {
  const value = state.value(attribute);
  const numbers =
    typeof value === 'number' ? Float64Array.of(state.number(attribute)) : state.floats(attribute);
  if (numbers.length === 1) {
    return new Float64Array(nOutputs).fill(numbers[0]!);
  }
  if (numbers.length !== nOutputs) {
    throw state.wrong(attribute, `one number, or ${nOutputs}`, value);
  }
  return numbers;
}
