/** Binary classifiers with a threshold of their own on probabilities or decision values. */
import type { Data, Label } from '../../model/data.ts';
import { labels1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { dictGet, globalName, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { defineEstimators, type EstimatorRow } from '../define.ts';
import { columnAt, requireMethod } from '../parts.ts';
import { describe, type EstimatorState } from '../state.ts';
import { within } from '../step-error.ts';

interface ThresholdRow extends EstimatorRow {
  /** Where the threshold lies. */
  readonly threshold: 'threshold' | 'best_threshold_';
}

/** Scores whose `pos_label` is 1 unless given: a tuned threshold takes it over. */
const SCORES_FOR_CLASS_1: ReadonlySet<string> = new Set([
  'average_precision_score',
  'f1_score',
  'fbeta_score',
  'jaccard_score',
  'precision_score',
  'recall_score',
]);

export const threshold = defineEstimators<ThresholdRow>({
  rows: [
    { name: 'FixedThresholdClassifier', module: 'sklearn.model_selection', threshold: 'threshold' },
    { name: 'TunedThresholdClassifierCV', module: 'sklearn.model_selection', threshold: 'best_threshold_' },
  ],
  read(state, row, resolve): Fitted {
    // A fixed threshold may stand on an estimator that was fitted before.
    const attribute = row.threshold === 'threshold' && !state.has('estimator_') ? 'estimator' : 'estimator_';
    const fitted = resolve(state.value(attribute), attribute);
    const classes = fitted.classes?.[0];
    if (classes?.length !== 2 || fitted.classes?.length !== 1) {
      throw state.wrong(attribute, 'a classifier of two classes', fitted.name);
    }
    const probability = readMethod(state, fitted) === 'predict_proba';
    requireMethod(state, fitted, probability ? 'predictProba' : 'decisionFunction', attribute);
    const positive = readPositive(state, row, classes);
    const limit =
      state.value(row.threshold) === 'auto' ? (probability ? 0.5 : 0) : state.number(row.threshold);

    function scores(rows: Data): Float64Array {
      if (probability) {
        return columnAt(fitted.predictProba!(rows)[0]!, positive);
      }
      const { data } = fitted.decisionFunction!(rows);
      return positive === 0 ? data.map((x) => -x) : data;
    }

    return {
      name: row.name,
      task: 'classifier',
      input: fitted.input,
      nFeatures: fitted.nFeatures,
      features: fitted.features,
      classes: fitted.classes,
      nOutputs: 1,
      children: [{ label: attribute, fitted }],
      predict(rows) {
        const codes = Int32Array.from(
          within(attribute, () => scores(rows)),
          (score) => (score >= limit ? positive : 1 - positive),
        );
        return labels1d(codes, classes);
      },
      ...(fitted.predictProba && { predictProba: (rows) => fitted.predictProba!(rows) }),
      ...(fitted.decisionFunction && { decisionFunction: (rows) => fitted.decisionFunction!(rows) }),
    };
  },
});

function readMethod(state: EstimatorState, fitted: Fitted): 'predict_proba' | 'decision_function' {
  const method = state.choice('response_method', ['auto', 'predict_proba', 'decision_function']);
  if (method !== 'auto') {
    return method;
  }
  return fitted.predictProba === undefined ? 'decision_function' : 'predict_proba';
}

/** Index of the class that scores speak for: the last unless `pos_label` says another. */
function readPositive(state: EstimatorState, row: ThresholdRow, classes: readonly Label[]): number {
  const wanted =
    row.threshold === 'threshold' ? (state.optional('pos_label') ?? null) : scorerPositive(state);
  if (wanted === null) {
    return 1;
  }
  const index = classes.findIndex(
    (label) => label === wanted || (typeof label !== 'string' && label === Number(wanted)),
  );
  if (index < 0) {
    throw state.wrong('pos_label', `one of the classes ${classes.map(describe).join(', ')}`, wanted);
  }
  return index;
}

function scorerPositive(state: EstimatorState): Inert {
  const scorer = state.nested('_curve_scorer');
  const kwargs = scorer.optional('_kwargs') ?? null;
  const given = kwargs === null ? undefined : dictGet(kwargs, 'pos_label');
  if (given !== undefined) {
    return plain(given);
  }
  const score = globalName(scorer.optional('_score_func') ?? null);
  return score?.startsWith('sklearn.metrics.') && SCORES_FOR_CLASS_1.has(score.split('.').at(-1)!) ? 1 : null;
}
