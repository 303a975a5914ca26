/** The trees inside an ensemble. */
import type { Inert } from '../../pickle/inert.ts';
import { qualifiedName } from '../../pickle/inert.ts';
import type { EstimatorState } from '../state.ts';

/**
 * The state of item `index` of `estimators_`, which must be scikit-learn's own tree of this class: another might
 * predict in another way. Throws LL4003, or LL3006 for a class of another origin.
 */
export function memberTree(
  ensemble: EstimatorState,
  item: Inert,
  index: number,
  className: string,
): EstimatorState {
  const label = `estimators_[${index}]`;
  const name = qualifiedName(item) ?? '';
  if (!name.startsWith('sklearn.tree.') || name.split('.').at(-1) !== className) {
    throw ensemble.wrong(label, `a ${className}`, item);
  }
  return ensemble.nested(label, item);
}
