import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { dense } from '../../model/data.ts';
import type { Inert, PyObject } from '../../pickle/inert.ts';
import type { NdArray } from '../../tensor/ndarray.ts';
import { fakeFloats, fakeInts, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const MODULE = 'sklearn.neighbors.';

function fakeDict(entries: Readonly<Record<string, Inert>>): Inert {
  return { kind: 'dict', entries: Object.entries(entries) };
}

function fakeGlobal(module: string, name: string): Inert {
  return { kind: 'global', module, name, offset: 77 };
}

/** Rows 0, 1, 2 and 3 of one column, the first two of class 0. */
const scan: Record<string, Inert> = {
  _fit_X: fakeFloats([0, 1, 2, 3], [4, 1]),
  _fit_method: 'brute',
  _y: fakeInts([0, 0, 1, 1]),
  _tree: null,
  classes_: fakeInts([5, 7]),
  effective_metric_: 'euclidean',
  effective_metric_params_: fakeDict({}),
  n_neighbors: 1,
  radius: 0.6,
  weights: 'uniform',
  outlier_label: null,
  outlier_label_: null,
};

/** Nodes of a tree as numpy writes them: start, end, whether a leaf, radius. */
function fakeNodes(nodes: readonly (readonly [number, number, number, number])[]): NdArray<Inert> {
  const bytes = new Uint8Array(nodes.length * 32);
  const view = new DataView(bytes.buffer);
  nodes.forEach(([start, end, leaf, radius], i) => {
    view.setBigInt64(i * 32, BigInt(start), true);
    view.setBigInt64(i * 32 + 8, BigInt(end), true);
    view.setBigInt64(i * 32 + 16, BigInt(leaf), true);
    view.setFloat64(i * 32 + 24, radius, true);
  });
  const number = (kind: 'i' | 'f') =>
    ({ kind, itemSize: 8, littleEndian: true, fields: null, subShape: [] }) as const;
  return {
    kind: 'ndarray',
    dtype: {
      kind: 'V',
      itemSize: 32,
      littleEndian: true,
      subShape: [],
      fields: [
        { name: 'idx_start', dtype: number('i'), offset: 0 },
        { name: 'idx_end', dtype: number('i'), offset: 8 },
        { name: 'is_leaf', dtype: number('i'), offset: 16 },
        { name: 'radius', dtype: number('f'), offset: 24 },
      ],
    },
    shape: [nodes.length],
    fortran: false,
    bytes,
    objects: null,
  };
}

interface TreeParts {
  readonly order?: readonly number[];
  readonly nodes?: readonly (readonly [number, number, number, number])[];
  readonly bounds?: NdArray<Inert>;
}

const NODES = [
  [0, 4, 0, 1.5],
  [0, 2, 1, 0.5],
  [2, 4, 1, 0.5],
] as const;

function tree(parts: TreeParts = {}, method = 'kd_tree'): Record<string, Inert> {
  const object = fakeObject(`${MODULE}_kd_tree.KDTree`, {});
  const { order = [0, 1, 2, 3], nodes = NODES } = parts;
  const bounds = parts.bounds ?? fakeFloats([0, 0, 2, 3, 1, 3], [2, 3, 1]);
  object.state = { kind: 'tuple', items: [scan._fit_X!, fakeInts(order), fakeNodes(nodes), bounds, 2] };
  return { ...scan, _fit_method: method, _tree: object };
}

function classifier(attributes: Readonly<Record<string, Inert>>, kind = 'KNeighbors'): PyObject {
  return fakeObject(`${MODULE}${kind}Classifier`, attributes);
}

const K = 'KNeighborsClassifier';
const RADIUS = 'RadiusNeighborsClassifier';
const REFUSED: readonly [string, string, Record<string, Inert>, ErrorCode, RegExp][] = [
  ['no neighbours', K, { ...scan, n_neighbors: 0 }, 'LL4003', /n_neighbors/],
  ['more neighbours than rows', K, { ...scan, n_neighbors: 5 }, 'LL4003', /n_neighbors.*1 to 4/],
  ['a code without a class', K, { ...scan, _y: fakeInts([0, 0, 1, 2]) }, 'LL4003', /_y/],
  ['a target too few', K, { ...scan, _y: fakeInts([0, 0, 1]) }, 'LL4003', /_y.*\[4\]/],
  ['a target that is no number', K, { ...scan, _y: fakeFloats([0, 0, 1, Number.NaN]) }, 'LL4003', /_y/],
  [
    'a training row that is not finite',
    K,
    { ...scan, _fit_X: fakeFloats([0, 1, 2, Number.NaN], [4, 1]) },
    'LL4003',
    /_fit_X/,
  ],
  ['given distances', K, { ...scan, effective_metric_: 'precomputed' }, 'LL4004', /effective_metric_/],
  [
    'a metric that is code',
    K,
    { ...scan, effective_metric_: fakeGlobal('__main__', 'mine') },
    'LL3006',
    /__main__\.mine.*byte 77/,
  ],
  [
    'weights that are code',
    K,
    { ...scan, weights: fakeGlobal('__main__', 'mine') },
    'LL3006',
    /__main__\.mine/,
  ],
  ['haversine of one column', K, { ...scan, effective_metric_: 'haversine' }, 'LL4003', /haversine/],
  ['seuclidean without variances', K, { ...scan, effective_metric_: 'seuclidean' }, 'LL4004', /seuclidean/],
  [
    'weights of other columns',
    K,
    {
      ...scan,
      effective_metric_: 'minkowski',
      effective_metric_params_: fakeDict({ p: 3, w: fakeFloats([1, 2]) }),
    },
    'LL4003',
    /\["w"\]/,
  ],
  [
    'a negative exponent',
    K,
    { ...scan, effective_metric_: 'minkowski', effective_metric_params_: fakeDict({ p: -1 }) },
    'LL4003',
    /\["p"\]/,
  ],
  ['a negative radius', RADIUS, { ...scan, radius: -1 }, 'LL4003', /radius/],
  [
    'labels for outliers of more outputs',
    RADIUS,
    { ...scan, outlier_label_: fakeInts([1, 2]) },
    'LL4003',
    /outlier_label_/,
  ],
  ['a row twice in the tree', K, tree({ order: [0, 1, 1, 3] }), 'LL4003', /_tree\[1\]/],
  ['a row beyond the data', K, tree({ order: [0, 1, 2, 4] }), 'LL4003', /_tree\[1\]/],
  ['no nodes', K, tree({ nodes: [], bounds: fakeFloats([], [2, 0, 1]) }), 'LL4003', /_tree\[2\]/],
  [
    'a root without some rows',
    K,
    tree({ nodes: [[0, 3, 1, 1]], bounds: fakeFloats([0, 1], [2, 1, 1]) }),
    'LL4003',
    /_tree\[2\]/,
  ],
  [
    'children beyond the nodes',
    K,
    tree({ nodes: [[0, 4, 0, 1]], bounds: fakeFloats([0, 1], [2, 1, 1]) }),
    'LL4003',
    /_tree\[2\].*node 0/,
  ],
  [
    'children that overlap',
    K,
    tree({
      nodes: [
        [0, 4, 0, 1],
        [0, 3, 1, 1],
        [2, 4, 1, 1],
      ],
    }),
    'LL4003',
    /_tree\[2\]/,
  ],
  [
    'children that run backwards',
    K,
    tree({
      nodes: [
        [0, 4, 0, 1],
        [0, -2, 1, 1],
        [-2, 4, 1, 1],
      ],
    }),
    'LL4003',
    /_tree\[2\]/,
  ],
  ['boxes of other nodes', K, tree({ bounds: fakeFloats([0, 1], [2, 1, 1]) }), 'LL4003', /_tree\[3\]/],
  ['balls in place of boxes', K, tree({}, 'ball_tree'), 'LL4003', /_tree\[3\]/],
  [
    'a k-d tree of a metric that has none',
    K,
    { ...tree(), effective_metric_: 'canberra' },
    'LL4003',
    /effective_metric_/,
  ],
  ['a tree without its state', K, { ...tree(), _tree: fakeObject(`${MODULE}KDTree`, {}) }, 'LL4003', /_tree/],
  ['a search that is not known', K, { ...scan, _fit_method: 'other' }, 'LL4004', /_fit_method/],
];

for (const [name, kind, attributes, code, message] of REFUSED) {
  test(`${kind} refuses ${name}`, () => {
    assert.throws(() => resolveEstimator(fakeObject(`${MODULE}${kind}`, attributes), 'model'), {
      code,
      message,
    });
  });
}

test('a tree and a scan vote alike', () => {
  const rows = dense(3, 1, Float64Array.of(0.2, 1.4, 2.9));
  for (const attributes of [scan, tree()]) {
    const target = resolveEstimator(classifier(attributes), 'model').predict?.(rows);
    assert.deepEqual(target?.kind === 'labels' && [...target.codes], [0, 0, 1]);
  }
});

test('a row without neighbours is refused by its number, unless outliers have a label', () => {
  const rows = dense(2, 1, Float64Array.of(1, 9));
  const strict = resolveEstimator(classifier(scan, 'RadiusNeighbors'), 'model');
  assert.throws(() => strict.predict?.(rows), { code: 'LL2015', message: /^Row 1: / });
  const labelled = { ...scan, outlier_label: 9, outlier_label_: fakeInts([9]) };
  const target = resolveEstimator(classifier(labelled, 'RadiusNeighbors'), 'model').predict?.(rows);
  assert.ok(target?.kind === 'labels');
  assert.deepEqual([...target.codes], [0, 2]);
  assert.deepEqual(target.classes, [[5, 7, 9]]);
});

test('LocalOutlierFactor without novelty has nothing to say of new rows', () => {
  const object = fakeObject(`${MODULE}LocalOutlierFactor`, { ...scan, novelty: false });
  assert.throws(() => resolveEstimator(object, 'model'), { code: 'LL4004', message: /novelty=False/ });
});

test('NearestCentroid refuses centroids of other classes', () => {
  const object = fakeObject(`${MODULE}NearestCentroid`, {
    classes_: fakeInts([0, 1]),
    centroids_: fakeFloats([0, 1, 2], [3, 1]),
    metric: 'euclidean',
  });
  assert.throws(() => resolveEstimator(object, 'model'), { code: 'LL4003', message: /centroids_/ });
});
