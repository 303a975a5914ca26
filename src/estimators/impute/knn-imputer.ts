/** KNNImputer: missing values replaced by the mean of the nearest rows that have one. Source: scikit-learn `impute/_knn.py`. */
import { pairwiseSum } from '../../kernels/math.ts';
import type { IncompleteRows } from '../../kernels/nan-euclidean.ts';
import { incompleteRows, nanEuclidean } from '../../kernels/nan-euclidean.ts';
import { smallestByVector, smallestIntroselect } from '../../kernels/nearest-donors.ts';
import { toDense } from '../../model/coerce.ts';
import type { Dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import { appendIndicator, readOwnIndicator } from './indicator.ts';
import { finitenessOf, maskNumbers, readMarker } from './missing-values.ts';

/** The training rows by column: who can give a value, and the mean when no distance is known. */
interface Donors {
  readonly rows: Int32Array;
  readonly values: Float64Array;
  readonly mean: number;
}

interface KnnModel {
  readonly training: IncompleteRows;
  /** Null for a column without any value in training. */
  readonly donors: readonly (Donors | null)[];
  readonly nNeighbors: number;
  readonly byDistance: boolean;
  /** Whether rows of unknown distance, taken where there are too few others, have no weight. */
  readonly ignoresUnknown: boolean;
  readonly select: typeof smallestByVector;
}

export const knnImputers = defineEstimators({
  rows: [{ name: 'KNNImputer', module: 'sklearn.impute' }],
  read(state) {
    const { name } = state;
    const model = readModel(state);
    const nFeatures = model.training.nCols;
    const marker = readMarker(state);
    const indicator = readOwnIndicator(state, nFeatures);
    const keepsEmpty = state.has('keep_empty_features') && state.boolean('keep_empty_features');
    const kept = Int32Array.from(
      model.donors.flatMap((donors, j) => (donors !== null || keepsEmpty ? [j] : [])),
    );
    return transformer(state, state.numericFeatures(nFeatures, marker === null), {
      transform(rows) {
        const dense = toDense(rows, name, nFeatures, finitenessOf(marker));
        const mask = maskNumbers(dense.data, marker);
        return appendIndicator(impute(model, dense, mask, kept), mask, nFeatures, indicator);
      },
    });
  },
});

function readModel(state: EstimatorState): KnnModel {
  state.choice('metric', ['nan_euclidean']);
  const fitted = state.matrix('_fit_X', { shape: [null, null], nonFinite: true });
  const missing = Uint8Array.from(state.ints('_mask_fit_X', { shape: [fitted.rows, fitted.cols] }), (bit) =>
    bit === 0 ? 0 : 1,
  );
  const nNeighbors = state.integer('n_neighbors');
  if (nNeighbors < 1) {
    throw state.wrong('n_neighbors', 'at least 1', nNeighbors);
  }
  return {
    training: incompleteRows(fitted.data, missing, fitted.rows, fitted.cols),
    donors: Array.from({ length: fitted.cols }, (_, j) =>
      donorsOf(fitted.data, missing, fitted.rows, fitted.cols, j),
    ),
    nNeighbors,
    byDistance: state.choice('weights', ['uniform', 'distance']) === 'distance',
    ignoresUnknown: state.since(1, 6),
    // The order of donors is numpy's; scikit-learn 1.5 is the first that came with numpy 2.
    select: state.since(1, 5) ? smallestByVector : smallestIntroselect,
  };
}

function donorsOf(
  data: Float64Array,
  missing: Uint8Array,
  nRows: number,
  nCols: number,
  column: number,
): Donors | null {
  const rows: number[] = [];
  const present = new Float64Array(nRows);
  for (let i = 0, at = column; i < nRows; i++, at += nCols) {
    if (missing[at] === 0) {
      rows.push(i);
      present[i] = data[at]!;
    }
  }
  if (rows.length === 0) {
    return null;
  }
  return {
    rows: Int32Array.from(rows),
    values: Float64Array.from(rows, (i) => present[i]!),
    mean: pairwiseSum(present) / rows.length,
  };
}

function impute(model: KnnModel, rows: Dense, mask: Uint8Array, kept: Int32Array): Dense {
  const { training, donors } = model;
  const { nRows, nCols } = rows;
  const asked = incompleteRows(rows.data, mask, nRows, nCols);
  const distances = new Float64Array(training.nRows);
  const scratch = { distances: new Float64Array(training.nRows), order: new Int32Array(training.nRows) };
  const data = new Float64Array(nRows * kept.length);
  for (let i = 0, at = 0; i < nRows; i++) {
    let measured = false;
    for (let k = 0; k < kept.length; k++, at++) {
      const column = kept[k]!;
      const from = i * nCols + column;
      const giving = donors[column]!;
      if (giving === null) {
        continue;
      }
      if (mask[from] === 0) {
        data[at] = rows.data[from]!;
        continue;
      }
      if (!measured) {
        nanEuclidean(asked, i, training, distances);
        measured = true;
      }
      data[at] = meanOfNearest(model, giving, distances, scratch);
    }
  }
  if (rows.float32 === true) {
    data.set(Float32Array.from(data));
  }
  return { ...rows, nCols: kept.length, data };
}

interface Scratch {
  readonly distances: Float64Array;
  readonly order: Int32Array;
}

function meanOfNearest(model: KnnModel, donors: Donors, all: Float64Array, scratch: Scratch): number {
  const { distances, order } = scratch;
  const n = donors.rows.length;
  let known = 0;
  for (let i = 0; i < n; i++) {
    const distance = all[donors.rows[i]!]!;
    distances[i] = distance;
    known += Number.isNaN(distance) ? 0 : 1;
  }
  if (known === 0) {
    return donors.mean;
  }
  const k = Math.min(model.nNeighbors, n);
  model.select(distances, n, k, order);
  const weights = new Float64Array(k);
  const weighted = new Float64Array(k);
  let exact = false;
  for (let i = 0; i < k; i++) {
    const distance = distances[order[i]!]!;
    weights[i] = model.byDistance ? 1 / distance : 1;
    exact ||= model.byDistance && distance === 0;
  }
  for (let i = 0; i < k; i++) {
    if (exact) {
      weights[i] = weights[i] === Number.POSITIVE_INFINITY ? 1 : 0;
    } else if (Number.isNaN(distances[order[i]!]!) && (model.byDistance || model.ignoresUnknown)) {
      weights[i] = 0;
    }
    weighted[i] = donors.values[order[i]!]! * weights[i]!;
  }
  return pairwiseSum(weighted) / pairwiseSum(weights);
}
