import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ErrorCode, isLoadlineError } from '../errors.ts';
import { openSources, resolveModel } from './open.ts';

const cwd = mkdtempSync(join(tmpdir(), 'loadline-open-'));
after(() => rmSync(cwd, { recursive: true, force: true }));

const WORK = { signal: new AbortController().signal, onProgress: () => {} };
const options = { env: { XDG_CACHE_HOME: join(cwd, 'cache') }, cwd };
const failsWith = (code: ErrorCode) => (error: unknown) => isLoadlineError(error) && error.code === code;

test('every kind of reference says at once whether it can lead elsewhere later', () => {
  writeFileSync(join(cwd, 'model.pkl'), 'model');
  const sources = openSources(options);
  const moves = (text: string): boolean => sources.open(sources.parse(text)).moves;
  for (const text of [
    'model.pkl',
    'a@champion',
    'a/latest',
    'models:/a@champion',
    'models:/a/latest',
    'models:/a/Staging',
  ]) {
    assert.equal(moves(text), true, text);
  }
  for (const text of [
    'a/3',
    'models:/a/3',
    `models:/m-${'0'.repeat(32)}`,
    'runs:/0a1b/model',
    'mlflow-artifacts:/1/m',
  ]) {
    assert.equal(moves(text), false, text);
  }
});

test('a file that is there, and one that is not', async () => {
  writeFileSync(join(cwd, 'model.pkl'), 'model');
  assert.equal((await resolveModel('model.pkl', options, WORK)).path, join(cwd, 'model.pkl'));
  await assert.rejects(resolveModel('gone.pkl', options, WORK), failsWith('LL1006'));
});

test('a store that is not there is not made by looking', async () => {
  await assert.rejects(resolveModel('house-price@champion', options, WORK), failsWith('LL1006'));
  const sources = openSources(options);
  await assert.rejects(sources.registry('store'), failsWith('LL1006'));
  const registry = await sources.registry('store', true);
  assert.deepEqual([registry.kind, registry.place], ['store', '.loadline/models']);
  // And is found by the next look, of the source that missed it.
  await assert.rejects(resolveModel('house-price@champion', options, WORK), failsWith('LL7001'));
  sources.close();
});

test('a setting of MLflow is looked at only where MLflow is meant', async () => {
  const env = { ...options.env, MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' };
  writeFileSync(join(cwd, 'model.pkl'), 'model');
  await resolveModel('model.pkl', { ...options, env }, WORK);
  await assert.rejects(resolveModel('models:/a@b', { ...options, env }, WORK), failsWith('LL1005'));
});

test('an output of a DVC pipeline, which only its dvc.lock names', async () => {
  const repository = join(cwd, 'repository');
  const md5 = createHash('md5').update('model').digest('hex');
  mkdirSync(join(repository, '.dvc', 'cache', 'files', 'md5', md5.slice(0, 2)), { recursive: true });
  writeFileSync(join(repository, '.dvc', 'config'), '');
  writeFileSync(join(repository, '.dvc', 'cache', 'files', 'md5', md5.slice(0, 2), md5.slice(2)), 'model');
  writeFileSync(
    join(repository, 'dvc.lock'),
    `schema: '2.0'\nstages:\n  train:\n    cmd: python train.py\n    outs:\n    - path: model.pkl\n      hash: md5\n      md5: ${md5}\n      size: 5\n`,
  );
  const found = await resolveModel('repository/model.pkl', options, WORK);
  assert.equal(found.version, md5.slice(0, 12));
  assert.equal(readFileSync(found.path, 'utf8'), 'model');
});
