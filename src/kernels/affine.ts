/**
 * Per-column scaling of a matrix. numpy writes each step back into the array it scales, so a float32 array rounds after
 * every step; two float32 operands computed in float64 and rounded once give exactly float32's own result.
 */
import type { Csr, Dense } from '../model/data.ts';

/** (x − `shift`) / `scale` per column, each step where it is given. `shift` and `scale` are `[nCols]`. */
export function shiftScale(rows: Dense, shift: Float64Array | null, scale: Float64Array | null): Dense {
  const { nRows, nCols } = rows;
  const data = new Float64Array(rows.data);
  if (rows.float32 === true) {
    for (let i = 0; i < nRows; i++) {
      for (let j = 0, at = i * nCols; j < nCols; j++, at++) {
        const x = shift === null ? data[at]! : Math.fround(data[at]! - shift[j]!);
        data[at] = scale === null ? x : Math.fround(x / scale[j]!);
      }
    }
    return { ...rows, data };
  }
  if (shift !== null) {
    for (let i = 0, at = 0; i < nRows; i++) {
      for (let j = 0; j < nCols; j++, at++) {
        data[at]! -= shift[j]!;
      }
    }
  }
  if (scale !== null) {
    for (let i = 0, at = 0; i < nRows; i++) {
      for (let j = 0; j < nCols; j++, at++) {
        data[at]! /= scale[j]!;
      }
    }
  }
  return { ...rows, data };
}

/** x · `scale` + `shift` per column, each step where it is given. `scale` and `shift` are `[nCols]`. */
export function scaleShift(rows: Dense, scale: Float64Array | null, shift: Float64Array | null): Dense {
  const { nRows, nCols } = rows;
  const data = new Float64Array(rows.data);
  if (rows.float32 === true) {
    for (let i = 0; i < nRows; i++) {
      for (let j = 0, at = i * nCols; j < nCols; j++, at++) {
        const x = scale === null ? data[at]! : Math.fround(data[at]! * scale[j]!);
        data[at] = shift === null ? x : Math.fround(x + shift[j]!);
      }
    }
    return { ...rows, data };
  }
  if (scale !== null) {
    for (let i = 0, at = 0; i < nRows; i++) {
      for (let j = 0; j < nCols; j++, at++) {
        data[at]! *= scale[j]!;
      }
    }
  }
  if (shift !== null) {
    for (let i = 0, at = 0; i < nRows; i++) {
      for (let j = 0; j < nCols; j++, at++) {
        data[at]! += shift[j]!;
      }
    }
  }
  return { ...rows, data };
}

/** Multiplies every stored value by the factor of its column, `[nCols]`. */
export function scaleColumns(rows: Csr, factor: Float64Array): Csr {
  const { indices } = rows;
  const data = new Float64Array(rows.data);
  for (let k = 0; k < data.length; k++) {
    data[k]! *= factor[indices[k]!]!;
  }
  return { ...rows, data };
}

/** Limits values to `[low, high]` in place; NaN stays. */
export function clip(data: Float64Array, low: number, high: number): void {
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.min(Math.max(data[i]!, low), high);
  }
}
