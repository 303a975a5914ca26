/** Every model of the corpus against scikit-learn's own answers; prints the largest difference met per class. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { isLoadlineError } from '../../src/errors.ts';
import { openModel } from '../../src/formats/open.ts';
import type { Checked } from '../../tools/support-table.ts';
import { missingCases, publicClasses, renderSupport, SUPPORT_PAGE } from '../../tools/support-table.ts';
import { CORPUS, loadCases, modelPath, refusedClasses } from './cases.ts';
import { checkVersion } from './check.ts';
import type { Worst } from './compare.ts';
import { NO_DIFFERENCE, worse } from './compare.ts';

/** Only the cases whose name starts so, for work on one family: `LOADLINE_CORPUS=trees/`. */
const prefix = process.env.LOADLINE_CORPUS ?? '';
const supported = new Set(publicClasses());
const checked: Checked[] = [];

for (const entry of loadCases(CORPUS, prefix)) {
  const refused = refusedClasses(entry, supported);
  if (refused.length === 0) {
    test(entry.case, async () => {
      const results = await Promise.all(entry.versions.map((minor) => checkVersion(entry, minor)));
      checked.push({ entry, results });
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
          assert.ok(
            refused.some((name) => error.message.includes(name.slice(name.lastIndexOf('.') + 1))),
            `${error.message} names none of ${refused.join(', ')}`,
          );
          return true;
        });
      }
    });
  }
}

test('every supported class has a case for every version that has it', () => {
  const cases = loadCases(CORPUS).filter((entry) => refusedClasses(entry, supported).length === 0);
  assert.deepEqual(missingCases([...supported], cases), []);
});

if (prefix === '') {
  // Runs after the cases above, whose results the page is made of.
  test('docs/support.md is what the corpus shows: `node tools/support-table.ts` writes it', () => {
    assert.equal(readFileSync(SUPPORT_PAGE, 'utf8'), renderSupport([...supported], checked));
  });
}

after(() => {
  const worstOf = new Map<string, Worst>();
  let closeLabels = 0;
  for (const { entry, results } of checked) {
    for (const { method, worst, closeLabels: close } of results.flatMap((result) => result.methods)) {
      const key = `${entry.class}.${method}${entry.tolerance === undefined ? '' : ` (${entry.tolerance.reason})`}`;
      worstOf.set(key, worse(worstOf.get(key) ?? NO_DIFFERENCE, worst));
      closeLabels += close;
    }
  }
  console.log('Largest difference from scikit-learn, of the share the contract allows, by class and method:');
  for (const [key, { share, difference }] of [...worstOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const words = share === 0 ? 'exact' : `${share.toExponential(1)} (|Δ| ${difference.toExponential(1)})`;
    console.log(`${key.replace(/^sklearn\./, '').padEnd(70)} ${words}`);
  }
  console.log(`${closeLabels} labels differ within the margin the contract leaves; no distances were tied`);
});
