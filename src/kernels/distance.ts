/**
 * Distances from one row to many points. A metric works on a reduced distance (the square for the Euclidean one), which
 * ranks as the distance does and costs less; sums run over the columns in order, as scikit-learn's `DistanceMetric`
 * has them, so that the same distances tie.
 */
import type { Csr } from '../model/data.ts';

/**
 * Writes a quantity between the row at `row[rowStart]` and each of `nPoints` points, which lie row-major at
 * `points[pointsStart]`, to `out[0 .. nPoints)`. Rows and points have `nCols` columns.
 */
export type Measure = (
  row: Float64Array,
  rowStart: number,
  points: Float64Array,
  pointsStart: number,
  nPoints: number,
  nCols: number,
  out: Float64Array,
) => void;

export interface Metric {
  /** Gives reduced distances. */
  readonly measure: Measure;
  readonly toDistance: (reduced: number) => number;
  readonly toReduced: (distance: number) => number;
  /** What is done to every row and point before they are measured. */
  readonly scaling: 'none' | 'unit' | 'centred unit';
}

/** Points that rows are measured against, one row after the other. Not reentrant: it keeps the current row. */
export interface PointSet {
  readonly nPoints: number;
  readonly nCols: number;
  readonly metric: Pick<Metric, 'toDistance' | 'toReduced'>;
  /** Takes the row that `distances` measures from; it may be changed only after the last call that needs it. */
  begin(row: Float64Array, start: number): void;
  /** Reduced distances to the points `from` to `to`, the latter not included, into `out[0 .. to − from)`. */
  distances(from: number, to: number, out: Float64Array): void;
}

/** Points of a dense row-major matrix `[nPoints, nCols]`; `data` is kept, and scaled in a copy where the metric scales. */
export function densePoints(metric: Metric, data: Float64Array, nCols: number): PointSet {
  const { measure, scaling } = metric;
  const nPoints = data.length / nCols;
  const points = scaling === 'none' ? data : Float64Array.from(data);
  const scaled = new Float64Array(scaling === 'none' ? 0 : nCols);
  if (scaling !== 'none') {
    for (let i = 0; i < nPoints; i++) {
      toUnit(points, i * nCols, nCols, scaling === 'centred unit');
    }
  }
  let row: Float64Array = scaled;
  let start = 0;
  return {
    nPoints,
    nCols,
    metric,
    begin(newRow, newStart) {
      if (scaling === 'none') {
        row = newRow;
        start = newStart;
        return;
      }
      scaled.set(newRow.subarray(newStart, newStart + nCols));
      toUnit(scaled, 0, nCols, scaling === 'centred unit');
    },
    distances(from, to, out) {
      measure(row, start, points, from * nCols, to - from, nCols, out);
    },
  };
}

/**
 * Points of a sparse matrix under the Euclidean metric (or its square): |x|² − 2 x·y + |y|², never below 0.
 * Source: scikit-learn `euclidean_distances`.
 */
export function sparseEuclideanPoints(points: Csr, squared: boolean): PointSet {
  const norms = squaredNorms(points);
  let row: Float64Array = norms;
  let start = 0;
  let rowNorm = 0;
  return {
    nPoints: points.nRows,
    nCols: points.nCols,
    metric: squared ? squaredEuclidean() : euclidean(),
    begin(newRow, newStart) {
      row = newRow;
      start = newStart;
      rowNorm = squaredNorm(row, start, points.nCols);
    },
    distances(from, to, out) {
      sparseDots(points, row, start, from, to, out);
      for (let i = 0; i < to - from; i++) {
        out[i] = Math.max(0, -2 * out[i]! + rowNorm + norms[from + i]!);
      }
    },
  };
}

