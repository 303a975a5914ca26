/** Ridge regression on classes coded −1 and 1; with several labels a row, each label is decided by itself. */
import { applyLinear, codesAbove } from '../../kernels/linear.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data, Label } from '../../model/data.ts';
import { numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { readCoefficients } from './coefficients.ts';
import { linearClassifier } from './scores.ts';

export const ridgeClassifiers = defineEstimators({
  rows: [
    { name: 'RidgeClassifier', module: 'sklearn.linear_model' },
    { name: 'RidgeClassifierCV', module: 'sklearn.linear_model' },
  ],
  read(state) {
    // `classes_` is in the state itself only from 1.8.
    const binarizer = state.nested('_label_binarizer');
    const classes = binarizer.labels('classes_');
    return binarizer.string('y_type_').startsWith('multilabel')
      ? multilabel(state, classes)
      : linearClassifier(state, classes, null);
  },
});

function multilabel(state: EstimatorState, labels: readonly Label[]): Fitted {
  const { name } = state;
  const { map } = readCoefficients(state);
  const { nInputs, nOutputs } = map;
  if (labels.length !== nOutputs) {
    throw state.wrong('coef_', `${labels.length} rows for as many labels`, state.value('coef_'));
  }
  const classes = new Array<readonly Label[]>(nOutputs).fill([0, 1]);
  function scores(rows: Data): Float64Array {
    return applyLinear(map, toMatrix(rows, name, nInputs, 'finite'));
  }
  return {
    name,
    task: 'classifier',
    input: 'features',
    nFeatures: nInputs,
    features: state.numericFeatures(nInputs),
    classes: [labels],
    nOutputs,
    children: [],
    predict(rows) {
      const codes = codesAbove(scores(rows), 0);
      return { kind: 'labels', nRows: rows.nRows, nCols: nOutputs, oneD: false, codes, classes };
    },
    decisionFunction: (rows) => numbers2d(rows.nRows, nOutputs, scores(rows)),
  };
}
