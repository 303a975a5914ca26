/** The models of the corpus as skops files: their answers are those that scikit-learn recorded. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inspectModel, openModel } from '../../src/formats/open.ts';
import type { Case } from '../corpus/cases.ts';
import { CORPUS, loadCases } from '../corpus/cases.ts';
import { checkVersion } from '../corpus/check.ts';

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./as_skops.py', import.meta.url));
/** What skops or the Python at hand cannot save or load; everything else has to be there. */
const CANNOT_SAVE =
  /^UnsupportedTypeException: Objects of type Birch|No module named 'imblearn'|LZ4 is not installed|'_BSpline'/;

const cases = new Map(loadCases(CORPUS).map((entry) => [entry.case, entry]));

function caseOf(name: string): Case {
  const entry = cases.get(name);
  assert.ok(entry, `${name} is no case of the corpus`);
  return entry;
}

describe('files that skops 0.10 (scikit-learn 1.5) and 0.16 (1.9) wrote', () => {
  for (const [skops, minor] of [
    ['0.10', '1.5'],
    ['0.16', '1.9'],
  ] as const) {
    for (const path of globSync(`skops-${skops}/*.skops`, { cwd: FIXTURES }).sort()) {
      it(path, async () => {
        const name = basename(path, '.skops').replace('--', '/');
        const { faults, methods } = await checkVersion(caseOf(name), minor, join(FIXTURES, path));
        assert.deepEqual(faults, []);
        assert.ok(methods.length > 0);
      });
    }
  }

  it('say where they come from', async () => {
    const { origin, audit } = await inspectModel(join(FIXTURES, 'skops-0.10/trees--tree-entropy.skops'));
    const { format, container, protocol, joblib, sklearn } = origin;
    assert.deepEqual(
      { format, container, protocol, joblib, sklearn },
      { format: 'skops', container: 'zip', protocol: 2, joblib: false, sklearn: '1.5.2' },
    );
    assert.equal(audit.verdict, 'known estimator');
  });
});

interface Report {
  readonly versions: { readonly sklearn: string; readonly skops: string };
  /** Types that skops does not trust by default, by case. */
  readonly saved: Readonly<Record<string, readonly string[]>>;
  readonly refused: Readonly<Record<string, string>>;
}

describe('the corpus, saved again by the skops at hand', () => {
  let folder = '';
  let report: Report = { versions: { sklearn: '', skops: '' }, saved: {}, refused: {} };
  before(async () => {
    const python = process.env.LOADLINE_TEST_PYTHON;
    assert.ok(
      python,
      'LOADLINE_TEST_PYTHON must name a Python with scikit-learn and skops: `make test` sets it',
    );
    folder = await mkdtemp(join(tmpdir(), 'loadline-skops-'));
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    await promisify(execFile)(python, [SCRIPT, CORPUS, folder, '1.9'], { env });
    report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('skops saves nearly all of it', (t) => {
    const unexpected = Object.entries(report.refused).filter(([, why]) => !CANNOT_SAVE.test(why));
    assert.deepEqual(unexpected, []);
    assert.ok(Object.keys(report.saved).length > 900);
    // Among them those with types that skops does not trust by itself, but asks its user to.
    assert.ok(Object.values(report.saved).some((types) => types.includes('sklearn.tree._tree.Tree')));
    t.diagnostic(
      `${Object.keys(report.saved).length} models by skops ${report.versions.skops}, scikit-learn ${report.versions.sklearn}`,
    );
  });

  it('every one answers as its scikit-learn did, and nothing in it is unknown', async () => {
    const faults: string[] = [];
    for (const name of Object.keys(report.saved)) {
      const path = join(folder, `${name}.skops`);
      const result = await checkVersion(caseOf(name), '1.9', path);
      faults.push(...result.faults.map((fault) => `${name}: ${fault}`));
      const { audit } = await inspectModel(path);
      const strange = audit.globals.filter(({ verdict }) => verdict === 'unknown' || verdict === 'dangerous');
      faults.push(...strange.map((use) => `${name}: ${use.module}.${use.name} is ${use.verdict}`));
    }
    assert.deepEqual(faults.slice(0, 20), []);
  });

  it('what would run a program is dangerous, though skops writes it', async () => {
    const path = join(folder, 'dangerous.skops');
    const script = `
import functools, operator, os, sys
import skops.io
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer as F
skops.io.dump(make_pipeline(F(os.system), F(functools.partial(eval, "1")), F(operator.attrgetter("x"))), sys.argv[1])`;
    await promisify(execFile)(process.env.LOADLINE_TEST_PYTHON ?? '', ['-W', 'ignore', '-c', script, path]);
    const { audit } = await inspectModel(path);
    const dangers = audit.dangers.map(({ what }) => what).join('\n');
    for (const name of ['posix.system', 'builtins.eval', 'operator.attrgetter']) {
      assert.ok(dangers.includes(name), dangers);
    }
    await assert.rejects(openModel(path), { code: 'LL3005' });
  });
});
