/** Isolation forests: rows that random trees isolate early are outliers. */
import type { TreeNodes } from '../../kernels/forest.ts';
import { addValues, packForest, placesOf } from '../../kernels/forest.ts';
import { averagePathLength, isolationScores } from '../../kernels/isolation.ts';
import type { Data } from '../../model/data.ts';
import { numbers1d } from '../../model/data.ts';
import { toInt32 } from '../../tensor/convert.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { memberTree } from '../tree/members.ts';
import type { FittedTree } from '../tree/read-tree.ts';
import { readTree, readWidth } from '../tree/read-tree.ts';
import { makeWalk } from '../tree/walk.ts';

export const isolationForest = defineEstimators({
  rows: [{ name: 'IsolationForest', module: 'sklearn.ensemble' }],
  read(state) {
    const { name } = state;
    const nFeatures = readWidth(state);
    const trees = readTrees(state, nFeatures);
    const sizes = trees.map(({ tree }) => tree.nNodes);
    const depths = new Float64Array(placesOf(sizes));
    let lengths: Float64Array = depths;
    const forest = packForest({
      nFeatures,
      sizes,
      float32: true,
      categories: null,
      tree(index) {
        const { tree, columns } = trees[index]!;
        const nodes = tree.nodes();
        lengths = isolationLengths(nodes, expectedDepths(state, index, tree));
        return { ...nodes, feature: nodes.feature.map((feature) => columns[feature] ?? feature) };
      },
      leaf(_tree, node, place) {
        depths[place] = lengths[node]!;
      },
    });
    const missing = state.since(1, 6);
    const walk = makeWalk(forest, { name, finiteness: missing ? 'any' : 'finite', float32: true });
    const expected = trees.length * averagePathLength(readMaxSamples(state));
    const offset = state.number('offset_');
    function scores(rows: Data): Float64Array {
      const sums = new Float64Array(rows.nRows);
      walk(rows, (leaves, nRows, first) => addValues(forest, leaves, nRows, depths, sums, first, 1));
      return isolationScores(sums, expected);
    }
    return {
      name,
      task: 'outlier',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures, missing),
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(scores(rows).map((score) => (score - offset < 0 ? -1 : 1))),
      decisionFunction: (rows) => numbers1d(scores(rows).map((score) => score - offset)),
      scoreSamples: (rows) => numbers1d(scores(rows)),
    };
  },
});

interface Member {
  readonly tree: FittedTree;
  /** The forest's column for each of the tree's. */
  readonly columns: Int32Array;
}

function readTrees(state: EstimatorState, nFeatures: number): readonly Member[] {
  const items = state.list('estimators_');
  const columns = state.list('estimators_features_');
  if (items.length === 0 || columns.length !== items.length) {
    throw state.wrong(
      'estimators_features_',
      `one array for each of ${items.length} trees`,
      state.value('estimators_features_'),
    );
  }
  return items.map((item, i) => {
    const label = `estimators_features_[${i}]`;
    const indices = toInt32(state.array(label, { shape: [null] }, columns[i]!));
    if (indices.some((j) => j < 0 || j >= nFeatures)) {
      throw state.wrong(label, `columns below ${nFeatures}`, columns[i]!);
    }
    return {
      tree: readTree(memberTree(state, item, i, 'ExtraTreeRegressor'), indices.length),
      columns: indices,
    };
  });
}

/** Depth that the rows of each node would still have: stored since 1.3. */
function expectedDepths(state: EstimatorState, index: number, tree: FittedTree): Float64Array {
  const attribute = '_average_path_length_per_tree';
  if (!state.has(attribute)) {
    return Float64Array.from(tree.samples(), averagePathLength);
  }
  const table = state.list(attribute)[index] ?? null;
  return state.floats(`${attribute}[${index}]`, { shape: [tree.nNodes] }, table);
}

/** What each leaf adds to a row's depth: the nodes passed on the way and the depth its rows would still have, less one. */
function isolationLengths(nodes: TreeNodes, expected: Float64Array): Float64Array {
  const depths = new Float64Array(nodes.left.length);
  const lengths = new Float64Array(nodes.left.length);
  const stack = [0];
  depths[0] = 1;
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const left = nodes.left[node]!;
    if (left < 0) {
      lengths[node] = depths[node]! + expected[node]! - 1;
      continue;
    }
    const right = nodes.right[node]!;
    depths[left] = depths[node]! + 1;
    depths[right] = depths[node]! + 1;
    stack.push(left, right);
  }
  return lengths;
}

function readMaxSamples(state: EstimatorState): number {
  return state.integer(state.anyOf('_max_samples', 'max_samples_'));
}
