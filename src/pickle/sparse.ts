/** Sparse matrices of scipy. */
import { LoadlineError } from '../errors.ts';
import { toFloat64, toInt32 } from '../tensor/convert.ts';
import type { NdArray } from '../tensor/ndarray.ts';
import { asNdArray, attributesOf, plain } from './decode.ts';
import type { Inert, PyObject } from './inert.ts';
import { asKind, calledName } from './numpy.ts';

/** A scipy.sparse matrix by rows, checked. */
export interface CsrMatrix {
  readonly nRows: number;
  readonly nCols: number;
  /** Where each row starts in `indices` and `data`; length `nRows + 1`, never falling. */
  readonly indptr: Int32Array;
  /** Column of each value, below `nCols`; never the same twice in a row. */
  readonly indices: Int32Array;
  readonly data: Float64Array;
}

/** Rows of a sparse matrix whose file does not hold one size per row: beyond it the size is taken for forged. */
const MAX_ROWS = 2 ** 24;

/**
 * A scipy.sparse csr, csc or coo matrix or array as csr, checked; entries of one cell are added up, as scipy does. A csr
 * of one dimension (scipy 1.15 and later) counts as one row. Null when the value is none of them. Throws LL3003 where its parts contradict each other.
 */
export function asCsr(value: Inert): CsrMatrix | null {
  const object = asKind(value, 'object');
  const format =
    object === null
      ? null
      : /^scipy\.sparse\..*\b_?(csr|csc|coo)_(?:matrix|array)$/.exec(calledName(object) ?? '')?.[1];
  if (object === null || format === null || format === undefined) {
    return null;
  }
  const attributes = attributesOf(object);
  const sizes = asKind(attributes.get('_shape'), 'tuple')?.items.map(plain);
  const shape = sizes?.length === 1 && format === 'csr' ? [1, ...sizes] : sizes;
  const [nRows, nCols] = shape ?? [];
  if (shape?.length !== 2 || !isIndex(nRows) || !isIndex(nCols)) {
    throw broken(object, 'a sparse matrix without a shape of two sizes');
  }
  const array = (name: string): NdArray<Inert> => {
    const found = asNdArray(attributes.get(name) ?? null);
    if (found?.shape.length !== 1) {
      throw broken(object, `a sparse matrix whose "${name}" is no vector`);
    }
    return found;
  };
  const data = toFloat64(array('data'));
  if (format === 'coo') {
    const [row, col] = cooCoordinates(attributes, array);
    return gathered(object, nRows, nCols, toInt32(row), toInt32(col), data);
  }
  const indptr = toInt32(array('indptr'));
  const indices = toInt32(array('indices'));
  const [major, minor] = format === 'csr' ? [nRows, nCols] : [nCols, nRows];
  checkCompressed(object, indptr, indices, data.length, major, minor);
  if (format === 'csr' && !hasRepeats(indptr, indices, minor)) {
    const used = indptr[major]!;
    return { nRows, nCols, indptr, indices: indices.subarray(0, used), data: data.subarray(0, used) };
  }
  const majors = new Int32Array(indptr[major]!);
  for (let i = 0; i < major; i++) {
    majors.fill(i, indptr[i]!, indptr[i + 1]!);
  }
  return format === 'csr'
    ? gathered(object, nRows, nCols, majors, indices, data)
    : gathered(object, nRows, nCols, indices, majors, data);
}

function cooCoordinates(
  attributes: ReadonlyMap<string, Inert>,
  array: (name: string) => NdArray<Inert>,
): readonly [NdArray<Inert>, NdArray<Inert>] {
  // scipy 1.13 and later: one tuple of coordinates.
  const [row, col] = asKind(attributes.get('coords'), 'tuple')?.items.map(asNdArray) ?? [];
  return row != null && col != null ? [row, col] : [array('row'), array('col')];
}

function isIndex(value: Inert | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fffffff;
}

function checkCompressed(
  object: PyObject,
  indptr: Int32Array,
  indices: Int32Array,
  nData: number,
  major: number,
  minor: number,
): void {
  if (indptr.length !== major + 1 || indptr[0] !== 0) {
    throw broken(object, `a sparse matrix with ${indptr.length} row starts, expected ${major + 1} from 0 on`);
  }
  for (let i = 0; i < major; i++) {
    if (indptr[i + 1]! < indptr[i]!) {
      throw broken(object, 'a sparse matrix whose row starts fall');
    }
  }
  const used = indptr[major]!;
  if (used > indices.length || used > nData) {
    throw broken(
      object,
      `a sparse matrix of ${used} entries with ${indices.length} indices and ${nData} values`,
    );
  }
  checkRange(object, indices, used, minor);
}

function checkRange(object: PyObject, indices: Int32Array, used: number, limit: number): void {
  for (let i = 0; i < used; i++) {
    const index = indices[i]!;
    if (index < 0 || index >= limit) {
      throw broken(object, `a sparse matrix with the index ${index}, expected 0 to ${limit - 1}`);
    }
  }
}

/** Whether a row names a column twice. */
function hasRepeats(indptr: Int32Array, indices: Int32Array, nCols: number): boolean {
  let sorted = true;
  for (let row = 0; row + 1 < indptr.length; row++) {
    for (let i = indptr[row]! + 1; i < indptr[row + 1]!; i++) {
      sorted &&= indices[i]! > indices[i - 1]!;
    }
  }
  if (sorted) {
    return false;
  }
  const lastRow = new Map<number, number>();
  for (let row = 0; row + 1 < indptr.length; row++) {
    for (let i = indptr[row]!; i < indptr[row + 1]!; i++) {
      const col = indices[i]!;
      if (col < nCols && lastRow.get(col) === row) {
        return true;
      }
      lastRow.set(col, row);
    }
  }
  return false;
}

/** Coordinates to csr, columns rising within a row, repeated cells added up in the order of the file. */
function gathered(
  object: PyObject,
  nRows: number,
  nCols: number,
  row: Int32Array,
  col: Int32Array,
  values: Float64Array,
): CsrMatrix {
  const n = row.length;
  if (nRows > MAX_ROWS || col.length < n || values.length < n) {
    throw broken(object, `a sparse matrix of ${nRows} rows with ${n} entries`);
  }
  checkRange(object, row, n, nRows);
  checkRange(object, col, n, nCols);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  order.sort((a, b) => row[a]! - row[b]! || col[a]! - col[b]! || a - b);
  const indptr = new Int32Array(nRows + 1);
  const indices = new Int32Array(n);
  const data = new Float64Array(n);
  let out = 0;
  let lastRow = -1;
  for (const at of order) {
    if (row[at] === lastRow && indices[out - 1] === col[at]) {
      data[out - 1]! += values[at]!;
    } else {
      lastRow = row[at]!;
      indices[out] = col[at]!;
      data[out++] = values[at]!;
      indptr[lastRow + 1]!++;
    }
  }
  for (let i = 0; i < nRows; i++) {
    indptr[i + 1]! += indptr[i]!;
  }
  return { nRows, nCols, indptr, indices: indices.slice(0, out), data: data.slice(0, out) };
}

function broken(object: PyObject, what: string): LoadlineError {
  return new LoadlineError('LL3003', `Cannot read the file: it holds ${what} (byte ${object.offset})`, {
    offset: object.offset,
  });
}
