/** What a server does that loses workers, looks again when told, shares its store, or starts anew. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { commandLine, type Outcome, ROOT } from '../cli/command-line.ts';
import {
  ask,
  childrenOf,
  corpusModel,
  isClose,
  PROOF,
  pause,
  type Server,
  startServer,
  until,
} from '../serve/harness.ts';
import { untilAnswers } from './following.ts';

const SWAPS = PROOF ? 20 : 4;
/** Versions 1 and 2 take the same row; the third takes other features. Predictions are scikit-learn's. */
const models = ['linear/ridge', 'trees/forest-regressor', 'linear/linear-regression-wide'].map(corpusModel);
const row = models[0]!.rows[0];
const answers = models.slice(0, 2).map(({ predict }) => predict[0]!);

describe('servers of a store', () => {
  const shell = commandLine();
  const store = join(shell.folder, 'store');
  const run = (...args: readonly string[]): Outcome => shell.loadline(['models', ...args, '--store', store]);

  function ok(...args: readonly string[]): Outcome {
    const done = run(...args);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
    return done;
  }

  before(() => {
    for (const { path } of models) {
      ok('add', path, '--name', 'house-price');
    }
    ok('add', models[0]!.path, '--name', 'other');
    ok('add', models[1]!.path, '--name', 'other');
  });

  /** The alias is moved as `promote` does it, without asking whether the versions fit. */
  const promote = (version: number, name = 'house-price'): Outcome => ok('promote', `${name}/${version}`);

  async function serve(
    t: TestContext,
    args: readonly string[],
    model = 'house-price@champion',
  ): Promise<Server> {
    const server = await startServer(model, ['--store', store, '--drain', '0s', ...args]);
    t.after(() => server.close());
    return server;
  }

  /** Asks once; an answer has to be that of the version in its header. Null where the connection broke. */
  async function version(server: Server): Promise<number | null> {
    const answer = await ask(`${server.url}/predict`, { json: { features: row } }).catch(() => null);
    if (answer === null) {
      return null;
    }
    assert.equal(answer.status, 200, answer.text);
    const found = Number(/^house-price\/(\d)$/.exec(String(answer.headers['x-loadline-model']))?.[1]);
    const { prediction } = JSON.parse(answer.text) as { prediction: number[] };
    assert.ok(
      isClose(prediction[0], answers[found - 1]!),
      `${answer.text} is not what version ${found} answers`,
    );
    return found;
  }

  test(`a worker is killed in each of ${SWAPS} swaps (20 with LOADLINE_PROOF=1)`, async (t) => {
    promote(1);
    const server = await serve(t, ['--watch', '100ms', '--workers', '2']);
    let over = false;
    let fault: unknown = null;
    let seen = 0;
    const asking = (async () => {
      while (!over) {
        await version(server);
      }
    })().catch((error: unknown) => {
      fault = error;
    });
    try {
      for (let i = 1; i <= SWAPS; i++) {
        const next = (i % 2) + 1;
        await until(() => childrenOf(server.pid).length === 2, 'two workers');
        const workers = childrenOf(server.pid);
        promote(next);
        // At another moment of the poll, the opening and the swap each time.
        await pause((i * 37) % 140);
        process.kill(workers[i % 2]!, 'SIGKILL');
        const back = await server.logged(/^worker \d is back/, seen);
        seen = back + 1;
        // By both of them: connections go to either. One may still break that was handed to the dead one.
        await until(
          async () => {
            const found = await Promise.all(Array.from({ length: 8 }, () => version(server)));
            return found.every((one) => one === next);
          },
          `version ${next} alone to answer after swap ${i}: ${server.logs.slice(-5).join('; ')}`,
        );
      }
    } finally {
      over = true;
      await asking;
    }
    assert.equal(fault, null);
    assert.deepEqual(
      server.logs.filter((line) => line.includes('behind')),
      [],
    );
  });

  test('two servers on one store: both follow; gc refuses what either of them serves', async (t) => {
    promote(1);
    const servers = [
      await serve(t, ['--watch', '100ms']),
      await serve(t, ['--watch', '100ms', '--workers', '2']),
    ] as const;
    promote(2);
    for (const server of servers) {
      await untilAnswers(server, row, 'house-price/2');
    }
    // Neither has an alias: the first is kept warm by both, the third was never served.
    const refused = run('gc', 'house-price/1', '--yes');
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /LL7011/);
    for (const { pid } of servers) {
      assert.match(refused.stderr, new RegExp(`loadline serve, process ${pid} on ${hostname()}`));
    }
    servers[0].signal('SIGTERM');
    assert.equal((await servers[0].ended).code, 0);
    const still = run('gc', 'house-price/1', '--yes');
    assert.match(still.stderr, /LL7011/);
    assert.doesNotMatch(still.stderr, new RegExp(`process ${servers[0].pid}\\b`));
    servers[1].signal('SIGTERM');
    assert.equal((await servers[1].ended).code, 0);
    // With an alias again no server is needed to keep it.
    promote(1);
    assert.match(run('gc', 'house-price/1', '--yes').stderr, /LL7011.*champion/s);
    ok('gc', 'house-price/3', '--yes', '--dry-run');
  });

  test('SIGHUP: of two models one moves although the other cannot', async (t) => {
    promote(1);
    promote(1, 'other');
    shell.file(
      'loadline.yaml',
      [
        'apiVersion: loadline/v1',
        'models:',
        '  - source: house-price@champion',
        '  - source: other@champion',
        'server: { store: store, drain: 0s }',
        '',
      ].join('\n'),
    );
    const server = await serve(t, ['--workers', '2'], join(shell.folder, 'loadline.yaml'));
    promote(3);
    promote(2, 'other');
    server.signal('SIGHUP');
    await server.logged(/^house-price\/3 is not served, 1 goes on serving: .*60 features/);
    await server.logged(/^serving other\/2 instead of 1 /);
    await server.logged(/^reload failed, the old model goes on serving: .*60 features/);
    await untilAnswers(server, row, 'house-price/1');
    const { text } = await ask(`${server.url}/readyz`);
    assert.deepEqual((JSON.parse(text) as { models: unknown }).models, [
      { name: 'house-price', version: '1' },
      { name: 'other', version: '2' },
    ]);
    promote(2);
    const from = server.logs.length;
    server.signal('SIGHUP');
    await server.logged(/^serving house-price\/2 instead of 1 /, from);
    await untilAnswers(server, row, 'house-price/2');
  });

  test('killed and started anew, it serves what the alias is at by then', async (t) => {
    promote(1);
    const before = await serve(t, ['--watch', '100ms']);
    assert.equal(await version(before), 1);
    await before.close();
    promote(2);
    const after = await serve(t, ['--watch', '100ms']);
    assert.equal(await version(after), 2);
  });

  test('a person is told what is followed, and that one version never moves', async () => {
    promote(1);
    for (const [reference, said] of [
      ['house-price@champion', /follows house-price@champion, looked up every 5 s/],
      ['house-price/2', /house-price\/2 is one version and never moves: there is nothing to watch/],
    ] as const) {
      const args = [`${ROOT}bin/loadline.js`, 'serve', reference, '--store', store, '--watch', '--port', '0'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let told = '';
      for await (const chunk of child.stderr) {
        told += chunk;
        if (told.includes('ready in')) {
          child.kill('SIGKILL');
        }
      }
      assert.match(told, said);
    }
  });
});
