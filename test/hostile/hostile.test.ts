/** Hostile files: each row by itself, the payloads shown to work in Python, and the whole run over changed files. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, test } from 'node:test';
import { readModelFile } from '../../src/formats/model-file.ts';
import { BOMBS } from './bombs.ts';
import { BYPASSES } from './bypasses.ts';
import { examine } from './examine.ts';
import { MAX_RESIDENT_MIB, renderReport, runHostile } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'loadline-bypass-'));
const marker = join(folder, 'executed');
after(() => rmSync(folder, { recursive: true, force: true }));

describe('streams that would run code', () => {
  for (const { name, source, stream, names } of BYPASSES) {
    it(source === undefined ? name : `${name} (${source})`, () => {
      const file = stream(marker);
      const { audit } = readModelFile('hostile', file);
      assert.equal(audit.verdict, 'dangerous');
      assert.ok(
        audit.dangers.some(({ what }) => names.test(what)),
        JSON.stringify(audit.dangers),
      );
      assert.equal(examine(file, []).code, 'LL3005');
      assert.equal(existsSync(marker), false, 'nothing ran');
    });
  }
});

/** How Python loads a file; the names are those of `Bypass.runs`. */
const LOADERS = {
  python: 'pickle.load(open(path, "rb"))',
  sklearn: 'pickle.load(open(path, "rb"))',
  joblib: '__import__("joblib").load(path)',
  twice: 'f = open(path, "rb"); pickle.load(f); pickle.load(f)',
};

describe('the same streams in Python run their payload', () => {
  // Without this, "nothing ran" above could be true of payloads that never run.
  const python = process.env.LOADLINE_TEST_PYTHON;
  for (const { name, stream, runs } of BYPASSES) {
    if (runs !== null) {
      it(name, () => {
        assert.ok(python, 'LOADLINE_TEST_PYTHON must name a Python with scikit-learn: `make test` sets it');
        const path = join(folder, 'payload.pkl');
        writeFileSync(path, stream(marker));
        const script = `import pickle, sys\npath = sys.argv[1]\ntry:\n    ${LOADERS[runs]}\nexcept BaseException:\n    pass`;
        execFileSync(python, ['-W', 'ignore', '-c', script, path], { stdio: 'ignore', timeout: 60_000 });
        // A program that was only started may need a moment.
        for (let wait = 0; wait < 50 && !existsSync(marker); wait++) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        }
        assert.ok(existsSync(marker), 'the payload ran');
        rmSync(marker);
      });
    }
  }
});

describe('malformed streams and bombs', () => {
  for (const { name, why, file, code } of BOMBS) {
    it(`${name}: ${why}`, () => {
      const outcome = examine(file(), []);
      assert.equal(outcome.fault, null);
      assert.equal(outcome.code, code);
    });
  }
});

/** `make proof` runs the full count. */
const FULL = 100_000;
const REDUCED = 3000;
const count = process.env.LOADLINE_PROOF === '1' ? FULL : REDUCED;
const seed = Number(process.env.LOADLINE_SEED ?? 1);

test(`${count} hostile files end cleanly (${FULL} with LOADLINE_PROOF=1)`, async (t) => {
  const report = await runHostile(count, seed);
  t.diagnostic(renderReport(report));
  assert.equal(report.faults.length, 0, JSON.stringify(report.faults.slice(0, 5), null, 2));
  assert.equal(report.markerExists, false, 'nothing ran');
  assert.equal(report.tallies.bypass.dangerous, BYPASSES.length);
  assert.ok(report.peakMiB < MAX_RESIDENT_MIB, `${report.peakMiB} MiB`);
  const examined = Object.values(report.tallies).reduce((sum, tally) => sum + tally.cases, 0);
  assert.equal(examined, report.cases);
  // The run means something only where changed models come all the way to an answer.
  assert.ok(report.tallies['changed model'].stages.answered > count / 50);
  assert.ok(report.tallies['changed skops file'].stages.answered > count / 200);
});