/** Points of a sparse matrix under 1 − cosine. */
export function sparseCosinePoints(points: Csr): PointSet {
  const { nCols, indptr, indices } = points;
  const data = Float64Array.from(points.data);
  for (let i = 0; i < points.nRows; i++) {
    toUnit(data, indptr[i]!, indptr[i + 1]! - indptr[i]!, false);
  }
  const unit: Csr = { kind: 'csr', nRows: points.nRows, nCols, indptr, indices, data };
  const scaled = new Float64Array(nCols);
  return {
    nPoints: points.nRows,
    nCols,
    metric: cosine(),
    begin(row, start) {
      scaled.set(row.subarray(start, start + nCols));
      toUnit(scaled, 0, nCols, false);
    },
    distances(from, to, out) {
      sparseDots(unit, scaled, 0, from, to, out);
      for (let i = 0; i < to - from; i++) {
        out[i] = Math.min(Math.max(1 - out[i]!, 0), 2);
      }
    },
  };
}

/** Dot products of a dense row with the sparse points `from` to `to`, the latter not included. */
export function sparseDots(
  points: Csr,
  row: Float64Array,
  start: number,
  from: number,
  to: number,
  out: Float64Array,
): void {
  const { indptr, indices, data } = points;
  for (let i = from; i < to; i++) {
    const end = indptr[i + 1]!;
    let sum = 0;
    for (let k = indptr[i]!; k < end; k++) {
      sum += row[start + indices[k]!]! * data[k]!;
    }
    out[i - from] = sum;
  }
}

/** Squared Euclidean norm of each row of a sparse matrix. */
export function squaredNorms(points: Csr): Float64Array {
  return Float64Array.from({ length: points.nRows }, (_, i) =>
    squaredNorm(points.data, points.indptr[i]!, points.indptr[i + 1]! - points.indptr[i]!),
  );
}

/** Squared Euclidean norm of `n` numbers from `data[start]` on. */
export function squaredNorm(data: Float64Array, start: number, n: number): number {
  let sum = 0;
  for (let j = start; j < start + n; j++) {
    sum += data[j]! * data[j]!;
  }
  return sum;
}

/** Scales `n` numbers to Euclidean length 1, after taking off their mean when `centred`; all zeros stay so. */
function toUnit(data: Float64Array, start: number, n: number, centred: boolean): void {
  if (centred) {
    let sum = 0;
    for (let j = start; j < start + n; j++) {
      sum += data[j]!;
    }
    for (let j = start; j < start + n; j++) {
      data[j]! -= sum / n;
    }
  }
  const length = Math.sqrt(squaredNorm(data, start, n)) || 1;
  for (let j = start; j < start + n; j++) {
    data[j]! /= length;
  }
}

/** x·y for every point. Four points at a time: a single running sum waits for each addition before the next. */
export function dots(
  row: Float64Array,
  rowStart: number,
  points: Float64Array,
  pointsStart: number,
  nPoints: number,
  nCols: number,
  out: Float64Array,
): void {
  let i = 0;
  for (; i + 3 < nPoints; i += 4) {
    const a = pointsStart + i * nCols;
    const b = a + nCols;
    const c = b + nCols;
    const d = c + nCols;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < nCols; j++) {
      const x = row[rowStart + j]!;
      s0 += x * points[a + j]!;
      s1 += x * points[b + j]!;
      s2 += x * points[c + j]!;
      s3 += x * points[d + j]!;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < nPoints; i++) {
    const a = pointsStart + i * nCols;
    let sum = 0;
    for (let j = 0; j < nCols; j++) {
      sum += row[rowStart + j]! * points[a + j]!;
    }
    out[i] = sum;
  }
}

/** |x − y|² for every point, four points at a time as `dots`. */
export function squaredDistances(
  row: Float64Array,
  rowStart: number,
  points: Float64Array,
  pointsStart: number,
  nPoints: number,
  nCols: number,
  out: Float64Array,
): void {
  let i = 0;
  for (; i + 3 < nPoints; i += 4) {
    const a = pointsStart + i * nCols;
    const b = a + nCols;
    const c = b + nCols;
    const d = c + nCols;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < nCols; j++) {
      const x = row[rowStart + j]!;
      const d0 = x - points[a + j]!;
      const d1 = x - points[b + j]!;
      const d2 = x - points[c + j]!;
      const d3 = x - points[d + j]!;
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < nPoints; i++) {
    const a = pointsStart + i * nCols;
    let sum = 0;
    for (let j = 0; j < nCols; j++) {
      const difference = row[rowStart + j]! - points[a + j]!;
      sum += difference * difference;
    }
    out[i] = sum;
  }
}

