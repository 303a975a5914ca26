import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BATCH_BOUNDS, LATENCY_BOUNDS, metricsLayout } from './layout.ts';
import { renderMetrics } from './render.ts';
import {
  ANSWERED,
  COMPARED,
  countAnswered,
  countCompared,
  countNotCompared,
  createSeries,
  DIFFERENCE_BOUNDS,
  LATENCY_CHANGE_BOUNDS,
  SERIES_KEPT,
} from './series.ts';
import { knownCounts, retire, type Snapshot, sumCounts } from './snapshot.ts';
import { count, countError, countPrediction, countRequest, createMetrics, type Metrics } from './store.ts';

const layout = metricsLayout(['/predict', 'other'], ['team-a']);
const model = {
  name: 'm',
  version: '',
  role: 'champion',
  estimator: 'Ridge',
  sklearn: '1.7.2',
  sha256: 'ab',
};

function snapshot(metrics: Metrics, worker: string): Snapshot {
  return {
    worker,
    values: metrics.values.slice(),
    cpuSeconds: 1.5,
    residentBytes: 1024,
    startedAt: 2000,
    answered: [],
    compared: [],
    models: [model],
    follows: [],
  };
}

function lines(text: string): Map<string, number> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

test('places of the layout do not overlap and fill the array', () => {
  const taken = new Uint8Array(layout.size);
  for (const family of layout.families) {
    const length = family.series.length * family.width;
    for (let i = family.offset; i < family.offset + length; i++) {
      taken[i]! += 1;
    }
  }
  assert.ok(taken.every((times) => times === 1));
});

test('a latency on a bound is in the bucket of that bound, and one above the last only in +Inf', () => {
  const metrics = createMetrics(layout);
  countRequest(metrics, 0, 200, 0.00005);
  countRequest(metrics, 0, 200, 0.000051);
  countRequest(metrics, 0, 429, 11);
  const shown = lines(renderMetrics(layout, [snapshot(metrics, '0')]));
  const bucket = (le: string): number | undefined =>
    shown.get(`loadline_request_duration_seconds_bucket{route="/predict",le="${le}"}`);
  assert.equal(bucket('0.00005'), 1);
  assert.equal(bucket('0.000075'), 2);
  assert.equal(bucket('10'), 2);
  assert.equal(bucket('+Inf'), 3);
  assert.equal(shown.get('loadline_request_duration_seconds_count{route="/predict"}'), 3);
  assert.equal(shown.get('loadline_request_duration_seconds_sum{route="/predict"}'), 0.00005 + 0.000051 + 11);
  assert.equal(shown.get('loadline_requests_total{route="/predict",status="200"}'), 2);
  assert.equal(shown.get('loadline_requests_total{route="/predict",status="429"}'), 1);
  assert.equal(shown.has('loadline_requests_total{route="other",status="200"}'), false);
});

test('a status that is not in the list is counted as other', () => {
  const metrics = createMetrics(layout);
  countRequest(metrics, 1, 418, 0.1);
  const shown = lines(renderMetrics(layout, [snapshot(metrics, '0')]));
  assert.equal(shown.get('loadline_requests_total{route="other",status="other"}'), 1);
});

test('workers are added up, each with its own CPU and memory', () => {
  const a = createMetrics(layout);
  const b = createMetrics(layout);
  countPrediction(a, 1);
  countPrediction(b, 300);
  countError(a, 'LL2003');
  countError(b, 'LL2003');
  count(b, layout.keyRequests);
  const shown = lines(renderMetrics(layout, [snapshot(a, '0'), snapshot(b, '1')]));
  assert.equal(shown.get('loadline_predictions_total'), 301);
  assert.equal(shown.get('loadline_batch_rows_bucket{le="1"}'), 1);
  assert.equal(shown.get('loadline_batch_rows_bucket{le="500"}'), 2);
  assert.equal(shown.get('loadline_batch_rows_sum'), 301);
  assert.equal(shown.get('loadline_errors_total{code="LL2003"}'), 2);
  assert.equal(shown.get('loadline_key_requests_total{key="team-a"}'), 1);
  assert.equal(shown.get('loadline_worker_cpu_seconds_total{worker="1"}'), 1.5);
  assert.equal(shown.get('loadline_worker_resident_memory_bytes{worker="0"}'), 1024);
  assert.equal(shown.get('loadline_worker_start_time_seconds{worker="0"}'), 2);
  assert.equal(
    shown.get(
      'loadline_model_info{name="m",version="",role="champion",estimator="Ridge",sklearn="1.7.2",sha256="ab"}',
    ),
    2,
  );
});

test('a worker that is gone leaves its counts and none of its gauges', () => {
  const metrics = createMetrics(layout);
  countPrediction(metrics, 7);
  metrics.values[layout.inFlight.offset] = 3;
  const left = retire(metrics, snapshot(metrics, '0'));
  const shown = lines(renderMetrics(layout, [snapshot(createMetrics(layout), '1')], left));
  assert.equal(shown.get('loadline_predictions_total'), 7);
  assert.equal(shown.get('loadline_requests_in_flight'), 0);
});

