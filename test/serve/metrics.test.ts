/** `/metrics` of a server with workers: well formed by Prometheus' own check, and right about all of them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { type Sent, startLoad } from '../../src/image/check/load.ts';
import { ask, childrenOf, clientPorts, HOUSES, house, series, startServer, warmUp } from './harness.ts';

const REQUESTS = 60;

function promtool(text: string): void {
  const tool = process.env.LOADLINE_PROMTOOL ?? 'promtool';
  const { error, status, stdout, stderr } = spawnSync(tool, ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  assert.equal(
    error,
    undefined,
    `promtool is needed (Debian package prometheus, or its path in LOADLINE_PROMTOOL; \`make test\` installs it): ${error?.message}`,
  );
  assert.equal(status, 0, `promtool check metrics: ${stdout}${stderr}`);
  assert.equal(`${stdout}${stderr}`.trim(), '', 'promtool has nothing to say');
}

for (const workers of [1, 2]) {
  test(`counts of ${REQUESTS} requests over ${workers} workers`, async (t) => {
    const server = await startServer(HOUSES, ['--workers', String(workers), '--name', 'houses']);
    const { row } = house();
    const url = `${server.url}/predict`;
    try {
      promtool((await ask(`${server.url}/metrics`)).text);

      // Each on a new connection, so that the workers get them in turn; three rows every time. One after the other: a
      // burst on a server whose code is not compiled yet may be shed.
      for (let i = 0; i < REQUESTS; i++) {
        assert.equal((await ask(url, { json: { features: [row, row, row] } })).status, 200);
      }
      let code = '';
      for (let i = 0; i < 10; i++) {
        const { status, headers } = await ask(url, { json: { features: [] } });
        assert.equal(status, 400);
        code = String(headers['x-loadline-code']);
      }
      assert.equal((await ask(`${server.url}/nowhere`)).status, 404);

      const { text } = await ask(`${server.url}/metrics`);
      promtool(text);
      const wanted: readonly (readonly [string, number])[] = [
        ['loadline_predictions_total', 3 * REQUESTS],
        ['loadline_requests_total{route="/predict",status="200"}', REQUESTS],
        ['loadline_requests_total{route="/predict",status="400"}', 10],
        ['loadline_requests_total{route="other",status="404"}', 1],
        [`loadline_errors_total{code="${code}"}`, 10],
        ['loadline_request_duration_seconds_count{route="/predict"}', REQUESTS + 10],
        ['loadline_request_duration_seconds_bucket{route="/predict",le="+Inf"}', REQUESTS + 10],
        ['loadline_batch_rows_count', REQUESTS],
        ['loadline_batch_rows_sum', 3 * REQUESTS],
        ['loadline_batch_rows_bucket{le="2"}', 0],
        ['loadline_batch_rows_bucket{le="5"}', REQUESTS],
        ['loadline_requests_shed_total', 0],
        ['loadline_requests_in_flight', 0],
      ];
      const found = wanted.map(([name]) => [name, series(text, name)]);
      assert.deepEqual(found, wanted);
      assert.match(
        text,
        /^loadline_request_duration_seconds_bucket\{route="\/predict",le="0\.00005"\} \d+$/m,
      );
      assert.match(text, new RegExp(`^loadline_model_info\\{name="houses".*\\} ${workers}$`, 'm'));
      const perWorker = text.match(/^loadline_\w*cpu_seconds_total\{.*worker="\d+".*\}/gm) ?? [];
      assert.equal(perWorker.length, workers, text);
      t.diagnostic(`${workers} workers: ${wanted.length} series right after ${REQUESTS + 11} requests`);
    } finally {
      await server.close();
    }
  });
}

test('connections are spread over the workers, which share one socket', async () => {
  const server = await startServer(HOUSES, ['--workers', '2']);
  await warmUp(server, house().row);
  const sent: Sent[] = [];
  const load = startLoad({
    port: server.port,
    path: '/predict',
    body: JSON.stringify({ features: house().row }),
    connections: 16,
    pauseMs: 20,
    onClose: 'reconnect',
    onSent: (one) => sent.push(one),
  });
  try {
    while (sent.length < 160) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const held = childrenOf(server.pid).map((pid) => clientPorts(pid, server.port).size);
    assert.equal(
      held.reduce((sum, count) => sum + count, 0),
      16,
      'every connection belongs to a worker, none goes through the parent',
    );
    assert.ok(
      held.every((count) => count >= 4),
      `the workers hold ${held.join(' and ')} of 16 connections`,
    );
    assert.ok(sent.every(({ status }) => status === 200));
  } finally {
    await load.stop();
    await server.close();
  }
});
