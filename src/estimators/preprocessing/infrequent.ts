/** How encoders group rare categories. */
import { asNdArray, plain } from '../../pickle/decode.ts';
import { toInt32 } from '../../tensor/convert.ts';
import type { EstimatorState } from '../state.ts';

/** The groups of one feature's categories: every frequent one is its own, the rare ones share the last. */
export interface Grouping {
  /** Group of each category. */
  readonly codes: Int32Array;
  /** The group of the rare ones: the last. */
  readonly infrequent: number;
}

/** The grouping of every feature, of whose categories `sizes` take part; null where nothing is rare, or before 1.1. */
export function readInfrequent(
  state: EstimatorState,
  sizes: readonly number[],
): readonly (Grouping | null)[] {
  if (!state.has('_infrequent_enabled') || !state.boolean('_infrequent_enabled')) {
    return sizes.map(() => null);
  }
  const attribute = '_default_to_infrequent_mappings';
  const mappings = state.list(attribute).map(plain);
  if (mappings.length !== sizes.length) {
    throw state.wrong(attribute, `one mapping for each of ${sizes.length} features`, mappings.length);
  }
  return mappings.map((mapping, j) => {
    if (mapping === null) {
      return null;
    }
    const array = asNdArray(mapping);
    const size = sizes[j]!;
    const codes = array?.shape.length === 1 && array.shape[0] === size ? toInt32(array) : null;
    if (codes === null || codes.some((code) => code < 0 || code >= size)) {
      throw state.wrong(
        `${attribute}[${j}]`,
        `a group below ${size} for each of ${size} categories`,
        mapping,
      );
    }
    return { codes, infrequent: codes.reduce((most, code) => Math.max(most, code), -1) };
  });
}
