/**
 * What is counted, as a list: every series has a fixed place in one flat array of numbers, so that counting is an
 * addition and the arrays of several workers can be added up.
 */
import { ERRORS, type ErrorCode } from '../../errors.ts';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** Label values of each series, in the order they lie in the array. */
  readonly series: readonly (readonly string[])[];
  /** Upper bounds of a histogram's buckets; each series then takes one place per bound, one for +Inf and one for the sum. */
  readonly bounds: readonly number[];
  /** Place of the first series. */
  readonly offset: number;
  /** Places per series. */
  readonly width: number;
  /** Places from one series to the next: more than `width` where several families share a block per label set. */
  readonly stride: number;
  /** Whether a series is only shown once it is not zero: for label sets that are mostly never met. */
  readonly sparse: boolean;
}

/** Seconds. From 50 µs, because a linear model answers in less than 100; to 10 s, the longest a client waits. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.00005, 0.000075, 0.0001, 0.00015, 0.00025, 0.0004, 0.0006, 0.001, 0.0015, 0.0025, 0.004, 0.006, 0.01,
  0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Rows in one request: one is by far the most frequent, batches spread over orders of magnitude. */
export const BATCH_BOUNDS: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000,
];

/** HTTP statuses that the server gives; any other is counted in the place after the last. */
export const STATUSES: readonly number[] = [
  200, 204, 400, 401, 403, 404, 405, 408, 413, 415, 417, 429, 431, 500, 503, 504,
];

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

export interface MetricsLayout {
  readonly families: readonly Family[];
  /** Length of the array of values. */
  readonly size: number;
  readonly requests: Family;
  readonly latency: Family;
  readonly errors: Family;
  readonly predictions: Family;
  readonly batch: Family;
  readonly inFlight: Family;
  readonly queue: Family;
  readonly shed: Family;
  readonly keyRequests: Family;
  readonly keyLimited: Family;
}

/**
 * Lays out the array. `routes` and `keys` are label values known when the server starts; every worker of a server has
 * the same, and so the same layout.
 */
export function metricsLayout(routes: readonly string[], keys: readonly string[]): MetricsLayout {
  const plan = planFamilies();
  const { add, families } = plan;
  const statuses = [...STATUSES.map(String), 'other'];
  const requests = add(
    'loadline_requests_total',
    'counter',
    'Requests answered, by route and HTTP status.',
    ['route', 'status'],
    routes.flatMap((route) => statuses.map((status) => [route, status])),
    [],
    true,
  );
  const latency = add(
    'loadline_request_duration_seconds',
    'histogram',
    'Time from the whole request received to the answer handed to the socket, by route; the wait in the queue is part of it.',
    ['route'],
    routes.map((route) => [route]),
    LATENCY_BOUNDS,
    true,
  );
  const errors = add(
    'loadline_errors_total',
    'counter',
    'Requests refused or failed, by error code.',
    ['code'],
    ERROR_CODES.map((code) => [code]),
    [],
    true,
  );
  return {
    families,
    requests,
    latency,
    errors,
    predictions: add('loadline_predictions_total', 'counter', 'Rows predicted.'),
    batch: add('loadline_batch_rows', 'histogram', 'Rows per predicted request.', [], [[]], BATCH_BOUNDS),
    inFlight: add('loadline_requests_in_flight', 'gauge', 'Requests received whole and not yet answered.'),
    queue: add('loadline_queue_seconds', 'gauge', 'Estimated work that waits in the queue.'),
    shed: add(
      'loadline_requests_shed_total',
      'counter',
      'Requests refused because the server was saturated.',
    ),
    keyRequests: add(
      'loadline_key_requests_total',
      'counter',
      'Requests that showed a valid API key, by name of the key.',
      ['key'],
      keys.map((key) => [key]),
    ),
    keyLimited: add(
      'loadline_key_limited_total',
      'counter',
      'Requests refused because the key was over its rate, by name of the key.',
      ['key'],
      keys.map((key) => [key]),
    ),
    size: plan.size(),
  };
}

interface FamilyPlan {
  readonly families: readonly Family[];
  add(
    name: string,
    type: MetricType,
    help: string,
    labels?: readonly string[],
    series?: readonly (readonly string[])[],
    bounds?: readonly number[],
    sparse?: boolean,
  ): Family;
  /** Length of the array that the families take so far. */
  size(): number;
}

/** Gives each family its place, one after the other. */
export function planFamilies(): FamilyPlan {
  const families: Family[] = [];
  let size = 0;
  return {
    families,
    size: () => size,
    add(name, type, help, labels = [], series = [[]], bounds = [], sparse = false) {
      const width = type === 'histogram' ? bounds.length + 2 : 1;
      const family = { name, type, help, labels, series, bounds, offset: size, width, stride: width, sparse };
      size += width * series.length;
      families.push(family);
      return family;
    },
  };
}
