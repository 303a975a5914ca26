/** Each class has a code word; binary models predict its digits. */
import { nearestCode } from '../../kernels/multiclass.ts';
import { labels1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { mergedFeatures } from '../merged-features.ts';
import { binaryScores, readParts, requireBinary } from '../parts.ts';

export const outputCode = defineEstimators({
  rows: [{ name: 'OutputCodeClassifier', module: 'sklearn.multiclass' }],
  read(state, row, resolve): Fitted {
    const classes = state.labels('classes_');
    const parts = readParts(state, resolve, []);
    for (const part of parts) {
      requireBinary(state, part);
    }
    const codes = state.matrix('code_book_', { shape: [classes.length, parts.length] });
    const first = parts[0]!.fitted;
    return {
      name: row.name,
      task: 'classifier',
      input: first.input,
      nFeatures: state.nFeatures() ?? first.nFeatures,
      features: mergedFeatures(parts.map(({ fitted }) => fitted)),
      classes: [classes],
      nOutputs: 1,
      children: parts,
      predict(rows) {
        const scores = parts.map((part) => binaryScores(part, rows));
        return labels1d(nearestCode(scores, codes.data, rows.nRows, classes.length), classes);
      },
    };
  },
});
