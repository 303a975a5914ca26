/** How a canary and a shadow do beside the version that answers, from what a server's /metrics says. */

/** What one version answered in one role. */
export interface Traffic {
  readonly model: string;
  readonly version: string;
  readonly role: string;
  readonly requests: number;
  readonly rows: number;
  readonly errors: number;
  /** Seconds; null without a request. */
  readonly p50: number | null;
  readonly p99: number | null;
}

/** How a shadow's answers differ from those that were given. */
export interface Compared {
  readonly model: string;
  readonly version: string;
  readonly against: string;
  readonly rows: number;
  readonly agreeing: number;
  readonly failed: number;
  readonly dropped: number;
  /** |new − old| / |old|; null for labels. */
  readonly difference: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** Seconds that it took more; null where nothing was compared. */
  readonly latency: { readonly p50: number; readonly p99: number } | null;
}

export interface ModelComparison {
  readonly model: string;
  readonly traffic: readonly Traffic[];
  readonly compared: readonly Compared[];
  /** One sentence for each version that is on trial. */
  readonly verdicts: readonly string[];
}

/** Below this many rows or requests nothing is concluded. */
export const ENOUGH = 100;

type Values = ReadonlyMap<string, number>;

/** Reads the comparison of every model in the metrics, by name. Empty where the server counts no versions. */
export function readComparisons(values: Values): readonly ModelComparison[] {
  const samples = [...values].map(([series, value]) => ({ ...parseSeries(series), value }));
  const of = (name: string): typeof samples => samples.filter((sample) => sample.name === name);
  const value = (name: string, labels: Labels): number =>
    of(name).find((sample) => hasLabels(sample, labels))?.value ?? 0;
  const traffic = of('loadline_version_requests_total').map(({ labels, value: requests }): Traffic => {
    const buckets = bucketsOf(samples, 'loadline_version_duration_seconds', labels);
    return {
      model: labels.model ?? '',
      version: labels.version ?? '',
      role: labels.role ?? '',
      requests,
      rows: value('loadline_version_rows_total', labels),
      errors: value('loadline_version_errors_total', labels),
      p50: quantile(buckets, 0.5),
      p99: quantile(buckets, 0.99),
    };
  });
  const compared = of('loadline_compared_rows_total').map(({ labels, value: rows }): Compared => {
    const differences = bucketsOf(samples, 'loadline_compared_difference', labels);
    const latencies = bucketsOf(samples, 'loadline_compared_latency_seconds', labels);
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => quantile(differences, q));
    const [slower50, slower99] = [0.5, 0.99].map((q) => quantile(latencies, q));
    return {
      model: labels.model ?? '',
      version: labels.version ?? '',
      against: labels.against ?? '',
      rows,
      agreeing: value('loadline_compared_agreeing_total', labels),
      failed: value('loadline_compared_failed_total', labels),
      dropped: value('loadline_compared_dropped_total', labels),
      difference: p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 },
      latency: slower50 == null || slower99 == null ? null : { p50: slower50, p99: slower99 },
    };
  });
  const champions = new Map(
    of('loadline_model_info')
      .filter(({ labels }) => labels.role === 'champion')
      .map(({ labels }) => [labels.name ?? '', labels.version ?? '']),
  );
  const names = [...new Set([...traffic, ...compared].map(({ model }) => model))].sort();
  return names.map((model) => {
    const own = { traffic: traffic.filter(isOf(model)), compared: compared.filter(isOf(model)) };
    return { model, ...own, verdicts: verdictsOf(own.traffic, own.compared, champions.get(model)) };
  });
}

function isOf(name: string): (entry: { readonly model: string }) => boolean {
  return ({ model }) => model === name;
}

interface Bucket {
  /** Upper bound; Infinity for the last. */
  readonly bound: number;
  /** Values up to the bound. */
  readonly count: number;
}

/**
 * A quantile of a histogram by linear interpolation, as Prometheus' `histogram_quantile` has it (its documentation of
 * query functions): the first bucket begins at 0 unless its bound is not above 0, what lies above the last finite bound
 * is that bound. Null without values.
 */
export function quantile(buckets: readonly Bucket[], q: number): number | null {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) {
    return null;
  }
  const rank = q * total;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const bucket = buckets[at];
  const before = buckets[at - 1];
  if (bucket === undefined) {
    return null;
  }
  if (bucket.bound === Number.POSITIVE_INFINITY) {
    return before?.bound ?? null;
  }
  if (before === undefined && bucket.bound <= 0) {
    return bucket.bound;
  }
  const start = before?.bound ?? 0;
  const below = before?.count ?? 0;
  return start + (bucket.bound - start) * ((rank - below) / (bucket.count - below));
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

