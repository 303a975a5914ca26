/** pandas.NA in a file. */
import { globalName } from '../pickle/decode.ts';
import type { Inert } from '../pickle/inert.ts';

/** Whether a value is pandas.NA, which pandas pickles as a reference to its module. */
export function isPandasNa(value: Inert): boolean {
  return globalName(value) === 'pandas._libs.missing.NA';
}
