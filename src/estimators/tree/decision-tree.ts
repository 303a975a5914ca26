/** A single decision tree. */
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import { treeClassifier, treeRegressor } from './predictors.ts';
import { readTree, readWidth, takesMissing } from './read-tree.ts';

interface Row extends EstimatorRow {
  readonly task: 'classifier' | 'regressor';
}

const module = 'sklearn.tree';

export const decisionTrees = defineEstimators<Row>({
  rows: [
    { name: 'DecisionTreeClassifier', module, task: 'classifier' },
    { name: 'DecisionTreeRegressor', module, task: 'regressor' },
    { name: 'ExtraTreeClassifier', module, task: 'classifier' },
    { name: 'ExtraTreeRegressor', module, task: 'regressor' },
  ],
  read(state, row) {
    const nFeatures = readWidth(state);
    const trees = [readTree(state, nFeatures)];
    const source = { state, trees, nFeatures, missing: takesMissing(state) };
    return row.task === 'classifier' ? treeClassifier(source, true) : treeRegressor(source);
  },
});
