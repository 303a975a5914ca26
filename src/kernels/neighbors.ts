/**
 * Nearest neighbours: the k closest points of a row, or all within a radius, by a scan of all points or down a k-d or
 * ball tree. Points are met in scikit-learn's order and kept in its heap, so that equal distances at the edge of the k
 * are settled as it settles them.
 */
import type { Measure, Metric, PointSet } from './distance.ts';
import { pairwiseSum } from './math.ts';

/** The k nearest so far as a max-heap; after a search, both arrays by rising distance. */
export interface Nearest {
  /** `[k]`. */
  readonly distances: Float64Array;
  /** Index of each point, `[k]`. */
  readonly indices: Int32Array;
}

/** The points within a radius; both arrays have room for every point. */
export interface Within {
  count: number;
  readonly distances: Float64Array;
  readonly indices: Int32Array;
}

/** Not reentrant, as the points it searches. */
export interface NeighborSearch {
  readonly nPoints: number;
  /** Fills `nearest` with the points closest to the row at `row[start]`. There must be at least k points. */
  nearest(row: Float64Array, start: number, nearest: Nearest): void;
  /** Fills `within` with the points not farther than `radius`, in the order they are met. */
  within(row: Float64Array, start: number, radius: number, within: Within): void;
}

/** Makes room for the k nearest. */
export function makeNearest(k: number): Nearest {
  return { distances: new Float64Array(k), indices: new Int32Array(k) };
}

/** Makes room for the neighbours within a radius among `nPoints`. */
export function makeWithin(nPoints: number): Within {
  return { count: 0, distances: new Float64Array(nPoints), indices: new Int32Array(nPoints) };
}

/** Points measured at once. 256 distances stay in the first cache. */
const BLOCK = 256;

/** Searches by measuring every point in the order of training. */
export function scanSearch(points: PointSet): NeighborSearch {
  const { nPoints, metric } = points;
  const block = new Float64Array(BLOCK);
  return {
    nPoints,
    nearest(row, start, nearest) {
      reset(nearest);
      points.begin(row, start);
      for (let from = 0; from < nPoints; from += BLOCK) {
        const to = Math.min(from + BLOCK, nPoints);
        points.distances(from, to, block);
        for (let i = 0; i < to - from; i++) {
          push(nearest, block[i]!, from + i);
        }
      }
      finish(nearest, metric.toDistance);
    },
    within(row, start, radius, within) {
      const reduced = metric.toReduced(radius);
      within.count = 0;
      points.begin(row, start);
      for (let from = 0; from < nPoints; from += BLOCK) {
        const to = Math.min(from + BLOCK, nPoints);
        points.distances(from, to, block);
        for (let i = 0; i < to - from; i++) {
          if (block[i]! <= reduced) {
            add(within, metric.toDistance(block[i]!), from + i);
          }
        }
      }
    },
  };
}

/** A binary tree over points: node i has the children 2i + 1 and 2i + 2, and holds the points `starts[i]` to `ends[i]` of `order`. */
export interface PointTree {
  /** Index of each point, in the order of the leaves: a permutation. */
  readonly order: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 where a node has no children. */
  readonly leaves: Uint8Array;
  readonly bounds: TreeBounds;
}

/** How far a node's points are at least. */
export interface TreeBounds {
  begin(row: Float64Array, start: number): void;
  /** Lower bound of the reduced distance to any point of the node. */
  atLeast(node: number): number;
}

/**
 * Searches down a tree, nearer child first. `points` lie in the order of `tree.order`.
 * Source: scikit-learn `BinaryTree._query_single_depthfirst` and `_query_radius_single`.
 */
