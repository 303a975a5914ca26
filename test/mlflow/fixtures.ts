/** What the tests against MLflow share: models on a server, a cache of their own, and what Loadline makes of a reference. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ErrorCode, isLoadlineError } from '../../src/errors.ts';
import { openModel } from '../../src/formats/open.ts';
import { predict, targetValues } from '../../src/model/prediction.ts';
import { rowsToData } from '../../src/model/rows.ts';
import { openSources, type Sources } from '../../src/versions/open.ts';
import type { FetchedVersion, Work } from '../../src/versions/types.ts';
import type { MlflowServer } from './real-server.ts';

const SEED = readFileSync(new URL('./seed.py', import.meta.url), 'utf8');

export interface Seeded {
  readonly mlflow: string;
  readonly versions: readonly {
    readonly run: string;
    readonly path: string;
    /** Of MLflow 3. */
    readonly model: string | null;
    readonly artifacts: string;
    /** scikit-learn's. */
    readonly predictions: readonly number[];
  }[];
  readonly rows: readonly unknown[];
  readonly notesRun: string;
}

/** Logs and registers the models of seed.py with the real client. */
export async function seed(server: MlflowServer): Promise<Seeded> {
  return lastLine(await server.python(SEED)) as Seeded;
}

/** The JSON that a program printed last: MLflow itself prints addresses before it. */
export function lastLine(output: string): unknown {
  return JSON.parse(output.trimEnd().split('\n').at(-1)!);
}

export const WORK: Work = { signal: new AbortController().signal, onProgress: () => {} };

const folders: string[] = [];
process.once('exit', () => {
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A folder that goes with the test process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-mlflow-test-'));
  folders.push(folder);
  return folder;
}

/** Sources that know nothing but this server, with an empty cache unless one is given. */
export function sourcesOf(env: Readonly<Record<string, string>>, cache = temporaryFolder()): Sources {
  return openSources({ env: { ...env, XDG_CACHE_HOME: cache }, store: join(cache, 'store'), cwd: cache });
}

export async function bring(sources: Sources, reference: string, work = WORK): Promise<FetchedVersion> {
  const source = sources.open(sources.parse(reference));
  return source.fetch(await source.find(work), work);
}

/** What Loadline predicts for these rows with the model at a path. */
export async function predictions(path: string, rows: readonly unknown[]): Promise<unknown[]> {
  const model = await openModel(path);
  return targetValues(predict(model, rowsToData(rows, model.signature)).target);
}

/** The published contract for values that are not computed to the last bit. */
export function assertClose(found: readonly unknown[], wanted: readonly number[]): void {
  assert.equal(found.length, wanted.length);
  for (const [i, value] of wanted.entries()) {
    const difference = Math.abs(Number(found[i]) - value);
    assert.ok(difference <= 1e-9 * Math.abs(value) + 1e-12, `row ${i}: ${found[i]}, expected ${value}`);
  }
}

/** For `assert.rejects`: the code, and what the message and the advice say. */
export function failsWith(code: ErrorCode, message: RegExp, fix = /./): (error: unknown) => boolean {
  return (error) => {
    if (!isLoadlineError(error)) {
      throw error;
    }
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.match(error.fix, fix);
    return true;
  };
}
