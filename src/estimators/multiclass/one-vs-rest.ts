/** One binary model per class, or per label where a row may have several. */

import { pairwiseSum } from '../../kernels/math.ts';
import { highest } from '../../kernels/multiclass.ts';
import type { Data, Dense, Label, Target } from '../../model/data.ts';
import { labels1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { mergedFeatures } from '../merged-features.ts';
import {
  allHave,
  binaryScores,
  columnAt,
  columnsToMatrix,
  type Part,
  probabilities,
  readParts,
  requireBinary,
} from '../parts.ts';
import { within } from '../step-error.ts';

export const oneVsRest = defineEstimators({
  rows: [{ name: 'OneVsRestClassifier', module: 'sklearn.multiclass' }],
  read(state, row, resolve): Fitted {
    const parts = readParts(state, resolve, []);
    for (const part of parts) {
      requireBinary(state, part);
    }
    const binarizer = state.nested('label_binarizer_');
    const classes = binarizer.labels('classes_');
    const type = binarizer.choice('y_type_', ['binary', 'multiclass', 'multilabel-indicator']);
    const nModels = type === 'binary' ? 1 : classes.length;
    if (parts.length !== nModels || (type === 'binary' && classes.length > 2)) {
      throw state.wrong(
        'estimators_',
        `${nModels} models for ${classes.length} classes`,
        state.value('estimators_'),
      );
    }
    const first = parts[0]!.fitted;
    // A constant says nothing about rows.
    const shown = parts.find(({ fitted }) => fitted.task === 'classifier')?.fitted ?? first;
    const multilabel = type === 'multilabel-indicator';
    const threshold = first.task === 'classifier' && first.decisionFunction !== undefined ? 0 : 0.5;
    // From 1.8 on the first of equal scores wins; a row of probabilities that adds up to 0 stays so from 1.7 on.
    const lastWins = !state.since(1, 8);
    const keepsZeros = state.since(1, 7);

    function predict(rows: Data): Target {
      const scores = parts.map((part) => binaryScores(part, rows));
      if (multilabel) {
        return indicators(scores, rows.nRows, threshold);
      }
      if (type === 'multiclass') {
        return labels1d(highest(scores, rows.nRows, lastWins), classes);
      }
      const last = classes.length - 1;
      return labels1d(
        Int32Array.from(scores[0]!, (score) => (score > threshold ? last : 0)),
        classes,
      );
    }

    function predictProba(rows: Data): readonly Dense[] {
      const columns = parts.map((part) => columnAt(probabilities(part, rows), 1));
      if (parts.length === 1) {
        columns.unshift(columns[0]!.map((p) => 1 - p));
      }
      const matrix = columnsToMatrix(columns, rows.nRows);
      if (!multilabel) {
        normalizeRows(matrix, keepsZeros);
      }
      return [matrix];
    }

    return {
      name: row.name,
      task: 'classifier',
      input: shown.input,
      nFeatures: state.nFeatures() ?? shown.nFeatures,
      features: mergedFeatures(parts.map(({ fitted }) => fitted)),
      classes: [classes],
      nOutputs: multilabel ? classes.length : 1,
      children: parts,
      predict,
      ...(first.predictProba !== undefined && allHave(parts, 'predictProba') && { predictProba }),
      ...(first.decisionFunction !== undefined &&
        allHave(parts, 'decisionFunction') && {
          decisionFunction: (rows) => {
            const { nCols, data } = columnsToMatrix(
              parts.map((part) => decision(part, rows)),
              rows.nRows,
            );
            return { kind: 'numbers', nRows: rows.nRows, nCols, oneD: nCols === 1, data };
          },
        }),
    };
  },
});

const ABSENT_PRESENT: readonly Label[] = [0, 1];

function indicators(scores: readonly Float64Array[], nRows: number, threshold: number): Target {
  const nCols = scores.length;
  const codes = new Int32Array(nRows * nCols);
  for (let j = 0; j < nCols; j++) {
    for (let i = 0; i < nRows; i++) {
      codes[i * nCols + j] = scores[j]![i]! > threshold ? 1 : 0;
    }
  }
  return { kind: 'labels', nRows, nCols, oneD: false, codes, classes: scores.map(() => ABSENT_PRESENT) };
}

function decision({ label, fitted }: Part, rows: Data): Float64Array {
  return within(label, () => fitted.decisionFunction!(rows).data);
}

function normalizeRows({ nRows, nCols, data }: Dense, keepsZeros: boolean): void {
  for (let i = 0; i < nRows; i++) {
    const sum = pairwiseSum(data, i * nCols, nCols);
    for (let k = i * nCols; k < (i + 1) * nCols; k++) {
      data[k] = sum === 0 && keepsZeros ? 0 : data[k]! / sum;
    }
  }
}
