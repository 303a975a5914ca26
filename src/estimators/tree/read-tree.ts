/** The `Tree` inside every tree estimator of scikit-learn: its nodes and what each of them answers. */
import { isLoadlineError } from '../../errors.ts';
import type { TreeNodes } from '../../kernels/forest.ts';
import { treeFault } from '../../kernels/forest.ts';
import { plain } from '../../pickle/decode.ts';
import type { Inert, PyObject } from '../../pickle/inert.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { structField, toFloat64, toInt32 } from '../../tensor/convert.ts';
import type { NdArray } from '../../tensor/ndarray.ts';
import { EstimatorState } from '../state.ts';

/** A fitted `Tree`: its nodes are read when asked for, so that a forest's trees are not all unpacked at once. */
export interface FittedTree {
  readonly nNodes: number;
  readonly nOutputs: number;
  /** Width of one output in `values`: the largest number of classes, 1 for a regressor. */
  readonly maxClasses: number;
  /** `[nNodes, nOutputs, maxClasses]`: a regressor's prediction; a classifier's weight per class, a fraction of the node from scikit-learn 1.4 on. */
  values(): Float64Array;
  /** Nodes without fault. Throws LL4003 for a tree that cannot be walked. */
  nodes(): TreeNodes;
  /** Training rows in each node. */
  samples(): Int32Array;
}

/** Features at most: nothing else in a file of trees has the size of a row, so a forged width would be allocated. */
const MAX_FEATURES = 2 ** 22;

/** Number of features of an estimator made of trees. Throws LL4002 where it is not there, LL4003 where it cannot be. */
export function readWidth(state: EstimatorState): number {
  const width = state.nFeatures() ?? state.integer('n_features_in_');
  if (width < 0 || width > MAX_FEATURES) {
    throw state.wrong('n_features_in_', `0 to ${MAX_FEATURES} features`, width);
  }
  return width;
}

/** Reads `tree_` of a tree estimator that sees `nFeatures` features. Throws LL4003 where its parts contradict each other. */
export function readTree(owner: EstimatorState, nFeatures: number): FittedTree {
  const value = owner.value('tree_');
  if (qualifiedName(value) !== 'sklearn.tree._tree.Tree') {
    throw owner.wrong('tree_', 'a Tree', value);
  }
  const tree = owner.nested('tree_', value);
  const counted = plain(tree.object.args[0] ?? null);
  if (counted !== nFeatures) {
    throw tree.wrong('n_features', `${nFeatures}`, counted);
  }
  const array = tree.array('nodes', { shape: [null] });
  const [nNodes] = array.shape as [number];
  const shape = tree.array('values', { shape: [nNodes, null, null] }).shape;
  const [, nOutputs, maxClasses] = shape as [number, number, number];
  if (nOutputs === 0 || maxClasses === 0) {
    throw tree.wrong('values', 'at least one value per node', tree.value('values'));
  }
  return {
    nNodes,
    nOutputs,
    maxClasses,
    values: () => UNPACKED.get(tree.object)?.values ?? tree.floats('values'),
    samples: () => integers(array, 'n_node_samples'),
    nodes() {
      const unpacked = UNPACKED.get(tree.object);
      const nodes = unpacked?.nodes ?? unpackNodes(array);
      const fault = unpacked?.soundFor === nFeatures ? null : treeFault(nodes, nFeatures);
      if (fault !== null) {
        throw tree.wrong('nodes', fault, array, 'another');
      }
      return nodes;
    },
  };
}

interface Unpacked {
  readonly nodes: TreeNodes;
  /** Number of features for which the nodes are without fault; null where they have one. */
  readonly soundFor: number | null;
  readonly values: Float64Array;
}

/** Trees that were unpacked ahead of reading; they live as long as the file's contents do. */
const UNPACKED = new WeakMap<PyObject, Unpacked>();

/**
 * Unpacks and checks a `Tree` now, so that reading it later takes little time: opening a model beside requests is done a
 * tree at a time. What is not as it should be is left for `readTree` to refuse.
 */
export function unpackTree(object: PyObject): void {
  try {
    const state = new EstimatorState(object, 'tree_', [0, 0]);
    const nodes = unpackNodes(state.array('nodes', { shape: [null] }));
    const nFeatures = plain(object.args[0] ?? null);
    const sound = typeof nFeatures === 'number' && treeFault(nodes, nFeatures) === null;
    UNPACKED.set(object, { nodes, soundFor: sound ? nFeatures : null, values: state.floats('values') });
  } catch (error) {
    if (!isLoadlineError(error)) {
      throw error;
    }
  }
}

function unpackNodes(array: NdArray<Inert>): TreeNodes {
  return {
    left: integers(array, 'left_child'),
    right: integers(array, 'right_child'),
    feature: integers(array, 'feature'),
    threshold: toFloat64(structField(array, 'threshold')),
    // Since scikit-learn 1.3; before, no tree took missing values.
    missingLeft: hasField(array, 'missing_go_to_left')
      ? Uint8Array.from(integers(array, 'missing_go_to_left'))
      : null,
    category: null,
  };
}

/** Criteria whose splitters handle missing values before scikit-learn 1.9, where all do: not `absolute_error`. */
const MISSING_CRITERIA: readonly Inert[] = [
  'gini',
  'entropy',
  'log_loss',
  'squared_error',
  'friedman_mse',
  'poisson',
];

/** Whether a tree estimator of its version and options takes missing values in dense rows, as its `allow_nan` tag says. */
export function takesMissing(tree: EstimatorState): boolean {
  if (!tree.since(1, 3)) {
    return false;
  }
  const splitter = tree.optional('splitter');
  if (tree.name.startsWith('ExtraTree') && tree.since(1, 6)) {
    if (splitter !== 'random') {
      return false;
    }
  } else if (splitter !== 'best' && !tree.since(1, 6)) {
    return false;
  }
  return (
    tree.since(1, 9) ||
    (MISSING_CRITERIA.includes(tree.optional('criterion') ?? null) &&
      (tree.optional('monotonic_cst') ?? null) === null)
  );
}

function integers(array: NdArray<Inert>, field: string): Int32Array {
  return toInt32(structField(array, field));
}

function hasField(array: NdArray<Inert>, field: string): boolean {
  return array.dtype.fields?.some(({ name }) => name === field) ?? false;
}
