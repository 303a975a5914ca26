/** Regression by the mean target of the neighbours: the k nearest, or all within a radius. */
import { averageTargets, inverseDistances, makeNearest, makeWithin } from '../../kernels/neighbors.ts';
import { eachRow } from '../../kernels/pairwise.ts';
import type { Data } from '../../model/data.ts';
import { numbers1d, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { readCount, readRadius } from './reach.ts';
import type { FittedSearch } from './search.ts';
import { readSearch } from './search.ts';
import type { FittedTargets } from './weights.ts';
import { readByDistance, readTargets } from './weights.ts';

interface Row extends EstimatorRow {
  readonly reach: 'count' | 'radius';
}

const module = 'sklearn.neighbors';

export const neighborsRegressors = defineEstimators<Row>({
  rows: [
    { name: 'KNeighborsRegressor', module, reach: 'count' },
    { name: 'RadiusNeighborsRegressor', module, reach: 'radius' },
  ],
  read(state, { reach }) {
    const fitted = readSearch(state);
    const targets = readTargets(state, fitted.nPoints);
    const predict = reach === 'count' ? byCount(state, fitted, targets) : byRadius(state, fitted, targets);
    return regressor(state, fitted, targets, predict);
  },
});

function regressor(
  state: EstimatorState,
  { nFeatures, features }: FittedSearch,
  { nOutputs, oneD }: FittedTargets,
  predict: (rows: Data) => Float64Array,
): Fitted {
  return {
    name: state.name,
    task: 'regressor',
    input: 'features',
    nFeatures,
    features,
    classes: null,
    nOutputs,
    children: [],
    predict: (rows) => (oneD ? numbers1d(predict(rows)) : numbers2d(rows.nRows, nOutputs, predict(rows))),
  };
}

function byCount(
  state: EstimatorState,
  { search, nPoints, take }: FittedSearch,
  targets: FittedTargets,
): (rows: Data) => Float64Array {
  const k = readCount(state, 'n_neighbors', nPoints);
  const byDistance = readByDistance(state);
  const nearest = makeNearest(k);
  const average = averageTargets(targets, k);
  return (rows) => {
    const out = new Float64Array(rows.nRows * targets.nOutputs);
    eachRow(take(rows), (row, start, i) => {
      search.nearest(row, start, nearest);
      if (byDistance) {
        inverseDistances(nearest.distances, k);
      }
      average(nearest.indices, byDistance ? nearest.distances : null, k, out, i * targets.nOutputs);
    });
    return out;
  };
}

/** A row without neighbours is NaN, as scikit-learn's documentation has it. */
function byRadius(
  state: EstimatorState,
  { search, nPoints, take }: FittedSearch,
  targets: FittedTargets,
): (rows: Data) => Float64Array {
  const radius = readRadius(state);
  const byDistance = readByDistance(state);
  const within = makeWithin(nPoints);
  const average = averageTargets(targets, nPoints);
  return (rows) => {
    const out = new Float64Array(rows.nRows * targets.nOutputs);
    eachRow(take(rows), (row, start, i) => {
      search.within(row, start, radius, within);
      if (byDistance) {
        inverseDistances(within.distances, within.count);
      }
      average(within.indices, byDistance ? within.distances : null, within.count, out, i * targets.nOutputs);
    });
    return out;
  };
}
