/** The door of every estimator made of trees: rows checked, rounded and walked in blocks. */
import type { Forest } from '../../kernels/forest.ts';
import { makeRows, walkForest } from '../../kernels/forest.ts';
import type { Finiteness } from '../../model/coerce.ts';
import { toDense, toFloat32, toMatrix } from '../../model/coerce.ts';
import type { Csr, Data, Dense } from '../../model/data.ts';

/** What scikit-learn checks of the rows. */
export interface Door {
  readonly name: string;
  /** Of dense rows. Sparse ones never have missing values, unless `any`. */
  readonly finiteness: Finiteness;
  /** Whether rows are rounded to float32 first. */
  readonly float32: boolean;
}

/** Takes the leaves of `nRows` rows from `firstRow` on, row-major `[nRows, nLanes]` places; they are overwritten by the next block. */
export type Visit = (leaves: Int32Array, nRows: number, firstRow: number) => void;

/** Walks rows through a forest block by block. Throws LL2003, LL2006 and LL2007 for rows it does not take. */
export type Walk = (rows: Data, visit: Visit) => void;

/** Rows in a block at most: enough to use four trees' nodes while they are in the cache, few enough for it to hold their leaves. */
const BLOCK_ROWS = 256;
/** Values a block holds at most. */
const BLOCK_VALUES = 1 << 18;

export function makeWalk(forest: Forest, door: Door): Walk {
  const { nFeatures, nLanes } = forest;
  const { name, float32 } = door;
  const widest = Math.max(nFeatures, nLanes, 1);
  const blockRows = Math.max(1, Math.min(BLOCK_ROWS, Math.floor(BLOCK_VALUES / widest)));
  // Kept between calls and grown to what is asked: one row costs no allocation.
  let x = makeRows(forest, 1);
  let leaves = new Int32Array(nLanes);
  return (rows, visit) => {
    const matrix = toMatrix(rows, name, nFeatures, 'any');
    const { nRows } = matrix;
    let checked = false;
    for (let first = 0; first < nRows; first += blockRows) {
      const count = Math.min(blockRows, nRows - first);
      if (leaves.length < count * nLanes) {
        x = makeRows(forest, count);
        leaves = new Int32Array(count * nLanes);
      }
      const clean =
        matrix.kind === 'dense'
          ? loadDense(x, matrix, first, count, float32)
          : loadCsr(x, matrix, first, count, float32);
      if (!clean && !checked) {
        refuse(rows, door, nFeatures);
        checked = true;
      }
      walkForest(forest, x, count, !clean, leaves);
      visit(leaves, count, first);
    }
  };
}

/** Copies rows into `x` and says whether all of them are finite. */
function loadDense(
  x: Float32Array | Float64Array,
  rows: Dense,
  first: number,
  count: number,
  float32: boolean,
): boolean {
  const { data, nCols } = rows;
  const start = first * nCols;
  const size = count * nCols;
  // v − v is 0 for every finite v, NaN for any other.
  let bad = 0;
  if (float32) {
    for (let i = 0; i < size; i++) {
      const value = Math.fround(data[start + i]!);
      x[i] = value;
      bad += value - value;
    }
  } else {
    for (let i = 0; i < size; i++) {
      const value = data[start + i]!;
      x[i] = value;
      bad += value - value;
    }
  }
  return bad === 0;
}

/** As `loadDense`, from sparse rows. */
function loadCsr(
  x: Float32Array | Float64Array,
  rows: Csr,
  first: number,
  count: number,
  float32: boolean,
): boolean {
  const { data, indices, indptr, nCols } = rows;
  x.fill(0, 0, count * nCols);
  let bad = 0;
  for (let row = 0; row < count; row++) {
    const base = row * nCols;
    for (let k = indptr[first + row]!; k < indptr[first + row + 1]!; k++) {
      const value = float32 ? Math.fround(data[k]!) : data[k]!;
      x[base + indices[k]!] = value;
      bad += value - value;
    }
  }
  return bad === 0;
}

/** Throws for the first value that may not come; returns where all that is not finite is taken. */
function refuse(rows: Data, door: Door, nFeatures: number): void {
  const { name, finiteness } = door;
  if (rows.kind === 'csr') {
    const data = door.float32 ? rows.data.map(Math.fround) : rows.data;
    toMatrix({ ...rows, data }, name, nFeatures, finiteness === 'any' ? 'any' : 'finite');
    return;
  }
  const matrix = toDense(rows, name, nFeatures, finiteness);
  if (door.float32) {
    toFloat32(matrix, name, finiteness);
  }
}
