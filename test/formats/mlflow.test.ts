/** Model folders that real MLflow writes, of both major versions, against what scikit-learn answers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openModel } from '../../src/formats/open.ts';
import type { DeclaredInput } from '../../src/model/declared.ts';
import { checkDeclared } from '../../src/model/declared-check.ts';
import { exampleData } from '../../src/model/example-data.ts';
import { predict, targetValues } from '../../src/model/prediction.ts';
import { loadCases } from '../corpus/cases.ts';
import { checkVersion } from '../corpus/check.ts';

const SCRIPT = fileURLToPath(new URL('./mlflow_models.py', import.meta.url));

const MLFLOWS = [
  { env: 'LOADLINE_TEST_PYTHON', version: /^3\./, forms: ['pickle', 'cloudpickle', 'skops'] },
  { env: 'LOADLINE_MLFLOW2_PYTHON', version: /^2\.22\./, forms: ['pickle', 'cloudpickle'] },
] as const;

for (const { env, version, forms } of MLFLOWS) {
  describe(`folders written by MLflow ${version.source.slice(1)}`, () => {
    let folder = '';
    let mlflow = '';
    before(async () => {
      const python = process.env[env];
      assert.ok(python, `${env} must name a Python with MLflow: \`make test\` sets it`);
      folder = await mkdtemp(join(tmpdir(), 'loadline-mlflow-'));
      const { stdout } = await promisify(execFile)(python, [SCRIPT, folder], {
        // MLflow may write a folder of runs wherever it is.
        cwd: folder,
        env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
      });
      mlflow = stdout.trim();
      assert.match(mlflow, version);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('every form of the scikit-learn flavor answers as scikit-learn did', async () => {
      const cases = loadCases(folder);
      assert.equal(cases.length, 11);
      for (const entry of cases) {
        for (const form of forms) {
          const path = join(entry.folder, form);
          const { faults } = await checkVersion(entry, entry.versions[0]!, path);
          assert.deepEqual(faults, [], `${entry.case} as ${form}`);
          const model = await openModel(path);
          assert.equal(model.origin.format, form === 'skops' ? 'skops' : 'pickle');
          assert.equal(model.origin.file, form === 'skops' ? 'model.skops' : 'model.pkl');
        }
      }
    });

    it('says what MLflow knew of the model', async () => {
      const { declared } = await openModel(join(folder, 'models/linear/cloudpickle'));
      const column = (name: string, type: string): DeclaredInput => ({
        name,
        type,
        required: true,
        shape: null,
      });
      assert.deepEqual(
        { ...declared, example: null },
        {
          mlflow,
          sklearn: '1.9.1',
          runId: null,
          modelId: null,
          predictFn: 'predict',
          inputs: [column('area', 'double'), column('rooms', 'long'), column('age', 'double')],
          outputs: [{ name: null, type: 'float64', required: true, shape: [-1] }],
          example: null,
          faults: [],
        },
      );
      const array = await openModel(join(folder, 'models/array/pickle'));
      assert.deepEqual(array.declared?.inputs, [
        { name: null, type: 'float64', required: true, shape: [-1, 3] },
      ]);
    });

    it('the declared example fits and is answered as its rows were', async () => {
      for (const entry of loadCases(folder)) {
        const model = await openModel(join(entry.folder, 'pickle'));
        checkDeclared(model);
        const data = exampleData(model);
        assert.ok(data, entry.case);
        const asked = await openModel(join(entry.folder, 'pickle'));
        const wanted = JSON.parse(readFileSync(join(entry.folder, `${entry.versions[0]}.json`), 'utf8'))
          .expected.predict;
        const found = targetValues(predict(asked, data, false).target);
        found.forEach((value, row) => {
          const near =
            typeof value === 'number' ? Math.abs(value - wanted[row]) < 1e-6 : value === wanted[row];
          assert.ok(near, `${entry.case}, row ${row}: ${String(value)} instead of ${String(wanted[row])}`);
        });
      }
    });

    it('another flavor is refused by name', async () => {
      const path = join(folder, 'python');
      assert.ok(existsSync(join(path, 'MLmodel')));
      await assert.rejects(openModel(path), (error: Error & { code?: string; fix?: string }) => {
        assert.equal(error.code, 'LL7005');
        assert.match(error.message, /mlflow\.pyfunc\.model/);
        assert.match(error.fix ?? '', /mlflow\.sklearn\.log_model/);
        return true;
      });
    });
  });
}
