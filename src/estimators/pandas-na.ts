/** pandas.NA in a file. */
import { globalName } from '../pickle/decode.ts';
import type { Inert } from '../pickle/inert.ts';

/** Whether a value is pandas.NA, which pandas pickles as a reference to its module. */
export function isPandasNa(value: Inert): boolean {
  const name = globalName(value);
  // pandas 3 names it by its public module.
  return name === 'pandas._libs.missing.NA' || name === 'pandas.NA';
}
