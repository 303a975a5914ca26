/** Rows against a few centres: which is nearest, and how far each one is. */
import type { Csr, Dense } from '../model/data.ts';
import type { PointSet } from './distance.ts';
import { argmin } from './math.ts';
import { eachRow } from './pairwise.ts';

/** Index of the nearest point of every row, `[nRows]`; the first of several. */
export function nearestPoints(points: PointSet, rows: Dense | Csr): Int32Array {
  const { nPoints } = points;
  const reduced = new Float64Array(nPoints);
  const out = new Int32Array(rows.nRows);
  eachRow(rows, (row, start, i) => {
    points.begin(row, start);
    points.distances(0, nPoints, reduced);
    out[i] = argmin(reduced);
  });
  return out;
}

/** Distances of every row to all points, row-major `[nRows, nPoints]`. */
export function pointDistances(points: PointSet, rows: Dense | Csr): Float64Array {
  const { nPoints, metric } = points;
  const reduced = new Float64Array(nPoints);
  const out = new Float64Array(rows.nRows * nPoints);
  eachRow(rows, (row, start, i) => {
    points.begin(row, start);
    points.distances(0, nPoints, reduced);
    for (let j = 0; j < nPoints; j++) {
      out[i * nPoints + j] = metric.toDistance(reduced[j]!);
    }
  });
  return out;
}
