/** A regressor of a transformed target: its predictions are transformed back. */

import { toDense } from '../../model/coerce.ts';
import { numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { requireMethod, targetMatrix } from '../parts.ts';
import { within } from '../step-error.ts';

export const transformedTargetRegressor = defineEstimators({
  rows: [{ name: 'TransformedTargetRegressor', module: 'sklearn.compose' }],
  read(state, row, resolve): Fitted {
    const regressor = resolve(state.value('regressor_'), 'regressor_');
    const transformer = resolve(state.value('transformer_'), 'transformer_');
    requireMethod(state, regressor, 'predict', 'regressor_');
    requireMethod(state, transformer, 'inverseTransform', 'transformer_');
    const trainedOneD = state.integer('_training_dim') === 1;
    return {
      name: row.name,
      task: 'regressor',
      input: regressor.input,
      nFeatures: regressor.nFeatures,
      features: regressor.features,
      classes: null,
      nOutputs: regressor.nOutputs,
      children: [
        { label: 'regressor_', fitted: regressor },
        { label: 'transformer_', fitted: transformer },
      ],
      predict(rows) {
        const predicted = within('regressor_', () => targetMatrix(regressor.predict!(rows)));
        const back = transformer.inverseTransform!(predicted);
        const { nRows, nCols, data } = toDense(back, row.name, null, 'any');
        return trainedOneD && nCols === 1 ? numbers1d(data) : numbers2d(nRows, nCols, data);
      },
    };
  },
});
