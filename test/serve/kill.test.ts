/**
 * `kill -9` of workers under load. Every request gets the right answer or fails with its connection; those that fail were
 * on connections of the killed worker, as the kernel lists them just before; the other worker answers meanwhile; the
 * killed one comes back; and the counts of the dead stay.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { type Sent, startLoad } from '../../src/image/check/load.ts';
import {
  ask,
  childrenOf,
  clientPorts,
  HOUSES,
  house,
  isClose,
  PROOF,
  pause,
  series,
  startServer,
  until,
  warmUp,
} from './harness.ts';

const WORKERS = 2;
const KILLS = PROOF ? 100 : 3;
/** Kept-alive connections; each asks again 5 ms after its answer, which leaves most of two cores to the rest of a test run. */
const KEPT = 24;
/** Clients that open a connection for every request: at most this many requests are underway to a worker that is killed. */
const FRESH = 4;
/** Load between one worker's return and the next kill: long against the 200 ms at which workers tell their counts. */
const CALM_MS = 1500;

test(`${KILLS} kills of a worker under load (100 with LOADLINE_PROOF=1)`, async (t) => {
  const { row, price } = house();
  const server = await startServer(HOUSES, ['--workers', String(WORKERS), '--drain', '0s']);
  await warmUp(server, row);
  const kept: Sent[] = [];
  const wrong: Sent[] = [];
  const fresh: Sent[] = [];
  let answered = 0;
  const record = (list: Sent[]) => (sent: Sent) => {
    if (sent.failure !== null) {
      list.push(sent);
      return;
    }
    answered += 1;
    const { prediction = [] } = JSON.parse(sent.body) as { prediction?: unknown[] };
    if (sent.status !== 200 || prediction.length !== 1 || !isClose(prediction[0], price)) {
      wrong.push(sent);
    }
  };
  const common = {
    port: server.port,
    path: '/predict',
    body: JSON.stringify({ features: row }),
    onClose: 'reconnect',
  } as const;
  const loads = [
    startLoad({ ...common, connections: KEPT, pauseMs: 5, onSent: record(kept) }),
    startLoad({ ...common, connections: FRESH, pauseMs: 20, fresh: true, onSent: record(fresh) }),
  ];
  let totals = 0;
  let atRisk = 0;
  let fewestMeanwhile = Number.POSITIVE_INFINITY;
  const readTotals = async (): Promise<void> => {
    const countedBefore = answered;
    // Any answer at all is what a scrape needs; it may itself be on the worker that goes down, so the calm is waited for.
    const { text } = await ask(`${server.url}/metrics`);
    const now = series(text, 'loadline_predictions_total');
    assert.ok(now >= totals, `loadline_predictions_total went from ${totals} to ${now}`);
    assert.ok(now >= 0.9 * countedBefore, `${now} predictions counted, ${countedBefore} answers seen`);
    totals = now;
  };
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      await pause(CALM_MS);
      await readTotals();
      const workers = childrenOf(server.pid);
      assert.equal(workers.length, WORKERS);
      const victim = workers[Math.floor(Math.random() * workers.length)]!;
      const [keptBefore, freshBefore, logsBefore] = [kept.length, fresh.length, server.logs.length];
      const ports = clientPorts(victim, server.port);
      process.kill(victim, 'SIGKILL');
      const answeredBefore = answered;
      await server.logged(/^worker \d+ ended \(SIGKILL\)/, logsBefore);
      const goneAt = answered;
      await server.logged(/^worker \d+ is back/, logsBefore);
      fewestMeanwhile = Math.min(fewestMeanwhile, answered - goneAt);
      assert.ok(answered > goneAt, 'nobody answered while the worker was away');
      await until(() => answered > answeredBefore + KEPT, 'answers after the kill');
      await readTotals();

      const lost = kept.slice(keptBefore);
      atRisk += ports.size;
      assert.ok(
        lost.length <= ports.size,
        `${lost.length} failed, ${ports.size} connections were the worker's`,
      );
      for (const { port, failure } of lost) {
        assert.ok(ports.has(port), `a connection of the other worker failed: ${failure}`);
      }
      const underway = fresh.slice(freshBefore);
      assert.ok(underway.length <= FRESH, `${underway.length} of ${FRESH} new connections failed`);
    }
    await pause(CALM_MS);
    await Promise.all(loads.map((load) => load.stop()));
    await readTotals();
  } finally {
    await Promise.all(loads.map((load) => load.stop()));
    await server.close();
  }
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} answers were no right ones`);
  const hangs = [...kept, ...fresh].filter(({ failure }) => failure === 'hang');
  assert.equal(hangs.length, 0, `${hangs.length} requests were never answered`);
  const refused = [...kept, ...fresh].filter(({ failure }) => failure?.startsWith('connect: ') === true);
  assert.deepEqual(refused, [], 'a connection was refused although a worker was there');
  assert.ok(atRisk > 0, 'no killed worker had a connection: nothing was tested');
  t.diagnostic(
    `${KILLS} kills: ${answered} right answers; ${kept.length} requests failed on the ${atRisk} connections that the killed held, ${fresh.length} of clients that were just connecting; at least ${fewestMeanwhile} answers while a worker was away; ${totals} predictions counted`,
  );
});

test('workers do not outlive a parent that was killed', async () => {
  const server = await startServer(HOUSES, ['--workers', String(WORKERS)]);
  const workers = childrenOf(server.pid);
  assert.equal(workers.length, WORKERS);
  process.kill(server.pid, 'SIGKILL');
  await server.ended;
  try {
    await until(() => workers.every((pid) => !existsSync(`/proc/${pid}`)), 'the workers to end');
    await assert.rejects(ask(`${server.url}/healthz`), 'nobody listens any more');
  } finally {
    for (const pid of workers.filter((candidate) => existsSync(`/proc/${candidate}`))) {
      process.kill(pid, 'SIGKILL');
    }
  }
});
