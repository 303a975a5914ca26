/** Gradient boosting of depth-first trees: raw scores start from an estimator's prediction and every tree adds its share. */
import type { Forest } from '../../kernels/forest.ts';
import { addValues, packForest, placesOf } from '../../kernels/forest.ts';
import type { Link } from '../../kernels/linear.ts';
import { logisticOrSoftmaxLink, oneVsRestLink } from '../../kernels/linear.ts';
import { exactExp, exactLog, logit } from '../../kernels/logarithm.ts';
import { argmaxRows, logSumExp, pairwiseSum } from '../../kernels/math.ts';
import { toDense, toFloat32 } from '../../model/coerce.ts';
import type { Data, Dense } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d, targetNumbers } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { toObjects } from '../../tensor/convert.ts';
import type { Resolve } from '../define.ts';
import { defineEstimators } from '../define.ts';
import { requireMethod } from '../parts.ts';
import type { EstimatorState } from '../state.ts';
import { within } from '../step-error.ts';
import { memberTree } from '../tree/members.ts';
import { readTree, readWidth } from '../tree/read-tree.ts';
import type { Walk } from '../tree/walk.ts';
import { makeWalk } from '../tree/walk.ts';

const module = 'sklearn.ensemble';

export const gradientBoostingRegressor = defineEstimators({
  rows: [{ name: 'GradientBoostingRegressor', module }],
  read(state, _row, resolve) {
    // Every loss of the regressor has the identity as its link, so the start is what `init_` predicts.
    const raw = readStages(state, resolve, 1, 'predict', (init, rows) => targetNumbers(init.predict!(rows)));
    return {
      ...raw.common,
      task: 'regressor',
      classes: null,
      predict: (rows) => numbers1d(raw.scores(rows)),
    };
  },
});

export const gradientBoostingClassifier = defineEstimators({
  rows: [{ name: 'GradientBoostingClassifier', module }],
  read(state, _row, resolve) {
    const classes = state.labels('classes_');
    if (classes.length < 2) {
      throw state.wrong('classes_', 'at least two classes', state.value('classes_'));
    }
    const loss = state.choice('loss', ['log_loss', 'deviance', 'exponential']);
    const nOutputs = classes.length === 2 ? 1 : classes.length;
    const link = startLink(state, loss, nOutputs);
    const raw = readStages(state, resolve, nOutputs, 'predictProba', (init, rows) =>
      link(init.predictProba!(rows)[0]!),
    );
    const probabilities = probabilityLink(state, loss, nOutputs);
    // From 1.4 on the raw score decides; before, the probabilities did, but for the exponential loss.
    const byProbability = !state.since(1, 4) && loss !== 'exponential';
    return {
      ...raw.common,
      task: 'classifier',
      classes: [classes],
      predict(rows) {
        const scores = raw.scores(rows);
        if (byProbability) {
          return labels1d(
            argmaxRows(probabilities(scores, rows.nRows, nOutputs), rows.nRows, classes.length),
            classes,
          );
        }
        const codes =
          nOutputs === 1
            ? Int32Array.from(scores, (score) => (score >= 0 ? 1 : 0))
            : argmaxRows(scores, rows.nRows, nOutputs);
        return labels1d(codes, classes);
      },
      predictProba: (rows) => [
        dense(rows.nRows, classes.length, probabilities(raw.scores(rows), rows.nRows, nOutputs)),
      ],
      decisionFunction(rows) {
        const scores = raw.scores(rows);
        return nOutputs === 1 ? numbers1d(scores) : numbers2d(rows.nRows, nOutputs, scores);
      },
    };
  },
});

/** How probabilities of `init_` become raw scores, `[nRows, nOutputs]`. */
function startLink(
  state: EstimatorState,
  loss: 'log_loss' | 'deviance' | 'exponential',
  nOutputs: number,
): (probabilities: Dense) => Float64Array {
  // Source: GradientBoosting `_init_raw_predictions`, before 1.4 `get_init_raw_predictions` of the losses.
  const eps = state.since(1, 8) ? Number.EPSILON : 2 ** -23;
  const clip = (p: number) => Math.min(Math.max(p, eps), 1 - eps);
  if (nOutputs === 1) {
    const factor = loss === 'exponential' ? 0.5 : 1;
    // The scipy beside it is not in the file: 1.15 came between scikit-learn 1.6 and 1.7.
    const nearHalf = state.since(1, 7);
    return ({ data, nRows, nCols }) =>
      Float64Array.from({ length: nRows }, (_, i) => factor * logit(clip(data[i * nCols + 1]!), nearHalf));
  }
  const centred = state.since(1, 4);
  return ({ data }) => {
    const out = data.map(clip);
    for (let start = 0; start < out.length; start += nOutputs) {
      const row = out.subarray(start, start + nOutputs);
      const centre = centred ? exactExp(pairwiseSum(row.map(exactLog)) / nOutputs) : 1;
      for (let k = 0; k < nOutputs; k++) {
        row[k] = exactLog(row[k]! / centre);
      }
    }
    return out;
  };
}

