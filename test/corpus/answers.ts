/** A model's answers as plain rows, the form in which scikit-learn's are recorded. */
import { csrToDense } from '../../src/model/coerce.ts';
import type { Cell, Data, Dense, Numbers, Target } from '../../src/model/data.ts';
import { labelAt } from '../../src/model/data.ts';
import type { Fitted } from '../../src/model/fitted.ts';
import type { Json, Outputs, Recorded, SklearnMethod } from './cases.ts';

/** One row's answer: a scalar, or one value per column. */
export type RowAnswer = Cell | readonly Cell[];

/** What a method answers, by row; several outputs of probabilities are one list each. */
export type Answer = readonly RowAnswer[] | { readonly outputs: readonly (readonly RowAnswer[])[] };

/** Calls one method, or returns null when the model does not have it. */
export function answerOf(fitted: Fitted, method: SklearnMethod, rows: Data): Answer | null {
  switch (method) {
    case 'predict':
      return fitted.predict === undefined ? null : targetRows(fitted.predict(rows));
    case 'predict_proba':
      return fitted.predictProba === undefined ? null : probabilityRows(fitted.predictProba(rows));
    case 'decision_function':
      return fitted.decisionFunction === undefined ? null : targetRows(fitted.decisionFunction(rows));
    case 'score_samples':
      return fitted.scoreSamples === undefined ? null : targetRows(fitted.scoreSamples(rows));
    case 'transform':
      return fitted.transform === undefined ? null : dataRows(fitted.transform(rows));
  }
}

/** A recorded answer in the same form. */
export function recordedAnswer(recorded: Recorded, method: SklearnMethod): Json | Outputs {
  return recorded.expected[method] ?? null;
}

function targetRows(target: Target): RowAnswer[] {
  return Array.from({ length: target.nRows }, (_, row) =>
    target.oneD
      ? targetValue(target, row, 0)
      : Array.from({ length: target.nCols }, (_, output) => targetValue(target, row, output)),
  );
}

function targetValue(target: Target, row: number, output: number): Cell {
  return target.kind === 'labels'
    ? labelAt(target, row, output)
    : (target.data[row * target.nCols + output] ?? null);
}

function probabilityRows(outputs: readonly Dense[]): Answer {
  const lists = outputs.map(matrixRows);
  return lists.length === 1 && lists[0] !== undefined ? lists[0] : { outputs: lists };
}

function matrixRows(matrix: Dense | Numbers): number[][] {
  return Array.from({ length: matrix.nRows }, (_, row) =>
    Array.from(matrix.data.subarray(row * matrix.nCols, (row + 1) * matrix.nCols)),
  );
}

function dataRows(rows: Data): RowAnswer[] {
  switch (rows.kind) {
    case 'dense':
      return matrixRows(rows);
    case 'csr':
      return matrixRows(csrToDense(rows));
    case 'table':
      return Array.from({ length: rows.nRows }, (_, row) =>
        rows.columns.map((column) => column[row] ?? null),
      );
    default:
      throw new TypeError(`transform answered ${rows.kind}`);
  }
}