export function treeSearch(points: PointSet, tree: PointTree): NeighborSearch {
  const { nPoints, metric } = points;
  const { order, starts, ends, leaves, bounds } = tree;
  const block = new Float64Array(BLOCK);
  let wanted = makeNearest(1);
  let found = makeWithin(0);
  let limit = 0;

  function nearestUnder(node: number, bound: number): void {
    if (bound > wanted.distances[0]!) {
      return;
    }
    if (leaves[node] === 1) {
      const end = ends[node]!;
      for (let from = starts[node]!; from < end; from += BLOCK) {
        const to = Math.min(from + BLOCK, end);
        points.distances(from, to, block);
        for (let i = 0; i < to - from; i++) {
          push(wanted, block[i]!, order[from + i]!);
        }
      }
      return;
    }
    const left = 2 * node + 1;
    const leftBound = bounds.atLeast(left);
    const rightBound = bounds.atLeast(left + 1);
    if (leftBound <= rightBound) {
      nearestUnder(left, leftBound);
      nearestUnder(left + 1, rightBound);
    } else {
      nearestUnder(left + 1, rightBound);
      nearestUnder(left, leftBound);
    }
  }

  function withinUnder(node: number): void {
    if (bounds.atLeast(node) > limit) {
      return;
    }
    if (leaves[node] === 1) {
      const end = ends[node]!;
      for (let from = starts[node]!; from < end; from += BLOCK) {
        const to = Math.min(from + BLOCK, end);
        points.distances(from, to, block);
        for (let i = 0; i < to - from; i++) {
          if (block[i]! <= limit) {
            add(found, metric.toDistance(block[i]!), order[from + i]!);
          }
        }
      }
      return;
    }
    withinUnder(2 * node + 1);
    withinUnder(2 * node + 2);
  }

  return {
    nPoints,
    nearest(row, start, nearest) {
      reset(nearest);
      wanted = nearest;
      points.begin(row, start);
      bounds.begin(row, start);
      nearestUnder(0, bounds.atLeast(0));
      finish(nearest, metric.toDistance);
    },
    within(row, start, radius, within) {
      within.count = 0;
      found = within;
      limit = metric.toReduced(radius);
      points.begin(row, start);
      bounds.begin(row, start);
      withinUnder(0);
    },
  };
}

/**
 * Bounds by boxes, for the Minkowski metrics of `power` 1 to infinity: `boxes` holds all lower corners
 * `[nNodes, nCols]`, then all upper corners.
 */
export function boxBounds(boxes: Float64Array, nCols: number, power: number): TreeBounds {
  const upperStart = boxes.length / 2;
  let row = boxes;
  let start = 0;
  return {
    begin(newRow, newStart) {
      row = newRow;
      start = newStart;
    },
    atLeast(node) {
      let bound = 0;
      let lower = node * nCols;
      let upper = upperStart + lower;
      for (let j = start; j < start + nCols; j++) {
        const x = row[j]!;
        const below = boxes[lower++]! - x;
        const above = x - boxes[upper++]!;
        const outside = Math.max(below, above, 0);
        if (outside > 0) {
          if (power === 2) {
            bound += outside * outside;
          } else if (power === 1) {
            bound += outside;
          } else if (power === Number.POSITIVE_INFINITY) {
            bound = Math.max(bound, outside);
          } else {
            bound += outside ** power;
          }
        }
      }
      return bound;
    },
  };
}

/** Bounds by balls: `centres` `[nNodes, nCols]` and their radii, under any metric that keeps the triangle inequality. */
export function ballBounds(
  centres: Float64Array,
  radii: Float64Array,
  nCols: number,
  metric: Metric,
): TreeBounds {
  const measure: Measure = metric.measure;
  const one = new Float64Array(1);
  let row = centres;
  let start = 0;
  return {
    begin(newRow, newStart) {
      row = newRow;
      start = newStart;
    },
    atLeast(node) {
      measure(row, start, centres, node * nCols, 1, nCols, one);
      return metric.toReduced(Math.max(0, metric.toDistance(one[0]!) - radii[node]!));
    },
  };
}

function reset(nearest: Nearest): void {
  nearest.distances.fill(Number.POSITIVE_INFINITY);
  nearest.indices.fill(0);
}

/** Replaces the farthest of the heap by a nearer point; NaN and equal distances change nothing. */
function push(nearest: Nearest, distance: number, index: number): void {
  if (distance < nearest.distances[0]!) {
    siftDown(nearest, nearest.distances.length, distance, index);
  }
}

/** Puts a value at the root of the first `size` elements and lets it sink. Source: scikit-learn `utils/_heap.pyx`. */
function siftDown({ distances, indices }: Nearest, size: number, distance: number, index: number): void {
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= size) {
      break;
    }
    const right = left + 1;
    const larger = right < size && distances[right]! > distances[left]! ? right : left;
    if (distances[larger]! <= distance) {
      break;
    }
    distances[at] = distances[larger]!;
    indices[at] = indices[larger]!;
    at = larger;
  }
  distances[at] = distance;
  indices[at] = index;
}

