import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert, PyObject } from '../../pickle/inert.ts';
import type { NdArray } from '../../tensor/ndarray.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject, fakeRecords } from '../fake-state.ts';
import { FAKE_STUMP, fakeTree, fakeTreeRegressor } from '../fake-tree.ts';
import { resolveEstimator } from '../resolve.ts';

type Attributes = Readonly<Record<string, Inert>>;

function fakeObjects(items: readonly Inert[], shape: readonly number[]): NdArray<Inert> {
  const { dtype } = fakeFloats([]);
  return {
    kind: 'ndarray',
    dtype: { ...dtype, kind: 'O' },
    shape,
    fortran: false,
    bytes: new Uint8Array(),
    objects: items,
  };
}

const STUMP = fakeTreeRegressor('DecisionTreeRegressor', fakeTree(FAKE_STUMP, [0, -1, 1]));
const EXTRA = fakeTreeRegressor('ExtraTreeRegressor', fakeTree(FAKE_STUMP, [0, -1, 1]));

function gradient(attributes: Attributes = {}): PyObject {
  return fakeObject('sklearn.ensemble._gb.GradientBoostingClassifier', {
    classes_: fakeInts([0, 1]),
    estimators_: fakeObjects([STUMP], [1, 1]),
    init_: 'zero',
    learning_rate: 0.5,
    loss: 'log_loss',
    n_features_in_: 1,
    ...attributes,
  });
}

/** value, feature, threshold, missing left, left, right, leaf, category, bitset. */
type HistNode = readonly [number, number, number, number, number, number, number, number, number];

const HIST_LEAF: HistNode = [1, 0, 0, 0, 0, 0, 1, 0, 0];

function predictor(nodes: readonly HistNode[], nBitsets = 0): PyObject {
  return fakeObject('sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor', {
    nodes: fakeRecords(
      {
        value: 'f8',
        feature_idx: 'i8',
        num_threshold: 'f8',
        missing_go_to_left: 'u1',
        left: 'u4',
        right: 'u4',
        is_leaf: 'u1',
        is_categorical: 'u1',
        bitset_idx: 'u4',
      },
      nodes,
    ),
    raw_left_cat_bitsets: fakeFloats(new Array(8 * nBitsets).fill(0), [nBitsets, 8]),
  });
}

function hist(nodes: readonly HistNode[], attributes: Attributes = {}, nBitsets = 0): PyObject {
  return fakeObject(
    'sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor',
    {
      loss: 'squared_error',
      n_features_in_: 1,
      _baseline_prediction: fakeFloats([0], [1, 1]),
      _predictors: fakeList(fakeList(predictor(nodes, nBitsets))),
      _bin_mapper: fakeObject('sklearn.ensemble._hist_gradient_boosting.binning._BinMapper', {
        is_categorical_: fakeInts([1]),
        bin_thresholds_: fakeList(fakeFloats([0, 1])),
      }),
      ...attributes,
    },
  );
}

function ada(attributes: Attributes = {}): PyObject {
  return fakeObject('sklearn.ensemble._weight_boosting.AdaBoostRegressor', {
    estimators_: fakeList(STUMP, STUMP),
    estimator_weights_: fakeFloats([1, 2]),
    n_features_in_: 1,
    ...attributes,
  });
}

function bagging(attributes: Attributes = {}): PyObject {
  return fakeObject('sklearn.ensemble._bagging.BaggingRegressor', {
    estimators_: fakeList(STUMP, STUMP),
    estimators_features_: fakeList(fakeInts([0]), fakeInts([0])),
    n_estimators: 2,
    n_features_in_: 1,
    ...attributes,
  });
}

function isolation(attributes: Attributes = {}, version = '1.7.2'): PyObject {
  return fakeObject(
    'sklearn.ensemble._iforest.IsolationForest',
    {
      estimators_: fakeList(EXTRA),
      estimators_features_: fakeList(fakeInts([0])),
      _max_samples: 4,
      offset_: -0.5,
      n_features_in_: 1,
      ...attributes,
    },
    version,
  );
}

const SPLIT: HistNode = [0, 0, 0.5, 0, 1, 2, 0, 0, 0];
const CATEGORY_SPLIT: HistNode = [0, 0, 0.5, 0, 1, 2, 0, 1, 0];

test('the states refused below are sound but for what is wrong with them', () => {
  for (const state of [
    gradient(),
    hist([SPLIT, HIST_LEAF, HIST_LEAF]),
    hist([CATEGORY_SPLIT, HIST_LEAF, HIST_LEAF], {}, 1),
    ada(),
    bagging(),
    isolation(),
  ]) {
    assert.ok(resolveEstimator(state, 'model').predict!(dense(1, 1, Float64Array.of(1))));
  }
});

