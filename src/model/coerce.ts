/**
 * The checks scikit-learn makes on X at the door of each estimator (`check_array`), as conversions between the shapes
 * of `data.ts`.
 */
import { LoadlineError } from '../errors.ts';
import type { Cell, Column, Csr, Data, Dense, Table } from './data.ts';

/** `finite` refuses NaN and infinities, `nan` refuses infinities only, `any` checks nothing. */
export type Finiteness = 'finite' | 'nan' | 'any';

/** Turns any numeric rows into a dense matrix, as an estimator called `name` that was fitted on `nFeatures` columns checks them. */
export function toDense(rows: Data, name: string, nFeatures: number | null, finiteness: Finiteness): Dense {
  const out = densify(rows, name);
  if (nFeatures !== null && out.nCols !== nFeatures) {
    throw widthError(name, nFeatures, out.nCols);
  }
  if (finiteness !== 'any') {
    checkFinite(out.data, out.nCols, name, finiteness, rows);
  }
  return out;
}

/** As `toDense`, but leaves a sparse matrix sparse. */
export function toMatrix(
  rows: Data,
  name: string,
  nFeatures: number | null,
  finiteness: Finiteness,
): Dense | Csr {
  if (rows.kind !== 'csr') {
    return toDense(rows, name, nFeatures, finiteness);
  }
  if (nFeatures !== null && rows.nCols !== nFeatures) {
    throw widthError(name, nFeatures, rows.nCols);
  }
  if (finiteness !== 'any') {
    checkFiniteCsr(rows, name, finiteness);
  }
  return rows;
}

/** Any rows of features as a table (columns keep their type); a matrix becomes numeric columns. */
export function toTable(rows: Data, name: string, nFeatures: number | null): Table {
  const out = rows.kind === 'table' ? rows : columnsOf(densify(rows, name));
  if (nFeatures !== null && out.columns.length !== nFeatures) {
    throw widthError(name, nFeatures, out.columns.length);
  }
  return out;
}

/** A matrix with every value rounded to float32, as trees see it. Refuses what does not fit float32. */
export function toFloat32(rows: Dense, name: string, finiteness: Finiteness): Dense {
  if (rows.float32 === true) {
    return rows;
  }
  const data = new Float64Array(rows.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.fround(rows.data[i]!);
  }
  if (finiteness !== 'any') {
    checkFinite(data, rows.nCols, name, finiteness, rows);
  }
  return { kind: 'dense', nRows: rows.nRows, nCols: rows.nCols, data, float32: true };
}

/** Values a sparse matrix may come to when it is spread out: 2 GiB, more than a batch of honest rows needs. */
const MOST_VALUES = 2 ** 28;

/** The rows of one sparse matrix as a dense one. Throws LL2009 where they are too many for their width. */
export function csrToDense(rows: Csr): Dense {
  const { nRows, nCols, indptr, indices, data } = rows;
  if (nRows * nCols > MOST_VALUES) {
    throw new LoadlineError(
      'LL2009',
      `Cannot spread out ${nRows} rows of ${nCols} columns: at most ${MOST_VALUES} values are held at once`,
    );
  }
  const out = new Float64Array(nRows * nCols);
  for (let i = 0; i < nRows; i++) {
    for (let k = indptr[i]!; k < indptr[i + 1]!; k++) {
      out[i * nCols + indices[k]!]! += data[k]!;
    }
  }
  return { kind: 'dense', nRows, nCols, data: out };
}

/** Name of column `index` for a message: its own name where the table has one. */
export function columnName(rows: Data, index: number): string {
  const own = rows.kind === 'table' ? rows.names?.[index] : undefined;
  return own ?? `column ${index}`;
}

function densify(rows: Data, name: string): Dense {
  switch (rows.kind) {
    case 'dense':
      return rows;
    case 'csr':
      return csrToDense(rows);
    case 'table': {
      const { nRows } = rows;
      const nCols = rows.columns.length;
      const data = new Float64Array(nRows * nCols);
      for (let j = 0; j < nCols; j++) {
        fillColumn(data, rows.columns[j]!, j, nCols, name, rows);
      }
      return { kind: 'dense', nRows, nCols, data };
    }
    default:
      throw new LoadlineError(
        'LL2006',
        `${name} takes rows of numbers, found ${rows.kind === 'texts' ? 'strings' : 'records'}`,
      );
  }
}

function fillColumn(
  data: Float64Array,
  column: Column,
  j: number,
  nCols: number,
  name: string,
  rows: Table,
): void {
  for (let i = 0; i < rows.nRows; i++) {
    const cell = column[i]!;
    data[i * nCols + j] = typeof cell === 'number' ? cell : cellNumber(cell, name, i, j, rows);
  }
}

function cellNumber(cell: Cell, name: string, row: number, index: number, rows: Table): number {
  if (cell === null) {
    return Number.NaN;
  }
  if (typeof cell === 'boolean') {
    return cell ? 1 : 0;
  }
  if (typeof cell === 'string' && cell.trim() !== '' && !Number.isNaN(Number(cell))) {
    return Number(cell);
  }
  const field = columnName(rows, index);
  throw new LoadlineError(
    'LL2006',
    `Row ${row}, ${field}: ${name} wanted a number, found ${typeof cell === 'string' ? 'a string' : typeof cell}`,
    { row, field },
  );
}

function columnsOf(rows: Dense): Table {
  const columns: Float64Array[] = [];
  for (let j = 0; j < rows.nCols; j++) {
    const column = new Float64Array(rows.nRows);
    for (let i = 0; i < rows.nRows; i++) {
      column[i] = rows.data[i * rows.nCols + j]!;
    }
    columns.push(column);
  }
  return { kind: 'table', nRows: rows.nRows, names: null, columns };
}

function checkFinite(
  data: Float64Array,
  nCols: number,
  name: string,
  finiteness: Finiteness,
  rows: Data,
): void {
  // x − x is 0 for every finite x: one sum decides for the whole batch, and the search runs only when it failed.
  let bad = 0;
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    bad += x - x;
  }
  if (bad === 0) {
    return;
  }
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    if (Number.isFinite(x) || (finiteness === 'nan' && Number.isNaN(x))) {
      continue;
    }
    throw notFinite(x, name, Math.floor(i / nCols), columnName(rows, i % nCols));
  }
}

function checkFiniteCsr(rows: Csr, name: string, finiteness: Finiteness): void {
  const { data, indptr, indices } = rows;
  for (let row = 0; row < rows.nRows; row++) {
    for (let k = indptr[row]!; k < indptr[row + 1]!; k++) {
      const x = data[k]!;
      if (x - x !== 0 && !(finiteness === 'nan' && Number.isNaN(x))) {
        throw notFinite(x, name, row, columnName(rows, indices[k]!));
      }
    }
  }
}

function notFinite(x: number, name: string, row: number, field: string): LoadlineError {
  const found = Number.isNaN(x)
    ? 'a missing value (NaN)'
    : 'an infinite value, or one too large for its type';
  return new LoadlineError('LL2007', `Row ${row}, ${field}: ${name} wanted a finite number, found ${found}`, {
    row,
    field,
  });
}

function widthError(name: string, wanted: number, found: number): LoadlineError {
  return new LoadlineError('LL2003', `${name} wanted ${wanted} features, found ${found}`);
}
