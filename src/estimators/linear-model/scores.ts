/** Classifiers whose scores are linear in the features. */
import type { Link } from '../../kernels/linear.ts';
import { applyLinear, codesAbove } from '../../kernels/linear.ts';
import { argmaxRows } from '../../kernels/math.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data, Label } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import type { EstimatorState } from '../state.ts';
import { readCoefficients } from './coefficients.ts';

/**
 * A classifier by the sign of one score or the largest of several; with `link` it has probabilities.
 * Throws LL4003 unless there is one row of coefficients per class, or a single one for two classes.
 */
export function linearClassifier(
  state: EstimatorState,
  classes: readonly Label[],
  link: Link | null,
): Fitted {
  const { name } = state;
  const { map } = readCoefficients(state);
  const { nInputs, nOutputs } = map;
  if (classes.length !== (nOutputs === 1 ? 2 : nOutputs)) {
    throw state.wrong(
      'coef_',
      `one row per class, or a single one for two, with ${classes.length} classes`,
      state.value('coef_'),
    );
  }
  function scores(rows: Data): Float64Array {
    return applyLinear(map, toMatrix(rows, name, nInputs, 'finite'));
  }
  return {
    name,
    task: 'classifier',
    input: 'features',
    nFeatures: nInputs,
    features: state.numericFeatures(nInputs),
    classes: [classes],
    nOutputs: 1,
    children: [],
    predict(rows) {
      const found = scores(rows);
      const codes = nOutputs === 1 ? codesAbove(found, 0) : argmaxRows(found, rows.nRows, nOutputs);
      return labels1d(codes, classes);
    },
    decisionFunction(rows) {
      const found = scores(rows);
      return nOutputs === 1 ? numbers1d(found) : numbers2d(rows.nRows, nOutputs, found);
    },
    ...(link !== null && {
      predictProba(rows: Data) {
        return [dense(rows.nRows, classes.length, link(scores(rows), rows.nRows, nOutputs))];
      },
    }),
  };
}
