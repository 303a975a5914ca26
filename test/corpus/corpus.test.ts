/** Every model of the corpus against scikit-learn's own answers; prints the largest difference met per class. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isLoadlineError } from '../../src/errors.ts';
import { supportedClasses } from '../../src/estimators/resolve.ts';
import { openModel } from '../../src/formats/open.ts';
import { CORPUS, loadCases, modelPath } from './cases.ts';
import { checkVersion } from './check.ts';
import type { Worst } from './compare.ts';
import { NO_DIFFERENCE, worse } from './compare.ts';

const supported = new Set(supportedClasses());
const worstOf = new Map<string, Worst>();
let closeLabels = 0;

/** Kernels of Gaussian processes are values inside an estimator, with no row of their own. */
const KERNELS = 'sklearn.gaussian_process.kernels.';

for (const entry of loadCases(CORPUS, process.env.LOADLINE_CORPUS)) {
  const refused = entry.covers.filter((name) => !supported.has(name) && !name.startsWith(KERNELS));
  if (refused.length === 0) {
    test(entry.case, async () => {
      const results = await Promise.all(entry.versions.map((minor) => checkVersion(entry, minor)));
      for (const { method, worst, closeLabels: close } of results.flatMap((result) => result.methods)) {
        const key = `${entry.class}.${method}`;
        worstOf.set(key, worse(worstOf.get(key) ?? NO_DIFFERENCE, worst));
        closeLabels += close;
      }
      assert.deepEqual(
        results.flatMap((result) => result.faults),
        [],
      );
    });
  } else {
    test(`${entry.case} is refused: ${refused.join(', ')}`, async () => {
      for (const minor of entry.versions) {
        await assert.rejects(openModel(modelPath(entry, minor)), (error) => {
          assert.ok(isLoadlineError(error) && error.code === 'LL4001', String(error));
          return true;
        });
      }
    });
  }
}

after(() => {
  for (const [key, { relative, difference }] of [...worstOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const words =
      difference === 0
        ? 'exact'
        : `${relative.toExponential(1)} relative, ${difference.toExponential(1)} absolute`;
    console.log(`${key.replace(/^sklearn\./, '').padEnd(70)} ${words}`);
  }
  console.log(`${closeLabels} labels differ within the margin the contract leaves`);
});
