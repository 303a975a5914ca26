/** Choosing columns of rows, and setting blocks of columns side by side. */
import { LoadlineError } from '../errors.ts';
import { csrToDense, toDense } from './coerce.ts';
import type { Column, Csr, Data, Dense, Table } from './data.ts';

/** A sparse result with more columns than this stays sparse: below it dense rows are faster than they are large. */
const WIDE = 1024;

/** Number of columns of rows of features; null for texts and records. */
export function widthOf(rows: Data): number | null {
  switch (rows.kind) {
    case 'dense':
    case 'csr':
      return rows.nCols;
    case 'table':
      return rows.columns.length;
    default:
      return null;
  }
}

/** The columns `indices` of rows of features, in that order; each must be in range. Texts and records throw LL2006. */
export function selectColumns(rows: Data, indices: Int32Array): Dense | Csr | Table {
  switch (rows.kind) {
    case 'dense':
      return selectDense(rows, indices);
    case 'csr':
      return selectCsr(rows, indices);
    case 'table':
      return {
        kind: 'table',
        nRows: rows.nRows,
        names: rows.names === null ? null : Array.from(indices, (j) => rows.names![j]!),
        columns: Array.from(indices, (j) => rows.columns[j]!),
      };
    default:
      throw new LoadlineError('LL2006', `Columns wanted, found ${rows.kind}`);
  }
}

/** The columns `indices` of a dense matrix, copied. */
export function selectDense(rows: Dense, indices: Int32Array): Dense {
  const { nRows, nCols } = rows;
  const width = indices.length;
  const data = new Float64Array(nRows * width);
  for (let i = 0, to = 0; i < nRows; i++) {
    const from = i * nCols;
    for (let k = 0; k < width; k++) {
      data[to++] = rows.data[from + indices[k]!]!;
    }
  }
  return { ...rows, nCols: width, data };
}

function selectCsr(rows: Csr, indices: Int32Array): Csr {
  // A column may be chosen twice: `next` chains the places that one source column goes to.
  const first = new Int32Array(rows.nCols).fill(-1);
  const next = new Int32Array(indices.length);
  for (let k = indices.length - 1; k >= 0; k--) {
    next[k] = first[indices[k]!]!;
    first[indices[k]!] = k;
  }
  const indptr = new Int32Array(rows.nRows + 1);
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < rows.nRows; i++) {
    for (let k = rows.indptr[i]!; k < rows.indptr[i + 1]!; k++) {
      for (let to = first[rows.indices[k]!]!; to >= 0; to = next[to]!) {
        columns.push(to);
        values.push(rows.data[k]!);
      }
    }
    indptr[i + 1] = columns.length;
  }
  return {
    kind: 'csr',
    nRows: rows.nRows,
    nCols: indices.length,
    indptr,
    indices: Int32Array.from(columns),
    data: Float64Array.from(values),
  };
}

/**
 * Blocks of columns side by side, as numpy's or scipy's `hstack`. One block is returned as it is; a table with anything
 * but numbers and booleans makes a table without names; a sparse block keeps the result sparse where it is wide.
 */
export function hstack(blocks: readonly Data[], nRows: number): Data {
  const [first] = blocks;
  if (blocks.length === 1 && first !== undefined) {
    return first;
  }
  let total = 0;
  let table = false;
  let sparse = false;
  for (const block of blocks) {
    total += matrixWidth(block);
    table ||= block.kind === 'table' && !block.columns.every(isNumeric);
    sparse ||= block.kind === 'csr';
  }
  if (table) {
    return { kind: 'table', nRows, names: null, columns: blocks.flatMap(columnsOf) };
  }
  const matrices = blocks.map((block) => (block.kind === 'csr' ? block : toDense(block, '', null, 'any')));
  return sparse && total > WIDE ? hstackSparse(matrices, nRows, total) : hstackDense(matrices, nRows, total);
}

function matrixWidth(block: Data): number {
  const width = widthOf(block);
  if (width === null) {
    throw new LoadlineError('LL2006', `Columns wanted to be set side by side, found ${block.kind}`);
  }
  return width;
}

function isNumeric(column: Column): boolean {
  return column instanceof Float64Array || column.every((cell) => typeof cell !== 'string');
}

function columnsOf(block: Data): readonly Column[] {
  if (block.kind === 'table') {
    return block.columns;
  }
  const { nRows, nCols, data } = block.kind === 'csr' ? csrToDense(block) : toDense(block, '', null, 'any');
  return Array.from({ length: nCols }, (_, j) => {
    const column = new Float64Array(nRows);
    for (let i = 0; i < nRows; i++) {
      column[i] = data[i * nCols + j]!;
    }
    return column;
  });
}

function hstackDense(blocks: readonly (Dense | Csr)[], nRows: number, total: number): Dense {
  const data = new Float64Array(nRows * total);
  let offset = 0;
  for (const block of blocks) {
    const { nCols } = block;
    if (block.kind === 'dense') {
      for (let i = 0, from = 0; i < nRows; i++) {
        const to = i * total + offset;
        for (let j = 0; j < nCols; j++) {
          data[to + j] = block.data[from++]!;
        }
      }
    } else {
      for (let i = 0; i < nRows; i++) {
        const to = i * total + offset;
        for (let k = block.indptr[i]!; k < block.indptr[i + 1]!; k++) {
          data[to + block.indices[k]!] = block.data[k]!;
        }
      }
    }
    offset += nCols;
  }
  const float32 =
    blocks.length > 0 && blocks.every((block) => block.kind === 'dense' && block.float32 === true);
  return { kind: 'dense', nRows, nCols: total, data, ...(float32 && { float32 }) };
}

function hstackSparse(blocks: readonly (Dense | Csr)[], nRows: number, total: number): Csr {
  let size = 0;
  for (const block of blocks) {
    size += block.kind === 'csr' ? block.data.length : block.data.reduce((n, x) => n + (x === 0 ? 0 : 1), 0);
  }
  const indptr = new Int32Array(nRows + 1);
  const indices = new Int32Array(size);
  const data = new Float64Array(size);
  let n = 0;
  for (let i = 0; i < nRows; i++) {
    let offset = 0;
    for (const block of blocks) {
      if (block.kind === 'csr') {
        for (let k = block.indptr[i]!; k < block.indptr[i + 1]!; k++) {
          indices[n] = offset + block.indices[k]!;
          data[n++] = block.data[k]!;
        }
      } else {
        for (let j = 0; j < block.nCols; j++) {
          const x = block.data[i * block.nCols + j]!;
          if (x !== 0) {
            indices[n] = offset + j;
            data[n++] = x;
          }
        }
      }
      offset += block.nCols;
    }
    indptr[i + 1] = n;
  }
  return { kind: 'csr', nRows, nCols: total, indptr, indices, data };
}

/** Every value times `factor`; a table must hold numbers. */
export function scaleRows(rows: Data, factor: number, name: string): Dense | Csr {
  const matrix = rows.kind === 'csr' ? rows : toDense(rows, name, null, 'any');
  const data = new Float64Array(matrix.data.length);
  for (let k = 0; k < data.length; k++) {
    data[k] = matrix.data[k]! * factor;
  }
  return matrix.kind === 'csr'
    ? { ...matrix, data }
    : { kind: 'dense', nRows: matrix.nRows, nCols: matrix.nCols, data };
}
