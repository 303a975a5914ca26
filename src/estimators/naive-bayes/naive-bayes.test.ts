import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const BAYES = 'sklearn.naive_bayes.';
const classes_ = fakeInts([0, 1]);
const matrix = fakeFloats([-1, -2, -3, -4], [2, 2]);
const pair = fakeFloats([-0.5, -0.5]);

const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  [
    'means of another number of classes',
    'GaussianNB',
    { classes_, theta_: fakeFloats([1, 2, 3], [3, 1]), var_: matrix, class_prior_: pair },
    'LL4003',
    /theta_/,
  ],
  [
    'variances of other features',
    'GaussianNB',
    { classes_, theta_: matrix, var_: fakeFloats([1, 1], [2, 1]), class_prior_: pair },
    'LL4003',
    /var_/,
  ],
  ['no variances', 'GaussianNB', { classes_, theta_: matrix, class_prior_: pair }, 'LL4002', /var_/],
  [
    'priors of other classes',
    'MultinomialNB',
    { classes_, feature_log_prob_: matrix, class_log_prior_: fakeFloats([0]) },
    'LL4003',
    /class_log_prior_/,
  ],
  [
    'a threshold that is a word',
    'BernoulliNB',
    { classes_, feature_log_prob_: matrix, class_log_prior_: pair, binarize: 'half' },
    'LL4003',
    /binarize/,
  ],
  [
    'a table of another number of classes',
    'CategoricalNB',
    { classes_, feature_log_prob_: fakeList(matrix, fakeFloats([1, 2, 3], [3, 1])), class_log_prior_: pair },
    'LL4003',
    /feature_log_prob_\[1\]/,
  ],
];

for (const [name, className, attributes, code, message] of REFUSED) {
  test(`${className} refuses ${name}`, () => {
    assert.throws(() => resolveEstimator(fakeObject(BAYES + className, attributes), 'model'), {
      code,
      message,
    });
  });
}

test('CategoricalNB takes only categories it counted, and cuts fractions off as numpy does', () => {
  const fitted = resolveEstimator(
    fakeObject(`${BAYES}CategoricalNB`, {
      classes_,
      feature_log_prob_: fakeList(matrix, fakeFloats([-1, -1, -1, -1, -1, -1], [2, 3])),
      class_log_prior_: pair,
    }),
    'model',
  );
  const ask = (...values: number[]) => fitted.predict?.(dense(1, 2, Float64Array.from(values)));
  assert.deepEqual(ask(1, 2), ask(1.9, 2.2));
  assert.throws(() => ask(1, 3), {
    code: 'LL2015',
    message: /0 to 2, found 3/,
    detail: { row: 0, field: 'column 1' },
  });
  assert.throws(() => ask(-1, 0), { code: 'LL2015' });
  assert.throws(() => ask(Number.NaN, 0), { code: 'LL2007' });
});
