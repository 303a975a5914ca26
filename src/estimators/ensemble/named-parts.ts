/** The `estimators` parameter of voting and stacking: names, and which of them were dropped. */
import { plain } from '../../pickle/decode.ts';
import { type EstimatorState, isList } from '../state.ts';

export interface NamedParts {
  /** Names of the estimators that were fitted, in the order of `estimators_`. */
  readonly names: readonly string[];
  /** For each of all estimators, whether it was fitted. */
  readonly kept: readonly boolean[];
}

/** Reads the names; throws LL4003 where `estimators` is not a list of pairs. */
export function readNamedParts(state: EstimatorState): NamedParts {
  const names: string[] = [];
  const kept = state.list('estimators').map((item, i) => {
    const [name, value] = isList(item) ? item.items.map(plain) : [];
    if (typeof name !== 'string' || value === undefined) {
      throw state.wrong(`estimators[${i}]`, 'a name and an estimator', item);
    }
    const fitted = value !== 'drop' && value !== null;
    if (fitted) {
      names.push(name);
    }
    return fitted;
  });
  return { names, kept };
}
