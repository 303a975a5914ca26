/** Counters at one moment, as a worker hands them to whoever adds them up. */
import type { MetricsLayout } from './layout.ts';
import { ANSWERED, COMPARED, type Series, type SeriesSet, sameSeriesAs, sumSeries } from './series.ts';
import type { Metrics } from './store.ts';

/** What a version of a model is called in the metrics. */
export interface ModelLabels {
  readonly name: string;
  readonly version: string;
  /** `champion`, `canary`, `shadow` or `warm`. */
  readonly role: string;
  readonly estimator: string;
  readonly sklearn: string;
  readonly sha256: string;
}

/** How following a reference goes. */
export interface FollowLabels {
  readonly name: string;
  readonly reference: string;
  /** Milliseconds since 1970 of the last look-up that worked. */
  readonly seenAt: number | null;
  /** Error code of what stands in the way; null when all is well. */
  readonly code: string | null;
}

/** What is added up over processes, those that are gone included. */
export interface Counts {
  /** One number per place of the layout. */
  readonly values: Float64Array;
  readonly answered: readonly Series[];
  readonly compared: readonly Series[];
}

export interface Snapshot extends Counts {
  /** Name of the process among its siblings: `0`, `1`, … */
  readonly worker: string;
  /** User and system time of the process. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Milliseconds since 1970 at which the process started. */
  readonly startedAt: number;
  /** What it serves now. */
  readonly models: readonly ModelLabels[];
  readonly follows: readonly FollowLabels[];
}

/** The counters of this process now; the arrays are copies. */
export function takeSnapshot(
  metrics: Metrics,
  series: { readonly answered: SeriesSet; readonly compared: SeriesSet },
  now: Pick<Snapshot, 'worker' | 'models' | 'follows'>,
): Snapshot {
  const { user, system } = process.cpuUsage();
  return {
    ...now,
    values: metrics.values.slice(),
    answered: copy(series.answered),
    compared: copy(series.compared),
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAt: Math.round(performance.timeOrigin),
  };
}

function copy(set: SeriesSet): readonly Series[] {
  return set.all().map(({ labels, values }) => ({ labels, values: values.slice() }));
}

/** Whether two snapshots of one process count the same. */
export function sameCounts(a: Counts, b: Counts): boolean {
  return (
    equal(a.values, b.values) && sameSeries(a.answered, b.answered) && sameSeries(a.compared, b.compared)
  );
}

function sameSeries(a: readonly Series[], b: readonly Series[]): boolean {
  return a.length === b.length && a.every(({ values }, i) => equal(values, b[i]!.values));
}

function equal(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** Counts at zero. */
export function noCounts(layout: MetricsLayout): Counts {
  return { values: new Float64Array(layout.size), answered: [], compared: [] };
}

/** Adds up. */
export function sumCounts(layout: MetricsLayout, parts: readonly Counts[]): Counts {
  const values = new Float64Array(layout.size);
  for (const part of parts) {
    for (let i = 0; i < values.length; i++) {
      values[i]! += part.values[i]!;
    }
  }
  return {
    values,
    answered: sumSeries(
      ANSWERED,
      parts.map((part) => part.answered),
    ),
    compared: sumSeries(
      COMPARED,
      parts.map((part) => part.compared),
    ),
  };
}

/**
 * The counts of processes that are gone without those of versions that no process knows any more: each forgets versions
 * that were replaced long ago, and a sum that lost a part of its parts would go down.
 */
export function knownCounts(gone: Counts, known: readonly Counts[]): Counts {
  return {
    values: gone.values,
    answered: sameSeriesAs(
      gone.answered,
      known.map(({ answered }) => answered),
    ),
    compared: sameSeriesAs(
      gone.compared,
      known.map(({ compared }) => compared),
    ),
  };
}

/**
 * What stays of a process that has ended: its counts. Its gauges go to zero, and it is no longer among the workers
 * whose CPU and memory are shown.
 */
export function retire(metrics: Metrics, last: Snapshot): Counts {
  const values = last.values.slice();
  for (const family of metrics.layout.families) {
    if (family.type === 'gauge') {
      values.fill(0, family.offset, family.offset + family.series.length * family.width);
    }
  }
  return { values, answered: last.answered, compared: last.compared };
}