test('label values are escaped', () => {
  const metrics = createMetrics(layout);
  const text = renderMetrics(layout, [
    { ...snapshot(metrics, '0'), models: [{ ...model, name: 'a"b\\c\nd' }] },
  ]);
  assert.match(text, /name="a\\"b\\\\c\\nd"/);
});

test('versions are added up by their labels, over workers and those that are gone', () => {
  const metrics = createMetrics(layout);
  const counted = (version: string, rows: number): Pick<Snapshot, 'answered' | 'compared'> => {
    const answered = createSeries(ANSWERED);
    countAnswered(answered.of(['m', version, 'champion']), rows, version === '2', 0.002);
    const compared = createSeries(COMPARED);
    countCompared(compared.of(['m', '3', version]), {
      rows,
      agreeing: rows - 1,
      differences: [0, 0.3],
      secondsMore: -0.002,
    });
    countNotCompared(compared.of(['m', '3', version]), 5, 'dropped');
    return { answered: answered.all(), compared: compared.all() };
  };
  const workers = ['1', '2'].map((version) => ({ ...snapshot(metrics, version), ...counted(version, 10) }));
  const gone = retire(metrics, { ...snapshot(metrics, '9'), ...counted('1', 7) });
  const shown = lines(renderMetrics(layout, workers, gone));
  const of = (name: string, version: string): number | undefined =>
    shown.get(`loadline_version_${name}_total{model="m",version="${version}",role="champion"}`);
  assert.deepEqual([of('requests', '1'), of('rows', '1'), of('errors', '1')], [2, 17, 0]);
  assert.deepEqual([of('requests', '2'), of('rows', '2'), of('errors', '2')], [1, 10, 1]);
  const duration = 'loadline_version_duration_seconds';
  assert.equal(shown.get(`${duration}_bucket{model="m",version="1",role="champion",le="0.0025"}`), 2);
  assert.equal(shown.get(`${duration}_bucket{model="m",version="1",role="champion",le="0.0015"}`), 0);
  const compared = (name: string): number | undefined =>
    shown.get(`loadline_compared_${name}{model="m",version="3",against="1"}`);
  assert.deepEqual(
    ['rows_total', 'agreeing_total', 'dropped_total', 'failed_total'].map(compared),
    [17, 15, 10, 0],
  );
  assert.equal(
    shown.get('loadline_compared_difference_bucket{model="m",version="3",against="1",le="0.25"}'),
    2,
  );
  assert.equal(compared('difference_count'), 4);
  assert.equal(
    shown.get('loadline_compared_latency_seconds_bucket{model="m",version="3",against="1",le="-0.001"}'),
    2,
  );
  assert.equal(compared('latency_seconds_sum'), -0.004);
});

test('versions that are gone for long leave no series, in a worker and among those that ended', () => {
  const metrics = createMetrics(layout);
  const answered = createSeries(ANSWERED);
  const labels = (version: number): string[] => ['m', String(version), 'champion'];
  const snapshotOf = (set = answered): Snapshot => ({ ...snapshot(metrics, '0'), answered: set.all() });
  let gone = retire(metrics, snapshotOf());
  let early = 0;
  for (let version = 1; version <= 1000; version++) {
    // Version 5 stays seated all the time.
    countAnswered(answered.of(labels(5)), 1, false, 0.001);
    countAnswered(answered.of(labels(version)), 1, false, 0.001);
    answered.prune();
    early += version <= SERIES_KEPT ? answered.all().length - version : 0;
    if (version % 100 === 0) {
      const ended = retire(metrics, snapshotOf());
      gone = knownCounts(sumCounts(layout, [gone, ended]), [ended]);
    }
  }
  assert.equal(early, 4);
  assert.equal(answered.all().length, SERIES_KEPT);
  assert.equal(gone.answered.length, SERIES_KEPT);
  assert.equal(answered.of(labels(5)).values[0], 1001);
  // A process that has forgotten a version takes it out of the sums: they would go down without that process's part.
  const fresh = createSeries(ANSWERED);
  fresh.of(labels(1000));
  const shown = lines(renderMetrics(layout, [snapshotOf(fresh)], gone));
  const requests = [...shown.keys()].filter((key) => key.startsWith('loadline_version_requests_total'));
  assert.deepEqual(requests, ['loadline_version_requests_total{model="m",version="1000",role="champion"}']);
});

test('values that are not finite are written as Prometheus writes them', () => {
  const compared = createSeries(COMPARED);
  const differences = [Number.POSITIVE_INFINITY];
  countCompared(compared.of(['m', '2', '1']), { rows: 1, agreeing: 0, differences, secondsMore: 0 });
  const text = renderMetrics(layout, [{ ...snapshot(createMetrics(layout), '0'), compared: compared.all() }]);
  assert.match(text, /^loadline_compared_difference_sum\{.*\} \+Inf$/m);
});

test('bounds rise', () => {
  for (const bounds of [LATENCY_BOUNDS, BATCH_BOUNDS, DIFFERENCE_BOUNDS, LATENCY_CHANGE_BOUNDS]) {
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
    );
  }
});
