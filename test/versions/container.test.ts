/** A registered version in a container image: built into it, and followed by the image's own server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { commandLine, type Outcome } from '../cli/command-line.ts';
import { loadBase } from '../image/base.ts';
import { type Engine, engineMissing, startEngine } from '../image/engine.ts';
import { mlflowMissing } from '../mlflow/real-server.ts';
import { ask, until } from '../serve/harness.ts';
import { assertAnswers, following, makeHouses, untilAnswers } from './following.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { openNotebook, predictions, QUICK, train } from './notebook.ts';

const IMAGE = 'house-price:v1';
const rows = makeHouses(4);

interface Container {
  readonly id: string;
  readonly url: string;
  remove(): Promise<void>;
}

describe('registered versions in a container', { skip: engineMissing() ?? mlflowMissing(3) ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-container-'));
  let engine: Engine;
  let registry: ModelServer;
  let shell: ReturnType<typeof commandLine>;
  /** scikit-learn's predictions by the two versions. */
  let first: number[];
  let second: number[];

  before(async () => {
    [engine, registry] = await Promise.all([startEngine(), startModelServer(join(folder, 'store'))]);
    const notebook = openNotebook(3, QUICK);
    const { url } = registry;
    await Promise.all([
      loadBase(engine),
      train(notebook, url).then(() => train(notebook, url, ['--houses', '5000'])),
    ]);
    first = await predictions(notebook, url, 'models:/house-price/1', rows);
    second = await predictions(notebook, url, 'models:/house-price/2', rows);
    await notebook.close();
    shell = commandLine({
      ...engine.env,
      MLFLOW_TRACKING_URI: url,
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_STATE_HOME: join(folder, 'state'),
    });
    await ok('build', 'models:/house-price@champion', '-t', IMAGE, '--engine', 'docker');
  });

  after(async () => {
    await registry.kill();
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ok(...args: readonly string[]): Promise<Outcome> {
    const done = await shell.loadlineBeside(args);
    assert.equal(done.code, 0, `${args.join(' ')}: ${done.stderr}`);
    return done;
  }

  /** Starts a container that shares this machine's network on a port of its own, and waits until it is ready. */
  async function start(options: readonly string[]): Promise<Container> {
    const port = await freePort();
    const run = ['run', '--detach', '--read-only', '--network', 'host', '--env', `LOADLINE_PORT=${port}`];
    const { stdout, stderr, code } = await engine.docker([...run, ...options, IMAGE]);
    assert.equal(code, 0, stderr);
    const id = stdout.trim();
    const url = `http://127.0.0.1:${port}`;
    const remove = async (): Promise<void> => {
      await engine.docker(['rm', '--force', id]);
    };
    try {
      await until(
        () =>
          ask(`${url}/readyz`).then(
            ({ status }) => status === 200,
            () => false,
          ),
        'a ready container',
      );
    } catch (error) {
      const logs = await engine.docker(['logs', id]);
      await remove();
      throw new Error(`${error}\n${logs.stdout}${logs.stderr}`);
    }
    return { id, url, remove };
  }

  test('built from the registry, it serves that version and needs nothing else', async () => {
    const container = await start([]);
    try {
      await assertAnswers(container, rows, first, 'house-price/1');
    } finally {
      await container.remove();
    }
  });

  test('the server in an image follows an alias on a read-only root', async () => {
    const container = await start([
      ...['--tmpfs', '/tmp', '--env', 'LOADLINE_MODEL=models:/house-price@champion'],
      ...['--env', 'LOADLINE_WATCH=1', '--env', `MLFLOW_TRACKING_URI=${registry.url}`],
    ]);
    try {
      await assertAnswers(container, rows, first, 'house-price/1');
      await ok('models', 'promote', 'models:/house-price/2');
      await untilAnswers(container, rows[0], 'house-price/2');
      await assertAnswers(container, rows, second, 'house-price/2');
      await ok('models', 'rollback', 'models:/house-price');
      // At once, without waiting for the next look.
      await engine.docker(['kill', '--signal', 'HUP', container.id]);
      await untilAnswers(container, rows[0], 'house-price/1');
      const { problem } = await following(container);
      assert.equal(problem, null);
    } finally {
      await container.remove();
    }
  });

  test('where nothing can be written it says what is needed', async () => {
    const { code, stderr } = await engine.docker([
      ...['run', '--rm', '--read-only', '--network', 'host', '--env', `MLFLOW_TRACKING_URI=${registry.url}`],
      ...['--env', 'LOADLINE_MODEL=models:/house-price@champion', IMAGE],
    ]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /LL1007/);
    assert.match(stderr, /--tmpfs \/tmp/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  assert.ok(address !== null && typeof address !== 'string');
  return address.port;
}
