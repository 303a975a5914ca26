import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BATCH_BOUNDS, LATENCY_BOUNDS, metricsLayout } from './layout.ts';
import { renderMetrics } from './render.ts';
import { retire, type Snapshot } from './snapshot.ts';
import { count, countError, countPrediction, countRequest, createMetrics, type Metrics } from './store.ts';

const layout = metricsLayout(['/predict', 'other'], ['team-a']);
const model = { name: 'm', version: '', estimator: 'Ridge', sklearn: '1.7.2', sha256: 'ab' };

function snapshot(metrics: Metrics, worker: string): Snapshot {
  return {
    worker,
    values: metrics.values.slice(),
    cpuSeconds: 1.5,
    residentBytes: 1024,
    startedAt: 2000,
    model,
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
    shown.get('loadline_model_info{name="m",version="",estimator="Ridge",sklearn="1.7.2",sha256="ab"}'),
    2,
  );
});

test('a worker that is gone leaves its counts and none of its gauges', () => {
  const metrics = createMetrics(layout);
  countPrediction(metrics, 7);
  metrics.values[layout.inFlight.offset] = 3;
  const left = retire(metrics, snapshot(metrics, '0'));
  const shown = lines(renderMetrics(layout, [snapshot(createMetrics(layout), '1')], [left]));
  assert.equal(shown.get('loadline_predictions_total'), 7);
  assert.equal(shown.get('loadline_requests_in_flight'), 0);
});

test('label values are escaped', () => {
  const metrics = createMetrics(layout);
  const text = renderMetrics(layout, [{ ...snapshot(metrics, '0'), model: { ...model, name: 'a"b\\c\nd' } }]);
  assert.match(text, /name="a\\"b\\\\c\\nd"/);
});

test('bounds rise', () => {
  for (const bounds of [LATENCY_BOUNDS, BATCH_BOUNDS]) {
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
    );
  }
});
