/** Ridge regression on classes coded −1 and 1; with several labels a row, each label is decided by itself. */
import { applyLinear, codesAbove } from '../../kernels/linear.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
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
    return binarizer.string('y_type_').startsWith('multilabel')
      ? multilabel(state)
      : linearClassifier(state, binarizer.labels('classes_'), null);
  },
});

function multilabel(state: EstimatorState): Fitted {
  const { name } = state;
  const { map } = readCoefficients(state);
  const { nInputs, nOutputs } = map;
  const classes = new Array<readonly number[]>(nOutputs).fill([0, 1]);
  function scores(rows: Data): Float64Array {
    return applyLinear(map, toMatrix(rows, name, nInputs, 'finite'));
  }
  return {
    name,
    task: 'classifier',
    input: 'features',
    nFeatures: nInputs,
    features: state.numericFeatures(nInputs),
    classes,
    nOutputs,
    children: [],
    predict(rows) {
      const codes = codesAbove(scores(rows), 0);
      return { kind: 'labels', nRows: rows.nRows, nCols: nOutputs, oneD: false, codes, classes };
    },
    decisionFunction: (rows) => numbers2d(rows.nRows, nOutputs, scores(rows)),
  };
}
