import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findModel, serveArguments } from './container.ts';

/** The value after a flag; undefined when the flag is not there. The last one counts, as it does for the parser. */
function option(args: readonly string[], flag: string): string | undefined {
  const at = args.lastIndexOf(flag);
  return at < 0 ? undefined : args[at + 1];
}

const ports: readonly (readonly [string, readonly string[], Record<string, string>, string])[] = [
  ['nothing set', [], {}, '5000'],
  ['PORT, as Cloud Run sets it', [], { PORT: '8000' }, '8000'],
  ['LOADLINE_PORT before PORT', [], { LOADLINE_PORT: '7000', PORT: '8000' }, '7000'],
  ['SageMaker starts it with serve', ['serve'], {}, '8080'],
  ['SageMaker names another port', ['serve'], { SAGEMAKER_BIND_TO_PORT: '9000' }, '9000'],
  ['SageMaker is not moved by PORT', ['serve'], { PORT: '8000' }, '8080'],
  ['an argument after the image', ['--port', '6000'], { LOADLINE_PORT: '7000' }, '6000'],
  ['an empty variable is as good as none', [], { LOADLINE_PORT: '', PORT: '' }, '5000'],
];

for (const [what, argv, env, port] of ports) {
  test(`port of a container: ${what}`, () => {
    assert.equal(option(serveArguments(argv, env, 'm.pkl'), '--port'), port);
  });
}

test('a container listens on every address and takes every option of serve from the environment', () => {
  const args = serveArguments(
    [],
    { LOADLINE_WORKERS: 'auto', LOADLINE_MAX_BODY: '1Mi', LOADLINE_JSON: '1' },
    '/m.pkl',
  );
  assert.deepEqual(args.slice(0, 2), ['serve', '/m.pkl']);
  assert.equal(option(args, '--host'), '0.0.0.0');
  assert.equal(option(args, '--workers'), 'auto');
  assert.equal(option(args, '--max-body'), '1Mi');
  assert.ok(args.includes('--json') && args.includes('--allow-anonymous'));
  assert.equal(option(args, '--drain'), undefined);
});

test('a container takes a model from a registry where it is told one', () => {
  const env = { LOADLINE_MODEL: 'models:/house-price@champion', LOADLINE_STORE: '/srv/models' };
  const args = serveArguments([], env, findModel(env));
  assert.deepEqual(args.slice(0, 2), ['serve', 'models:/house-price@champion']);
  assert.equal(option(args, '--store'), '/srv/models');
});

test('the built-in model answers by the name and version of the image; another model by its own', () => {
  const built = { LOADLINE_BUILT_IN: 'house-price/3' };
  const args = serveArguments([], built, findModel(built, '/nowhere'));
  assert.equal(option(args, '--name'), 'house-price');
  assert.equal(option(args, '--as-version'), '3');
  const named = { ...built, LOADLINE_NAME: 'prices' };
  assert.equal(option(serveArguments([], named, findModel(named, '/nowhere')), '--name'), 'prices');
  const other = { ...built, LOADLINE_MODEL: 'models:/churn@champion' };
  assert.equal(option(serveArguments([], other, findModel(other)), '--name'), undefined);
});

test('SageMaker settles what it shares with MLflow', () => {
  assert.equal(option(serveArguments(['serve'], {}, 'm.pkl'), '--dialect'), 'sagemaker');
  assert.equal(option(serveArguments([], {}, 'm.pkl'), '--dialect'), undefined);
});

test('the model: the one that is named, then the one SageMaker mounted, then the built-in one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-container-'));
  try {
    assert.equal(findModel({}, folder), '/model/model.pkl');
    assert.equal(findModel({}, join(folder, 'absent')), '/model/model.pkl');
    writeFileSync(join(folder, 'code.py'), '');
    assert.equal(findModel({}, folder), '/model/model.pkl');
    writeFileSync(join(folder, 'another.pkl'), '');
    assert.equal(findModel({}, folder), join(folder, 'another.pkl'));
    writeFileSync(join(folder, 'model.joblib'), '');
    assert.equal(findModel({}, folder), join(folder, 'model.joblib'));
    assert.equal(findModel({ LOADLINE_MODEL: '/data/m.pkl' }, folder), '/data/m.pkl');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