/** Σ|x − y| for every point. */
export function absoluteDistances(
  row: Float64Array,
  rowStart: number,
  points: Float64Array,
  pointsStart: number,
  nPoints: number,
  nCols: number,
  out: Float64Array,
): void {
  let at = pointsStart;
  for (let i = 0; i < nPoints; i++, at += nCols) {
    let sum = 0;
    for (let j = 0; j < nCols; j++) {
      sum += Math.abs(row[rowStart + j]! - points[at + j]!);
    }
    out[i] = sum;
  }
}

/** √Σ(x − y)². */
export function euclidean(): Metric {
  return {
    measure: squaredDistances,
    toDistance: Math.sqrt,
    toReduced: square,
    scaling: 'none',
  };
}

/** Σ(x − y)². */
export function squaredEuclidean(): Metric {
  return plainMetric(squaredDistances);
}

/** √Σ(x − y)²/v, `variances` `[nCols]`. */
export function standardizedEuclidean(variances: Float64Array): Metric {
  return {
    ...euclidean(),
    measure(row, rowStart, points, pointsStart, nPoints, nCols, out) {
      let at = pointsStart;
      for (let i = 0; i < nPoints; i++, at += nCols) {
        let sum = 0;
        for (let j = 0; j < nCols; j++) {
          const difference = row[rowStart + j]! - points[at + j]!;
          sum += (difference * difference) / variances[j]!;
        }
        out[i] = sum;
      }
    },
  };
}

/** Σ|x − y|. */
export function manhattan(): Metric {
  return plainMetric(absoluteDistances);
}

/** max|x − y|. */
export function chebyshev(): Metric {
  return plainMetric((row, rowStart, points, pointsStart, nPoints, nCols, out) => {
    let at = pointsStart;
    for (let i = 0; i < nPoints; i++, at += nCols) {
      let max = 0;
      for (let j = 0; j < nCols; j++) {
        max = Math.max(max, Math.abs(row[rowStart + j]! - points[at + j]!));
      }
      out[i] = max;
    }
  });
}

/** (Σ w|x − y|^p)^(1/p); `weights` `[nCols]` or null for none. */
export function minkowski(power: number, weights: Float64Array | null): Metric {
  return {
    measure(row, rowStart, points, pointsStart, nPoints, nCols, out) {
      let at = pointsStart;
      for (let i = 0; i < nPoints; i++, at += nCols) {
        let sum = 0;
        for (let j = 0; j < nCols; j++) {
          const term = Math.abs(row[rowStart + j]! - points[at + j]!) ** power;
          sum += weights === null ? term : weights[j]! * term;
        }
        out[i] = sum;
      }
    },
    toDistance: (reduced) => reduced ** (1 / power),
    toReduced: (distance) => distance ** power,
    scaling: 'none',
  };
}

/** Share of columns that differ. */
export function hamming(): Metric {
  return plainMetric((row, rowStart, points, pointsStart, nPoints, nCols, out) => {
    let at = pointsStart;
    for (let i = 0; i < nPoints; i++, at += nCols) {
      let unequal = 0;
      for (let j = 0; j < nCols; j++) {
        if (row[rowStart + j] !== points[at + j]) {
          unequal++;
        }
      }
      out[i] = unequal / nCols;
    }
  });
}

/** Σ|x − y| / (|x| + |y|), columns of two zeros left out. */
export function canberra(): Metric {
  return plainMetric((row, rowStart, points, pointsStart, nPoints, nCols, out) => {
    let at = pointsStart;
    for (let i = 0; i < nPoints; i++, at += nCols) {
      let sum = 0;
      for (let j = 0; j < nCols; j++) {
        const x = row[rowStart + j]!;
        const y = points[at + j]!;
        const size = Math.abs(x) + Math.abs(y);
        if (size > 0) {
          sum += Math.abs(x - y) / size;
        }
      }
      out[i] = sum;
    }
  });
}

