/** Forests that answer the mean of their trees. */
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import { memberTree } from '../tree/members.ts';
import { treeClassifier, treeRegressor } from '../tree/predictors.ts';
import { readTree, readWidth, takesMissing } from '../tree/read-tree.ts';

interface Row extends EstimatorRow {
  /** Class of the trees. */
  readonly tree: string;
}

const module = 'sklearn.ensemble';

export const forests = defineEstimators<Row>({
  rows: [
    { name: 'RandomForestClassifier', module, tree: 'DecisionTreeClassifier' },
    { name: 'RandomForestRegressor', module, tree: 'DecisionTreeRegressor' },
    { name: 'ExtraTreesClassifier', module, tree: 'ExtraTreeClassifier' },
    { name: 'ExtraTreesRegressor', module, tree: 'ExtraTreeRegressor' },
  ],
  read(state, row) {
    const nFeatures = readWidth(state);
    const members = state.list('estimators_').map((item, index) => memberTree(state, item, index, row.tree));
    const source = {
      state,
      trees: members.map((member) => readTree(member, nFeatures)),
      nFeatures,
      // Forests take missing values since 1.4, where their trees do.
      missing: state.since(1, 4) && members[0] !== undefined && takesMissing(members[0]),
    };
    return row.tree.endsWith('Classifier') ? treeClassifier(source, false) : treeRegressor(source);
  },
});
