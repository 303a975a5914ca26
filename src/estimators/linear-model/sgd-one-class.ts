/** A linear outlier detector: the distance of the score from `offset_`. */
import { applyLinear } from '../../kernels/linear.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { numbers1d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';

export const sgdOneClass = defineEstimators({
  rows: [{ name: 'SGDOneClassSVM', module: 'sklearn.linear_model' }],
  read(state) {
    const { name } = state;
    const weights = state.floats('coef_', { shape: [null] });
    const nFeatures = weights.length;
    const offset = state.number('offset_');
    const map = { nInputs: nFeatures, nOutputs: 1, weights, offsets: Float64Array.of(-offset) };
    function decisions(rows: Data): Float64Array {
      return applyLinear(map, toMatrix(rows, name, nFeatures, 'finite'));
    }
    return {
      name,
      task: 'outlier',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(decisions(rows).map((decision) => (decision >= 0 ? 1 : -1))),
      decisionFunction: (rows) => numbers1d(decisions(rows)),
      scoreSamples: (rows) => numbers1d(decisions(rows).map((decision) => decision + offset)),
    };
  },
});
