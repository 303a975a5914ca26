/** Fitted trees written by hand, for tests of what no honest file holds. */
import type { Inert, PyObject } from '../pickle/inert.ts';
import { fakeFloats, fakeInts, fakeObject, fakeRecords } from './fake-state.ts';

/** Left child, right child, feature and threshold of a node. */
export type FakeNode = readonly [number, number, number, number];

export const FAKE_LEAF: FakeNode = [-1, -1, -2, -2];

/** x₀ ≤ 0.5 goes to node 1, anything else to node 2. */
export const FAKE_STUMP: readonly FakeNode[] = [[1, 2, 0, 0.5], FAKE_LEAF, FAKE_LEAF];

/** The inside of a tree estimator over `nFeatures` features; `values` is `[nNodes, 1, values.length / nNodes]` unless `shape` says otherwise. */
export function fakeTree(
  nodes: readonly FakeNode[],
  values: readonly number[],
  nFeatures = 1,
  shape: readonly number[] = [nodes.length, 1, values.length / Math.max(nodes.length, 1)],
): PyObject {
  const tree = fakeObject('sklearn.tree._tree.Tree', {
    node_count: nodes.length,
    nodes: fakeRecords(
      {
        left_child: 'i8',
        right_child: 'i8',
        feature: 'i8',
        threshold: 'f8',
        impurity: 'f8',
        n_node_samples: 'i8',
        weighted_n_node_samples: 'f8',
        missing_go_to_left: 'u1',
      },
      nodes.map((node) => [...node, 0, 4, 4, 0]),
    ),
    values: fakeFloats(values, shape),
  });
  return { ...tree, args: [nFeatures, fakeInts([1]), shape[1] ?? 1] };
}

/** A regression tree estimator of this class around `fakeTree`. */
export function fakeTreeRegressor(
  className: string,
  tree: PyObject,
  nFeatures = 1,
  attributes: Readonly<Record<string, Inert>> = {},
): PyObject {
  return fakeObject(`sklearn.tree._classes.${className}`, {
    criterion: 'squared_error',
    splitter: className.startsWith('Extra') ? 'random' : 'best',
    n_features_in_: nFeatures,
    n_outputs_: 1,
    tree_: tree,
    ...attributes,
  });
}
