/** VarianceThreshold: features that varied more than the threshold. */
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';
import { chosen, supported } from './selector.ts';

export const varianceThresholds = defineEstimators({
  rows: [{ name: 'VarianceThreshold', module: 'sklearn.feature_selection' }],
  read(state) {
    const { name } = state;
    const variances = state.floats('variances_', { shape: [null], nonFinite: true });
    const threshold = state.number('threshold');
    const columns = supported(Array.from(variances, (variance) => variance > threshold));
    return transformer(state, state.numericFeatures(variances.length, true), {
      transform: (rows) => chosen(rows, columns, name, variances.length, 'nan'),
    });
  },
});
