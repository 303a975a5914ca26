/** LabelBinarizer: a column per class, or one for two classes. Source: scikit-learn `preprocessing/_label.py`. */
import type { CodeValues } from '../../kernels/encode.ts';
import { indexCategories, lookUpCodes } from '../../kernels/encode.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import { categoryList, encodeRows } from './categories.ts';

export const labelBinarizers = defineEstimators({
  rows: [{ name: 'LabelBinarizer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    if (state.optional('y_type_') === 'multilabel-indicator') {
      throw state.unsupported('y_type_', "'binary', 'multiclass'", 'multilabel-indicator');
    }
    const classes = categoryList(state, 'classes_', state.value('classes_'));
    const set = { categories: [classes], indexes: [indexCategories(classes)] };
    const columns = readColumns(state, classes.length);
    return transformer(
      state,
      null,
      {
        transform(rows) {
          const codes = encodeRows(rows, name, set);
          return dense(rows.nRows, columns.length, lookUpCodes(codes, rows.nRows, 1, columns));
        },
      },
      { input: 'labels', nFeatures: 1 },
    );
  },
});

/** A label that is no class has `neg_label` everywhere; with one class so has that class itself. */
function readColumns(state: EstimatorState, nClasses: number): readonly CodeValues[] {
  const negative = state.number('neg_label');
  const positive = state.number('pos_label');
  const column = (hot: number): CodeValues => ({
    feature: 0,
    values: Float64Array.from({ length: nClasses + 1 }, (_, code) => (code === hot ? positive : negative)),
  });
  if (nClasses < 3) {
    return [column(nClasses === 2 ? 1 : -1)];
  }
  return Array.from({ length: nClasses }, (_, k) => column(k));
}
