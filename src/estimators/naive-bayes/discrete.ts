/** Naive Bayes over counts or zeros and ones: the joint log likelihood is linear in the features. */
import { applyLinear } from '../../kernels/linear.ts';
import { bernoulliMap, binarized } from '../../kernels/naive-bayes.ts';
import { toDense, toMatrix } from '../../model/coerce.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import { likelihoodClassifier } from './likelihood.ts';

interface Row extends EstimatorRow {
  readonly distribution: 'multinomial' | 'complement' | 'bernoulli';
}

const module = 'sklearn.naive_bayes';

export const discreteNb = defineEstimators<Row>({
  rows: [
    { name: 'MultinomialNB', module, distribution: 'multinomial' },
    { name: 'ComplementNB', module, distribution: 'complement' },
    { name: 'BernoulliNB', module, distribution: 'bernoulli' },
  ],
  read(state, { distribution }) {
    const { name } = state;
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    // Without smoothing (alpha=0) a feature that a class never had has log probability −∞.
    const { cols, data } = state.matrix('feature_log_prob_', { shape: [nClasses, null], nonFinite: true });
    const logPriors = state.floats('class_log_prior_', { shape: [nClasses], nonFinite: true });
    if (distribution === 'bernoulli') {
      const map = bernoulliMap(data, logPriors, cols);
      const threshold = state.value('binarize') === null ? null : state.number('binarize');
      // Below zero the zeros of a sparse matrix would turn to ones.
      const take = threshold !== null && threshold < 0 ? toDense : toMatrix;
      return likelihoodClassifier(state, classes, cols, (rows) => {
        const matrix = take(rows, name, cols, 'finite');
        return applyLinear(map, threshold === null ? matrix : binarized(matrix, threshold));
      });
    }
    // The complement of a class says nothing of its prior, which counts only where there is no other class.
    const offsets = distribution === 'multinomial' || nClasses === 1 ? logPriors : new Float64Array(nClasses);
    const map = { nInputs: cols, nOutputs: nClasses, weights: data, offsets };
    return likelihoodClassifier(state, classes, cols, (rows) =>
      applyLinear(map, toMatrix(rows, name, cols, 'finite')),
    );
  },
});
