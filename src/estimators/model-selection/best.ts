/** Wrappers that answer exactly as the one estimator they hold. */
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators, type EstimatorRow } from '../define.ts';

interface WrapperRow extends EstimatorRow {
  /** Where the estimator lies. */
  readonly attribute: 'best_estimator_' | 'estimator';
}

export const best = defineEstimators<WrapperRow>({
  rows: [
    { name: 'GridSearchCV', module: 'sklearn.model_selection', attribute: 'best_estimator_' },
    { name: 'RandomizedSearchCV', module: 'sklearn.model_selection', attribute: 'best_estimator_' },
    { name: 'HalvingGridSearchCV', module: 'sklearn.model_selection', attribute: 'best_estimator_' },
    { name: 'HalvingRandomSearchCV', module: 'sklearn.model_selection', attribute: 'best_estimator_' },
    { name: 'FrozenEstimator', module: 'sklearn.frozen', attribute: 'estimator' },
  ],
  read(state, row, resolve): Fitted {
    if (row.attribute === 'best_estimator_' && state.optional('refit') === false) {
      throw state.unsupported('refit', 'True, or the name of a score', false);
    }
    const fitted = resolve(state.value(row.attribute), row.attribute);
    return { ...fitted, name: row.name, children: [{ label: row.attribute, fitted }] };
  },
});
