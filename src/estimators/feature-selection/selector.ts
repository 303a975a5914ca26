/** What all selectors of features have alike: some of the columns, as they are. */
import type { Finiteness } from '../../model/coerce.ts';
import { toMatrix, toTable } from '../../model/coerce.ts';
import { selectColumns } from '../../model/columns.ts';
import type { Data } from '../../model/data.ts';

/** Positions of the features that `support` keeps, ascending. */
export function supported(support: readonly boolean[]): Int32Array {
  return Int32Array.from(support.flatMap((keep, j) => (keep ? [j] : [])));
}

/** The chosen columns of rows of `nFeatures`. A table with columns that are no numbers stays one. */
export function chosen(
  rows: Data,
  columns: Int32Array,
  name: string,
  nFeatures: number,
  finiteness: Finiteness,
): Data {
  const mixed = rows.kind === 'table' && !rows.columns.every((column) => column instanceof Float64Array);
  const checked = mixed ? toTable(rows, name, nFeatures) : toMatrix(rows, name, nFeatures, finiteness);
  return selectColumns(checked, columns);
}
