/**
 * SIGTERM under load, with clients that behave as load balancers and their clients do: they stop using a connection
 * whose answer says `Connection: close`, and send nothing new once `/readyz` is not 200. Such clients lose nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdRequest, type Sent, startLoad } from '../../src/image/check/load.ts';
import { ask, HOUSES, house, isClose, pause, startServer, until, warmUp, within } from './harness.ts';

/** Long enough for a noisy machine to do in it what it must. */
const DRAIN = '3s';
const CONNECTIONS = 16;

const { row, price } = house();
const BODY = JSON.stringify({ features: row });

function assertRight(body: string): void {
  const { prediction } = JSON.parse(body) as { prediction: unknown[] };
  assert.ok(prediction.length === 1 && isClose(prediction[0], price), body);
}

for (const workers of [1, 2]) {
  const kind = workers === 1 ? 'one process' : `${workers} workers`;
  const args = ['--workers', String(workers), '--drain', DRAIN];

  test(`SIGTERM under load loses no request: ${kind}`, async (t) => {
    const server = await startServer(HOUSES, args);
    const sent: Sent[] = [];
    const common = { port: server.port, path: '/predict', body: BODY, pauseMs: 5 } as const;
    try {
      await warmUp(server, row);
      const leaving = startLoad({
        ...common,
        connections: CONNECTIONS,
        onClose: 'leave',
        onSent: (one) => sent.push(one),
      });
      // Behind a balancer that has not looked yet: goes on with new connections until it is told to stop.
      const behind = startLoad({
        ...common,
        connections: 4,
        onClose: 'reconnect',
        onSent: (one) => sent.push(one),
      });
      await until(() => sent.length > 20 * CONNECTIONS, 'some answers');
      assert.equal((await ask(`${server.url}/readyz`)).status, 200);

      server.signal('SIGTERM');
      await server.logged(/^SIGTERM: draining for 3 s/);
      // The parent's word takes a moment to its workers, nothing else does.
      await until(async () => (await ask(`${server.url}/readyz`)).status === 503, 'not ready');
      const notReadyAt = sent.length;
      const [health, prediction] = await Promise.all([
        ask(`${server.url}/healthz`),
        ask(`${server.url}/predict`, { json: { features: row } }),
      ]);
      assert.equal(health.status, 200, 'alive while it drains');
      assert.equal(prediction.status, 200, prediction.text);
      assert.equal(prediction.headers.connection, 'close');
      assertRight(prediction.text);
      await within(leaving.left, 'every kept connection to be told to close');
      await pause(300);
      await behind.stop();
      const during = sent.length - notReadyAt;
      assert.ok(during > 0, 'nothing was asked during the drain period');
      const inFlight = await holdRequest(server.port, '/predict', BODY);
      await until(
        () =>
          ask(`${server.url}/healthz`).then(
            () => false,
            () => true,
          ),
        'the end of the drain period',
      );
      const answer = await inFlight.finish();
      assert.equal(answer.status, 200);
      assertRight(answer.body);
      assert.deepEqual(await within(server.ended, 'the end'), { code: 0, signal: null });

      const failed = sent.filter(({ status }) => status !== 200);
      assert.deepEqual(failed, []);
      for (const { body } of sent) {
        assertRight(body);
      }
      t.diagnostic(`${kind}: ${sent.length} answers, ${during} of them while draining, 0 failed`);
    } finally {
      await server.close();
    }
  });

  test(`SIGINT ends without a drain period and exits 0: ${kind}`, async () => {
    const server = await startServer(HOUSES, ['--workers', String(workers), '--drain', '10m']);
    try {
      assert.equal((await ask(`${server.url}/predict`, { json: { features: row } })).status, 200);
      server.signal('SIGINT');
      assert.deepEqual(await within(server.ended, 'the end'), { code: 0, signal: null });
    } finally {
      await server.close();
    }
  });

  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    test(`a second ${signal} exits ${code} at once: ${kind}`, async () => {
      const server = await startServer(HOUSES, ['--workers', String(workers), '--drain', '10m']);
      try {
        const open = await holdRequest(server.port, '/predict', BODY);
        await until(
          async () => (await ask(`${server.url}/predict`, { json: { features: row } })).status === 200,
          'an answer',
        );
        server.signal(signal);
        await server.logged(new RegExp(`^${signal}: draining`));
        server.signal(signal);
        assert.deepEqual(await within(server.ended, 'the end'), { code, signal: null });
        open.close();
      } finally {
        await server.close();
      }
    });
  }
}
