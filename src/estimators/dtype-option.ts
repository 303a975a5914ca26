/** Options of estimators that name a numpy dtype. */
import { plain } from '../pickle/decode.ts';
import { readDType } from '../pickle/numpy.ts';
import { dtypeName } from '../tensor/ndarray.ts';
import type { EstimatorState } from './state.ts';

/**
 * numpy's name of a dtype option, `float32`: a class, a dtype object and a string say the same. `byDefault` where the
 * option is None or the state does not have it. Throws LL3003 for a value that is no dtype.
 */
export function dtypeOption(state: EstimatorState, attribute: string, byDefault: string): string {
  const value = plain(state.attributes.get(attribute) ?? null);
  if (value === null) {
    return byDefault;
  }
  return typeof value === 'string' ? value : dtypeName(readDType(value));
}
