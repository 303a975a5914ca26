/** Naive Bayes with a normal distribution per class and feature. */
import { gaussianLikelihood, gaussianNorms } from '../../kernels/naive-bayes.ts';
import { toDense } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import { likelihoodClassifier } from './likelihood.ts';

export const gaussianNb = defineEstimators({
  rows: [{ name: 'GaussianNB', module: 'sklearn.naive_bayes' }],
  read(state) {
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    const { cols: nFeatures, data: means } = state.matrix('theta_', { shape: [nClasses, null] });
    // `sigma_` until 1.0
    const variances = state.floats(state.anyOf('var_', 'sigma_'), { shape: [nClasses, nFeatures] });
    const logPriors = state.floats('class_prior_', { shape: [nClasses] }).map(Math.log);
    const norms = gaussianNorms(variances, nClasses, nFeatures);
    const model = { nClasses, nFeatures, means, variances, logPriors, norms };
    return likelihoodClassifier(state, classes, nFeatures, (rows) =>
      gaussianLikelihood(model, toDense(rows, state.name, nFeatures, 'finite')),
    );
  },
});
