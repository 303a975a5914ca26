/** What a container of a built image does with its environment, its arguments and what is mounted into it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ask, corpusModel, HOUSES, house, isClose, until } from '../serve/harness.ts';
import { loadBase } from './base.ts';
import { type Engine, engineMissing, startEngine } from './engine.ts';

const CLI = fileURLToPath(new URL('../../bin/loadline.js', import.meta.url));
const skip = engineMissing() ?? false;

let engine: Engine;
let folder: string;

before(async () => {
  if (skip !== false) {
    return;
  }
  folder = mkdtempSync(join(tmpdir(), 'loadline-container-'));
  engine = await startEngine();
  await loadBase(engine);
  const args = [CLI, 'build', HOUSES, '-t', 'houses:v1', '--engine', 'docker'];
  const env = { ...process.env, ...engine.env, XDG_STATE_HOME: join(folder, 'state') };
  await promisify(execFile)(process.execPath, args, { env });
});

after(async () => {
  if (skip === false) {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Container {
  readonly url: string;
  remove(): Promise<void>;
}

/** Starts a container on a read-only root and waits until it is ready. */
async function start(
  options: readonly string[],
  port = 5000,
  args: readonly string[] = [],
): Promise<Container> {
  const { stdout, stderr, code } = await engine.docker([
    'run',
    '--detach',
    '--read-only',
    '--publish',
    `127.0.0.1:0:${port}`,
    ...options,
    'houses:v1',
    ...args,
  ]);
  assert.equal(code, 0, stderr);
  const id = stdout.trim();
  const published = (await engine.docker(['port', id, `${port}/tcp`])).stdout.trim();
  const url = `http://${published.split('\n')[0]}`;
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
    throw new Error(`${error}\n${logs.stdout}${logs.stderr}`);
  }
  return {
    url,
    async remove() {
      await engine.docker(['rm', '--force', id]);
    },
  };
}

const { row, price } = house();

test("the tutorial's request is answered on port 5000, by the name of the image", { skip }, async () => {
  const container = await start([]);
  try {
    const answer = await ask(`${container.url}/predict`, { json: { features: row } });
    const { prediction } = JSON.parse(answer.text) as { prediction: number[] };
    assert.ok(isClose(prediction[0], price), answer.text);
    assert.equal((await ask(`${container.url}/v2/models/houses/ready`)).status, 200);
  } finally {
    await container.remove();
  }
});

test('SageMaker: the argument serve, port 8080, and the model it mounts goes first', { skip }, async () => {
  const model = corpusModel('linear/logistic-multi-strings');
  const mounted = join(folder, 'sagemaker');
  rmSync(mounted, { recursive: true, force: true });
  mkdirSync(mounted);
  copyFileSync(model.path, join(mounted, 'model.pkl'));
  const container = await start(['--volume', `${mounted}:/opt/ml/model:ro`], 8080, ['serve']);
  try {
    assert.equal((await ask(`${container.url}/ping`)).status, 200);
    const [first] = model.rows as readonly (readonly number[])[];
    const answer = await ask(`${container.url}/invocations`, { json: [first] });
    assert.equal(answer.status, 200, answer.text);
    const found = (JSON.parse(answer.text) as unknown[]).flat()[0];
    assert.equal(found, model.predict[0]);
  } finally {
    await container.remove();
  }
});

test('keys from the environment and from a mounted secret; several workers on a read-only root', {
  skip,
}, async () => {
  const secret = join(folder, 'keys');
  writeFileSync(secret, 'web:a-long-key-for-the-web\n', { mode: 0o644 });
  for (const options of [
    ['--env', 'LOADLINE_API_KEYS=web:a-long-key-for-the-web', '--env', 'LOADLINE_WORKERS=2'],
    ['--volume', `${secret}:/run/secrets/loadline-api-keys:ro`],
  ]) {
    const container = await start(options);
    try {
      const json = { features: row };
      assert.equal((await ask(`${container.url}/predict`, { json })).status, 401);
      const headers = { authorization: 'Bearer a-long-key-for-the-web' };
      const answer = await ask(`${container.url}/predict`, { json, headers });
      assert.equal(answer.status, 200, answer.text);
    } finally {
      await container.remove();
    }
  }
});

test('a setting that is wrong is told, and the container exits as the command does', { skip }, async () => {
  const { code, stderr } = await engine.docker([
    'run',
    '--rm',
    '--env',
    'LOADLINE_WORKERS=many',
    'houses:v1',
  ]);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /LL1001.*usage/s);
  assert.match(stderr, /--workers wants a whole number from 1 to 512, found "many"/);
});