/** States that must be refused, with the code and words of the message. */
const REFUSED: readonly (readonly [string, PyObject, ErrorCode, RegExp])[] = [
  [
    'stages of another number of trees',
    gradient({ estimators_: fakeObjects([STUMP, STUMP], [1, 2]) }),
    'LL4003',
    /"estimators_"/,
  ],
  [
    'a stage of unknown code',
    gradient({ estimators_: fakeObjects([fakeObject('evil.Tree', {})], [1, 1]) }),
    'LL3006',
    /evil/,
  ],
  ['a start without probabilities', gradient({ init_: STUMP }), 'LL4003', /predict_proba/],
  ['one class', gradient({ classes_: fakeInts([0]) }), 'LL4003', /two classes/],
  ['a loss that is not known', gradient({ loss: 'hinge' }), 'LL4004', /loss/],
  ['a cycle of nodes', hist([[0, 0, 0.5, 0, 0, 1, 0, 0, 0], HIST_LEAF]), 'LL4003', /"nodes"/],
  ['a child beyond the nodes', hist([[0, 0, 0.5, 0, 1, 9, 0, 0, 0], HIST_LEAF]), 'LL4003', /"nodes"/],
  [
    'a feature beyond the columns',
    hist([[0, 5, 0.5, 0, 1, 2, 0, 0, 0], HIST_LEAF, HIST_LEAF]),
    'LL4003',
    /"nodes"/,
  ],
  [
    'a bitset beyond the table',
    hist([[0, 0, 0.5, 0, 1, 2, 0, 1, 1], HIST_LEAF, HIST_LEAF], {}, 1),
    'LL4003',
    /bitset/,
  ],
  [
    'a leaf that answers infinity',
    hist([[Number.POSITIVE_INFINITY, 0, 0, 0, 0, 0, 1, 0, 0]]),
    'LL4003',
    /finite/,
  ],
  [
    'two starts for one output',
    hist([HIST_LEAF], { _baseline_prediction: fakeFloats([0, 1]) }),
    'LL4003',
    /_baseline_prediction/,
  ],
  [
    'an iteration of two trees',
    hist([HIST_LEAF], { _predictors: fakeList(fakeList(predictor([HIST_LEAF]), predictor([HIST_LEAF]))) }),
    'LL4003',
    /list of 1 trees/,
  ],
  ['fewer weights than members', ada({ estimator_weights_: fakeFloats([1]) }), 'LL4003', /2 weights/],
  ['no members', ada({ estimators_: fakeList() }), 'LL4003', /"estimators_"/],
  [
    'a column beyond the features',
    bagging({ estimators_features_: fakeList(fakeInts([0]), fakeInts([1])) }),
    'LL4003',
    /estimators_features_\[1\]/,
  ],
  [
    'fewer lists of columns than members',
    bagging({ estimators_features_: fakeList(fakeInts([0])) }),
    'LL4003',
    /"estimators_features_"/,
  ],
  ['more estimators than there are', bagging({ n_estimators: 10 ** 9 }), 'LL4003', /"n_estimators"/],
  ['no estimators', bagging({ n_estimators: 0 }), 'LL4003', /"n_estimators"/],
  [
    'an isolation forest without trees',
    isolation({ estimators_: fakeList(), estimators_features_: fakeList() }),
    'LL4003',
    /trees/,
  ],
  [
    'a column of an isolation tree beyond the features',
    isolation({ estimators_features_: fakeList(fakeInts([3])) }),
    'LL4003',
    /below 1/,
  ],
  [
    'depths of another number of nodes',
    isolation({ _average_path_length_per_tree: fakeList(fakeFloats([0, 1])) }),
    'LL4003',
    /_average_path_length_per_tree/,
  ],
];

for (const [what, state, code, words] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => resolveEstimator(state, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && words.test(error.message),
    );
  });
}

/** Rows that must be refused. */
const ROWS: readonly (readonly [string, PyObject, readonly number[], ErrorCode])[] = [
  ['a missing value in gradient boosting', gradient(), [Number.NaN], 'LL2007'],
  ['a missing value in AdaBoost', ada(), [Number.NaN], 'LL2007'],
  ['an infinite value in a bagged tree', bagging(), [Number.POSITIVE_INFINITY], 'LL2007'],
  ['two columns in bagging', bagging(), [1, 2], 'LL2003'],
  ['two columns in histogram boosting', hist([HIST_LEAF]), [1, 2], 'LL2003'],
];

for (const [what, state, row, code] of ROWS) {
  test(`row refused: ${what}`, () => {
    const fitted = resolveEstimator(state, 'model');
    assert.throws(() => fitted.predict!(dense(1, row.length, Float64Array.from(row))), { code });
  });
}

test('a value that a member refuses is named by the column of the ensemble', () => {
  const state = bagging({
    n_features_in_: 3,
    feature_names_in_: fakeObjects(['a', 'b', 'c'], [3]),
    estimators_features_: fakeList(fakeInts([2]), fakeInts([0])),
  });
  const rows = dense(1, 3, Float64Array.of(0, 0, Number.POSITIVE_INFINITY));
  assert.throws(
    () => resolveEstimator(state, 'model').predict!(rows),
    (error) =>
      error instanceof LoadlineError && error.detail.field === 'c' && error.detail.where === 'estimators_[0]',
  );
});

test('isolation forests of 1.6 take anything, earlier ones finite numbers only', () => {
  const rows = dense(1, 1, Float64Array.of(Number.NaN));
  assert.ok(resolveEstimator(isolation(), 'model').predict!(rows));
  const fitted = resolveEstimator(isolation({}, '1.5.2'), 'model');
  assert.throws(() => fitted.predict!(rows), { code: 'LL2007' });
});
