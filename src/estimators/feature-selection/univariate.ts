/** Selectors by a score or p-value of each feature alone. Source: scikit-learn `feature_selection/_univariate_selection.py`. */
import { argsort, percentile } from '../../kernels/order.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import { chosen, supported } from './selector.ts';

type Mode = 'k_best' | 'percentile' | 'fpr' | 'fdr' | 'fwe';

interface Row extends EstimatorRow {
  /** How features are chosen, and the attribute with the number that goes with it; `mode` says both where it is null. */
  readonly rule: { readonly mode: Mode; readonly attribute: string } | null;
}

const module = 'sklearn.feature_selection';

export const univariateSelectors = defineEstimators<Row>({
  rows: [
    { name: 'SelectKBest', module, rule: { mode: 'k_best', attribute: 'k' } },
    { name: 'SelectPercentile', module, rule: { mode: 'percentile', attribute: 'percentile' } },
    { name: 'SelectFpr', module, rule: { mode: 'fpr', attribute: 'alpha' } },
    { name: 'SelectFdr', module, rule: { mode: 'fdr', attribute: 'alpha' } },
    { name: 'SelectFwe', module, rule: { mode: 'fwe', attribute: 'alpha' } },
    { name: 'GenericUnivariateSelect', module, rule: null },
  ],
  read(state, row) {
    const { name } = state;
    const scores = state.floats('scores_', { shape: [null], nonFinite: true });
    const rule = row.rule ?? {
      mode: state.choice('mode', ['k_best', 'percentile', 'fpr', 'fdr', 'fwe']),
      attribute: 'param',
    };
    const columns = supported(supportOf(state, rule.mode, rule.attribute, scores));
    return transformer(state, state.numericFeatures(scores.length), {
      transform: (rows) => chosen(rows, columns, name, scores.length, 'finite'),
    });
  },
});

function supportOf(state: EstimatorState, mode: Mode, attribute: string, scores: Float64Array): boolean[] {
  if (mode === 'k_best') {
    return state.value(attribute) === 'all'
      ? Array.from(scores, () => true)
      : bestK(cleaned(scores), state.integer(attribute));
  }
  const number = state.number(attribute);
  if (mode === 'percentile') {
    return bestPercent(cleaned(scores), number);
  }
  const pValues = state.floats('pvalues_', { shape: [scores.length], nonFinite: true });
  switch (mode) {
    case 'fpr':
      return Array.from(pValues, (p) => p < number);
    case 'fwe':
      return Array.from(pValues, (p) => p < number / pValues.length);
    case 'fdr':
      return withinFalseDiscoveryRate(pValues, number);
  }
}

/** NaN counts as the lowest score there is. */
function cleaned(scores: Float64Array): Float64Array {
  return scores.map((score) => (Number.isNaN(score) ? -Number.MAX_VALUE : score));
}

/** Of equal scores the later ones: a stable ascending sort, cut from the end. */
function bestK(scores: Float64Array, k: number): boolean[] {
  const support = Array.from(scores, () => false);
  for (const j of k === 0 ? [] : argsort(scores).slice(-k)) {
    support[j] = true;
  }
  return support;
}

function bestPercent(scores: Float64Array, percent: number): boolean[] {
  if (percent === 0 || percent === 100) {
    return Array.from(scores, () => percent === 100);
  }
  const threshold = percentile(scores, 100 - percent);
  const support = Array.from(scores, (score) => score > threshold);
  const ties = Array.from(scores.keys()).filter((j) => scores[j] === threshold);
  const wanted = Math.trunc((scores.length * percent) / 100);
  for (const j of ties.slice(0, wanted - support.filter(Boolean).length)) {
    support[j] = true;
  }
  return support;
}

/** Benjamini and Hochberg's procedure. */
function withinFalseDiscoveryRate(pValues: Float64Array, alpha: number): boolean[] {
  const n = pValues.length;
  let limit = Number.NEGATIVE_INFINITY;
  pValues.toSorted().forEach((p, i) => {
    if (p <= (alpha / n) * (i + 1)) {
      limit = p;
    }
  });
  return Array.from(pValues, (p) => p <= limit);
}
