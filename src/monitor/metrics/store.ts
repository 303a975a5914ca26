/** The counters of one process: a flat array, written by plain additions. */
import type { ErrorCode } from '../../errors.ts';
import {
  BATCH_BOUNDS,
  ERROR_CODES,
  type Family,
  LATENCY_BOUNDS,
  type MetricsLayout,
  STATUSES,
} from './layout.ts';

export interface Metrics {
  readonly layout: MetricsLayout;
  /** One number per place of the layout. */
  readonly values: Float64Array;
}

/** Creates counters at zero. */
export function createMetrics(layout: MetricsLayout): Metrics {
  return { layout, values: new Float64Array(layout.size) };
}

const STATUS_PLACES = new Uint8Array(600).fill(STATUSES.length);
STATUSES.forEach((status, place) => {
  STATUS_PLACES[status] = place;
});
const ERROR_PLACES = new Map(ERROR_CODES.map((code, place) => [code, place]));

/** Counts an answer of the route with that index in the layout. */
export function countRequest(metrics: Metrics, route: number, status: number, seconds: number): void {
  const { layout, values } = metrics;
  values[
    layout.requests.offset + route * (STATUSES.length + 1) + (STATUS_PLACES[status] ?? STATUSES.length)
  ]! += 1;
  observe(values, layout.latency.offset + route * layout.latency.width, LATENCY_BOUNDS, seconds);
}

/** Counts a request that was predicted, and its rows. */
export function countPrediction(metrics: Metrics, rows: number): void {
  const { layout, values } = metrics;
  values[layout.predictions.offset]! += rows;
  observe(values, layout.batch.offset, BATCH_BOUNDS, rows);
}

export function countError(metrics: Metrics, code: ErrorCode): void {
  metrics.values[metrics.layout.errors.offset + (ERROR_PLACES.get(code) ?? 0)]! += 1;
}

/** Adds one to the series with that index of a counter. */
export function count(metrics: Metrics, family: Family, series = 0): void {
  metrics.values[family.offset + series]! += 1;
}

/** Counts a value of the histogram at `offset`. Buckets are kept apart, not cumulated: one addition here, and the sums when they are shown. */
export function observe(
  values: Float64Array,
  offset: number,
  bounds: readonly number[],
  value: number,
): void {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= bounds[middle]!) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  values[offset + low]! += 1;
  values[offset + bounds.length + 1]! += value;
}