function bucketsOf(samples: readonly Sample[], name: string, labels: Labels): readonly Bucket[] {
  return samples
    .filter((sample) => sample.name === `${name}_bucket` && hasLabels(sample, labels))
    .map(({ labels: { le = '' }, value: count }) => ({
      bound: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count,
    }))
    .sort((a, b) => a.bound - b.bound);
}

function hasLabels(sample: Sample, labels: Labels): boolean {
  return Object.entries(labels).every(([label, text]) => sample.labels[label] === text);
}

/** A series of `parseMetrics`: `name{a="b",c="d"}`. */
function parseSeries(series: string): Pick<Sample, 'name' | 'labels'> {
  const brace = series.indexOf('{');
  if (brace < 0) {
    return { name: series, labels: {} };
  }
  const pairs = series.slice(brace).matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g);
  const plain = (text: string): string => text.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));
  return {
    name: series.slice(0, brace),
    labels: Object.fromEntries([...pairs].map(([, label = '', text = '']) => [label, plain(text)])),
  };
}

function verdictsOf(
  traffic: readonly Traffic[],
  compared: readonly Compared[],
  champion: string | undefined,
): string[] {
  const answering = traffic.find(({ role, version }) => role === 'champion' && version === champion);
  const old = answering ?? traffic.find(({ role }) => role === 'champion');
  return [
    ...traffic.filter(({ role }) => role === 'canary').map((canary) => canaryVerdict(canary, old)),
    ...compared.map(shadowVerdict),
  ];
}

function canaryVerdict(canary: Traffic, old: Traffic | undefined): string {
  const { version, requests } = canary;
  if (old === undefined || requests < ENOUGH || old.requests < ENOUGH) {
    return `Canary ${version}: too few requests to judge (${requests}, and ${old?.requests ?? 0} of the champion; ${ENOUGH} of each say something).`;
  }
  const [share, before] = [canary.errors / requests, old.errors / old.requests];
  // Three standard errors of a difference of two shares: chance alone gets there in 3 of 1000 comparisons.
  const both = (canary.errors + old.errors) / (requests + old.requests);
  const limit = 3 * Math.sqrt(both * (1 - both) * (1 / requests + 1 / old.requests));
  const errors =
    share - before > limit
      ? `fails more often than ${old.version}: ${percent(share)} against ${percent(before)}`
      : `fails no more often than ${old.version} (${percent(share)}, ${percent(before)})`;
  const slower =
    canary.p99 === null || old.p99 === null
      ? ''
      : `; its p99 is ${seconds(canary.p99)}, that of ${old.version} ${seconds(old.p99)}`;
  return `Canary ${version} ${errors}${slower}.`;
}

function shadowVerdict({ version, against, rows, agreeing, failed, difference, latency }: Compared): string {
  if (rows < ENOUGH) {
    return `Shadow ${version}: too few rows to judge (${rows}; ${ENOUGH} say something).`;
  }
  const parts = [
    `agrees with ${against} on ${percent(agreeing / rows)} of ${rows.toLocaleString('en')} rows`,
    difference === null || agreeing === rows
      ? null
      : `half of its numbers differ by more than ${percent(difference.p50)}`,
    failed === 0 ? null : `${failed.toLocaleString('en')} more rows it could not answer`,
    latency === null ? null : `it takes ${change(latency.p50)} at the median`,
  ].filter((part) => part !== null);
  return `Shadow ${version} ${parts.join('; ')}.`;
}

/** `98.2 %`; never rounded to 0 % or 100 % where it is not. */
export function percent(share: number): string {
  const value = share * 100;
  if (share > 0 && value < 0.01) {
    return value < 1e-7
      ? 'under 0.0000001 %'
      : `${Number(value.toPrecision(1)).toFixed(9).replace(/0+$/, '')} %`;
  }
  if (share < 1 && value >= 99.99) {
    return 'over 99.99 %';
  }
  return `${Number(value.toFixed(value < 1 ? 2 : 1))} %`;
}

/** `0.42 ms`, `12 µs`, `1.3 s`. */
export function seconds(value: number): string {
  const size = Math.abs(value);
  const [factor, unit] = size >= 1 ? [1, 's'] : size >= 1e-4 ? [1e3, 'ms'] : [1e6, 'µs'];
  return `${Number((value * factor).toPrecision(2))} ${unit}`;
}

function change(value: number): string {
  return value === 0 ? 'the same time' : `${seconds(Math.abs(value))} ${value > 0 ? 'longer' : 'less'}`;
}
