/** RFE and RFECV: the features that were left over, and the answers of the estimator that was fitted on them. */
import { defineEstimators } from '../define.ts';
import { answersAfter } from '../delegate.ts';
import { chosen, supported } from './selector.ts';

const module = 'sklearn.feature_selection';

export const recursiveEliminations = defineEstimators({
  rows: [
    { name: 'RFE', module },
    { name: 'RFECV', module },
  ],
  read(state, _row, resolve) {
    const { name } = state;
    const support = Array.from(state.ints('support_', { shape: [null] }), (bit) => bit !== 0);
    const columns = supported(support);
    const nFeatures = support.length;
    const fitted = resolve(state.value('estimator_'), 'estimator_');
    if (fitted.nFeatures !== null && fitted.nFeatures !== columns.length) {
      throw state.wrong('support_', `${fitted.nFeatures} features, as estimator_ has`, columns.length);
    }
    return {
      name,
      task: fitted.task,
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures, true),
      classes: fitted.classes,
      nOutputs: fitted.nOutputs,
      children: [{ label: 'estimator_', fitted }],
      ...answersAfter(fitted, (rows) => chosen(rows, columns, name, nFeatures, 'any'), 'estimator_'),
      transform: (rows) => chosen(rows, columns, name, nFeatures, 'any'),
    };
  },
});
