/** Metrics in Prometheus' text format 0.0.4. */
import type { Family, MetricsLayout } from './layout.ts';
import { ANSWERED, COMPARED, type Series, type SeriesLayout } from './series.ts';
import { type Counts, knownCounts, type ModelLabels, type Snapshot, sumCounts } from './snapshot.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Adds up the workers' counts and those of workers that are gone (`retired`), and writes them with each worker's CPU and memory. */
export function renderMetrics(layout: MetricsLayout, workers: readonly Snapshot[], retired?: Counts): string {
  const total = sumCounts(
    layout,
    retired === undefined ? workers : [...workers, knownCounts(retired, workers)],
  );
  const lines: string[] = [];
  for (const family of layout.families) {
    if (family.series.length > 0) {
      writeFamily(lines, family, total.values);
    }
  }
  writeSeries(lines, ANSWERED, total.answered);
  writeSeries(lines, COMPARED, total.compared);
  writeModels(lines, workers);
  writeFollows(lines, workers);
  writeWorkers(lines, workers);
  return `${lines.join('\n')}\n`;
}

/** The blocks one after the other are one array, in which each family's series lie a block apart. */
function writeSeries(lines: string[], layout: SeriesLayout, all: readonly Series[]): void {
  if (all.length === 0) {
    return;
  }
  const values = new Float64Array(layout.size * all.length);
  all.forEach((series, i) => {
    values.set(series.values, i * layout.size);
  });
  for (const family of layout.families) {
    writeFamily(lines, { ...family, series: all.map(({ labels }) => labels), stride: layout.size }, values);
  }
}

function writeFamily(lines: string[], family: Family, total: Float64Array): void {
  writeHead(lines, family.name, family.type, family.help);
  family.series.forEach((values, index) => {
    const at = family.offset + index * family.stride;
    if (family.sparse && total.subarray(at, at + family.width).every((value) => value === 0)) {
      return;
    }
    const labels = family.labels.map((label, i) => pair(label, values[i] ?? ''));
    if (family.type !== 'histogram') {
      lines.push(`${family.name}${braces(labels)} ${number(total[at]!)}`);
      return;
    }
    let below = 0;
    family.bounds.forEach((bound, i) => {
      below += total[at + i]!;
      lines.push(`${family.name}_bucket${braces([...labels, pair('le', number(bound))])} ${number(below)}`);
    });
    below += total[at + family.bounds.length]!;
    lines.push(
      `${family.name}_bucket${braces([...labels, pair('le', '+Inf')])} ${number(below)}`,
      `${family.name}_sum${braces(labels)} ${number(total[at + family.bounds.length + 1]!)}`,
      `${family.name}_count${braces(labels)} ${number(below)}`,
    );
  });
}

/** One series per version that some worker serves. */
function writeModels(lines: string[], workers: readonly Snapshot[]): void {
  const models = new Map<string, { readonly model: ModelLabels; count: number }>();
  for (const model of workers.flatMap((worker) => worker.models)) {
    const entry = models.get(JSON.stringify(model)) ?? { model, count: 0 };
    entry.count++;
    models.set(JSON.stringify(model), entry);
  }
  writeHead(lines, 'loadline_model_info', 'gauge', 'Workers that serve the version.');
  for (const { model, count } of models.values()) {
    const labels = Object.entries(model).map(([label, value]) => pair(label, value as string));
    lines.push(`loadline_model_info${braces(labels)} ${count}`);
  }
}

/** Every worker is told the same: the first one speaks. */
function writeFollows(lines: string[], [worker]: readonly Snapshot[]): void {
  const follows = worker?.follows ?? [];
  if (follows.length === 0) {
    return;
  }
  writeHead(
    lines,
    'loadline_follow_ok',
    'gauge',
    'Whether the version that the reference is at is the one that answers; with the error code where it is not.',
  );
  for (const { name, reference, code } of follows) {
    const labels = [pair('model', name), pair('reference', reference), pair('code', code ?? '')];
    lines.push(`loadline_follow_ok${braces(labels)} ${code === null ? 1 : 0}`);
  }
  writeHead(
    lines,
    'loadline_follow_seen_timestamp_seconds',
    'gauge',
    'When the reference was last looked up, in seconds since 1970.',
  );
  for (const { name, reference, seenAt } of follows) {
    if (seenAt !== null) {
      const labels = [pair('model', name), pair('reference', reference)];
      lines.push(`loadline_follow_seen_timestamp_seconds${braces(labels)} ${number(seenAt / 1000)}`);
    }
  }
}

function writeWorkers(lines: string[], workers: readonly Snapshot[]): void {
  const families: [string, 'counter' | 'gauge', string, (worker: Snapshot) => number][] = [
    [
      'loadline_worker_cpu_seconds_total',
      'counter',
      'User and system CPU time of the worker.',
      (w) => w.cpuSeconds,
    ],
    [
      'loadline_worker_resident_memory_bytes',
      'gauge',
      'Resident memory of the worker.',
      (w) => w.residentBytes,
    ],
    [
      'loadline_worker_start_time_seconds',
      'gauge',
      'Start of the worker, in seconds since 1970.',
      (w) => w.startedAt / 1000,
    ],
  ];
  for (const [name, type, help, value] of families) {
    writeHead(lines, name, type, help);
    for (const worker of workers) {
      lines.push(`${name}${braces([pair('worker', worker.worker)])} ${number(value(worker))}`);
    }
  }
}

function writeHead(lines: string[], name: string, type: string, help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

function pair(label: string, value: string): string {
  return `${label}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

function braces(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`;
}

function number(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
