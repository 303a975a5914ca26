/** Real MLflow loads what `models add` keeps. Expected predictions are those of the estimators before they were saved. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openModel } from '../../src/formats/open.ts';
import { checkOut } from '../../src/versions/store/checkout.ts';
import {
  addRequest,
  openTestStore,
  sha256Of,
  temporaryFolder,
  WORK,
} from '../../src/versions/store/fixtures/store.ts';
import { storeRegistry } from '../../src/versions/store/registry.ts';

const SCRIPT = fileURLToPath(new URL('./saved_models.py', import.meta.url));
const PYTHON = process.env.LOADLINE_TEST_PYTHON;
/** MLflow takes some seconds to import, a minute where other tests run beside it. */
const TIMEOUT_MS = 300_000;

const FILES: Readonly<Record<string, string>> = {
  pickle: 'pickle.pkl',
  classes: 'classes.pkl',
  mixed: 'mixed.pkl',
  unnamed: 'unnamed.pkl',
  joblib: 'joblib.joblib',
  compressed: 'compressed.pkl.gz',
  skops: 'skops.skops',
  forest: 'forest.skops',
  cloudpickle: 'cloudpickle.pkl',
  folder: 'folder',
};
/** MLflow has no name for these: it says so, and Loadline serves them. */
const UNKNOWN_TO_MLFLOW = new Set(['joblib', 'compressed']);
const NUMBERS = ['area_m2', 'rooms'];
const INPUTS: Readonly<Record<string, readonly string[] | null>> = {
  mixed: [...NUMBERS, 'kind'],
  unnamed: null,
};

interface Answer {
  readonly sklearn?: unknown;
  readonly pyfunc?: unknown;
  readonly inputs?: unknown;
  readonly error?: string;
}

async function python(mode: string, out: string): Promise<void> {
  assert.ok(PYTHON, 'LOADLINE_TEST_PYTHON must name a Python with MLflow and skops: `make test` sets it');
  await promisify(execFile)(PYTHON, [SCRIPT, mode, out], {
    // MLflow may write a folder of runs wherever it is.
    cwd: out,
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', DO_NOT_TRACK: 'true' },
    timeout: TIMEOUT_MS,
  });
}

function readJson<T>(out: string, name: string): T {
  return JSON.parse(readFileSync(join(out, name), 'utf8')) as T;
}

test('mlflow.sklearn and mlflow.pyfunc load what was added, in every form', async (t) => {
  const out = temporaryFolder(t);
  await python('save', out);
  const store = openTestStore(t);
  const registry = storeRegistry(store);
  const folders: Record<string, string> = {};
  const origins: Record<string, string> = {};
  for (const [name, file] of Object.entries(FILES)) {
    const { version, sha256 } = await registry.add(addRequest(name, join(out, file)), WORK);
    folders[name] = await checkOut(store, store.catalog.version(name, version), WORK);
    const { origin } = await openModel(folders[name]);
    assert.equal(origin.sha256, sha256);
    assert.equal(origin.sklearn, '1.9.1');
    if (name !== 'folder') {
      assert.equal(sha256, sha256Of(readFileSync(join(out, file))));
    }
    origins[name] = origin.file;
  }
  assert.equal(origins.skops, 'model.skops');
  writeFileSync(join(out, 'folders.json'), JSON.stringify(folders));
  await python('load', out);
  const expected = readJson<Record<string, unknown>>(out, 'expected.json');
  const answers = readJson<Record<string, Answer>>(out, 'answers.json');
  assert.deepEqual(Object.keys(answers), Object.keys(FILES));
  for (const [name, answer] of Object.entries(answers)) {
    if (UNKNOWN_TO_MLFLOW.has(name)) {
      assert.match(answer.error ?? '', /Unrecognized serialization format: joblib/, name);
    } else {
      const wanted = expected[name];
      assert.deepEqual(
        answer,
        { sklearn: wanted, pyfunc: wanted, inputs: INPUTS[name] === undefined ? NUMBERS : INPUTS[name] },
        name,
      );
    }
  }
});
