/** Which cells an imputer takes for missing: its option `missing_values`. */
import { LoadlineError } from '../../errors.ts';
import type { Finiteness } from '../../model/coerce.ts';
import { columnName } from '../../model/coerce.ts';
import type { Cell, Column, Data } from '../../model/data.ts';
import { isPandasNa } from '../pandas-na.ts';
import type { EstimatorState } from '../state.ts';

/** The marker of a missing value; null stands for NaN, None and pandas.NA alike, as rows have one way to leave a value out. */
export type Marker = string | number | null;

/** Reads `missing_values`. Throws LL4004 for a marker of another kind. */
export function readMarker(state: EstimatorState): Marker {
  const value = state.value('missing_values');
  if (value === null || Number.isNaN(value) || isPandasNa(value)) {
    return null;
  }
  if (typeof value === 'number' || typeof value === 'string') {
    return value;
  }
  if (typeof value === 'boolean' || typeof value === 'bigint') {
    return Number(value);
  }
  throw state.unsupported('missing_values', 'NaN, None, a number or a string', value);
}

/** With another marker than NaN an imputer refuses NaN. */
export function finitenessOf(marker: Marker): Finiteness {
  return marker === null ? 'nan' : 'finite';
}

/** Whether a number is missing. */
export function isMissingNumber(x: number, marker: Marker): boolean {
  return marker === null ? Number.isNaN(x) : x === marker;
}

/** Whether a cell is missing, with Python's equality: True is 1. */
export function isMissingCell(cell: Cell, marker: Marker): boolean {
  if (marker === null) {
    return cell === null || Number.isNaN(cell);
  }
  return typeof marker === 'number' && typeof cell === 'boolean' ? Number(cell) === marker : cell === marker;
}

/** 1 where a value of a row-major matrix is missing. */
export function maskNumbers(data: Float64Array, marker: Marker): Uint8Array {
  const mask = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    mask[i] = isMissingNumber(data[i]!, marker) ? 1 : 0;
  }
  return mask;
}

/**
 * 1 where a cell is missing, row-major `[nRows, columns.length]`. Throws LL2007 for a missing value of another kind
 * than the marker's.
 */
export function maskColumns(
  rows: Data,
  columns: readonly Column[],
  marker: Marker,
  name: string,
): Uint8Array {
  const nCols = columns.length;
  const mask = new Uint8Array(rows.nRows * nCols);
  columns.forEach((column, j) => {
    for (let i = 0; i < rows.nRows; i++) {
      const cell: Cell = column[i]!;
      if (isMissingCell(cell, marker)) {
        mask[i * nCols + j] = 1;
      } else if (cell === null || Number.isNaN(cell)) {
        const field = columnName(rows, j);
        throw new LoadlineError(
          'LL2007',
          `Row ${i}, ${field}: ${name} takes ${typeof marker === 'string' ? 'a word' : 'a number'} for missing, found a missing value (null)`,
          { row: i, field },
        );
      }
    }
  });
  return mask;
}
