/** Ensembles that turn their rows into an array of any type before they hand them to their parts. */
import type { Finiteness } from '../../model/coerce.ts';
import { toMatrix, toTable } from '../../model/coerce.ts';
import type { Csr, Data, Dense, Table } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import { strictest } from '../merged-features.ts';
import type { Part } from '../parts.ts';
import type { EstimatorState } from '../state.ts';

/** Rows as scikit-learn's `check_array` with `dtype=None` makes them: numbers, or cells of mixed type that have lost their columns' names. */
export function toArrayRows(
  rows: Data,
  name: string,
  nFeatures: number,
  finiteness: Finiteness,
): Dense | Csr | Table {
  if (rows.kind === 'table' && !rows.columns.every((column) => column instanceof Float64Array)) {
    return { ...toTable(rows, name, nFeatures), names: null };
  }
  return toMatrix(rows, name, nFeatures, finiteness);
}

/**
 * What each of the ensemble's features takes: as little as the strictest of its parts. `columns` says which features a
 * part sees, in order; absent, it sees all.
 */
export function arrayFeatures(
  state: EstimatorState,
  nFeatures: number,
  parts: readonly Part[],
  columns?: readonly Int32Array[],
): readonly Feature[] {
  const features: Feature[] = state
    .numericFeatures(nFeatures)
    .map(({ name }) => ({ name, kind: 'any', missing: true }));
  parts.forEach(({ fitted }, p) => {
    fitted.features?.forEach((feature, k) => {
      const j = columns === undefined ? k : columns[p]?.[k];
      if (j !== undefined && features[j] !== undefined) {
        features[j] = strictest(features[j], { ...feature, name: null });
      }
    });
  });
  return features;
}