/** Sorts the heap by rising distance, and turns reduced distances into distances. */
function finish(nearest: Nearest, toDistance: (reduced: number) => number): void {
  const { distances, indices } = nearest;
  for (let size = distances.length - 1; size > 0; size--) {
    const distance = distances[size]!;
    const index = indices[size]!;
    distances[size] = distances[0]!;
    indices[size] = indices[0]!;
    siftDown(nearest, size, distance, index);
  }
  for (let i = 0; i < distances.length; i++) {
    distances[i] = toDistance(distances[i]!);
  }
}

function add(within: Within, distance: number, index: number): void {
  within.distances[within.count] = distance;
  within.indices[within.count] = index;
  within.count++;
}

/**
 * Turns the first `n` distances into weights 1 / d; where one of them is 0, those of 0 count 1 and the others nothing.
 * Source: scikit-learn `neighbors/_base.py`, `_get_weights`.
 */
export function inverseDistances(distances: Float64Array, n: number): void {
  let touching = false;
  for (let i = 0; i < n; i++) {
    distances[i] = 1 / distances[i]!;
    touching ||= distances[i] === Number.POSITIVE_INFINITY;
  }
  if (touching) {
    for (let i = 0; i < n; i++) {
      distances[i] = distances[i] === Number.POSITIVE_INFINITY ? 1 : 0;
    }
  }
}

/** Targets of the points, row-major `[nPoints, nOutputs]`. */
export interface PointTargets {
  readonly data: Float64Array;
  readonly nOutputs: number;
  /** Whether numpy averages them as float32 where there are no weights. */
  readonly float32: boolean;
}

/** Writes the average target of `n` neighbours to `out[at .. at + nOutputs)`; NaN where there are none. */
export type Average = (
  indices: Int32Array,
  weights: Float64Array | null,
  n: number,
  out: Float64Array,
  at: number,
) => void;

/** Averages the targets of up to `room` neighbours, with numpy's order of summation. */
export function averageTargets({ data, nOutputs, float32 }: PointTargets, room: number): Average {
  const terms = new Float64Array(room);
  return (indices, weights, n, out, at) => {
    const total = weights === null ? n : pairwiseSum(weights, 0, n);
    for (let o = 0; o < nOutputs; o++) {
      for (let i = 0; i < n; i++) {
        const target = data[indices[i]! * nOutputs + o]!;
        terms[i] = weights === null ? target : target * weights[i]!;
      }
      // Without weights numpy sums several outputs side by side, one neighbour after the other.
      const inOrder = weights === null && nOutputs > 1;
      if (weights === null && float32) {
        const sum = inOrder ? runningSumFloat32(terms, 0, n) : pairwiseSumFloat32(terms, 0, n);
        out[at + o] = Math.fround(sum / total);
      } else {
        out[at + o] = (inOrder ? runningSum(terms, n) : pairwiseSum(terms, 0, n)) / total;
      }
    }
  };
}

/** Adds the weight of each of `n` neighbours (1 without weights) to its class in `votes[at .. at + nClasses)`. */
export function addVotes(
  { data, nOutputs }: PointTargets,
  output: number,
  indices: Int32Array,
  weights: Float64Array | null,
  n: number,
  votes: Float64Array,
  at: number,
): void {
  for (let i = 0; i < n; i++) {
    votes[at + data[indices[i]! * nOutputs + output]!]! += weights === null ? 1 : weights[i]!;
  }
}

function runningSum(data: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += data[i]!;
  }
  return sum;
}

function runningSumFloat32(data: Float64Array, start: number, n: number): number {
  let sum = 0;
  for (let i = start; i < start + n; i++) {
    sum = Math.fround(sum + data[i]!);
  }
  return sum;
}

/** As `pairwiseSum`, in float32. */
function pairwiseSumFloat32(data: Float64Array, start: number, n: number): number {
  if (n < 8) {
    return runningSumFloat32(data, start, n);
  }
  const { fround } = Math;
  if (n > 128) {
    const half = (n >> 1) - ((n >> 1) % 8);
    return fround(pairwiseSumFloat32(data, start, half) + pairwiseSumFloat32(data, start + half, n - half));
  }
  const r = Float32Array.from(data.subarray(start, start + 8));
  const end = start + n - (n % 8);
  for (let i = start + 8; i < end; i++) {
    r[(i - start) % 8]! += data[i]!;
  }
  let sum = fround(
    fround(fround(r[0]! + r[1]!) + fround(r[2]! + r[3]!)) +
      fround(fround(r[4]! + r[5]!) + fround(r[6]! + r[7]!)),
  );
  for (let i = end; i < start + n; i++) {
    sum = fround(sum + data[i]!);
  }
  return sum;
}
