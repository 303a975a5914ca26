/** How much memory kept rows hold. */
import type { Cell, Data } from '../model/data.ts';

/** Bytes of rows, near enough to bound what is kept of them: 8 for a number or a reference, 2 for a character. */
export function rowBytes(rows: Data): number {
  switch (rows.kind) {
    case 'dense':
      return rows.data.byteLength;
    case 'csr':
      return rows.data.byteLength + rows.indices.byteLength + rows.indptr.byteLength;
    case 'table':
      return rows.columns.reduce(
        (sum, column) => sum + (column instanceof Float64Array ? column.byteLength : cellBytes(column)),
        0,
      );
    case 'texts':
      return cellBytes(rows.values);
    case 'records':
      return rows.values.reduce((sum, record) => {
        let bytes = 0;
        for (const [name, value] of record) {
          bytes += 16 + 2 * name.length + cellBytes(Array.isArray(value) ? value : [value as Cell]);
        }
        return sum + bytes;
      }, 0);
  }
}

function cellBytes(cells: readonly Cell[]): number {
  let bytes = 0;
  for (const cell of cells) {
    bytes += typeof cell === 'string' ? 8 + 2 * cell.length : 8;
  }
  return bytes;
}
