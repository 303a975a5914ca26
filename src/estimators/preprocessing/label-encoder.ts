/** LabelEncoder: the position of a label among the classes. */
import { indexCategories, lookUpCodes } from '../../kernels/encode.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';
import { categoryList, encodeRows, refuseUnknown } from './categories.ts';

export const labelEncoders = defineEstimators({
  rows: [{ name: 'LabelEncoder', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const classes = categoryList(state, 'classes_', state.value('classes_'));
    const set = { categories: [classes], indexes: [indexCategories(classes)] };
    const column = {
      feature: 0,
      values: Float64Array.from({ length: classes.length + 1 }, (_, code) => code),
    };
    return transformer(
      state,
      null,
      {
        transform(rows) {
          const codes = encodeRows(rows, name, set);
          refuseUnknown(codes, rows, name, set);
          return dense(rows.nRows, 1, lookUpCodes(codes, rows.nRows, 1, [column]));
        },
      },
      { input: 'labels', nFeatures: 1 },
    );
  },
});
