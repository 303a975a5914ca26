/** Binarizer: 1 above the threshold, else 0. */
import { toMatrix } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import { countedFeatures, transformer } from '../transformer.ts';

export const binarizers = defineEstimators({
  rows: [{ name: 'Binarizer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const threshold = state.number('threshold');
    const nFeatures = countedFeatures(state);
    return transformer(state, nFeatures === null ? null : state.numericFeatures(nFeatures), {
      transform(rows) {
        const matrix = toMatrix(rows, name, nFeatures, 'finite');
        const data = new Float64Array(matrix.data.length);
        for (let i = 0; i < data.length; i++) {
          data[i] = matrix.data[i]! > threshold ? 1 : 0;
        }
        return { ...matrix, data };
      },
    });
  },
});
