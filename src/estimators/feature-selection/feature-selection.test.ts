import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import type { Data } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

type State = Record<string, Inert>;

const SELECTION = 'sklearn.feature_selection.';
const { NaN: MISSING } = Number;
const line = fakeObject('sklearn.linear_model.LinearRegression', {
  coef_: fakeFloats([3, -1, 2]),
  intercept_: 0,
});
const fromModel: State = {
  estimator_: line,
  threshold: 'mean',
  max_features: null,
  importance_getter: 'auto',
};
const elimination: State = { support_: fakeInts([1, 0, 1, 1]), estimator_: line };

function read(name: string, state: State, version?: string) {
  return resolveEstimator(fakeObject(SELECTION + name, state, version), 'model');
}

const REFUSED_STATES: readonly [string, string, State, ErrorCode, RegExp][] = [
  ['a support that is no array', 'RFE', { ...elimination, support_: fakeList() }, 'LL4003', /support_/],
  [
    'support for other features',
    'RFE',
    { ...elimination, support_: fakeInts([1, 0]) },
    'LL4003',
    /support_.*3 features/,
  ],
  [
    'p-values for other features',
    'SelectFpr',
    { alpha: 0.1, scores_: fakeFloats([1, 2]), pvalues_: fakeFloats([1]) },
    'LL4003',
    /pvalues_/,
  ],
  [
    'a mode that is not known',
    'GenericUnivariateSelect',
    { mode: 'best', scores_: fakeFloats([1]) },
    'LL4004',
    /mode/,
  ],
  [
    'a threshold that is not known',
    'SelectFromModel',
    { ...fromModel, threshold: 'max' },
    'LL4004',
    /threshold/,
  ],
  [
    'a factor that is no number',
    'SelectFromModel',
    { ...fromModel, threshold: 'x*mean' },
    'LL4004',
    /threshold/,
  ],
  [
    'importances by a path',
    'SelectFromModel',
    { ...fromModel, importance_getter: 'named_steps.clf.coef_' },
    'LL4004',
    /importance_getter/,
  ],
  [
    'importances by a function of the user',
    'SelectFromModel',
    { ...fromModel, importance_getter: { kind: 'global', module: 'app', name: 'weigh', offset: 5 } },
    'LL3006',
    /app\.weigh/,
  ],
  [
    'an estimator without importances',
    'SelectFromModel',
    { ...fromModel, estimator_: fakeObject('sklearn.svm.SVC', { n_features_in_: 2 }) },
    'LL4004',
    /SVC/,
  ],
  ['a negative limit', 'SelectFromModel', { ...fromModel, max_features: -1 }, 'LL4003', /max_features/],
];

for (const [label, name, state, code, message] of REFUSED_STATES) {
  test(`refuses the state of a ${name}: ${label}`, () => {
    assert.throws(() => read(name, state), { code, message });
  });
}

const scores = {
  scores_: fakeFloats([5, MISSING, 5, 1, 5]),
  pvalues_: fakeFloats([0.01, MISSING, 0.02, 0.9, 0.04]),
};

/** Class, state, columns kept: by hand from scikit-learn's rules. */
const KEPT: readonly [string, string, State, readonly number[]][] = [
  ['the later of equal scores', 'SelectKBest', { ...scores, k: 2 }, [2, 4]],
  ['NaN comes last', 'SelectKBest', { ...scores, k: 4 }, [0, 2, 3, 4]],
  ['none', 'SelectKBest', { ...scores, k: 0 }, []],
  ['all', 'SelectKBest', { ...scores, k: 'all' }, [0, 1, 2, 3, 4]],
  // The 60th percentile of (5, lowest, 5, 1, 5) is 5: of the ties the first two, as 40 % of 5 are 2.
  ['the earlier of tied percentiles', 'SelectPercentile', { ...scores, percentile: 40 }, [0, 2]],
  ['below alpha', 'SelectFpr', { ...scores, alpha: 0.03 }, [0, 2]],
  ['below alpha over 5', 'SelectFwe', { ...scores, alpha: 0.06 }, [0]],
  // Sorted 0.01, 0.02, 0.04, 0.9 against 0.01, 0.02, 0.03, 0.04: the second is the last within.
  ['a false discovery rate', 'SelectFdr', { ...scores, alpha: 0.05 }, [0, 2]],
  ['the mean, 2', 'SelectFromModel', fromModel, [0, 2]],
  ['1.25 times the median, 2.5', 'SelectFromModel', { ...fromModel, threshold: '1.25 * median' }, [0]],
  ['at most one', 'SelectFromModel', { ...fromModel, threshold: null, max_features: 1 }, [0]],
  ['a variance', 'VarianceThreshold', { variances_: fakeFloats([0, 1, MISSING, 2]), threshold: 0.5 }, [1, 3]],
  ['a support', 'SequentialFeatureSelector', { support_: fakeInts([0, 1, 1]) }, [1, 2]],
];

