/** Clusters by the nearest of the centres that the fit found. */
import { nearestPoints, pointDistances } from '../../kernels/clusters.ts';
import { densePoints, euclidean } from '../../kernels/distance.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense, numbers1d } from '../../model/data.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';

interface Row extends EstimatorRow {
  readonly centres: string;
  /** Attribute with the cluster of every centre; without it a centre is a cluster. */
  readonly labels?: string;
  /** Whether it has `transform`: the distances to all centres. */
  readonly distances: boolean;
}

const module = 'sklearn.cluster';

export const clusterCentres = defineEstimators<Row>({
  rows: [
    { name: 'KMeans', module, centres: 'cluster_centers_', distances: true },
    { name: 'MiniBatchKMeans', module, centres: 'cluster_centers_', distances: true },
    { name: 'MeanShift', module, centres: 'cluster_centers_', distances: false },
    { name: 'AffinityPropagation', module, centres: 'cluster_centers_', distances: false },
    { name: 'Birch', module, centres: 'subcluster_centers_', labels: 'subcluster_labels_', distances: true },
  ],
  read(state, row) {
    const { name } = state;
    const { rows: nCentres, cols: nFeatures, data } = state.matrix(row.centres, { shape: [null, null] });
    if (nCentres === 0) {
      throw state.wrong(row.centres, 'at least one centre', state.value(row.centres));
    }
    const points = densePoints(euclidean(), data, nFeatures);
    const clusters = readClusters(state, row, nCentres);
    const take = (rows: Data) => toMatrix(rows, name, nFeatures, 'finite');
    return {
      name,
      task: 'clusterer',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) =>
        numbers1d(Float64Array.from(nearestPoints(points, take(rows)), (centre) => clusters[centre]!)),
      ...(row.distances && {
        transform: (rows: Data) => dense(rows.nRows, nCentres, pointDistances(points, take(rows))),
      }),
    };
  },
});

/** Cluster of each centre. */
function readClusters(state: EstimatorState, { labels }: Row, nCentres: number): Int32Array {
  return labels === undefined
    ? Int32Array.from({ length: nCentres }, (_, i) => i)
    : state.ints(labels, { shape: [nCentres] });
}
