/** Classification by the nearest centroid of a class. */
import { nearestPoints, pointDistances } from '../../kernels/clusters.ts';
import { columnDifference } from '../../kernels/discriminant.ts';
import { densePoints } from '../../kernels/distance.ts';
import { argmaxRows } from '../../kernels/math.ts';
import { normaliseLogRows } from '../../kernels/naive-bayes.ts';
import { toDense, toMatrix } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { readMetric } from './metric.ts';

export const nearestCentroid = defineEstimators({
  rows: [{ name: 'NearestCentroid', module: 'sklearn.neighbors' }],
  read(state) {
    const { name } = state;
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    const { cols: nFeatures, data: centroids } = state.matrix('centroids_', { shape: [nClasses, null] });
    const { metric, name: metricName } = readMetric(state, 'metric', null, nFeatures);
    const points = densePoints(metric, centroids, nFeatures);
    const take = (rows: Data) => toMatrix(rows, name, nFeatures, 'finite');
    const fitted: Fitted = {
      name,
      task: 'classifier',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: [classes],
      nOutputs: 1,
      children: [],
      predict: (rows) => labels1d(nearestPoints(points, take(rows)), classes),
    };
    // Priors, and with them scores, came with 1.6.
    if (!state.has('class_prior_')) {
      return fitted;
    }
    const scores = readScores(state, centroids, nClasses, nFeatures);
    const uniform = state
      .floats('class_prior_', { shape: [nClasses] })
      .every((prior) => Math.abs(prior - 1 / nClasses) <= 1e-8 + 1e-5 / nClasses);
    return {
      ...fitted,
      ...(!uniform && {
        predict: (rows: Data) => labels1d(argmaxRows(scores(rows), rows.nRows, nClasses), classes),
      }),
      ...(metricName === 'euclidean' && {
        decisionFunction: (rows: Data) =>
          nClasses === 2
            ? numbers1d(columnDifference(scores(rows)))
            : numbers2d(rows.nRows, nClasses, scores(rows)),
        predictProba(rows: Data) {
          const out = scores(rows);
          normaliseLogRows(out, rows.nRows, nClasses);
          return [dense(rows.nRows, nClasses, out)];
        },
      }),
    };
  },
});

/**
 * Discriminant scores −d² + 2 log(prior), d the distance after each column is divided by its deviation within the
 * classes (0 leaves it). Source: `NearestCentroid._decision_function`, equation 18.2 of The Elements of Statistical
 * Learning.
 */
function readScores(
  state: EstimatorState,
  centroids: Float64Array,
  nClasses: number,
  nFeatures: number,
): (rows: Data) => Float64Array {
  const logPriors = state.floats('class_prior_', { shape: [nClasses] }).map((prior) => 2 * Math.log(prior));
  const deviations = state.floats('within_class_std_dev_');
  if (deviations.length !== nFeatures) {
    throw state.wrong('within_class_std_dev_', `${nFeatures} numbers`, state.value('within_class_std_dev_'));
  }
  const divisors = deviations.map((deviation) => deviation || 1);
  const points = densePoints(
    readMetric(state, 'metric', null, nFeatures).metric,
    centroids.map((x, i) => x / divisors[i % nFeatures]!),
    nFeatures,
  );
  return (rows) => {
    const { data } = toDense(rows, state.name, nFeatures, 'finite');
    const scaled = dense(
      rows.nRows,
      nFeatures,
      data.map((x, i) => x / divisors[i % nFeatures]!),
    );
    return pointDistances(points, scaled).map(
      (distance, i) => logPriors[i % nClasses]! - distance * distance,
    );
  };
}