for (const [label, name, state, kept] of KEPT) {
  test(`${name} keeps ${label}`, () => {
    const fitted = read(name, state);
    const n = fitted.nFeatures!;
    const out = fitted.transform!(
      dense(
        1,
        n,
        Float64Array.from({ length: n }, (_, j) => j),
      ),
    );
    assert.ok(out.kind === 'dense');
    assert.deepEqual(Array.from(out.data), kept);
  });
}

test('a penalty that makes zeros lowers the default threshold; how it is said depends on the version', () => {
  const estimator_ = (version: string) =>
    fakeObject(
      'sklearn.linear_model.LogisticRegression',
      { coef_: fakeFloats([3, 0.1, 0]), l1_ratio: 1 },
      version,
    );
  const kept = (version: string) => {
    const fitted = read('SelectFromModel', {
      ...fromModel,
      threshold: null,
      estimator_: estimator_(version),
    });
    const out = fitted.transform!(dense(1, 3, Float64Array.of(0, 1, 2)));
    return out.kind === 'dense' ? Array.from(out.data) : null;
  };
  assert.deepEqual(kept('1.7.2'), [0]);
  assert.deepEqual(kept('1.8.0'), [0, 1]);
});

test('coefficients of several rows count by their norm', () => {
  const estimator_ = fakeObject('sklearn.linear_model.Ridge', { coef_: fakeFloats([3, 2, -4, 2], [2, 2]) });
  const kept = (norm_order: number) => {
    const state = { ...fromModel, estimator_, norm_order, threshold: 4.5 };
    const out = read('SelectFromModel', state).transform!(dense(1, 2, Float64Array.of(0, 1)));
    return out.kind === 'dense' ? Array.from(out.data) : null;
  };
  // By hand: norms (7, 4), (5, 2.83), (4, 2), (4.498, 2.52)
  assert.deepEqual(kept(1), [0]);
  assert.deepEqual(kept(2), [0]);
  assert.deepEqual(kept(Number.POSITIVE_INFINITY), []);
  assert.deepEqual(kept(3), []);
});

test('columns that are no numbers pass a selector unchanged, and a wrong width does not', () => {
  const rows: Data = {
    kind: 'table',
    nRows: 1,
    names: ['a', 'b', 'c'],
    columns: [['x'], [null], Float64Array.of(5)],
  };
  const fitted = read('SequentialFeatureSelector', { support_: fakeInts([1, 0, 1]) });
  assert.deepEqual(fitted.transform!(rows), {
    kind: 'table',
    nRows: 1,
    names: ['a', 'c'],
    columns: [['x'], Float64Array.of(5)],
  });
  assert.throws(() => fitted.transform!(dense(1, 2, Float64Array.of(1, 2))), { code: 'LL2003' });
});

test('a missing value is refused where scikit-learn refuses it', () => {
  const rows = dense(1, 5, Float64Array.of(1, 2, MISSING, 4, 5));
  assert.throws(() => read('SelectKBest', { ...scores, k: 1 }).transform!(rows), { code: 'LL2007' });
  const variances_ = fakeFloats([1, 1, 1, 1, 1]);
  assert.equal(read('VarianceThreshold', { variances_, threshold: 0 }).transform!(rows).nRows, 1);
});

test('what is left over is handed to the estimator', () => {
  const fitted = read('RFE', elimination);
  const out = fitted.predict!(dense(1, 4, Float64Array.of(1, 100, 10, 5)));
  // By hand: 3 · 1 − 10 + 2 · 5
  assert.ok(out.kind === 'numbers' && out.data[0] === 3);
  assert.equal(fitted.task, 'regressor');
  assert.equal(fitted.predictProba, undefined);
});
