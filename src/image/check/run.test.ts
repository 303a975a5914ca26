import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LoadlineError } from '../../errors.ts';
import { openModel } from '../../formats/open.ts';
import type { ProgressEvent } from '../progress.ts';
import { badServer, goodServer, targetOf } from './fixtures/servers.ts';
import { type Report, type TestOptions, testImage } from './run.ts';
import type { Running, Target } from './target.ts';

const HOUSES = fileURLToPath(new URL('../../../examples/house-price/model.pkl', import.meta.url));
const ALL = [
  'answers',
  'confined',
  'drain',
  'healthcheck',
  'limits',
  'metrics',
  'probes',
  'ready',
  'refusals',
  'size',
];

function options(t: TestContext, over: Partial<TestOptions> = {}): TestOptions {
  const stateFolder = mkdtempSync(join(tmpdir(), 'loadline-run-'));
  t.after(() => rmSync(stateFolder, { recursive: true, force: true }));
  return {
    memoryBytes: null,
    cpus: null,
    model: null,
    modelLimits: {},
    rows: null,
    readyMs: 10_000,
    maxSizeBytes: null,
    authorization: null,
    software: '0.1.0',
    stateFolder,
    onProgress: () => {},
    signal: new AbortController().signal,
    ...over,
  };
}

function passes(folder: string): string[] {
  try {
    return readdirSync(join(folder, 'tests'));
  } catch {
    return [];
  }
}

/** Names of the checks by how they ended. */
function byOutcome({ checks }: Report): { passed: string[]; failed: string[]; unchecked: string[] } {
  const names = (ok: boolean | null): string[] =>
    checks
      .filter((check) => check.ok === ok)
      .map(({ name }) => name)
      .sort();
  return { passed: names(true), failed: names(false), unchecked: names(null) };
}

/** A target that counts how often it was closed. */
function counted(server: Running, over: Partial<Target> = {}): { target: Target; closed: () => number } {
  let closed = 0;
  const target = targetOf(server, {
    model: async () => readFileSync(HOUSES),
    close: async () => {
      closed += 1;
    },
    ...over,
  });
  return { target, closed: () => closed };
}

test('a good image passes; the pass is recorded, the target closed, the progress told', async (t) => {
  const { server, close } = await goodServer(await openModel(HOUSES));
  t.after(close);
  const { target, closed } = counted(server, { unchecked: ['linux/arm64: only linux/amd64 was tested'] });
  const events: ProgressEvent[] = [];
  const settings = options(t, { onProgress: (event) => events.push(event) });
  const report = await testImage(target, settings);
  assert.equal(report.passed, true);
  assert.deepEqual(byOutcome(report), { passed: ALL, failed: [], unchecked: [] });
  // 192 MiB and 8 times a model of some KiB, rounded up to 64 MiB.
  assert.deepEqual(report.limits, { memoryBytes: 256 * 2 ** 20, cpus: 1 });
  assert.equal(report.log, null);
  assert.equal(closed(), 1);
  const [name = ''] = passes(settings.stateFolder);
  assert.equal(name, `sha256-${'ab'.repeat(32)}.json`);
  const pass = JSON.parse(readFileSync(join(settings.stateFolder, 'tests', name), 'utf8')) as Record<
    string,
    string[]
  >;
  assert.deepEqual(pass.checks?.sort(), ALL);
  assert.deepEqual(pass.unchecked, ['linux/arm64: only linux/amd64 was tested']);
  const done = events.filter(({ phase, state }) => phase === 'test' && state === 'done');
  assert.equal(done.length, ALL.length);
});

test('what a target lacks is named and does not fail it', async (t) => {
  const { server, close } = await goodServer(await openModel(HOUSES));
  t.after(close);
  const { target } = counted(server, { lacks: { limits: 'no container', stop: 'not ours' } });
  const report = await testImage(target, options(t));
  assert.equal(report.passed, true);
  assert.deepEqual(byOutcome(report).unchecked, ['drain', 'limits']);
  assert.deepEqual(report.unchecked, ['limits: no container', 'drain: not ours']);
  assert.equal(report.limits, null);
});

test('a model that is named stands in for one that is not there', async (t) => {
  const model = await openModel(HOUSES);
  const { server, close } = await goodServer(model);
  t.after(close);
  const { target } = counted(server, { lacks: { model: 'not here', stop: 'not ours' } });
  assert.deepEqual(byOutcome(await testImage(target, options(t))).unchecked, ['answers', 'drain']);
  const report = await testImage(target, options(t, { model }));
  assert.deepEqual(byOutcome(report).unchecked, ['drain']);
});

