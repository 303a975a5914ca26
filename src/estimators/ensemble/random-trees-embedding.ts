/** Rows as the leaves that they reach in random trees, one column per leaf. */
import { packForest, placesOf } from '../../kernels/forest.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { requireMethod } from '../parts.ts';
import { within } from '../step-error.ts';
import { memberTree } from '../tree/members.ts';
import { readTree, readWidth, takesMissing } from '../tree/read-tree.ts';
import { makeWalk } from '../tree/walk.ts';

export const randomTreesEmbedding = defineEstimators({
  rows: [{ name: 'RandomTreesEmbedding', module: 'sklearn.ensemble' }],
  read(state, _row, resolve) {
    const { name } = state;
    const nFeatures = readWidth(state);
    const members = state
      .list('estimators_')
      .map((item, i) => memberTree(state, item, i, 'ExtraTreeRegressor'));
    const trees = members.map((member) => readTree(member, nFeatures));
    const sizes = trees.map((tree) => tree.nNodes);
    /** Number of each leaf within its tree, by place. */
    const numbers = new Int32Array(placesOf(sizes));
    const forest = packForest({
      nFeatures,
      sizes,
      float32: true,
      categories: null,
      tree: (index) => trees[index]!.nodes(),
      leaf(_tree, node, place) {
        numbers[place] = node;
      },
    });
    const encoder = resolve(state.value('one_hot_encoder_'), 'one_hot_encoder_');
    requireMethod(state, encoder, 'transform', 'one_hot_encoder_');
    const missing = state.since(1, 4) && members[0] !== undefined && takesMissing(members[0]);
    const walk = makeWalk(forest, { name, finiteness: missing ? 'nan' : 'finite', float32: true });
    const { nTrees, nLanes } = forest;
    return {
      name,
      task: 'transformer',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures, missing),
      classes: null,
      nOutputs: 1,
      children: [{ label: 'one_hot_encoder_', fitted: encoder }],
      transform(rows) {
        const reached = new Float64Array(rows.nRows * nTrees);
        walk(rows, (leaves, nRows, first) => {
          for (let row = 0; row < nRows; row++) {
            for (let t = 0; t < nTrees; t++) {
              reached[(first + row) * nTrees + t] = numbers[leaves[row * nLanes + t]!]!;
            }
          }
        });
        return within('one_hot_encoder_', () => encoder.transform!(dense(rows.nRows, nTrees, reached)));
      },
    };
  },
});