/** Σ|x − y| / Σ(|x| + |y|); 0 between rows of zeros. Source: scikit-learn `DistanceMetric`; scipy divides by Σ|x + y|. */
export function brayCurtis(): Metric {
  return plainMetric((row, rowStart, points, pointsStart, nPoints, nCols, out) => {
    let at = pointsStart;
    for (let i = 0; i < nPoints; i++, at += nCols) {
      let differences = 0;
      let sizes = 0;
      for (let j = 0; j < nCols; j++) {
        const x = row[rowStart + j]!;
        const y = points[at + j]!;
        differences += Math.abs(x - y);
        sizes += Math.abs(x) + Math.abs(y);
      }
      out[i] = sizes > 0 ? differences / sizes : 0;
    }
  });
}

/** 1 − cos(x, y); 1 from a row of zeros. */
export function cosine(): Metric {
  return { ...plainMetric(oneMinusDots), scaling: 'unit' };
}

/** 1 − correlation(x, y). */
export function correlation(): Metric {
  return { ...plainMetric(oneMinusDots), scaling: 'centred unit' };
}

/** Great-circle distance on the unit sphere between (latitude, longitude) in radians. */
export function haversine(): Metric {
  return {
    measure(row, rowStart, points, pointsStart, nPoints, _nCols, out) {
      const latitude = row[rowStart]!;
      const longitude = row[rowStart + 1]!;
      const cosLatitude = Math.cos(latitude);
      let at = pointsStart;
      for (let i = 0; i < nPoints; i++, at += 2) {
        const sin0 = Math.sin(0.5 * (latitude - points[at]!));
        const sin1 = Math.sin(0.5 * (longitude - points[at + 1]!));
        out[i] = sin0 * sin0 + cosLatitude * Math.cos(points[at]!) * sin1 * sin1;
      }
    },
    toDistance: (reduced) => 2 * Math.asin(Math.sqrt(reduced)),
    toReduced: (distance) => square(Math.sin(0.5 * distance)),
    scaling: 'none',
  };
}

/**
 * Euclidean distance over the columns that both have, scaled up by all columns over those; NaN where they share none.
 * Source: scikit-learn `nan_euclidean_distances`.
 */
export function nanEuclidean(): Metric {
  return {
    ...euclidean(),
    measure(row, rowStart, points, pointsStart, nPoints, nCols, out) {
      let at = pointsStart;
      for (let i = 0; i < nPoints; i++, at += nCols) {
        let sum = 0;
        let present = 0;
        for (let j = 0; j < nCols; j++) {
          const difference = row[rowStart + j]! - points[at + j]!;
          if (!Number.isNaN(difference)) {
            sum += difference * difference;
            present++;
          }
        }
        out[i] = present === 0 ? Number.NaN : (sum / present) * nCols;
      }
    },
  };
}

/**
 * A metric of rows of truth values (not 0 is true), from the number of columns where both are true, the number where
 * they differ, and the number of all columns.
 */
export function booleanMetric(formula: (bothTrue: number, unequal: number, nCols: number) => number): Metric {
  return plainMetric((row, rowStart, points, pointsStart, nPoints, nCols, out) => {
    let at = pointsStart;
    for (let i = 0; i < nPoints; i++, at += nCols) {
      let bothTrue = 0;
      let unequal = 0;
      for (let j = 0; j < nCols; j++) {
        const x = row[rowStart + j] !== 0;
        const y = points[at + j] !== 0;
        if (x !== y) {
          unequal++;
        } else if (x) {
          bothTrue++;
        }
      }
      out[i] = formula(bothTrue, unequal, nCols);
    }
  });
}

const oneMinusDots: Measure = (row, rowStart, points, pointsStart, nPoints, nCols, out) => {
  dots(row, rowStart, points, pointsStart, nPoints, nCols, out);
  for (let i = 0; i < nPoints; i++) {
    out[i] = Math.min(Math.max(1 - out[i]!, 0), 2);
  }
};

/** A metric without a cheaper reduced form. */
function plainMetric(measure: Measure): Metric {
  return { measure, toDistance: identity, toReduced: identity, scaling: 'none' };
}

function identity(x: number): number {
  return x;
}

function square(x: number): number {
  return x * x;
}
