import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { LoadlineError } from '../../errors.ts';
import type { Csr, Data, Table } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Inert, PyObject } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeList, fakeObject } from '../fake-state.ts';
import { FAKE_LEAF, FAKE_STUMP, fakeTree, fakeTreeRegressor } from '../fake-tree.ts';
import { resolveEstimator } from '../resolve.ts';
import { unpackTrees } from './unpack.ts';

const STUMP = fakeTree(FAKE_STUMP, [15, 10, 20]);

function regressor(tree: PyObject, attributes: Readonly<Record<string, Inert>> = {}): PyObject {
  return fakeTreeRegressor('DecisionTreeRegressor', tree, 1, attributes);
}

function classifier(tree: PyObject, classes: Inert): PyObject {
  return fakeObject('sklearn.tree._classes.DecisionTreeClassifier', {
    criterion: 'gini',
    splitter: 'best',
    n_features_in_: 1,
    n_outputs_: 1,
    classes_: classes,
    tree_: tree,
  });
}

function forest(name: string, members: readonly Inert[]): PyObject {
  return fakeObject(`sklearn.ensemble._forest.${name}`, {
    estimators_: fakeList(...members),
    n_features_in_: 1,
    n_outputs_: 1,
    classes_: fakeInts([3, 4]),
  });
}

const THREE_CLASSES = fakeFloats([1, 2, 3]);

