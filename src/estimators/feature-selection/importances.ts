/** Importances of the features to a fitted estimator: `coef_`, or `feature_importances_` computed from its trees. */
import { pairwiseSum } from '../../kernels/math.ts';
import { asNdArray } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { structField, toFloat64, toObjects } from '../../tensor/convert.ts';
import type { EstimatorState, FloatMatrix } from '../state.ts';
import { readTree } from '../tree/read-tree.ts';

/** `[1, nFeatures]`, or for an estimator with several rows of coefficients all of them. */
export interface Importances extends FloatMatrix {
  /** Whether scikit-learn has a vector here, not a matrix of one row. */
  readonly vector: boolean;
}

/**
 * What `getter` names: `auto` is `coef_` where there is one, else `feature_importances_`. Throws LL4004 for an
 * estimator that has neither in a form that can be read, or for another getter.
 */
export function readImportances(state: EstimatorState, getter: Inert): Importances {
  if (getter === 'coef_' || (getter === 'auto' && state.has('coef_'))) {
    const coefficients = state.matrix('coef_');
    return { ...coefficients, vector: asNdArray(state.value('coef_'))?.shape.length === 1 };
  }
  if (getter !== 'auto' && getter !== 'feature_importances_') {
    throw state.unsupported('importance_getter', "'auto', 'coef_', 'feature_importances_'", getter);
  }
  const nFeatures = state.nFeatures() ?? state.integer('n_features_in_');
  const data = featureImportances(state, nFeatures);
  return { rows: 1, cols: nFeatures, data, vector: true };
}

function featureImportances(state: EstimatorState, nFeatures: number): Float64Array {
  if (state.has('tree_')) {
    return normalised(treeImportances(state, nFeatures));
  }
  if (/^(RandomForest|ExtraTrees)(Classifier|Regressor)$/.test(state.name)) {
    return normalised(meanImportances(members(state), nFeatures, true));
  }
  if (/^GradientBoosting(Classifier|Regressor)$/.test(state.name)) {
    return normalised(meanImportances(members(state), nFeatures, false));
  }
  if (/^AdaBoost(Classifier|Regressor)$/.test(state.name)) {
    return boostedImportances(state, nFeatures);
  }
  throw state.unsupported('class', 'estimators with coef_ or with trees', state.name);
}

function members(state: EstimatorState): readonly EstimatorState[] {
  const value = state.value('estimators_');
  const array = asNdArray(value);
  const items = array === null ? state.list('estimators_') : toObjects(array);
  return items.map((item, i) => state.nested(`estimators_[${i}]`, item));
}

/** How much the splits of a tree on each feature lowered the impurity. Source: `Tree.compute_feature_importances`. */
function treeImportances(owner: EstimatorState, nFeatures: number): Float64Array {
  const { left, right, feature } = readTree(owner, nFeatures).nodes();
  const array = owner.nested('tree_').array('nodes');
  const impurity = toFloat64(structField(array, 'impurity'));
  const weight = toFloat64(structField(array, 'weighted_n_node_samples'));
  const out = new Float64Array(nFeatures);
  for (let node = 0; node < left.length; node++) {
    const a = left[node]!;
    const b = right[node]!;
    if (a >= 0) {
      out[feature[node]!]! +=
        weight[node]! * impurity[node]! - weight[a]! * impurity[a]! - weight[b]! * impurity[b]!;
    }
  }
  return out.map((sum) => sum / weight[0]!);
}

/** The mean over all trees that split at all; zeros when none does. */
function meanImportances(trees: readonly EstimatorState[], nFeatures: number, each: boolean): Float64Array {
  const total = new Float64Array(nFeatures);
  let n = 0;
  for (const tree of trees) {
    if (readTree(tree, nFeatures).nNodes > 1) {
      const importances = treeImportances(tree, nFeatures);
      (each ? normalised(importances) : importances).forEach((importance, j) => {
        total[j]! += importance;
      });
      n++;
    }
  }
  return n === 0 ? total : total.map((sum) => sum / n);
}

function boostedImportances(state: EstimatorState, nFeatures: number): Float64Array {
  const parts = members(state);
  // Longer than the estimators when boosting stopped early.
  const weights = state.floats('estimator_weights_', { shape: [null] });
  const total = new Float64Array(nFeatures);
  parts.forEach((part, i) => {
    featureImportances(part, nFeatures).forEach((importance, j) => {
      total[j]! += weights[i]! * importance;
    });
  });
  const norm = pairwiseSum(weights);
  return total.map((sum) => sum / norm);
}

function normalised(importances: Float64Array): Float64Array {
  const sum = pairwiseSum(importances);
  return sum > 0 ? importances.map((importance) => importance / sum) : importances;
}
