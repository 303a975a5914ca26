/** Gaussian classes with a covariance each. */
import type { QuadraticClass } from '../../kernels/discriminant.ts';
import { columnDifference, quadraticScores } from '../../kernels/discriminant.ts';
import { argmaxRows, pairwiseSum, softmaxRows } from '../../kernels/math.ts';
import { toDense } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';

export const quadraticDiscriminant = defineEstimators({
  rows: [{ name: 'QuadraticDiscriminantAnalysis', module: 'sklearn.discriminant_analysis' }],
  read(state) {
    const { name } = state;
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    const parts = readClasses(state, nClasses);
    const nFeatures = parts[0]!.mean.length;
    function scores(rows: Data): Float64Array {
      return quadraticScores(parts, toDense(rows, name, nFeatures, 'finite'));
    }
    return {
      name,
      task: 'classifier',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: [classes],
      nOutputs: 1,
      children: [],
      predict: (rows) => labels1d(argmaxRows(scores(rows), rows.nRows, nClasses), classes),
      predictProba(rows) {
        const out = scores(rows);
        softmaxRows(out, rows.nRows, nClasses);
        return [dense(rows.nRows, nClasses, out)];
      },
      decisionFunction(rows) {
        const out = scores(rows);
        return nClasses === 2 ? numbers1d(columnDifference(out)) : numbers2d(rows.nRows, nClasses, out);
      },
    };
  },
});

function readClasses(state: EstimatorState, nClasses: number): QuadraticClass[] {
  const { cols: nFeatures, data: means } = state.matrix('means_', { shape: [nClasses, null] });
  const priors = state.floats('priors_', { shape: [nClasses] });
  const rotations = state.list('rotations_');
  const scalings = state.list('scalings_');
  if (nClasses === 0) {
    throw state.wrong('classes_', 'at least one class', nClasses);
  }
  return Array.from({ length: nClasses }, (_, c) => {
    // `[nFeatures, rank]`, and the variance along each of these axes.
    const axes = state.matrix(`rotations_[${c}]`, { shape: [nFeatures, null] }, rotations[c] ?? null);
    const rank = axes.cols;
    const variances = state.floats(`scalings_[${c}]`, { shape: [rank] }, scalings[c] ?? null);
    const scaled = new Float64Array(rank * nFeatures);
    for (let k = 0; k < rank; k++) {
      const scale = variances[k]! ** -0.5;
      for (let j = 0; j < nFeatures; j++) {
        scaled[k * nFeatures + j] = axes.data[j * rank + k]! * scale;
      }
    }
    return {
      mean: means.subarray(c * nFeatures, (c + 1) * nFeatures),
      rank,
      axes: scaled,
      logDeterminant: pairwiseSum(variances.map(Math.log)),
      logPrior: Math.log(priors[c]!),
    };
  });
}