/** States that must be refused, with the code and a word of the message. */
const REFUSED: readonly (readonly [string, PyObject, ErrorCode, RegExp])[] = [
  [
    'a cycle',
    regressor(fakeTree([[1, 2, 0, 0.5], [0, 2, 0, 0.5], FAKE_LEAF], [0, 0, 0])),
    'LL4003',
    /"nodes" of Tree/,
  ],
  [
    'a child beyond the nodes',
    regressor(fakeTree([[1, 7, 0, 0.5], FAKE_LEAF], [0, 0])),
    'LL4003',
    /"nodes" of Tree/,
  ],
  [
    'a child beyond int32',
    regressor(fakeTree([[1, 2 ** 40, 0, 0.5], FAKE_LEAF], [0, 0])),
    'LL4003',
    /does not fit/,
  ],
  [
    'a feature beyond the columns',
    regressor(fakeTree([[1, 2, 1, 0.5], FAKE_LEAF, FAKE_LEAF], [0, 0, 0])),
    'LL4003',
    /1 features/,
  ],
  [
    'a threshold that is no number',
    regressor(fakeTree([[1, 2, 0, Number.NaN], FAKE_LEAF, FAKE_LEAF], [0, 0, 0])),
    'LL4003',
    /threshold/,
  ],
  ['no nodes', regressor(fakeTree([], [], 1, [0, 1, 1])), 'LL4003', /at least one node/],
  ['fewer values than nodes', regressor(fakeTree(FAKE_STUMP, [1, 2], 1, [2, 1, 1])), 'LL4003', /"values"/],
  [
    'values without a number of outputs',
    regressor(fakeTree(FAKE_STUMP, [1, 2, 3], 1, [3, 1])),
    'LL4003',
    /"values"/,
  ],
  [
    'a value that is infinite',
    regressor(fakeTree(FAKE_STUMP, [1, 2, Number.POSITIVE_INFINITY])),
    'LL4003',
    /finite/,
  ],
  ['a tree of other features', regressor(fakeTree(FAKE_STUMP, [1, 2, 3], 2)), 'LL4003', /n_features/],
  [
    'a forged width',
    fakeTreeRegressor('DecisionTreeRegressor', fakeTree(FAKE_STUMP, [1, 2, 3], 2 ** 31), 2 ** 31),
    'LL4003',
    /n_features_in_/,
  ],
  [
    'a regressor with values by class',
    regressor(fakeTree(FAKE_STUMP, [1, 2, 3, 4, 5, 6])),
    'LL4003',
    /of 1 values/,
  ],
  ['more classes than values', classifier(STUMP, fakeInts([0, 1])), 'LL4003', /of 2 values/],
  [
    'classes of two outputs, values of one',
    classifier(fakeTree(FAKE_STUMP, [1, 2, 3, 4, 5, 6, 7, 8, 9]), fakeList(THREE_CLASSES, THREE_CLASSES)),
    'LL4003',
    /2 outputs/,
  ],
  [
    'a tree that is not there',
    fakeObject('sklearn.tree._classes.DecisionTreeRegressor', { n_features_in_: 1 }),
    'LL4002',
    /tree_/,
  ],
  ['a tree made by unknown code', regressor(fakeObject('evil.Tree', {})), 'LL3006', /evil\.Tree/],
  ['a forest without trees', forest('RandomForestRegressor', []), 'LL4003', /at least one tree/],
  [
    'a forest of another class of trees',
    forest('RandomForestRegressor', [fakeTreeRegressor('ExtraTreeRegressor', STUMP)]),
    'LL4003',
    /a DecisionTreeRegressor/,
  ],
  [
    'a forest of unknown code',
    forest('RandomForestRegressor', [fakeObject('evil.DecisionTreeRegressor', { tree_: STUMP })]),
    'LL3006',
    /evil/,
  ],
  [
    'trees that differ in outputs',
    forest('RandomForestRegressor', [
      regressor(STUMP),
      regressor(fakeTree(FAKE_STUMP, [1, 2, 3, 4, 5, 6], 1, [3, 2, 1])),
    ]),
    'LL4003',
    /1 outputs/,
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

function column(...values: readonly number[]): Data {
  return dense(values.length, 1, Float64Array.from(values));
}

test('a stump answers by its side, a tie goes left, and children may stand in any order', () => {
  const swapped = fakeTree([[2, 1, 0, 0.5], FAKE_LEAF, FAKE_LEAF], [15, 20, 10]);
  for (const tree of [STUMP, swapped]) {
    const target = resolveEstimator(regressor(tree), 'model').predict!(column(0, 0.5, 0.6));
    assert.deepEqual(target.kind === 'numbers' && [...target.data], [10, 10, 20]);
  }
});

test('rows are rounded to float32 before they are compared', () => {
  // 0.1 rounds up to 0.10000000149, which is above 0.1; scikit-learn 1.7.2 goes right.
  const tree = fakeTree([[1, 2, 0, 0.1], FAKE_LEAF, FAKE_LEAF], [0, 10, 20]);
  const target = resolveEstimator(regressor(tree), 'model').predict!(column(0.1));
  assert.deepEqual(target.kind === 'numbers' && [...target.data], [20]);
});

const MIXED: Table = { kind: 'table', nRows: 1, names: ['age'], columns: [['old']] };
const SPARSE_MISSING: Csr = {
  kind: 'csr',
  nRows: 1,
  nCols: 1,
  indptr: Int32Array.of(0, 1),
  indices: Int32Array.of(0),
  data: Float64Array.of(Number.NaN),
};
const SPARSE_LARGE: Csr = { ...SPARSE_MISSING, data: Float64Array.of(1e39) };
const ABSOLUTE = { criterion: 'absolute_error' };
const MONOTONIC = { monotonic_cst: fakeInts([1]) };

/** Rows that must be refused; `missing` is about trees that do not take them. */
const ROWS: readonly (readonly [string, Readonly<Record<string, Inert>>, Data, ErrorCode])[] = [
  ['two values', {}, dense(1, 2, new Float64Array(2)), 'LL2003'],
  ['a string', {}, MIXED, 'LL2006'],
  ['an infinite value', {}, column(1, Number.POSITIVE_INFINITY), 'LL2007'],
  ['a value beyond float32', {}, column(1e39), 'LL2007'],
  ['a missing value where the criterion takes none', ABSOLUTE, column(0, Number.NaN), 'LL2007'],
  ['a missing value under a monotonic constraint', MONOTONIC, column(Number.NaN), 'LL2007'],
  ['a missing value in a sparse row', {}, SPARSE_MISSING, 'LL2007'],
  ['a value beyond float32 in a sparse row', {}, SPARSE_LARGE, 'LL2007'],
];

for (const [what, attributes, rows, code] of ROWS) {
  test(`row refused: ${what}`, () => {
    const fitted = resolveEstimator(regressor(STUMP, attributes), 'model');
    assert.throws(() => fitted.predict!(rows), { code });
  });
}

test('a refused value is named by row and column, in whatever block it is', () => {
  const fitted = resolveEstimator(regressor(STUMP, ABSOLUTE), 'model');
  const values = new Float64Array(600);
  values[555] = Number.NaN;
  const rows: Table = { kind: 'table', nRows: 600, names: ['age'], columns: [values] };
  assert.throws(
    () => fitted.predict!(rows),
    (error) => error instanceof LoadlineError && error.detail.row === 555 && error.detail.field === 'age',
  );
});

test('a missing value goes where the node says, in every block', () => {
  const fitted = resolveEstimator(regressor(STUMP), 'model');
  assert.equal(fitted.features?.[0]?.missing, true);
  const values = new Float64Array(600).fill(1);
  values[0] = Number.NaN;
  values[599] = Number.NaN;
  // missing_go_to_left is 0 in the stump: they go right, with the ones.
  const target = fitted.predict!(dense(600, 1, values));
  assert.ok(target.kind === 'numbers' && target.data.every((value) => value === 20));
});

test('sparse rows are walked as dense ones', () => {
  const rows: Csr = {
    kind: 'csr',
    nRows: 3,
    nCols: 1,
    indptr: Int32Array.of(0, 1, 1, 2),
    indices: Int32Array.of(0, 0),
    data: Float64Array.of(1, 0.25),
  };
  const target = resolveEstimator(regressor(STUMP), 'model').predict!(rows);
  assert.deepEqual(target.kind === 'numbers' && [...target.data], [20, 10, 10]);
});

test('trees unpacked ahead of reading give the same model, and faulty ones the same refusal', () => {
  for (const [name, object, code, message] of REFUSED) {
    for (const _ of unpackTrees(object)) {
      // Driven to its end.
    }
    assert.throws(
      () => resolveEstimator(object, 'model'),
      (error) => error instanceof LoadlineError && error.code === code && message.test(error.message),
      name,
    );
  }
  const object = forest('RandomForestRegressor', [regressor(STUMP), regressor(STUMP)]);
  const steps = unpackTrees(object);
  let step = steps.next();
  while (step.done !== true) {
    step = steps.next();
  }
  // The two members are one shared object: it is unpacked once.
  assert.equal(step.value, 1);
  const { predict } = resolveEstimator(object, 'model');
  const target = predict?.(dense(2, 1, Float64Array.of(0, 1)));
  assert.deepEqual(target?.kind === 'numbers' ? [...target.data] : null, [10, 20]);
});
