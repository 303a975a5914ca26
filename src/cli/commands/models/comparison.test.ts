import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMetrics } from '../../../monitor/metrics/parse.ts';
import { percent, quantile, readComparisons, seconds } from './comparison.ts';

const INF = Number.POSITIVE_INFINITY;

/** Buckets from `[bound, count up to it]`. */
function buckets(...pairs: readonly (readonly [number, number])[]): { bound: number; count: number }[] {
  return pairs.map(([bound, count]) => ({ bound, count }));
}

// By hand from the rules in Prometheus' documentation of histogram_quantile.
const quantiles: readonly (readonly [string, ReturnType<typeof buckets>, number, number | null])[] = [
  ['none without values', buckets([1, 0], [INF, 0]), 0.5, null],
  ['within the first bucket, from 0', buckets([1, 4], [INF, 4]), 0.5, 0.5],
  ['within a later bucket', buckets([1, 2], [3, 6], [INF, 6]), 0.5, 1.5],
  ['on a bound', buckets([1, 3], [3, 6], [INF, 6]), 0.5, 1],
  ['above the last bound it is that bound', buckets([1, 0], [3, 1], [INF, 10]), 0.9, 3],
  ['a first bucket below 0 is its bound', buckets([-1, 5], [0, 10], [INF, 10]), 0.25, -1],
  ['between a negative bound and 0', buckets([-1, 0], [0, 10], [INF, 10]), 0.25, -0.75],
];

for (const [what, given, q, wanted] of quantiles) {
  test(`quantile: ${what}`, () => {
    assert.equal(quantile(given, q), wanted);
  });
}

/** A server's metrics: a champion, a canary with `canaryErrors` of 1000, and a shadow. */
function metrics(canaryErrors: number, shadowRows: number): ReturnType<typeof readComparisons> {
  const counter = (name: string, entries: Record<string, number>): string[] => [
    `# TYPE ${name} counter`,
    ...Object.entries(entries).map(([labels, value]) => `${name}{${labels}} ${value}`),
  ];
  const champion = 'model="h",version="3",role="champion"';
  const before = 'model="h",version="2",role="champion"';
  const canary = 'model="h",version="4",role="canary"';
  const shadow = 'model="h",version="5",against="3"';
  const histogram = (name: string, labels: string, pairs: readonly (readonly [string, number])[]): string[] =>
    pairs.map(([le, count]) => `${name}_bucket{${labels},le="${le}"} ${count}`);
  const text = [
    '# TYPE loadline_model_info gauge',
    'loadline_model_info{name="h",version="3",role="champion"} 1',
    ...counter('loadline_version_requests_total', { [before]: 5000, [champion]: 10_000, [canary]: 1000 }),
    ...counter('loadline_version_rows_total', { [before]: 5000, [champion]: 20_000, [canary]: 1000 }),
    ...counter('loadline_version_errors_total', { [before]: 5000, [champion]: 100, [canary]: canaryErrors }),
    '# TYPE loadline_version_duration_seconds histogram',
    ...histogram('loadline_version_duration_seconds', champion, [
      ['0.001', 9800],
      ['0.002', 10_000],
      ['+Inf', 10_000],
    ]),
    ...histogram('loadline_version_duration_seconds', canary, [
      ['0.001', 0],
      ['0.002', 1000],
      ['+Inf', 1000],
    ]),
    ...counter('loadline_compared_rows_total', { [shadow]: shadowRows }),
    ...counter('loadline_compared_agreeing_total', { [shadow]: shadowRows / 2 }),
    ...counter('loadline_compared_dropped_total', { [shadow]: 7 }),
    '# TYPE loadline_compared_difference histogram',
    ...histogram('loadline_compared_difference', shadow, [
      ['0.01', shadowRows],
      ['+Inf', shadowRows],
    ]),
    '# TYPE loadline_compared_latency_seconds histogram',
    ...histogram('loadline_compared_latency_seconds', shadow, [
      ['-0.001', 0],
      ['0', 10],
      ['+Inf', 10],
    ]),
  ];
  return readComparisons(parseMetrics(`${text.join('\n')}\n`));
}

test('a comparison has what each version answered and how the shadow differs', () => {
  const [model] = metrics(10, 1000);
  assert.equal(model?.model, 'h');
  assert.deepEqual(model.traffic[1], {
    model: 'h',
    version: '3',
    role: 'champion',
    requests: 10_000,
    rows: 20_000,
    errors: 100,
    p50: 0.001 * (5000 / 9800),
    p99: 0.001 + 0.001 * ((9900 - 9800) / 200),
  });
  assert.equal(model.traffic[0]?.p99, null);
  const [shadow] = model.compared;
  assert.deepEqual(
    { rows: shadow?.rows, agreeing: shadow?.agreeing, failed: shadow?.failed, dropped: shadow?.dropped },
    { rows: 1000, agreeing: 500, failed: 0, dropped: 7 },
  );
  assert.equal(shadow?.difference?.p50, 0.005);
  assert.equal(shadow?.latency?.p50, -0.0005);
});

test('the champion of now is the measure, not the one before', () => {
  const [model] = metrics(10, 1000);
  assert.match(
    model?.verdicts[0] ?? '',
    /^Canary 4 fails no more often than 3 \(1 %, 1 %\); its p99 is 2 ms/,
  );
});

// The champion fails 1 % of 10,000. By hand: 19 of 1000 are 0.90 % more, three standard errors are 1.03 %; 40 are 3 % more
// than it, beyond 1.11 %.
const errors: readonly (readonly [number, RegExp])[] = [
  [19, /fails no more often than 3/],
  [40, /fails more often than 3: 4 % against 1 %/],
];

for (const [failed, message] of errors) {
  test(`the verdict of a canary with ${failed} errors in 1000`, () => {
    assert.match(metrics(failed, 1000)[0]?.verdicts[0] ?? '', message);
  });
}

test('with too few rows nothing is concluded of a shadow', () => {
  assert.match(metrics(10, 20)[0]?.verdicts[1] ?? '', /too few rows/);
  assert.match(
    metrics(10, 1000)[0]?.verdicts[1] ?? '',
    /^Shadow 5 agrees with 3 on 50 % of 1,000 rows; half .* 0\.5 %/,
  );
});

test('a server without versions on trial has nothing to compare', () => {
  assert.deepEqual(readComparisons(new Map([['loadline_predictions_total', 3]])), []);
});

test('shares and times are never rounded to nothing', () => {
  const texts: readonly (readonly [string, string])[] = [
    [percent(0), '0 %'],
    [percent(1), '100 %'],
    [percent(0.00003), '0.003 %'],
    [percent(0.99999), 'over 99.99 %'],
    [percent(0.9821), '98.2 %'],
    [percent(1e-12), 'under 0.0000001 %'],
    [seconds(0.00042), '0.42 ms'],
    [seconds(-0.000012), '-12 µs'],
    [seconds(1.31), '1.3 s'],
  ];
  for (const [found, wanted] of texts) {
    assert.equal(found, wanted);
  }
});
