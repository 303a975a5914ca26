/** What one-against-rest puts in place of a model whose class all training rows, or none, had. */
import { dense, numbers1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';

export const constantPredictor = defineEstimators({
  rows: [{ name: '_ConstantPredictor', module: 'sklearn.multiclass' }],
  read(state, row): Fitted {
    const [y] = state.floats('y_', { shape: [1] });
    return {
      name: row.name,
      // Neither classifier nor regressor in scikit-learn; as a regressor it is asked for the same number.
      task: 'regressor',
      input: 'features',
      nFeatures: null,
      features: null,
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(new Float64Array(rows.nRows).fill(y!)),
      decisionFunction: (rows) => numbers1d(new Float64Array(rows.nRows).fill(y!)),
      predictProba(rows) {
        const data = new Float64Array(rows.nRows * 2);
        for (let i = 0; i < rows.nRows; i++) {
          data[i * 2] = 1 - y!;
          data[i * 2 + 1] = y!;
        }
        return [dense(rows.nRows, 2, data)];
      },
    };
  },
});
