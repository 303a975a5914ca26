/** Classifiers whose scores are turned into calibrated probabilities, averaged over folds. */
import {
  normalizeProbabilities,
  sigmoidProbabilities,
  temperatureProbabilities,
  trimAboveOne,
} from '../../kernels/calibration.ts';
import { argmaxRows } from '../../kernels/math.ts';
import { weightedMean } from '../../kernels/vote.ts';
import type { Data, Dense, Label } from '../../model/data.ts';
import { dense, labels1d, targetNumbers } from '../../model/data.ts';
import type { Child, Fitted } from '../../model/fitted.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import { defineEstimators, type Resolve } from '../define.ts';
import { columnAt, columnsToMatrix, numbersMatrix, requireMethod } from '../parts.ts';
import type { EstimatorState } from '../state.ts';
import { within } from '../step-error.ts';

export const calibratedClassifier = defineEstimators({
  rows: [{ name: 'CalibratedClassifierCV', module: 'sklearn.calibration' }],
  read(state, row, resolve): Fitted {
    const classes = state.labels('classes_');
    const folds = state
      .list('calibrated_classifiers_')
      .map((item, i) => readFold(state.nested(`calibrated_classifiers_[${i}]`, item), i, classes, resolve));
    const [first] = folds;
    if (first === undefined || classes.length < 2) {
      throw state.wrong(
        'calibrated_classifiers_',
        'at least one, and two classes',
        state.value('calibrated_classifiers_'),
      );
    }

    function mean(rows: Data): Dense {
      const all = folds.map(({ label, calibrate }) => within(label, () => calibrate(rows).data));
      return dense(rows.nRows, classes.length, weightedMean(all, null));
    }

    return {
      name: row.name,
      task: 'classifier',
      input: first.fitted.input,
      nFeatures: first.fitted.nFeatures,
      features: first.fitted.features,
      classes: [classes],
      nOutputs: 1,
      children: folds,
      predict: (rows) => labels1d(argmaxRows(mean(rows).data, rows.nRows, classes.length), classes),
      predictProba: (rows) => [mean(rows)],
    };
  },
});

/** One classifier with its calibrators. */
interface Fold extends Child {
  readonly fitted: Fitted;
  readonly calibrate: (rows: Data) => Dense;
}

type Calibrator = (scores: Float64Array) => Float64Array;

function readFold(state: EstimatorState, index: number, classes: readonly Label[], resolve: Resolve): Fold {
  // Renamed in 1.2.
  const attribute = state.anyOf('estimator', 'base_estimator');
  const label = `calibrated_classifiers_[${index}]`;
  const fitted = resolve(state.value(attribute), label);
  const own = fitted.classes?.[0];
  if (fitted.classes?.length !== 1 || own === undefined || own.length < 2) {
    throw state.wrong(attribute, 'a classifier of one output', fitted.name);
  }
  if (fitted.decisionFunction === undefined) {
    requireMethod(state, fitted, 'predictProba', attribute);
  }
  const method = state.choice('method', ['sigmoid', 'isotonic', 'temperature']);
  const calibrators = state.list('calibrators');
  if (method === 'temperature') {
    const [only, ...more] = calibrators;
    if (only === undefined || more.length > 0 || own.length !== classes.length) {
      throw state.wrong('calibrators', 'one for all classes', state.value('calibrators'));
    }
    const beta = state.nested('calibrators[0]', only).number('beta_');
    return { label, fitted, calibrate: (rows) => temperatureProbabilities(logits(fitted, rows), beta) };
  }
  const functions = calibrators.map((_, i) => readCalibrator(state, i, resolve));
  const columns = columnsOf(state, own, classes, functions.length);
  return {
    label,
    fitted,
    calibrate: (rows) => oneVersusRest(scoresOf(fitted, rows), functions, columns, classes.length),
  };
}

function readCalibrator(state: EstimatorState, index: number, resolve: Resolve): Calibrator {
  const label = `calibrators[${index}]`;
  const value = state.list('calibrators')[index] ?? null;
  const name = qualifiedName(value);
  if (name?.startsWith('sklearn.') && name.endsWith('._SigmoidCalibration')) {
    const sigmoid = state.nested(label, value);
    const a = sigmoid.number('a_');
    const b = sigmoid.number('b_');
    return (scores) => sigmoidProbabilities(scores, a, b);
  }
  const fitted = resolve(value, label);
  requireMethod(state, fitted, 'predict', label);
  return (scores) => targetNumbers(fitted.predict!(dense(scores.length, 1, scores)));
}

/** Which column of the probabilities each calibrator fills: of two classes only the second, the first is what is left. */
function columnsOf(
  state: EstimatorState,
  own: readonly Label[],
  classes: readonly Label[],
  nCalibrators: number,
): readonly number[] {
  const nScores = own.length === 2 ? 1 : own.length;
  if (nCalibrators !== nScores || own.length > classes.length) {
    throw state.wrong('calibrators', `${nScores} calibrators`, state.value('calibrators'));
  }
  if (classes.length === 2) {
    return [1];
  }
  return own.slice(0, nScores).map((label) => {
    const column = classes.indexOf(label);
    if (column < 0) {
      throw state.wrong('classes', 'the classes of the whole', label);
    }
    return column;
  });
}

/** The decision function, else the probabilities; of two classes the column of the second. */
function scoresOf(fitted: Fitted, rows: Data): Dense {
  if (fitted.decisionFunction !== undefined) {
    return numbersMatrix(fitted.decisionFunction(rows));
  }
  const [probabilities] = fitted.predictProba!(rows);
  return probabilities!.nCols === 2 ? dense(rows.nRows, 1, columnAt(probabilities!, 1)) : probabilities!;
}

/** A column per class: of two classes −x and x of the decision, or both probabilities. */
function logits(fitted: Fitted, rows: Data): Dense {
  if (fitted.decisionFunction === undefined) {
    return fitted.predictProba!(rows)[0]!;
  }
  const decision = fitted.decisionFunction(rows);
  if (decision.nCols > 1) {
    return numbersMatrix(decision);
  }
  return columnsToMatrix([decision.data.map((x) => -x), decision.data], rows.nRows);
}

function oneVersusRest(
  scores: Dense,
  calibrators: readonly Calibrator[],
  columns: readonly number[],
  nClasses: number,
): Dense {
  const { nRows } = scores;
  const probabilities = dense(nRows, nClasses, new Float64Array(nRows * nClasses));
  const { data } = probabilities;
  for (let k = 0; k < calibrators.length; k++) {
    const calibrated = calibrators[k]!(columnAt(scores, k));
    for (let i = 0; i < nRows; i++) {
      data[i * nClasses + columns[k]!] = calibrated[i]!;
    }
  }
  if (nClasses === 2) {
    for (let i = 0; i < nRows; i++) {
      data[i * 2] = 1 - data[i * 2 + 1]!;
    }
  } else {
    normalizeProbabilities(probabilities);
  }
  trimAboveOne(data);
  return probabilities;
}
