/** Counters at one moment, as a worker hands them to whoever adds them up. */
import type { Metrics } from './store.ts';

/** What a model is called in the metrics. */
export interface ModelLabels {
  readonly name: string;
  readonly version: string;
  readonly estimator: string;
  readonly sklearn: string;
  readonly sha256: string;
}

export interface Snapshot {
  /** Name of the process among its siblings: `0`, `1`, … */
  readonly worker: string;
  readonly values: Float64Array;
  /** User and system time of the process. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** Milliseconds since 1970 at which the process started. */
  readonly startedAt: number;
  /** Null while no model is loaded. */
  readonly model: ModelLabels | null;
}

/** The counters of this process now; the array is a copy. */
export function takeSnapshot(metrics: Metrics, worker: string, model: ModelLabels | null): Snapshot {
  const { user, system } = process.cpuUsage();
  return {
    worker,
    values: metrics.values.slice(),
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAt: Math.round(performance.timeOrigin),
    model,
  };
}

/**
 * What stays of a process that has ended: its counts. Its gauges go to zero, and it is no longer among the workers
 * whose CPU and memory are shown.
 */
export function retire(metrics: Metrics, last: Snapshot): Float64Array {
  const values = last.values.slice();
  for (const family of metrics.layout.families) {
    if (family.type === 'gauge') {
      values.fill(0, family.offset, family.offset + family.series.length * family.width);
    }
  }
  return values;
}
