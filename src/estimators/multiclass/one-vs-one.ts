/** One binary model per pair of classes; each votes. */
import { argmaxRows } from '../../kernels/math.ts';
import { pairVotes } from '../../kernels/multiclass.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data, Dense } from '../../model/data.ts';
import { dense, labels1d, numbers1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { mergedFeatures, underNames } from '../merged-features.ts';
import { binaryScores, columnAt, predictedNumbers, readParts, requireBinary } from '../parts.ts';

export const oneVsOne = defineEstimators({
  rows: [{ name: 'OneVsOneClassifier', module: 'sklearn.multiclass' }],
  read(state, row, resolve): Fitted {
    const classes = state.labels('classes_');
    const parts = readParts(state, resolve, ['predict']);
    for (const part of parts) {
      requireBinary(state, part);
    }
    const nPairs = (classes.length * (classes.length - 1)) / 2;
    if (parts.length !== nPairs || nPairs === 0) {
      throw state.wrong('estimators_', `${nPairs} models, one per pair`, state.value('estimators_'));
    }
    const first = parts[0]!.fitted;
    // Rows of a precomputed kernel, which no caller can send.
    if ((state.optional('pairwise_indices_') ?? null) !== null) {
      throw state.unsupported('pairwise_indices_', 'None', state.value('pairwise_indices_'));
    }
    const threshold = first.task === 'classifier' && first.decisionFunction !== undefined ? 0 : 0.5;
    const nFeatures = state.nFeatures() ?? first.nFeatures;

    function votes(rows: Data): Dense {
      const matrix = toMatrix(rows, row.name, nFeatures, 'any');
      const predictions = parts.map((part) => predictedNumbers(part, matrix));
      const confidences = parts.map((part) => binaryScores(part, matrix));
      const data = pairVotes(predictions, confidences, rows.nRows, classes.length);
      return dense(rows.nRows, classes.length, data);
    }

    return {
      name: row.name,
      task: 'classifier',
      input: 'features',
      nFeatures,
      features: underNames(mergedFeatures(parts.map(({ fitted }) => fitted)), state.featureNames()),
      classes: [classes],
      nOutputs: 1,
      children: parts,
      predict(rows) {
        const scores = votes(rows);
        const codes =
          classes.length === 2
            ? Int32Array.from(columnAt(scores, 1), (score) => (score > threshold ? 1 : 0))
            : argmaxRows(scores.data, rows.nRows, classes.length);
        return labels1d(codes, classes);
      },
      decisionFunction(rows) {
        const scores = votes(rows);
        return classes.length === 2
          ? numbers1d(columnAt(scores, 1))
          : { kind: 'numbers', nRows: rows.nRows, nCols: classes.length, oneD: false, data: scores.data };
      },
    };
  },
});
