/** Regressors whose prediction is linear in the features, or the exponential of it. */
import { applyLinear } from '../../kernels/linear.ts';
import { toMatrix } from '../../model/coerce.ts';
import { numbers1d, numbers2d } from '../../model/data.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { readCoefficients } from './coefficients.ts';

interface Row extends EstimatorRow {
  /** `log`: the model predicts the logarithm. `tweedie`: its own attributes say. */
  readonly link?: 'log' | 'tweedie';
}

const module = 'sklearn.linear_model';

export const linearRegressors = defineEstimators<Row>({
  rows: [
    { name: 'LinearRegression', module },
    { name: 'Ridge', module },
    { name: 'RidgeCV', module },
    { name: 'Lasso', module },
    { name: 'LassoCV', module },
    { name: 'ElasticNet', module },
    { name: 'ElasticNetCV', module },
    { name: 'MultiTaskLasso', module },
    { name: 'MultiTaskLassoCV', module },
    { name: 'MultiTaskElasticNet', module },
    { name: 'MultiTaskElasticNetCV', module },
    { name: 'Lars', module },
    { name: 'LarsCV', module },
    { name: 'LassoLars', module },
    { name: 'LassoLarsCV', module },
    { name: 'LassoLarsIC', module },
    { name: 'OrthogonalMatchingPursuit', module },
    { name: 'OrthogonalMatchingPursuitCV', module },
    { name: 'BayesianRidge', module },
    { name: 'ARDRegression', module },
    { name: 'HuberRegressor', module },
    { name: 'TheilSenRegressor', module },
    { name: 'QuantileRegressor', module },
    { name: 'SGDRegressor', module },
    { name: 'PassiveAggressiveRegressor', module },
    { name: 'LinearSVR', module: 'sklearn.svm' },
    { name: 'PoissonRegressor', module, link: 'log' },
    { name: 'GammaRegressor', module, link: 'log' },
    { name: 'TweedieRegressor', module, link: 'tweedie' },
  ],
  read(state, row) {
    const { name } = state;
    const { map, vector } = readCoefficients(state);
    const { nInputs, nOutputs } = map;
    const exponential = row.link === 'log' || (row.link === 'tweedie' && hasLogLink(state));
    return {
      name,
      task: 'regressor',
      input: 'features',
      nFeatures: nInputs,
      features: state.numericFeatures(nInputs),
      classes: null,
      nOutputs,
      children: [],
      predict(rows) {
        const out = applyLinear(map, toMatrix(rows, name, nInputs, 'finite'));
        if (exponential) {
          for (let i = 0; i < out.length; i++) {
            out[i] = Math.exp(out[i]!);
          }
        }
        return vector ? numbers1d(out) : numbers2d(rows.nRows, nOutputs, out);
      },
    };
  },
});

/** `auto` is the identity for a normal distribution (power ≤ 0) and the logarithm for all others. */
function hasLogLink(state: EstimatorState): boolean {
  const link = state.choice('link', ['auto', 'log', 'identity']);
  return link === 'log' || (link === 'auto' && state.number('power') > 0);
}
