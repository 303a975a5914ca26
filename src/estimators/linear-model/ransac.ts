/** The regressor that RANSAC fitted on the inliers it settled on. */
import { toMatrix } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';

export const ransacRegressor = defineEstimators({
  rows: [{ name: 'RANSACRegressor', module: 'sklearn.linear_model' }],
  read(state, _row, resolve) {
    const inner = resolve(state.value('estimator_'), 'estimator_');
    const { nFeatures, predict } = inner;
    if (predict === undefined) {
      throw state.wrong('estimator_', 'a regressor', state.value('estimator_'));
    }
    const missing = inner.features?.every((feature) => feature.missing);
    return {
      name: state.name,
      task: 'regressor',
      input: 'features',
      nFeatures,
      // The inner one was fitted on an array and knows no names.
      features: nFeatures === null ? null : state.numericFeatures(nFeatures, missing),
      classes: null,
      nOutputs: inner.nOutputs,
      children: [{ label: 'estimator_', fitted: inner }],
      predict: (rows) => predict(toMatrix(rows, state.name, nFeatures, 'any')),
    };
  },
});
