import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../model/data.ts';
import { applyLinear } from './linear.ts';
import {
  bernoulliMap,
  binarized,
  categoricalLikelihood,
  gaussianLikelihood,
  gaussianNorms,
  normaliseLogRows,
} from './naive-bayes.ts';

function near(found: Float64Array, wanted: readonly number[]): void {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of found.entries()) {
    assert.ok(Math.abs(value - wanted[i]!) < 1e-8, `${i}: ${value}, wanted ${wanted[i]}`);
  }
}

// Made with scikit-learn 1.9's GaussianNB and BernoulliNB on these parameters.
test('normal distributions', () => {
  const variances = Float64Array.of(1, 4, 0.25, 2);
  const model = {
    nClasses: 2,
    nFeatures: 2,
    means: Float64Array.of(0, 1, 2, -1),
    variances,
    logPriors: Float64Array.of(Math.log(0.25), Math.log(0.75)),
    norms: gaussianNorms(variances, 2, 2),
  };
  const rows = dense(2, 2, Float64Array.of(0.5, -0.5, 2, 3));
  near(gaussianLikelihood(model, rows), [-4.32356861, -6.34148555, -6.41731861, -5.77898555]);
});

test('zeros and ones', () => {
  const logs = Float64Array.of(0.2, 0.5, 0.9, 0.4).map(Math.log);
  const map = bernoulliMap(logs, Float64Array.of(0.5, 0.5).map(Math.log), 2);
  const rows = binarized(dense(3, 2, Float64Array.of(7, 0, 0, 0, 0.1, 3)), 0);
  near(applyLinear(map, rows), [-2.99573227, -1.30933332, -1.60943791, -3.5065579, -2.99573227, -1.71479843]);
});

test('categories', () => {
  // Two classes; a feature of two categories and one of three. Each sum by hand.
  const tables = [
    { nCategories: 2, logProbabilities: Float64Array.of(-1, -2, -3, -4) },
    { nCategories: 3, logProbabilities: Float64Array.of(-10, -20, -30, -40, -50, -60) },
  ];
  const rows = dense(2, 2, Float64Array.of(0, 2, 1, 0));
  near(categoricalLikelihood(tables, Float64Array.of(-0.5, -0.25), rows), [-31.5, -63.25, -12.5, -44.25]);
});

test('log likelihoods become probabilities, however small they are', () => {
  const data = Float64Array.of(-1000, -1000 + Math.log(3), Math.log(0.25), Math.log(0.25));
  normaliseLogRows(data, 2, 2);
  near(data, [0.25, 0.75, 0.5, 0.5]);
});