test('rows that were given are asked, and counted', async (t) => {
  const { server, close } = await goodServer(await openModel(HOUSES));
  t.after(close);
  const { target } = counted(server, { lacks: { stop: 'not ours', limits: 'not now' } });
  const report = await testImage(target, options(t, { rows: async () => [[120, 4, 12, 5.5], [1]] }));
  const answers = report.checks.find(({ name }) => name === 'answers');
  assert.deepEqual(answers?.values, { rows: 2, batchRows: 1, different: 0 });
  assert.equal(report.passed, true);
});

test('a server that is never ready: its log is told, the rest is not asked, nothing is recorded', async (t) => {
  const { server, close } = await badServer({ status: () => 503 });
  t.after(close);
  const { target, closed } = counted(server);
  const settings = options(t, { readyMs: 200 });
  const report = await testImage(target, settings);
  assert.equal(report.passed, false);
  assert.deepEqual(byOutcome(report).failed, ['ready']);
  assert.deepEqual(byOutcome(report).passed, ['size']);
  assert.match(report.checks[0]?.detail ?? '', /^not ready within 0\.20 s: GET \/readyz answers 503$/);
  assert.equal(report.checks[1]?.detail, 'not asked: the server was never ready');
  assert.equal(report.log, 'something went wrong');
  assert.deepEqual(passes(settings.stateFolder), []);
  assert.equal(closed(), 1);
});

test('a server that hangs before it is ready does not hold the test longer than the time given', async (t) => {
  const { server, close } = await goodServer(await openModel(HOUSES));
  t.after(close);
  const { createServer } = await import('node:net');
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  t.after(() => silent.close());
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const { target } = counted({ ...server, url: `http://127.0.0.1:${port}`, startedAt: performance.now() });
  const from = performance.now();
  const report = await testImage(target, options(t, { readyMs: 300 }));
  assert.deepEqual(byOutcome(report).failed, ['ready']);
  assert.match(report.checks[0]?.detail ?? '', /no answer within 0\.\d+ s/);
  assert.ok(performance.now() - from < 10_000);
});

for (const [name, end, said] of [
  [
    'by itself',
    { code: 3, reason: null, outOfMemory: false },
    /^ended before it was ready: the server ended with exit code 3$/,
  ],
  [
    'for memory',
    { code: 137, reason: null, outOfMemory: true },
    /^ended before it was ready: the server was killed: it took more memory than its limit of 32\.0 MiB$/,
  ],
] as const) {
  test(`a server that ends ${name} at its start`, async (t) => {
    const { server, close } = await badServer({ status: () => 503 });
    t.after(close);
    const { target } = counted({ ...server, ended: Promise.resolve(end) });
    const report = await testImage(target, options(t, { memoryBytes: 32 * 2 ** 20 }));
    assert.match(report.checks[0]?.detail ?? '', said);
    assert.equal(report.log, 'something went wrong');
  });
}

test('a server that ends in the middle is told once, with the check that met it', async (t) => {
  const ended = Promise.withResolvers<{ code: number; reason: null; outOfMemory: boolean }>();
  let asked = 0;
  const { server, close } = await badServer({
    status: (path) => {
      asked += path === '/predict' ? 1 : 0;
      if (asked > 3) {
        ended.resolve({ code: 137, reason: null, outOfMemory: true });
      }
      return asked > 3 ? null : 200;
    },
  });
  t.after(close);
  const { target } = counted({ ...server, ended: ended.promise });
  const report = await testImage(target, options(t));
  const [, answers, refusals] = report.checks;
  assert.match(answers?.detail ?? '', /socket hang up: the server was killed: it took more memory/);
  assert.deepEqual([refusals?.ok, refusals?.detail], [null, 'not asked: the server had ended']);
});

test("an engine's failure ends the test, and the target is closed", async (t) => {
  const { server, close } = await badServer({ status: () => 200 });
  t.after(close);
  const { target, closed } = counted(server, {
    start: async () => {
      throw new LoadlineError('LL6010', 'no space left');
    },
  });
  await assert.rejects(testImage(target, options(t)), { code: 'LL6010' });
  assert.equal(closed(), 1);
});

test('an interruption ends the test at once, and the target is closed', async (t) => {
  const { server, close } = await badServer({ status: () => 503 });
  t.after(close);
  const { target, closed } = counted(server);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  const from = performance.now();
  await assert.rejects(testImage(target, options(t, { signal: controller.signal, readyMs: 60_000 })), {
    code: 'LL6017',
  });
  assert.ok(performance.now() - from < 10_000);
  assert.equal(closed(), 1);
});
