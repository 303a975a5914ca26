/** libsvm's regressors: one sum over the support vectors. */
import { kernelSums } from '../../kernels/pairwise.ts';
import { numbers1d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { readMachine } from './machine.ts';

const module = 'sklearn.svm';

export const supportVectorRegressor = defineEstimators({
  rows: [
    { name: 'SVR', module },
    { name: 'NuSVR', module },
  ],
  read(state) {
    const { kernel, nVectors, nFeatures, features, coefficients, intercepts, take } = readMachine(
      state,
      1,
      1,
    );
    const sums = { kernel, nPoints: nVectors, nOutputs: 1, coefficients };
    const intercept = intercepts[0]!;
    return {
      name: state.name,
      task: 'regressor',
      input: 'features',
      nFeatures,
      features,
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(kernelSums(sums, take(rows)).map((sum) => sum + intercept)),
    };
  },
});
