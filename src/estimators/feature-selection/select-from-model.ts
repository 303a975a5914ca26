/** SelectFromModel: features whose importance to an estimator reaches a threshold. Source: `feature_selection/_from_model.py`. */
import { pairwiseSum } from '../../kernels/math.ts';
import { argsort, median } from '../../kernels/order.ts';
import type { Inert } from '../../pickle/inert.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import type { Importances } from './importances.ts';
import { readImportances } from './importances.ts';
import { chosen, supported } from './selector.ts';

/** Default threshold where a penalty makes unimportant coefficients zero. */
const NEARLY_ZERO = 1e-5;

export const modelSelectors = defineEstimators({
  rows: [{ name: 'SelectFromModel', module: 'sklearn.feature_selection' }],
  read(state) {
    const { name } = state;
    // With `prefit` and no call of fit there is only the estimator that was given.
    const estimator = state.nested(state.has('estimator_') ? 'estimator_' : 'estimator');
    const getter = state.has('importance_getter') ? state.value('importance_getter') : 'auto';
    const scores = norms(state, readImportances(estimator, getter));
    const nFeatures = scores.length;
    const threshold = readThreshold(state, estimator, scores);
    const limit = readLimit(state);
    const best = limit === null ? null : new Set(argsort(scores.map((score) => -score)).slice(0, limit));
    const columns = supported(
      Array.from(scores, (score, j) => !(score < threshold) && (best === null || best.has(j))),
    );
    return transformer(state, state.numericFeatures(nFeatures, true), {
      transform: (rows) => chosen(rows, columns, name, nFeatures, 'any'),
    });
  },
});

/** One score a feature: absolute values, or the norm over the rows of coefficients. */
function norms(state: EstimatorState, { rows, cols, data, vector }: Importances): Float64Array {
  if (vector) {
    return data.map(Math.abs);
  }
  const order = state.has('norm_order') ? state.number('norm_order') : 1;
  const out = new Float64Array(cols);
  if (order === Number.NEGATIVE_INFINITY) {
    out.fill(Number.POSITIVE_INFINITY);
  }
  for (let i = 0, at = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, at++) {
      out[j] = accumulate(out[j]!, Math.abs(data[at]!), order);
    }
  }
  if (order === 2) {
    return out.map(Math.sqrt);
  }
  return Number.isFinite(order) && order !== 1 && order !== 0 ? out.map((sum) => sum ** (1 / order)) : out;
}

/** The steps of numpy.linalg.norm along one axis. */
function accumulate(total: number, x: number, order: number): number {
  switch (order) {
    case 0:
      return total + (x === 0 ? 0 : 1);
    case 1:
      return total + x;
    case 2:
      return total + x * x;
    case Number.POSITIVE_INFINITY:
      return Math.max(total, x);
    case Number.NEGATIVE_INFINITY:
      return Math.min(total, x);
    default:
      return total + x ** order;
  }
}

/** A number, `mean`, `median`, or a factor of one of them; without one the default of the estimator's kind. */
function readThreshold(state: EstimatorState, estimator: EstimatorState, scores: Float64Array): number {
  const value = state.value('threshold');
  if (typeof value === 'number') {
    return value;
  }
  if (value === null) {
    return isSparse(estimator) ? NEARLY_ZERO : mean(scores);
  }
  const parts = /^\s*(?:([^*]*\S)\s*\*)?\s*(mean|median)\s*$/.exec(typeof value === 'string' ? value : '');
  const factor = parts?.[1] === undefined ? 1 : Number(parts[1]);
  if (parts === null || Number.isNaN(factor)) {
    throw state.unsupported('threshold', "a number, 'mean', 'median' or '1.25*mean'", value);
  }
  return factor * (parts[2] === 'mean' ? mean(scores) : median(scores));
}

/** Whether an L1 penalty was used. */
function isSparse(estimator: EstimatorState): boolean {
  const { name } = estimator;
  const isOne = (attribute: string): boolean => nearOne(estimator.optional(attribute));
  return (
    estimator.optional('penalty') === 'l1' ||
    name.includes('Lasso') ||
    (name.includes('ElasticNet') && (isOne('l1_ratio_') || (!name.endsWith('CV') && isOne('l1_ratio')))) ||
    // Since 1.8 logistic regression says its penalty by `l1_ratio`.
    (estimator.since(1, 8) && name === 'LogisticRegression' && isOne('l1_ratio'))
  );
}

/** numpy.isclose(value, 1). */
function nearOne(value: Inert | undefined): boolean {
  return typeof value === 'number' && Math.abs(value - 1) <= 1e-8 + 1e-5;
}

function mean(values: Float64Array): number {
  return pairwiseSum(values) / values.length;
}

/** At most how many features; null for any number. A callable option has left its result in `max_features_`. */
function readLimit(state: EstimatorState): number | null {
  if (!state.has('max_features') || state.value('max_features') === null) {
    return null;
  }
  const limit = state.integer(state.has('max_features_') ? 'max_features_' : 'max_features');
  if (limit < 0) {
    throw state.wrong('max_features', 'a number of features', limit);
  }
  return limit;
}
