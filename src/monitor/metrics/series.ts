/**
 * Counters of what comes and goes while a server runs: versions of models. Each label set has a block of its own with
 * the same families in it.
 */
import { type Family, LATENCY_BOUNDS, planFamilies } from './layout.ts';
import { observe } from './store.ts';

/** The counts of one label set; `values` is written in place. */
export interface Series {
  readonly labels: readonly string[];
  readonly values: Float64Array;
}

/** Families that share their labels, and the length of a block. */
export interface SeriesLayout {
  readonly families: readonly Family[];
  readonly size: number;
}

/** |new − old| / |old| of numbers. From rounding noise to another order of magnitude. */
export const DIFFERENCE_BOUNDS: readonly number[] = [
  1e-12, 1e-9, 1e-6, 1e-5, 1e-4, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 10,
];

/** Seconds that the new version took more than the old one; negative where it was faster. */
export const LATENCY_CHANGE_BOUNDS: readonly number[] = [
  -0.1, -0.01, -0.0025, -0.001, -0.00025, -0.0001, -0.000025, -0.00001, 0, 0.00001, 0.000025, 0.0001, 0.00025,
  0.001, 0.0025, 0.01, 0.1,
];

const answered = planFamilies();
const ANSWERED_LABELS = ['model', 'version', 'role'];
const REQUESTS = answered.add(
  'loadline_version_requests_total',
  'counter',
  'Prediction requests that a version answered, by the part it played.',
  ANSWERED_LABELS,
);
const ERRORS = answered.add(
  'loadline_version_errors_total',
  'counter',
  'Prediction requests that a version was asked and that were refused or failed.',
  ANSWERED_LABELS,
);
const ROWS = answered.add(
  'loadline_version_rows_total',
  'counter',
  'Rows that a version predicted.',
  ANSWERED_LABELS,
);
const DURATION = answered.add(
  'loadline_version_duration_seconds',
  'histogram',
  'Time from the whole request received to the answer handed to the socket, by version.',
  ANSWERED_LABELS,
  [[]],
  LATENCY_BOUNDS,
);

/** What the versions answered: labels are model, version and role. */
export const ANSWERED: SeriesLayout = { families: answered.families, size: answered.size() };

const compared = planFamilies();
const COMPARED_LABELS = ['model', 'version', 'against'];
const COMPARED_ROWS = compared.add(
  'loadline_compared_rows_total',
  'counter',
  'Rows that a shadow version predicted beside the version that answered.',
  COMPARED_LABELS,
);
const AGREEING = compared.add(
  'loadline_compared_agreeing_total',
  'counter',
  'Of those rows the ones with the same label, or with numbers equal to 1e-9 of their size.',
  COMPARED_LABELS,
);
const FAILED = compared.add(
  'loadline_compared_failed_total',
  'counter',
  'Rows that the shadow version could not predict although the other could.',
  COMPARED_LABELS,
);
const DROPPED = compared.add(
  'loadline_compared_dropped_total',
  'counter',
  'Rows that were not compared because the server had no time for it.',
  COMPARED_LABELS,
);
const DIFFERENCE = compared.add(
  'loadline_compared_difference',
  'histogram',
  'Difference of two predicted numbers, relative to the one that was answered.',
  COMPARED_LABELS,
  [[]],
  DIFFERENCE_BOUNDS,
);
const LATENCY_CHANGE = compared.add(
  'loadline_compared_latency_seconds',
  'histogram',
  'Time that the shadow version took to predict a request more than the one that answered.',
  COMPARED_LABELS,
  [[]],
  LATENCY_CHANGE_BOUNDS,
);

/** How a shadow version compares: labels are model, version and the version it is held against. */
export const COMPARED: SeriesLayout = { families: compared.families, size: compared.size() };

/** Series by label set. */
export interface SeriesSet {
  /** The one with these labels, made at zero when it is new. */
  of(labels: readonly string[]): Series;
  /** Those asked for last come last. */
  all(): readonly Series[];
  /** Forgets those that were not asked for since the last call, but for the latest `SERIES_KEPT` of all. */
  prune(): void;
}

/**
 * Versions come and go for as long as a server runs, and each would leave its series behind. One that is gone for so long
 * has been scraped many times; should it come back it starts from zero, which Prometheus takes as a restart.
 */
export const SERIES_KEPT = 64;

/** Creates an empty set. */
export function createSeries(layout: SeriesLayout): SeriesSet {
  const byKey = new Map<string, Series>();
  let asked = new Set<string>();
  return {
    of(labels) {
      const key = seriesKey(labels);
      const series = byKey.get(key) ?? { labels, values: new Float64Array(layout.size) };
      byKey.delete(key);
      byKey.set(key, series);
      asked.add(key);
      return series;
    },
    all: () => [...byKey.values()],
    prune() {
      for (const key of byKey.keys()) {
        if (byKey.size <= SERIES_KEPT) {
          break;
        }
        if (!asked.has(key)) {
          byKey.delete(key);
        }
      }
      asked = new Set();
    },
  };
}

/** Those of `all` whose labels one of `some` has. */
export function sameSeriesAs(
  all: readonly Series[],
  some: readonly (readonly Series[])[],
): readonly Series[] {
  const keys = new Set(some.flat().map(({ labels }) => seriesKey(labels)));
  return all.filter(({ labels }) => keys.has(seriesKey(labels)));
}

/** Adds series up by their labels. */
export function sumSeries(layout: SeriesLayout, lists: readonly (readonly Series[])[]): readonly Series[] {
  const sums = createSeries(layout);
  for (const { labels, values } of lists.flat()) {
    const sum = sums.of(labels).values;
    for (let i = 0; i < sum.length; i++) {
      sum[i]! += values[i]!;
    }
  }
  return sums.all();
}

/** Counts an answered request of a version. */
export function countAnswered({ values }: Series, rows: number, failed: boolean, seconds: number): void {
  values[REQUESTS.offset]! += 1;
  values[ROWS.offset]! += rows;
  if (failed) {
    values[ERRORS.offset]! += 1;
  }
  observe(values, DURATION.offset, LATENCY_BOUNDS, seconds);
}

/** One request that two versions predicted. */
export interface Comparison {
  readonly rows: number;
  readonly agreeing: number;
  /** Relative, one per number; null for labels. */
  readonly differences: readonly number[] | null;
  /** Seconds that the shadow took more. */
  readonly secondsMore: number;
}

export function countCompared({ values }: Series, comparison: Comparison): void {
  values[COMPARED_ROWS.offset]! += comparison.rows;
  values[AGREEING.offset]! += comparison.agreeing;
  for (const difference of comparison.differences ?? []) {
    observe(values, DIFFERENCE.offset, DIFFERENCE_BOUNDS, difference);
  }
  observe(values, LATENCY_CHANGE.offset, LATENCY_CHANGE_BOUNDS, comparison.secondsMore);
}

/** Rows that were not compared, or that the shadow failed at. */
export function countNotCompared({ values }: Series, rows: number, why: 'dropped' | 'failed'): void {
  values[(why === 'dropped' ? DROPPED : FAILED).offset]! += rows;
}

function seriesKey(labels: readonly string[]): string {
  return labels.join('\u0000');
}
