/** One call of a model: rows in, the answer with its probabilities out, and the JSON of both. */
import { LoadlineError } from '../errors.ts';
import { toDense } from './coerce.ts';
import type { Data, Dense, Label, Numbers, Target } from './data.ts';
import { labelAt } from './data.ts';
import type { Model } from './model.ts';

export interface Prediction {
  /** What `predict` says, or for a model without it the rows `transform` made. */
  readonly target: Target;
  /** One `[nRows, nClasses]` per output, when asked for. */
  readonly probabilities: readonly Dense[] | null;
  /** Classes of each output, beside the probabilities. */
  readonly classes: readonly (readonly Label[])[] | null;
}

/**
 * Predicts a batch. A transformer answers its transformed rows as numbers.
 * Throws LL1009 when probabilities are asked of a model that has none.
 */
export function predict(model: Model, rows: Data, probabilities = false): Prediction {
  const { fitted } = model;
  if (probabilities && fitted.predictProba === undefined) {
    throw new LoadlineError('LL1009', `${fitted.name} has no probabilities: it has no predict_proba`);
  }
  const target = fitted.predict === undefined ? transform(model, rows) : fitted.predict(rows);
  if (!probabilities) {
    return { target, probabilities: null, classes: null };
  }
  return { target, probabilities: fitted.predictProba?.(rows) ?? null, classes: fitted.classes };
}

/** The rows `transform` makes, as numbers. Throws LL1009 for a model that has no `transform`. */
export function transform(model: Model, rows: Data): Numbers {
  const { fitted } = model;
  const out = fitted.transform?.(rows);
  if (out === undefined) {
    throw new LoadlineError('LL1009', `${fitted.name} cannot predict: it has neither predict nor transform`);
  }
  return tableNumbers(out, fitted.name);
}

function tableNumbers(out: Data, name: string): Numbers {
  if (out.kind === 'dense') {
    return { kind: 'numbers', nRows: out.nRows, nCols: out.nCols, oneD: false, data: out.data };
  }
  const matrix = toDense(out, name, null, 'any');
  return { kind: 'numbers', nRows: matrix.nRows, nCols: matrix.nCols, oneD: false, data: matrix.data };
}

/** The predictions as JSON values: a number or label per row, or an array per row for several outputs. Not finite becomes null. */
export function targetValues(target: Target): unknown[] {
  const out: unknown[] = new Array(target.nRows);
  for (let i = 0; i < target.nRows; i++) {
    out[i] = target.oneD
      ? valueAt(target, i, 0)
      : Array.from({ length: target.nCols }, (_, j) => valueAt(target, i, j));
  }
  return out;
}

/** A matrix as JSON rows. Not finite becomes null. */
export function matrixRows(matrix: Dense): (number | null)[][] {
  return Array.from({ length: matrix.nRows }, (_, i) =>
    Array.from({ length: matrix.nCols }, (_, j) => finiteOrNull(matrix.data[i * matrix.nCols + j]!)),
  );
}

/** Probabilities as JSON: `[nRows][nClasses]`, or one such list per output for several outputs. */
export function probabilityValues(probabilities: readonly Dense[]): unknown[] {
  return probabilities.length === 1
    ? matrixRows(probabilities[0]!)
    : probabilities.map((matrix) => matrixRows(matrix));
}

function valueAt(target: Target, row: number, output: number): Label | null {
  return target.kind === 'numbers'
    ? finiteOrNull(target.data[row * target.nCols + output]!)
    : labelAt(target, row, output);
}

function finiteOrNull(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
