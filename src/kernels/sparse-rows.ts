/** Building sparse matrices row by row. */
import type { Csr, Dense } from '../model/data.ts';

/**
 * Makes a sparse matrix `[nRows, nCols]`: `fill` is called once a row and adds its entries, in any order; entries of one
 * column are summed. Columns come out sorted. A sum that is 0 stays stored, as scipy's `sum_duplicates` leaves it.
 */
export function sparseRows(
  nRows: number,
  nCols: number,
  fill: (row: number, add: (column: number, value: number) => void) => void,
): Csr {
  const indptr = new Int32Array(nRows + 1);
  let indices = new Int32Array(Math.max(16, nRows * 8));
  let data = new Float64Array(indices.length);
  const sums = new Map<number, number>();
  const add = (column: number, value: number): void => {
    sums.set(column, (sums.get(column) ?? 0) + value);
  };
  let n = 0;
  for (let row = 0; row < nRows; row++) {
    sums.clear();
    fill(row, add);
    if (n + sums.size > indices.length) {
      const size = Math.max(n + sums.size, indices.length * 2);
      const moreIndices = new Int32Array(size);
      const moreData = new Float64Array(size);
      moreIndices.set(indices);
      moreData.set(data);
      indices = moreIndices;
      data = moreData;
    }
    const start = n;
    for (const column of sums.keys()) {
      indices[n++] = column;
    }
    indices.subarray(start, n).sort();
    for (let k = start; k < n; k++) {
      data[k] = sums.get(indices[k]!)!;
    }
    indptr[row + 1] = n;
  }
  return { kind: 'csr', nRows, nCols, indptr, indices: indices.subarray(0, n), data: data.subarray(0, n) };
}

/** The entries of a dense matrix that are not 0. */
export function denseToCsr(rows: Dense): Csr {
  const { nRows, nCols, data } = rows;
  return sparseRows(nRows, nCols, (row, add) => {
    for (let j = 0, at = row * nCols; j < nCols; j++, at++) {
      if (data[at] !== 0) {
        add(j, data[at]!);
      }
    }
  });
}

/** The same matrix with the entries of each row stored in the opposite order. */
export function reverseRows(rows: Csr): Csr {
  const { nRows, indptr } = rows;
  const indices = new Int32Array(rows.indices.length);
  const data = new Float64Array(rows.data.length);
  for (let row = 0; row < nRows; row++) {
    for (let from = indptr[row]!, to = indptr[row + 1]! - 1; to >= indptr[row]!; from++, to--) {
      indices[to] = rows.indices[from]!;
      data[to] = rows.data[from]!;
    }
  }
  return { ...rows, indices, data };
}

/** The same matrix with `change` applied to every stored value. */
export function mapStored(rows: Csr, change: (value: number) => number): Csr {
  const data = new Float64Array(rows.data.length);
  for (let k = 0; k < data.length; k++) {
    data[k] = change(rows.data[k]!);
  }
  return { ...rows, data };
}