function probabilityLink(
  state: EstimatorState,
  loss: 'log_loss' | 'deviance' | 'exponential',
  nOutputs: number,
): Link {
  if (loss === 'exponential') {
    return (scores, nRows) =>
      oneVsRestLink(
        scores.map((score) => 2 * score),
        nRows,
        1,
      );
  }
  return nOutputs === 1 || state.since(1, 4) ? logisticOrSoftmaxLink : expOfLogLink;
}

/** exp(score − log Σ exp(scores)), as the multinomial loss had it before scikit-learn 1.4. */
function expOfLogLink(scores: Float64Array, nRows: number, nScores: number): Float64Array {
  for (let i = 0; i < nRows; i++) {
    const total = logSumExp(scores, i * nScores, nScores);
    for (let j = i * nScores; j < (i + 1) * nScores; j++) {
      scores[j] = Math.exp(scores[j]! - total);
    }
  }
  return scores;
}

/** What both classes share; one output of `predict` each. */
interface Stages {
  readonly common: Pick<Fitted, 'name' | 'input' | 'nFeatures' | 'features' | 'nOutputs' | 'children'>;
  /** Raw scores, row-major `[nRows, nOutputs]`, in an array of the caller's. */
  scores(rows: Data): Float64Array;
}

/** Raw scores, `[nRows, nOutputs]`, that an estimator's prediction for the rows stands for. */
type Start = (init: Fitted, rows: Dense) => Float64Array;

/** Reads the stages, of `nOutputs` trees each, and where they start: `start` asks `init_` by `method`. */
function readStages(
  state: EstimatorState,
  resolve: Resolve,
  nOutputs: number,
  method: 'predict' | 'predictProba',
  start: Start,
): Stages {
  const { name } = state;
  const nFeatures = readWidth(state);
  const { forest, walk, values } = readTrees(state, nFeatures, nOutputs);
  const init = readInit(state, resolve, method);
  const fixed = fixedStart(init, nFeatures, start);
  function starts(rows: Data): Float64Array {
    const sums = new Float64Array(rows.nRows * nOutputs);
    if (fixed !== null) {
      for (let i = 0; i < sums.length; i++) {
        sums[i] = fixed[i % nOutputs]!;
      }
    } else if (init !== null) {
      // `init_` sees the rows as the trees do, rounded to float32.
      const matrix = toFloat32(toDense(rows, name, nFeatures, 'finite'), name, 'finite');
      sums.set(within('init_', () => start(init, matrix)));
    }
    return sums;
  }
  return {
    common: {
      name,
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      nOutputs: 1,
      children: init === null ? [] : [{ label: 'init_', fitted: init }],
    },
    scores(rows) {
      const sums = starts(rows);
      walk(rows, (leaves, nRows, first) => addValues(forest, leaves, nRows, values, sums, first, nOutputs));
      return sums;
    },
  };
}

/** The estimator that stages start from, or null where they start from zero. */
function readInit(
  state: EstimatorState,
  resolve: Resolve,
  method: 'predict' | 'predictProba',
): Fitted | null {
  const value = state.value('init_');
  if (value === 'zero') {
    return null;
  }
  const init = resolve(value, 'init_');
  requireMethod(state, init, method, 'init_');
  return init;
}

/** A baseline answers every row alike, so it is asked once. */
function fixedStart(init: Fitted | null, nFeatures: number, start: Start): Float64Array | null {
  if (init === null || !init.name.startsWith('Dummy')) {
    return null;
  }
  return start(init, dense(1, nFeatures, new Float64Array(nFeatures)));
}

/** The trees of `estimators_`, `[nStages, nOutputs]`, and what each leaf adds, by place. */
function readTrees(
  state: EstimatorState,
  nFeatures: number,
  nOutputs: number,
): { readonly forest: Forest; readonly walk: Walk; readonly values: Float64Array } {
  const members = toObjects(state.array('estimators_', { shape: [null, nOutputs] }));
  const rate = state.number('learning_rate');
  const trees = members.map((item, index) =>
    readTree(memberTree(state, item, index, 'DecisionTreeRegressor'), nFeatures),
  );
  const sizes = trees.map((tree) => tree.nNodes);
  const values = new Float64Array(placesOf(sizes));
  let answers: Float64Array = values;
  const forest = packForest({
    nFeatures,
    sizes,
    float32: true,
    categories: null,
    tree(index) {
      const tree = trees[index]!;
      if (tree.nOutputs !== 1 || tree.maxClasses !== 1) {
        throw state.wrong(`estimators_[${index}]`, 'a tree of one output', null, 'several');
      }
      answers = tree.values();
      return tree.nodes();
    },
    leaf(_tree, node, place) {
      values[place] = rate * answers[node]!;
    },
  });
  return {
    forest,
    walk: makeWalk(forest, { name: state.name, finiteness: 'finite', float32: true }),
    values,
  };
}
