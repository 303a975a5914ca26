/** Gradient boosting over binned features: float64 thresholds, missing values and categories. */
import type { Categories, Forest, TreeNodes } from '../../kernels/forest.ts';
import { addValues, packForest, placesOf, treeFault } from '../../kernels/forest.ts';
import { codesAbove, logisticOrSoftmaxLink } from '../../kernels/linear.ts';
import { argmaxRows } from '../../kernels/math.ts';
import type { Data } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import type { Inert } from '../../pickle/inert.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { structField, toFloat64, toInt32 } from '../../tensor/convert.ts';
import type { NdArray } from '../../tensor/ndarray.ts';
import type { Resolve } from '../define.ts';
import { defineEstimators } from '../define.ts';
import { requireMethod } from '../parts.ts';
import type { EstimatorState } from '../state.ts';
import { isList } from '../state.ts';
import { readWidth } from '../tree/read-tree.ts';
import type { Walk } from '../tree/walk.ts';
import { makeWalk } from '../tree/walk.ts';

const module = 'sklearn.ensemble';

export const histGradientBoostingRegressor = defineEstimators({
  rows: [{ name: 'HistGradientBoostingRegressor', module }],
  read(state, _row, resolve) {
    const loss = state.value('loss');
    // These losses have the logarithm as their link, all others the identity.
    const exponential = loss === 'poisson' || loss === 'gamma';
    const stages = readStages(state, resolve, 1);
    return {
      ...stages.common,
      task: 'regressor',
      classes: null,
      predict(rows) {
        const scores = stages.scores(rows);
        return numbers1d(exponential ? scores.map(Math.exp) : scores);
      },
    };
  },
});

export const histGradientBoostingClassifier = defineEstimators({
  rows: [{ name: 'HistGradientBoostingClassifier', module }],
  read(state, _row, resolve) {
    const classes = state.labels('classes_');
    if (classes.length < 2) {
      throw state.wrong('classes_', 'at least two classes', state.value('classes_'));
    }
    const nClasses = classes.length;
    const nOutputs = nClasses === 2 ? 1 : nClasses;
    const stages = readStages(state, resolve, nOutputs);
    function probabilities(rows: Data): Float64Array {
      return logisticOrSoftmaxLink(stages.scores(rows), rows.nRows, nOutputs);
    }
    // Until 1.4 the probabilities decide, which may round to a tie where the scores differ.
    const byProbability = !state.since(1, 5);
    return {
      ...stages.common,
      task: 'classifier',
      classes: [classes],
      predict(rows) {
        if (byProbability) {
          return labels1d(argmaxRows(probabilities(rows), rows.nRows, nClasses), classes);
        }
        const scores = stages.scores(rows);
        return labels1d(
          nOutputs === 1 ? codesAbove(scores, 0) : argmaxRows(scores, rows.nRows, nOutputs),
          classes,
        );
      },
      predictProba: (rows) => [dense(rows.nRows, nClasses, probabilities(rows))],
      decisionFunction(rows) {
        const scores = stages.scores(rows);
        return nOutputs === 1 ? numbers1d(scores) : numbers2d(rows.nRows, nOutputs, scores);
      },
    };
  },
});

/** What both classes share; one output of `predict` each. */
interface Stages {
  readonly common: Pick<Fitted, 'name' | 'input' | 'nFeatures' | 'features' | 'nOutputs' | 'children'>;
  /** Raw scores, row-major `[nRows, nOutputs]`, in an array of the caller's. */
  scores(rows: Data): Float64Array;
}

function readStages(state: EstimatorState, resolve: Resolve, nOutputs: number): Stages {
  const { name } = state;
  const nFeatures = readWidth(state);
  const baseline = readBaseline(state, nOutputs);
  const { forest, walk, values } = readTrees(state, nFeatures, nOutputs);
  const encoder = readEncoder(state, resolve);
  const known = encoder?.features ?? null;
  const own = state.numericFeatures(nFeatures, true);
  return {
    common: {
      name,
      input: 'features',
      nFeatures,
      features:
        known?.length === nFeatures ? own.map((feature, j) => ({ ...known[j]!, name: feature.name })) : own,
      nOutputs: 1,
      children: encoder === null ? [] : [{ label: '_preprocessor', fitted: encoder }],
    },
    scores(rows) {
      const sums = new Float64Array(rows.nRows * nOutputs);
      for (let i = 0; i < sums.length; i++) {
        sums[i] = baseline[i % nOutputs]!;
      }
      walk(encoder?.transform?.(rows) ?? rows, (leaves, nRows, first) =>
        addValues(forest, leaves, nRows, values, sums, first, nOutputs),
      );
      return sums;
    },
  };
}

/** One start per output: a number, `[nOutputs, 1]` or `[1, nOutputs]`, by version. */
function readBaseline(state: EstimatorState, nOutputs: number): Float64Array {
  const value = state.value('_baseline_prediction');
  const baseline = typeof value === 'number' ? Float64Array.of(value) : state.floats('_baseline_prediction');
  if (baseline.length !== nOutputs) {
    throw state.wrong('_baseline_prediction', `${nOutputs} numbers`, value);
  }
  return baseline;
}

