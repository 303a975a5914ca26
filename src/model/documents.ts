/** The doors of estimators that take texts or records. */
import { LoadlineError } from '../errors.ts';
import { columnName } from './coerce.ts';
import type { Cell, Data, NamedValues } from './data.ts';

/** Rows as documents: texts as they are, or a table of one column. Throws LL2006 and LL2007 with row and field. */
export function toTexts(rows: Data, name: string): readonly string[] {
  if (rows.kind === 'texts') {
    return rows.values;
  }
  if (rows.kind !== 'table' || rows.columns.length !== 1) {
    throw new LoadlineError(
      'LL2006',
      `${name} takes one string a row, found ${rows.kind === 'records' ? 'records' : 'rows of several values'}`,
    );
  }
  return Array.from(rows.columns[0]!, (cell, row) => textOf(cell, row, columnName(rows, 0), name));
}

function textOf(cell: Cell, row: number, field: string, name: string): string {
  if (typeof cell === 'string') {
    return cell;
  }
  if (cell === null || Number.isNaN(cell)) {
    throw new LoadlineError(
      'LL2007',
      `Row ${row}, ${field}: ${name} wanted a string, found a missing value`,
      {
        row,
        field,
      },
    );
  }
  throw new LoadlineError('LL2006', `Row ${row}, ${field}: ${name} wanted a string, found a ${typeof cell}`, {
    row,
    field,
  });
}

/** Rows as records. Throws LL2006 for any other shape. */
export function toRecords(rows: Data, name: string): readonly NamedValues[] {
  if (rows.kind !== 'records') {
    throw new LoadlineError('LL2006', `${name} takes one object of names and values a row`);
  }
  return rows.values;
}
