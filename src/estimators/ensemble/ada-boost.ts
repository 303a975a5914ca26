/** AdaBoost: members fitted one after the other, each with a weight. */
import { addLogProbabilities, addVotes, weightedMedian } from '../../kernels/boosting.ts';
import { argmaxRows, pairwiseSum, softmaxRows } from '../../kernels/math.ts';
import type { Data, Label } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import type { Resolve } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { Part } from '../parts.ts';
import { predictedNumbers, probabilities, readParts } from '../parts.ts';
import type { EstimatorState } from '../state.ts';
import { within } from '../step-error.ts';
import { readWidth } from '../tree/read-tree.ts';
import { arrayFeatures, toArrayRows } from './array-rows.ts';

const module = 'sklearn.ensemble';

export const adaBoostRegressor = defineEstimators({
  rows: [{ name: 'AdaBoostRegressor', module }],
  read(state, _row, resolve) {
    const { parts, weights, common, prepare } = readMembers(state, resolve, 'predict');
    return {
      ...common,
      task: 'regressor',
      classes: null,
      predict(rows) {
        const prepared = prepare(rows);
        const predictions = parts.map((part) => predictedNumbers(part, prepared));
        return numbers1d(weightedMedian(predictions, weights, rows.nRows));
      },
    };
  },
});

export const adaBoostClassifier = defineEstimators({
  rows: [{ name: 'AdaBoostClassifier', module }],
  read(state, _row, resolve) {
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    // SAMME.R went in 1.6; its attribute stayed until 1.8, holding "deprecated".
    const real = !state.since(1, 6) && state.choice('algorithm', ['SAMME', 'SAMME.R']) === 'SAMME.R';
    const { parts, weights, common, prepare } = readMembers(
      state,
      resolve,
      real ? 'predictProba' : 'predict',
    );
    for (const { label, fitted } of parts) {
      if (fitted.classes?.length !== 1 || (real && fitted.classes[0]!.length !== nClasses)) {
        throw state.wrong(label, `a classifier of ${nClasses} classes`, fitted.name);
      }
    }
    const total = pairwiseSum(weights);
    const codes = parts.map(({ fitted }) => codesIn(classes, fitted.classes![0]!));
    // Until 1.2 a vote for one class left the others alone.
    const missShare = state.since(1, 3) ? -1 / (nClasses - 1) : 0;
    /** Scores of the classes, row-major `[nRows, nClasses]`. */
    function scoresOf(rows: Data): Float64Array {
      const prepared = prepare(rows);
      const scores = new Float64Array(rows.nRows * nClasses);
      parts.forEach((part, t) => {
        if (real) {
          addLogProbabilities(scores, probabilities(part, prepared).data, nClasses);
        } else {
          addVotes(
            scores,
            votesOf(part, codes[t]!, prepared),
            nClasses,
            weights[t]!,
            missShare * weights[t]!,
          );
        }
      });
      for (let i = 0; i < scores.length; i++) {
        scores[i]! /= total;
      }
      return scores;
    }
    /** One score for two classes, `[nRows]`, else one each. */
    function decisions(rows: Data): Float64Array {
      const scores = scoresOf(rows);
      if (nClasses !== 2) {
        return nClasses === 1 ? scores.fill(0) : scores;
      }
      return Float64Array.from({ length: rows.nRows }, (_, i) => -scores[2 * i]! + scores[2 * i + 1]!);
    }
    return {
      ...common,
      task: 'classifier',
      classes: [classes],
      predict(rows) {
        const found = decisions(rows);
        return labels1d(
          nClasses === 2
            ? Int32Array.from(found, (score) => (score > 0 ? 1 : 0))
            : argmaxRows(found, rows.nRows, nClasses),
          classes,
        );
      },
      predictProba(rows) {
        const found = decisions(rows);
        const out = new Float64Array(rows.nRows * nClasses);
        for (let i = 0; i < out.length; i++) {
          out[i] =
            nClasses === 2
              ? ((i % 2 === 0 ? -1 : 1) * found[i >> 1]!) / 2
              : found[i]! / Math.max(nClasses - 1, 1);
        }
        softmaxRows(out, rows.nRows, nClasses);
        return [dense(rows.nRows, nClasses, out)];
      },
      decisionFunction(rows) {
        const found = decisions(rows);
        return nClasses === 2 ? numbers1d(found) : numbers2d(rows.nRows, nClasses, found);
      },
    };
  },
});

interface Members {
  readonly parts: readonly Part[];
  /** One per part at least; early stopping leaves zeros behind. */
  readonly weights: Float64Array;
  readonly common: Pick<Fitted, 'name' | 'input' | 'nFeatures' | 'features' | 'nOutputs' | 'children'>;
  /** Rows as the members get them. */
  prepare(rows: Data): Data;
}

function readMembers(state: EstimatorState, resolve: Resolve, method: 'predict' | 'predictProba'): Members {
  const { name } = state;
  const parts = readParts(state, resolve, [method]);
  const weights = state.floats('estimator_weights_', { shape: [null] });
  if (weights.length < parts.length) {
    throw state.wrong('estimator_weights_', `${parts.length} weights`, state.value('estimator_weights_'));
  }
  const nFeatures = readWidth(state);
  return {
    parts,
    weights,
    common: {
      name,
      input: 'features',
      nFeatures,
      features: arrayFeatures(state, nFeatures, parts).map((feature) => ({ ...feature, missing: false })),
      nOutputs: 1,
      children: parts,
    },
    prepare: (rows) => toArrayRows(rows, name, nFeatures, 'finite'),
  };
}

/** Place of each of a member's classes among the ensemble's, −1 where it is not there. */
function codesIn(classes: readonly Label[], member: readonly Label[]): Int32Array {
  return Int32Array.from(member, (label) => classes.indexOf(label));
}

function votesOf({ label, fitted }: Part, codes: Int32Array, rows: Data): Int32Array {
  const target = within(label, () => fitted.predict!(rows));
  return target.kind === 'labels' ? target.codes.map((code) => codes[code]!) : new Int32Array(rows.nRows);
}
