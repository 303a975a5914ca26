/** The columns that say which values were missing: MissingIndicator itself, and as a part of imputers. */
import type { Dense } from '../../model/data.ts';
import type { EstimatorState } from '../state.ts';

/** Which columns of a mask an indicator answers. */
export interface Indicator {
  /** Columns in the order of the answer, each below `nFeatures`. */
  readonly columns: Int32Array;
}

/** Reads the fitted columns. Throws LL4003 where one is beyond `nFeatures`. */
export function readIndicator(state: EstimatorState, nFeatures: number): Indicator {
  const columns = state.ints('features_', { shape: [null] });
  if (columns.some((column) => column < 0 || column >= nFeatures)) {
    throw state.wrong('features_', `columns below ${nFeatures}`, state.value('features_'));
  }
  return { columns };
}

/** The indicator of an imputer with `add_indicator`, else null. */
export function readOwnIndicator(state: EstimatorState, nFeatures: number): Indicator | null {
  if (!state.boolean('add_indicator')) {
    return null;
  }
  return readIndicator(state.nested('indicator_'), nFeatures);
}

/** Puts the indicator's columns of `mask`, row-major `[nRows, nFeatures]`, to the right of the imputed columns. */
export function appendIndicator(
  imputed: Dense,
  mask: Uint8Array,
  nFeatures: number,
  indicator: Indicator | null,
): Dense {
  if (indicator === null || indicator.columns.length === 0) {
    return imputed;
  }
  const { nRows, nCols } = imputed;
  const { columns } = indicator;
  const width = nCols + columns.length;
  const data = new Float64Array(nRows * width);
  for (let i = 0; i < nRows; i++) {
    data.set(imputed.data.subarray(i * nCols, (i + 1) * nCols), i * width);
    for (let k = 0; k < columns.length; k++) {
      data[i * width + nCols + k] = mask[i * nFeatures + columns[k]!]!;
    }
  }
  return { ...imputed, nCols: width, data };
}
