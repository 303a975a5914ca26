/** Models of random kind and shape, fitted now by the scikit-learn at hand, against that scikit-learn's answers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadCases } from '../corpus/cases.ts';
import { checkVersion } from '../corpus/check.ts';

/** `make proof` runs the full count; the seeds are the same ones every time. */
const FULL = 2000;
const REDUCED = 120;
const count = process.env.LOADLINE_PROOF === '1' ? FULL : REDUCED;
const firstSeed = Number(process.env.LOADLINE_SEED ?? 1);
const script = fileURLToPath(new URL('models.py', import.meta.url));

test(`${count} random models answer as scikit-learn does (${FULL} with LOADLINE_PROOF=1)`, async (t) => {
  const python = process.env.LOADLINE_TEST_PYTHON;
  assert.ok(python, 'LOADLINE_TEST_PYTHON must name a Python with scikit-learn: `make test` sets it');
  const folder = await mkdtemp(join(tmpdir(), 'loadline-differential-'));
  try {
    await fitModels(python, folder);
    const cases = loadCases(folder);
    assert.equal(cases.length, count);
    const faults: string[] = [];
    let largest = 0;
    let closeLabels = 0;
    for (const entry of cases) {
      const result = await checkVersion(entry, entry.versions[0]!);
      faults.push(...result.faults.map((fault) => `${entry.case}: ${fault}\n  ${entry.description}`));
      for (const method of result.methods) {
        largest = Math.max(largest, method.worst.share);
        closeLabels += method.closeLabels;
      }
    }
    t.diagnostic(
      `largest difference ${largest.toExponential(1)} of what the contract allows, ${closeLabels} labels within its margin`,
    );
    assert.equal(faults.length, 0, faults.slice(0, 20).join('\n'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** One Python per core, each with its share of the seeds. */
async function fitModels(python: string, folder: string): Promise<void> {
  const parts = Math.min(availableParallelism(), Math.ceil(count / 30));
  const share = Math.ceil(count / parts);
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  await Promise.all(
    Array.from({ length: parts }, (_, i) => {
      const size = Math.min(share, count - i * share);
      const args = [script, folder, String(size), String(firstSeed + i * share)];
      return size > 0 ? promisify(execFile)(python, args, { env }) : null;
    }),
  );
}
