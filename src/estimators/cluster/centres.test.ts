import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Inert } from '../../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeObject } from '../fake-state.ts';
import { resolveEstimator } from '../resolve.ts';

const CENTRES = fakeFloats([0, 0, 1, 1], [2, 2]);
const REFUSED: readonly [string, string, Record<string, Inert>, RegExp][] = [
  ['no centres', 'KMeans', { cluster_centers_: fakeFloats([], [0, 2]) }, /cluster_centers_/],
  ['centres of other columns', 'KMeans', { cluster_centers_: CENTRES, n_features_in_: 3 }, /n_features_in_/],
  [
    'a centre without a cluster',
    'Birch',
    { subcluster_centers_: CENTRES, subcluster_labels_: fakeInts([0]) },
    /subcluster_labels_/,
  ],
];

for (const [name, kind, attributes, message] of REFUSED) {
  test(`${kind} refuses ${name}`, () => {
    const object = fakeObject(`sklearn.cluster.${kind}`, attributes);
    assert.throws(() => resolveEstimator(object, 'model'), { code: 'LL4003', message });
  });
}

test('the mean shift has no distances to its centres, k-means has', () => {
  for (const [kind, has] of [
    ['MeanShift', false],
    ['KMeans', true],
  ] as const) {
    const fitted = resolveEstimator(
      fakeObject(`sklearn.cluster.${kind}`, { cluster_centers_: CENTRES }),
      'model',
    );
    assert.equal(fitted.transform !== undefined, has, kind);
  }
});
