/** The fitted parts of a composite, and what they answer in the forms that composites combine. */
import type { Data, Dense, Numbers, Target } from '../model/data.ts';
import { dense, targetNumbers } from '../model/data.ts';
import type { Fitted, MethodName } from '../model/fitted.ts';
import { METHODS } from '../model/fitted.ts';
import type { Resolve } from './define.ts';
import type { EstimatorState } from './state.ts';
import { within } from './step-error.ts';

/** A fitted part and how the composite calls it. */
export interface Part {
  readonly label: string;
  readonly fitted: Fitted;
}

/**
 * Resolves the list `estimators_`; `labels` replaces the labels `estimators_[i]`.
 * Throws LL4003 when it is empty, has another length than `labels`, or a part lacks one of `methods`.
 */
export function readParts(
  state: EstimatorState,
  resolve: Resolve,
  methods: readonly MethodName[],
  labels: readonly string[] | null = null,
): readonly Part[] {
  const items = state.list('estimators_');
  if (items.length === 0 || (labels !== null && labels.length !== items.length)) {
    throw state.wrong('estimators_', `${labels?.length ?? 'some'} estimators`, state.value('estimators_'));
  }
  return items.map((item, i) => {
    const label = labels?.[i] ?? `estimators_[${i}]`;
    const fitted = resolve(item, label);
    for (const method of methods) {
      requireMethod(state, fitted, method, label);
    }
    return { label, fitted };
  });
}

/** Throws LL4003 where a part lacks a method that the composite calls. */
export function requireMethod(
  state: EstimatorState,
  fitted: Fitted,
  method: MethodName,
  label: string,
): void {
  if (fitted[method] === undefined) {
    throw state.wrong(
      label,
      `an estimator with ${METHODS[method]}`,
      `${fitted.name} without it`,
      fitted.name,
    );
  }
}

/** Whether every part has a method. */
export function allHave(parts: readonly Part[], method: MethodName): boolean {
  return parts.every(({ fitted }) => fitted[method] !== undefined);
}

/** `predict` of a part as numbers, row-major `[nRows, nOutputs]`. */
export function predictedNumbers({ label, fitted }: Part, rows: Data): Float64Array {
  return within(label, () => targetNumbers(fitted.predict!(rows)));
}

/** `predict_proba` of a part with one output. */
export function probabilities({ label, fitted }: Part, rows: Data): Dense {
  return within(label, () => fitted.predictProba!(rows)[0]!);
}

/** What a part says for its second class, or as a number: as sklearn.multiclass `_predict_binary` asks. Length `nRows`. */
export function binaryScores(part: Part, rows: Data): Float64Array {
  const { label, fitted } = part;
  if (fitted.task === 'regressor') {
    return predictedNumbers(part, rows);
  }
  if (fitted.decisionFunction !== undefined) {
    return within(label, () => fitted.decisionFunction!(rows).data);
  }
  return columnAt(probabilities(part, rows), 1);
}

/** Throws LL4003 for a part that `binaryScores` cannot ask: a classifier of other than two classes, or without scores. */
export function requireBinary(state: EstimatorState, { label, fitted }: Part): void {
  if (fitted.task === 'regressor') {
    requireMethod(state, fitted, 'predict', label);
    return;
  }
  if (fitted.decisionFunction === undefined) {
    requireMethod(state, fitted, 'predictProba', label);
  }
  if (fitted.classes?.length !== 1 || fitted.classes[0]?.length !== 2) {
    throw state.wrong(label, 'a classifier of two classes', fitted.name);
  }
}

/** One column of a matrix. */
export function columnAt(matrix: Dense, column: number): Float64Array {
  const { nRows, nCols, data } = matrix;
  const out = new Float64Array(nRows);
  for (let i = 0; i < nRows; i++) {
    out[i] = data[i * nCols + column]!;
  }
  return out;
}

/** Columns side by side, each of length `nRows`: row-major `[nRows, columns.length]`. */
export function columnsToMatrix(columns: readonly Float64Array[], nRows: number): Dense {
  const nCols = columns.length;
  const data = new Float64Array(nRows * nCols);
  for (let j = 0; j < nCols; j++) {
    const column = columns[j]!;
    for (let i = 0; i < nRows; i++) {
      data[i * nCols + j] = column[i]!;
    }
  }
  return dense(nRows, nCols, data);
}

/** A target as rows of features. */
export function targetMatrix(target: Target): Dense {
  return dense(target.nRows, target.nCols, targetNumbers(target));
}

/** Numbers as rows of features. */
export function numbersMatrix(numbers: Numbers): Dense {
  return dense(numbers.nRows, numbers.nCols, numbers.data);
}
