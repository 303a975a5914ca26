import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isLoadlineError } from '../errors.ts';
import { openModel } from '../formats/open.ts';
import { createdSeconds, type PlanInput, planImage, sourceRevision } from './make-plan.ts';
import { parsePlatforms } from './platform.ts';
import { parseReference } from './reference.ts';

const HOUSES = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => isLoadlineError(error) && error.code === code;
}

async function plan(tag: string, registered?: NonNullable<PlanInput['registered']>) {
  return planImage({
    reference: parseReference(tag),
    base: parseReference('example.org/base:1'),
    platforms: [{ os: 'linux', architecture: 'amd64' }],
    path: HOUSES,
    model: await openModel(HOUSES),
    server: [],
    software: '1.2.3',
    revision: null,
    createdSec: 0,
    ...(registered && { registered }),
  });
}

test('an image is labelled with the model it holds', async () => {
  const { model, config, layers } = await plan('ghcr.io/team/ml-model:v1');
  const sha256 = createHash('sha256').update(readFileSync(HOUSES)).digest('hex');
  assert.equal(model.name, 'ml-model');
  assert.equal(model.version, 'v1');
  assert.equal(config.labels['io.loadline.model.sha256'], sha256);
  assert.equal(config.labels['org.opencontainers.image.version'], 'v1');
  assert.equal(config.labels['io.loadline.model.sklearn'], '1.9.1');
  assert.ok(!('org.opencontainers.image.revision' in config.labels), 'no label where nothing is known');
  assert.deepEqual(
    layers.map(({ name }) => name),
    ['server', 'model'],
  );
  assert.deepEqual(layers[1]?.files[0], {
    path: '/model/model.pkl',
    mode: 0o644,
    size: readFileSync(HOUSES).length,
    source: { file: resolve(HOUSES) },
  });
});

test('an image of a registered version is labelled with its name and number, whatever the tag', async () => {
  const uri = 'models:/house-price/3';
  const { model, config } = await plan('ghcr.io/team/ml-model:v1', {
    name: 'house-price',
    version: '3',
    uri,
  });
  assert.deepEqual([model.name, model.version, model.uri], ['house-price', '3', uri]);
  assert.equal(config.env.LOADLINE_BUILT_IN, 'house-price/3');
  assert.equal(config.labels['io.loadline.model.uri'], uri);
  assert.equal(config.labels['org.opencontainers.image.version'], '3');
});

test('a model without a version of its own is told by its hash', async () => {
  const sha256 = createHash('sha256').update(readFileSync(HOUSES)).digest('hex');
  for (const tag of ['ml-model', 'ml-model:latest']) {
    assert.equal((await plan(tag)).model.version, sha256.slice(0, 12));
  }
});

test('the user is a number that is not root, so that runAsNonRoot can be checked', async () => {
  const { config } = await plan('ml-model:v1');
  assert.match(config.user, /^[1-9]\d*:[1-9]\d*$/);
});

test('SOURCE_DATE_EPOCH', () => {
  assert.equal(createdSeconds({}), 0);
  assert.equal(createdSeconds({ SOURCE_DATE_EPOCH: '1700000000' }), 1_700_000_000);
  for (const bad of ['-1', 'now', '1.5', '99999999999']) {
    assert.throws(() => createdSeconds({ SOURCE_DATE_EPOCH: bad }), hasCode('LL1005'), bad);
  }
});

test('platforms', () => {
  assert.deepEqual(parsePlatforms('linux/amd64,linux/arm64/v8'), [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ]);
  for (const bad of ['', 'amd64', 'windows/amd64', 'linux/amd64,linux/amd64', 'linux/amd64/v1/x']) {
    assert.throws(() => parsePlatforms(bad), hasCode('LL1001'), bad);
  }
});

test('the revision is the commit of the folder that the model lies in', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-plan-'));
  try {
    const path = join(folder, 'model.pkl');
    writeFileSync(path, '');
    const git = (...args: string[]): string =>
      execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
        encoding: 'utf8',
        env: { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir() },
      }).trim();
    assert.equal(await sourceRevision(path), null);
    git('init', '-q');
    assert.equal(await sourceRevision(path), null);
    git('add', '.');
    git('commit', '-q', '-m', 'model');
    assert.equal(await sourceRevision(path), git('rev-parse', 'HEAD'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
