/** Categories to codes by hash, with Python's equality: True is 1, a string is never a number. */
import type { Cell, Column, Csr, Dense } from '../model/data.ts';

/** A category of an encoder; NaN and `null` (None) are two different missing ones. */
export type Category = string | number | boolean | null;

/** The codes of one feature's categories; −1 where it has no such missing category. */
export interface CategoryIndex {
  readonly strings: ReadonlyMap<string, number>;
  readonly numbers: ReadonlyMap<number, number>;
  /** Code of NaN. */
  readonly nan: number;
  /** Code of None. */
  readonly none: number;
}

/** Indexes categories by their position. */
export function indexCategories(categories: readonly Category[]): CategoryIndex {
  const strings = new Map<string, number>();
  const numbers = new Map<number, number>();
  let nan = -1;
  let none = -1;
  categories.forEach((category, code) => {
    if (category === null) {
      none = code;
    } else if (typeof category === 'string') {
      strings.set(category, code);
    } else if (Number.isNaN(category)) {
      nan = code;
    } else {
      numbers.set(Number(category), code);
    }
  });
  return { strings, numbers, nan, none };
}

/** Code of a cell; −1 when its value is no category. A missing cell is None where that is a category, else NaN. */
export function codeOf(index: CategoryIndex, cell: Cell): number {
  if (typeof cell === 'string') {
    return index.strings.get(cell) ?? -1;
  }
  if (cell === null) {
    return index.none >= 0 ? index.none : index.nan;
  }
  return codeOfNumber(index, Number(cell));
}

/** Code of a number; NaN is the missing category of either kind. */
export function codeOfNumber(index: CategoryIndex, x: number): number {
  if (Number.isNaN(x)) {
    return index.nan >= 0 ? index.nan : index.none;
  }
  return index.numbers.get(x) ?? -1;
}

/** Writes the codes of a column to `codes[start + i · stride]`. */
export function encodeColumn(
  index: CategoryIndex,
  column: Column,
  codes: Int32Array,
  start: number,
  stride: number,
): void {
  let at = start;
  if (column instanceof Float64Array) {
    for (let i = 0; i < column.length; i++, at += stride) {
      codes[at] = codeOfNumber(index, column[i]!);
    }
    return;
  }
  for (let i = 0; i < column.length; i++, at += stride) {
    codes[at] = codeOf(index, column[i]!);
  }
}

/** Where the codes of every feature go in a one-hot matrix. */
export interface OneHotPlan {
  /** Columns of the result. */
  readonly width: number;
  /** Column of each code of each feature; −1 where it has none (it was dropped). */
  readonly columns: readonly Int32Array[];
  /** Column of an unknown value of each feature; −1 for none. */
  readonly unknown: Int32Array;
}

/** Codes `[nRows, nFeatures]` (−1 is unknown) as a dense matrix of ones. */
export function oneHotDense(codes: Int32Array, nRows: number, plan: OneHotPlan): Dense {
  const { width, columns, unknown } = plan;
  const nFeatures = columns.length;
  const data = new Float64Array(nRows * width);
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let j = 0; j < nFeatures; j++, at++) {
      const code = codes[at]!;
      const column = code < 0 ? unknown[j]! : columns[j]![code]!;
      if (column >= 0) {
        data[i * width + column] = 1;
      }
    }
  }
  return { kind: 'dense', nRows, nCols: width, data };
}

/** As `oneHotDense`, sparse. */
export function oneHotCsr(codes: Int32Array, nRows: number, plan: OneHotPlan): Csr {
  const { width, columns, unknown } = plan;
  const nFeatures = columns.length;
  const indptr = new Int32Array(nRows + 1);
  const indices = new Int32Array(codes.length);
  let n = 0;
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let j = 0; j < nFeatures; j++, at++) {
      const code = codes[at]!;
      const column = code < 0 ? unknown[j]! : columns[j]![code]!;
      if (column >= 0) {
        indices[n++] = column;
      }
    }
    indptr[i + 1] = n;
  }
  return {
    kind: 'csr',
    nRows,
    nCols: width,
    indptr,
    indices: indices.subarray(0, n),
    data: new Float64Array(n).fill(1),
  };
}

/** One output column: a value for every code of a feature. */
export interface CodeValues {
  readonly feature: number;
  /** Value of each code, and after them the value of an unknown one. */
  readonly values: Float64Array;
}

/** Replaces codes `[nRows, nFeatures]` (−1 is unknown) by values: row-major `[nRows, columns.length]`. */
export function lookUpCodes(
  codes: Int32Array,
  nRows: number,
  nFeatures: number,
  columns: readonly CodeValues[],
): Float64Array {
  const nCols = columns.length;
  const out = new Float64Array(nRows * nCols);
  for (let k = 0; k < nCols; k++) {
    const { feature, values } = columns[k]!;
    const unknown = values.length - 1;
    for (let i = 0, at = k, from = feature; i < nRows; i++, at += nCols, from += nFeatures) {
      const code = codes[from]!;
      out[at] = values[code < 0 ? unknown : code]!;
    }
  }
  return out;
}
