/** libsvm's outlier detector. */
import { kernelSums } from '../../kernels/pairwise.ts';
import type { Data } from '../../model/data.ts';
import { numbers1d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { readMachine } from './machine.ts';

export const oneClassSvm = defineEstimators({
  rows: [{ name: 'OneClassSVM', module: 'sklearn.svm' }],
  read(state) {
    const { kernel, nVectors, nFeatures, features, coefficients, intercepts, take } = readMachine(
      state,
      1,
      1,
    );
    const sums = { kernel, nPoints: nVectors, nOutputs: 1, coefficients };
    const intercept = intercepts[0]!;
    const offset = state.number('offset_');
    function decisions(rows: Data): Float64Array {
      return kernelSums(sums, take(rows)).map((sum) => sum + intercept);
    }
    return {
      name: state.name,
      task: 'outlier',
      input: 'features',
      nFeatures,
      features,
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(decisions(rows).map((decision) => (decision > 0 ? 1 : -1))),
      decisionFunction: (rows) => numbers1d(decisions(rows)),
      scoreSamples: (rows) => numbers1d(decisions(rows).map((decision) => decision + offset)),
    };
  },
});
