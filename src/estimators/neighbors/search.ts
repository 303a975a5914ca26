/** The neighbour search that every estimator of this package keeps: training rows, metric, and the tree over them. */
import type { Metric } from '../../kernels/distance.ts';
import { densePoints, sparseCosinePoints, sparseEuclideanPoints } from '../../kernels/distance.ts';
import type { NeighborSearch, TreeBounds } from '../../kernels/neighbors.ts';
import { ballBounds, boxBounds, scanSearch, treeSearch } from '../../kernels/neighbors.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Csr, Data, Dense } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import type { Inert } from '../../pickle/inert.ts';
import { structField, toFloat64, toInt32 } from '../../tensor/convert.ts';
import { readPoints, toDensePoints } from '../points.ts';
import type { EstimatorState } from '../state.ts';
import { isList } from '../state.ts';
import type { MetricName, NamedMetric } from './metric.ts';
import { readMetric } from './metric.ts';

export interface FittedSearch {
  readonly search: NeighborSearch;
  readonly nPoints: number;
  readonly nFeatures: number;
  readonly features: readonly Feature[];
  readonly metricName: MetricName;
  /** Whether all points are scanned, in place of a tree. */
  readonly scanned: boolean;
  /** Checks the rows of a request. */
  readonly take: (rows: Data) => Dense | Csr;
}

/**
 * Reads `_fit_X`, the metric, and `_tree` where `_fit_method` names one. The tree is searched as scikit-learn searches
 * it, which is fast and settles equal distances alike. Throws LL4003 where the parts contradict each other.
 */
export function readSearch(state: EstimatorState): FittedSearch {
  const method = state.choice('_fit_method', ['brute', 'kd_tree', 'ball_tree']);
  const missing = state.value('effective_metric_') === 'nan_euclidean';
  const points = readPoints(state, '_fit_X', missing);
  const { nRows: nPoints, nCols: nFeatures } = points;
  const named = readMetric(state, 'effective_metric_', 'effective_metric_params_', nFeatures);
  return {
    search: method === 'brute' ? readScan(state, points, named) : readTree(state, points, named, method),
    nPoints,
    nFeatures,
    features: state.numericFeatures(nFeatures, missing),
    metricName: named.name,
    scanned: method === 'brute',
    take: (rows) => toMatrix(rows, state.name, nFeatures, missing ? 'nan' : 'finite'),
  };
}

function readScan(state: EstimatorState, points: Dense | Csr, { name, metric }: NamedMetric): NeighborSearch {
  if (points.kind === 'csr') {
    if (name === 'euclidean' || name === 'l2' || name === 'sqeuclidean') {
      return scanSearch(sparseEuclideanPoints(points, name === 'sqeuclidean'));
    }
    if (name === 'cosine') {
      return scanSearch(sparseCosinePoints(points));
    }
  }
  const { data, nCols } = toDensePoints(state, 'effective_metric_', points);
  return scanSearch(densePoints(metric, data, nCols));
}

function readTree(
  state: EstimatorState,
  points: Dense | Csr,
  { metric, power }: NamedMetric,
  method: 'kd_tree' | 'ball_tree',
): NeighborSearch {
  if (points.kind === 'csr') {
    throw state.wrong('_fit_X', `a dense matrix for ${method}`, state.value('_fit_X'));
  }
  const { nRows, nCols, data } = points;
  // __setstate__ takes a tuple: data, idx_array, node_data, node_bounds, …
  const parts = state.nested('_tree').object.state;
  if (!isList(parts) || parts.items.length < 4) {
    throw state.wrong('_tree', 'a tree with its tuple of state', state.value('_tree'));
  }
  const [, orderPart, nodesPart, boundsPart] = parts.items as [Inert, Inert, Inert, Inert];
  const order = toInt32(state.array('_tree[1]', { shape: [nRows] }, orderPart));
  const nodes = state.array('_tree[2]', { shape: [null] }, nodesPart);
  const nNodes = nodes.shape[0]!;
  const starts = toInt32(structField(nodes, 'idx_start'));
  const ends = toInt32(structField(nodes, 'idx_end'));
  const leaves = Uint8Array.from(toInt32(structField(nodes, 'is_leaf')), (leaf) => (leaf === 0 ? 0 : 1));
  checkTree(state, order, starts, ends, leaves);
  let bounds: TreeBounds;
  if (method === 'kd_tree') {
    if (power === null) {
      throw state.wrong(
        'effective_metric_',
        'a Minkowski metric for kd_tree',
        state.value('effective_metric_'),
      );
    }
    // Nodes without points keep the infinities that boxes begin with.
    const boxes = state.floats('_tree[3]', { shape: [2, nNodes, nCols], nonFinite: true }, boundsPart);
    bounds = boxBounds(boxes, nCols, power);
  } else {
    const centres = state.floats('_tree[3]', { shape: [1, nNodes, nCols], nonFinite: true }, boundsPart);
    bounds = ballBounds(centres, toFloat64(structField(nodes, 'radius')), nCols, unscaled(state, metric));
  }
  return treeSearch(densePoints(metric, inOrder(data, order, nCols), nCols), {
    order,
    starts,
    ends,
    leaves,
    bounds,
  });
}

/** A metric that scales its rows has no ball tree in scikit-learn, and its bounds would be wrong here. */
function unscaled(state: EstimatorState, metric: Metric): Metric {
  if (metric.scaling !== 'none') {
    throw state.wrong('effective_metric_', 'a metric that a ball tree has', state.value('effective_metric_'));
  }
  return metric;
}

/**
 * Checks that `order` is a permutation, and that every inner node has two children which share its points: then a
 * search ends, stays within the arrays and meets every point once.
 */
function checkTree(
  state: EstimatorState,
  order: Int32Array,
  starts: Int32Array,
  ends: Int32Array,
  leaves: Uint8Array,
): void {
  const nPoints = order.length;
  const seen = new Uint8Array(nPoints);
  for (const index of order) {
    if (index < 0 || index >= nPoints || seen[index] === 1) {
      throw state.wrong('_tree[1]', `a permutation of ${nPoints} rows`, index);
    }
    seen[index] = 1;
  }
  const nNodes = starts.length;
  if (nNodes === 0 || starts[0] !== 0 || ends[0] !== nPoints) {
    throw state.wrong('_tree[2]', `a root over ${nPoints} rows`, ends[0] ?? null);
  }
  const reached = new Uint8Array(nNodes);
  reached[0] = 1;
  for (let node = 0; node < nNodes; node++) {
    if (reached[node] === 0 || leaves[node] === 1) {
      continue;
    }
    const left = 2 * node + 1;
    const right = left + 1;
    const shared =
      right < nNodes &&
      starts[left] === starts[node] &&
      ends[left]! >= starts[left]! &&
      ends[left] === starts[right] &&
      ends[right]! >= starts[right]! &&
      ends[right] === ends[node];
    if (!shared) {
      throw state.wrong('_tree[2]', `two children of node ${node} that share its rows`, node);
    }
    reached[left] = 1;
    reached[right] = 1;
  }
}

/** Rows of a matrix in the given order. */
function inOrder(data: Float64Array, order: Int32Array, nCols: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let i = 0; i < order.length; i++) {
    out.set(data.subarray(order[i]! * nCols, (order[i]! + 1) * nCols), i * nCols);
  }
  return out;
}
