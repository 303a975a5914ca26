/**
 * A slow model is offered three times what it can answer, by clients that do not wait for each other: whatever is let in
 * is answered right, the rest is told at once when to come again, and the count of what was shed is right. How long the
 * accepted ones take is measured by `make bench`.
 */
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { test } from 'node:test';
import { ask, corpusModel, isClose, PROOF, pause, series, startServer } from './harness.ts';

const SECONDS = PROOF ? 20 : 4;
const FACTOR = 3;
/** Enough rows of a small forest for a request of some milliseconds on any machine. */
const ROWS = 4000;

test(`${FACTOR} × the capacity for ${SECONDS} s (20 with LOADLINE_PROOF=1)`, async (t) => {
  const { path, rows, predict } = corpusModel('trees/forest-regressor-tenths');
  const body = JSON.stringify({
    features: Array.from({ length: ROWS }, (_, i) => rows[i % rows.length]),
  });
  const server = await startServer(path, ['--max-body', '4Mi']);
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const send = () => ask(`${server.url}/predict`, { body, agent });
  const statuses = new Map<number, number>();
  try {
    const warmUp = 40;
    for (let i = 0; i < warmUp; i++) {
      assert.equal((await send()).status, 200);
    }
    const from = performance.now();
    for (let i = 0; i < warmUp; i++) {
      assert.equal((await send()).status, 200);
    }
    const serviceMs = (performance.now() - from) / warmUp;

    const open: Promise<void>[] = [];
    const total = Math.ceil((SECONDS * 1000 * FACTOR) / serviceMs);
    const start = performance.now();
    for (let i = 0; i < total; i++) {
      const due = start + (i * serviceMs) / FACTOR;
      if (due > performance.now()) {
        await pause(due - performance.now());
      }
      open.push(
        send().then(({ status, headers, text }) => {
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 200) {
            const { prediction } = JSON.parse(text) as { prediction: readonly unknown[] };
            assert.equal(prediction.length, ROWS);
            assert.ok(
              prediction.every((value, k) => isClose(value, predict[k % rows.length]!)),
              'a wrong answer under overload',
            );
          } else {
            assert.equal(status, 429, text);
            assert.match(String(headers['retry-after']), /^[1-9]\d*$/);
            assert.equal(headers['x-loadline-code'], 'LL5001');
          }
        }),
      );
    }
    await Promise.all(open);
    const [answered, shed] = [statuses.get(200) ?? 0, statuses.get(429) ?? 0];
    assert.equal(answered + shed, total);
    assert.ok(answered > 0, 'nothing was answered under overload');
    assert.ok(shed > 0, 'nothing was shed: the load was no overload');
    const { text } = await ask(`${server.url}/metrics`);
    assert.equal(series(text, 'loadline_requests_shed_total'), shed);
    assert.equal(series(text, 'loadline_predictions_total'), ROWS * (2 * warmUp + answered));
    assert.equal(series(text, 'loadline_requests_in_flight'), 0);
    assert.equal((await send()).status, 200, 'after the overload');
    t.diagnostic(
      `${total} requests of ${serviceMs.toFixed(1)} ms at ${FACTOR} × the capacity: ${answered} right answers, ${shed} shed`,
    );
  } finally {
    agent.destroy();
    await server.close();
  }
});
