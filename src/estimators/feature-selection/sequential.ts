/** SequentialFeatureSelector: the features that were added or left over one by one. */
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';
import { chosen, supported } from './selector.ts';

export const sequentialSelectors = defineEstimators({
  rows: [{ name: 'SequentialFeatureSelector', module: 'sklearn.feature_selection' }],
  read(state) {
    const { name } = state;
    const support = Array.from(state.ints('support_', { shape: [null] }), (bit) => bit !== 0);
    const columns = supported(support);
    return transformer(state, state.numericFeatures(support.length, true), {
      transform: (rows) => chosen(rows, columns, name, support.length, 'any'),
    });
  },
});
