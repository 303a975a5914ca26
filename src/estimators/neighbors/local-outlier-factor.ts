/** Outliers by how much sparser a row lies than its neighbours do. */
import { LoadlineError } from '../../errors.ts';
import { pairwiseSum } from '../../kernels/math.ts';
import { makeNearest } from '../../kernels/neighbors.ts';
import { eachRow } from '../../kernels/pairwise.ts';
import type { Data } from '../../model/data.ts';
import { numbers1d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { readCount } from './reach.ts';
import { readSearch } from './search.ts';

export const localOutlierFactor = defineEstimators({
  rows: [{ name: 'LocalOutlierFactor', module: 'sklearn.neighbors' }],
  read(state) {
    if (!state.boolean('novelty')) {
      throw new LoadlineError(
        'LL4004',
        `Cannot use ${state.name} with novelty=False: it scores the rows it was trained on only`,
        { where: state.path, fix: 'Train with novelty=True to score new rows.' },
      );
    }
    const { search, nPoints, nFeatures, features, take } = readSearch(state);
    const k = readCount(state, 'n_neighbors_', nPoints);
    const { cols, data } = state.matrix('_distances_fit_X_', { shape: [nPoints, null] });
    if (cols < k) {
      throw state.wrong('_distances_fit_X_', `${k} columns`, state.value('_distances_fit_X_'));
    }
    // Distance of each training row to its own k-th neighbour.
    const reach = Float64Array.from({ length: nPoints }, (_, i) => data[i * cols + k - 1]!);
    const densities = state.floats('_lrd', { shape: [nPoints] });
    const offset = state.number('offset_');
    const nearest = makeNearest(k);
    const terms = new Float64Array(k);

    /** The opposite of the local outlier factor. Source: scikit-learn `neighbors/_lof.py`. */
    function scores(rows: Data): Float64Array {
      const out = new Float64Array(rows.nRows);
      eachRow(take(rows), (row, start, i) => {
        search.nearest(row, start, nearest);
        const { distances, indices } = nearest;
        for (let j = 0; j < k; j++) {
          terms[j] = Math.max(distances[j]!, reach[indices[j]!]!);
        }
        const density = 1 / (pairwiseSum(terms) / k + 1e-10);
        for (let j = 0; j < k; j++) {
          terms[j] = densities[indices[j]!]! / density;
        }
        out[i] = -(pairwiseSum(terms) / k);
      });
      return out;
    }

    return {
      name: state.name,
      task: 'outlier',
      input: 'features',
      nFeatures,
      features,
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(scores(rows).map((score) => (score - offset < 0 ? -1 : 1))),
      decisionFunction: (rows) => numbers1d(scores(rows).map((score) => score - offset)),
      scoreSamples: (rows) => numbers1d(scores(rows)),
    };
  },
});
