/** Classifiers that answer the class of the largest joint log likelihood. */
import { argmaxRows } from '../../kernels/math.ts';
import { normaliseLogRows } from '../../kernels/naive-bayes.ts';
import type { Data, Label } from '../../model/data.ts';
import { dense, labels1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import type { EstimatorState } from '../state.ts';

/**
 * A classifier over `nFeatures` numbers from its joint log likelihood, which takes rows as they come and gives a fresh
 * `[nRows, nClasses]`.
 */
export function likelihoodClassifier(
  state: EstimatorState,
  classes: readonly Label[],
  nFeatures: number,
  likelihood: (rows: Data) => Float64Array,
): Fitted {
  const nClasses = classes.length;
  return {
    name: state.name,
    task: 'classifier',
    input: 'features',
    nFeatures,
    features: state.numericFeatures(nFeatures),
    classes: [classes],
    nOutputs: 1,
    children: [],
    predict: (rows) => labels1d(argmaxRows(likelihood(rows), rows.nRows, nClasses), classes),
    predictProba(rows) {
      const out = likelihood(rows);
      normaliseLogRows(out, rows.nRows, nClasses);
      return [dense(rows.nRows, nClasses, out)];
    },
  };
}