/** The step that numbers categories and moves them to the front: since 1.4, where there are categories. */
function readEncoder(state: EstimatorState, resolve: Resolve): Fitted | null {
  const value = state.optional('_preprocessor') ?? null;
  if (value === null) {
    return null;
  }
  const encoder = resolve(value, '_preprocessor');
  requireMethod(state, encoder, 'transform', '_preprocessor');
  return encoder;
}

/** The trees of `_predictors`, one list of `nOutputs` per iteration, and what each leaf adds, by place. */
function readTrees(
  state: EstimatorState,
  nFeatures: number,
  nOutputs: number,
): { readonly forest: Forest; readonly walk: Walk; readonly values: Float64Array } {
  const members = state.list('_predictors').flatMap((iteration, i) => {
    if (!isList(iteration) || iteration.items.length !== nOutputs) {
      throw state.wrong(`_predictors[${i}]`, `a list of ${nOutputs} trees`, iteration);
    }
    return iteration.items.map((item, k) => readMember(state, item, `_predictors[${i}][${k}]`));
  });
  const arrays = members.map((member) => member.array('nodes', { shape: [null] }));
  const bitsets = members.map(readBitsets);
  const sizes = arrays.map(({ shape }) => shape[0]!);
  const values = new Float64Array(placesOf(sizes));
  const categories = readCategories(state, nFeatures, bitsets);
  let answers: Float64Array = values;
  let firstSplit = 0;
  const forest = packForest({
    nFeatures,
    sizes,
    float32: false,
    categories,
    tree(index) {
      const array = arrays[index]!;
      const nSplits = bitsets[index]!.length / 8;
      answers = toFloat64(structField(array, 'value'));
      const nodes = readNodes(array, categories === null ? null : { firstSplit, nSplits });
      firstSplit += nSplits;
      const fault = nodes === null ? 'a bitset for each split of categories' : treeFault(nodes, nFeatures);
      if (nodes === null || fault !== null) {
        throw members[index]!.wrong('nodes', fault ?? '', array, 'another');
      }
      return nodes;
    },
    leaf(_tree, node, place) {
      values[place] = answers[node]!;
    },
  });
  if (!values.every(Number.isFinite)) {
    throw state.wrong('_predictors', 'finite values in the leaves', null, 'NaN or an infinity among them');
  }
  return { forest, walk: makeWalk(forest, { name: state.name, finiteness: 'any', float32: false }), values };
}

function readMember(state: EstimatorState, item: Inert, label: string): EstimatorState {
  if (!/^sklearn\.ensemble\._hist_gradient_boosting\..*TreePredictor$/.test(qualifiedName(item) ?? '')) {
    throw state.wrong(label, 'a TreePredictor', item);
  }
  return state.nested(label, item);
}

/** Categories of the raw values that go left, `[nSplits, 8]` words. */
function readBitsets(predictor: EstimatorState): Uint32Array {
  return Uint32Array.from(predictor.floats('raw_left_cat_bitsets', { shape: [null, 8] }));
}

/** The bitsets of all trees in one table, and the categories that binning knows; null where no feature has categories. */
function readCategories(
  state: EstimatorState,
  nFeatures: number,
  bitsets: readonly Uint32Array[],
): Categories | null {
  const mapper = state.nested('_bin_mapper');
  const categorical = mapper.ints('is_categorical_', { shape: [nFeatures] });
  if (!categorical.includes(1)) {
    return null;
  }
  const left = new Uint32Array(bitsets.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const rows of bitsets) {
    left.set(rows, at);
    at += rows.length;
  }
  const known = new Uint32Array(8 * nFeatures);
  const thresholds = mapper.list('bin_thresholds_');
  for (let feature = 0; feature < nFeatures; feature++) {
    if (categorical[feature] === 0) {
      continue;
    }
    // The thresholds of a feature of categories are the categories themselves.
    const values = mapper.floats(`bin_thresholds_[${feature}]`, {}, thresholds[feature] ?? null);
    for (const category of values) {
      const code = category & 255;
      known[8 * feature + (code >>> 5)]! |= 1 << (code & 31);
    }
  }
  return { left, known, negativeIsMissing: state.since(1, 2) };
}

/** Nodes of a predictor; null where a split of categories has no bitset. `splits` says where its bitsets begin in the common table. */
function readNodes(
  array: NdArray<Inert>,
  splits: { readonly firstSplit: number; readonly nSplits: number } | null,
): TreeNodes | null {
  const left = toInt32(structField(array, 'left')).slice();
  const threshold = toFloat64(structField(array, 'num_threshold')).slice();
  const leaf = toInt32(structField(array, 'is_leaf'));
  const category = new Int32Array(left.length).fill(-1);
  const isCategory = toInt32(structField(array, 'is_categorical'));
  const bitset = toInt32(structField(array, 'bitset_idx'));
  for (let node = 0; node < left.length; node++) {
    if (leaf[node] !== 0) {
      left[node] = -1;
    } else if (isCategory[node] !== 0) {
      if (splits === null || bitset[node]! < 0 || bitset[node]! >= splits.nSplits) {
        return null;
      }
      category[node] = splits.firstSplit + bitset[node]!;
      threshold[node] = 0;
    }
  }
  return {
    left,
    right: toInt32(structField(array, 'right')),
    feature: toInt32(structField(array, 'feature_idx')),
    threshold,
    missingLeft: Uint8Array.from(toInt32(structField(array, 'missing_go_to_left'))),
    category,
  };
}
