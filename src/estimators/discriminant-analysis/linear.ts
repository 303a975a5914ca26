/** Gaussian classes of one covariance: linear scores, and the projection that separates the classes best. */
import type { LinearMap } from '../../kernels/linear.ts';
import { applyLinear, logisticOrSoftmaxLink } from '../../kernels/linear.ts';
import { toDense } from '../../model/coerce.ts';
import type { Data, Dense } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { linearClassifier } from '../linear-model/scores.ts';
import type { EstimatorState } from '../state.ts';

export const linearDiscriminant = defineEstimators({
  rows: [{ name: 'LinearDiscriminantAnalysis', module: 'sklearn.discriminant_analysis' }],
  read(state) {
    const classifier = linearClassifier(state, state.labels('classes_'), logisticOrSoftmaxLink);
    const solver = state.choice('solver', ['svd', 'lsqr', 'eigen']);
    // lsqr finds no projection: its transform only raises.
    return solver === 'lsqr'
      ? classifier
      : { ...classifier, transform: readProjection(state, solver, classifier.nFeatures) };
  },
});

function readProjection(
  state: EstimatorState,
  solver: 'svd' | 'eigen',
  nFeatures: number | null,
): (rows: Data) => Dense {
  const { name } = state;
  const { rows: nInputs, cols, data } = state.matrix('scalings_', { shape: [nFeatures, null] });
  const nOutputs = Math.min(state.integer('_max_components'), cols);
  if (nOutputs < 0) {
    throw state.wrong('_max_components', 'a count', nOutputs);
  }
  const weights = new Float64Array(nOutputs * nInputs);
  for (let o = 0; o < nOutputs; o++) {
    for (let j = 0; j < nInputs; j++) {
      weights[o * nInputs + j] = data[j * cols + o]!;
    }
  }
  const map: LinearMap = { nInputs, nOutputs, weights, offsets: new Float64Array(nOutputs) };
  // eigen projects the rows as they are, svd their distance from the mean.
  const centre = solver === 'svd' ? state.floats('xbar_', { shape: [nInputs] }) : null;
  return (rows) => {
    const matrix = toDense(rows, name, nInputs, 'finite');
    const { nRows } = matrix;
    const centred =
      centre === null
        ? matrix
        : dense(
            nRows,
            nInputs,
            matrix.data.map((value, i) => value - centre[i % nInputs]!),
          );
    return dense(nRows, nOutputs, applyLinear(map, centred));
  };
}
