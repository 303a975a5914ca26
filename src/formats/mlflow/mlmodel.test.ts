import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LoadlineError } from '../../errors.ts';
import { readModelFolder } from './folder.ts';
import { parseMlmodel } from './mlmodel.ts';

/** As MLflow 3.17 writes it, shortened. */
const MLMODEL = `flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict_proba
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.9.1
mlflow_version: 3.17.2
model_id: m-50a3
run_id: 20d8
saved_input_example_info:
  artifact_path: input_example.json
  pandas_orient: split
  serving_input_path: serving_input_example.json
  type: dataframe
signature:
  inputs: '[{"type": "double", "name": "a", "required": true}, {"type": "double",
    "name": "b", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
  params: null
`;

describe('MLmodel', () => {
  it('is read for what Loadline needs', () => {
    assert.deepEqual(parseMlmodel(MLMODEL, 'm'), {
      modelFile: 'model.pkl',
      inputs:
        '[{"type": "double", "name": "a", "required": true}, {"type": "double", "name": "b", "required": false}]',
      outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]',
      example: {
        servingPath: 'serving_input_example.json',
        path: 'input_example.json',
        type: 'dataframe',
        withParams: false,
      },
      declared: {
        mlflow: '3.17.2',
        sklearn: '1.9.1',
        runId: '20d8',
        modelId: 'm-50a3',
        predictFn: 'predict_proba',
      },
    });
  });

  // MLflow 1.x: no format is pickle, and the file was once called `data`.
  it('is read as older MLflow wrote it', () => {
    const old = parseMlmodel('flavors: {sklearn: {pickled_model: m.pkl, sklearn_version: 1.1}}', 'm');
    assert.equal(old.modelFile, 'm.pkl');
    assert.equal(old.declared.sklearn, '1.1');
    assert.equal(old.declared.predictFn, 'predict');
    const oldest = 'flavors: {python_function: {loader_module: mlflow.sklearn, data: m.pkl}}';
    assert.equal(parseMlmodel(oldest, 'm').modelFile, 'm.pkl');
  });

  const flavor = (name: string, loader: string) =>
    `flavors: {${name}: {data: x}, python_function: {loader_module: ${loader}}}`;
  const aliases = `a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nflavors: [*c,*c,*c,*c,*c,*c]`;
  const rows: readonly (readonly [name: string, text: string, code: string, message: RegExp])[] = [
    ['xgboost', flavor('xgboost', 'mlflow.xgboost'), 'LL7005', /the flavor xgboost/],
    ['lightgbm', flavor('lightgbm', 'mlflow.lightgbm'), 'LL7005', /the flavor lightgbm/],
    ['onnx', flavor('onnx', 'mlflow.onnx'), 'LL7005', /the flavor onnx/],
    ['spark', flavor('spark', 'mlflow.spark'), 'LL7005', /the flavor spark/],
    [
      'a Python model',
      'flavors: {python_function: {loader_module: mlflow.pyfunc.model, python_model: python_model.pkl}}',
      'LL7005',
      /loaded by mlflow\.pyfunc\.model/,
    ],
    [
      'a model from code',
      'flavors: {python_function: {loader_module: mlflow.pyfunc.loaders.code_model, model_code_path: code.py}}',
      'LL7005',
      /code_model/,
    ],
    ['a Python function without a loader', 'flavors: {python_function: {}}', 'LL7005', /no flavor/],
    [
      'another serialization',
      'flavors: {sklearn: {pickled_model: m, serialization_format: safetensors}}',
      'LL7005',
      /"safetensors", expected pickle, cloudpickle, skops/,
    ],
    ['a file above', 'flavors: {sklearn: {pickled_model: ../m.pkl}}', 'LL7007', /"\.\.\/m\.pkl"/],
    ['a file far above', 'flavors: {sklearn: {pickled_model: a/../../m.pkl}}', 'LL7007', /leaves the folder/],
    ['an absolute file', 'flavors: {sklearn: {pickled_model: /etc/passwd}}', 'LL7007', /leaves the folder/],
    ['a file of Windows', "flavors: {sklearn: {pickled_model: 'C:\\m.pkl'}}", 'LL7007', /leaves the folder/],
    ['backslashes', "flavors: {sklearn: {pickled_model: '..\\m.pkl'}}", 'LL7007', /leaves the folder/],
    [
      'an example above',
      'flavors: {sklearn: {pickled_model: m}}\nsaved_input_example_info: {artifact_path: ../x.json}',
      'LL7007',
      /x\.json/,
    ],
    ['no file', 'flavors: {sklearn: {sklearn_version: 1.9.1}}', 'LL7006', /which file/],
    ['no flavors', 'mlflow_version: 3.17.2', 'LL7006', /no flavors/],
    ['a list', '- a\n- b', 'LL7006', /no YAML mapping/],
    ['nothing', '', 'LL7006', /no YAML mapping/],
    ['no YAML', 'a: [1, 2', 'LL7006', /no YAML that can be read/],
    ['a key twice', 'flavors: {}\nflavors: {}', 'LL7006', /no YAML that can be read/],
    ['aliases of aliases', aliases, 'LL7006', /alias/i],
    ['lists without end', `flavors: ${'['.repeat(50_000)}`, 'LL7006', /no YAML that can be read/],
  ];
  for (const [name, text, code, message] of rows) {
    it(`${name} is refused`, () => {
      assert.throws(
        () => parseMlmodel(text, 'm'),
        (error) => {
          assert.ok(error instanceof LoadlineError, String(error));
          assert.equal(error.code, code, error.message);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});

describe('model folders', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'loadline-folder-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('without an MLmodel names the model files in it', async () => {
    await writeFile(join(folder, 'model.pkl'), 'x');
    await assert.rejects(readModelFolder(folder), (error) => {
      assert.ok(error instanceof LoadlineError && error.code === 'LL7005');
      assert.match(error.fix, /model\.pkl/);
      return true;
    });
  });

  it('with an MLmodel whose file is missing is not whole', async () => {
    await writeFile(join(folder, 'MLmodel'), 'flavors: {sklearn: {pickled_model: gone.pkl}}');
    await assert.rejects(readModelFolder(folder), { code: 'LL7006', message: /gone\.pkl/ });
  });

  it('a signature and an example that are broken are told, the model is read', async () => {
    await writeFile(join(folder, 'MLmodel'), MLMODEL.replace("'[{", "'[{{").replace('model_path', 'x'));
    await writeFile(join(folder, 'model.pkl'), '\x80\x04N.', 'latin1');
    await writeFile(join(folder, 'serving_input_example.json'), '{"inputs": ');
    const { declared, contents } = await readModelFolder(folder);
    assert.equal(contents.root, null);
    assert.equal(declared?.inputs, null);
    assert.equal(declared?.example, null);
    assert.equal(declared?.outputs?.length, 1);
    assert.equal(declared?.faults.length, 2);
    assert.match(declared?.faults.join('\n') ?? '', /serving_input_example\.json[\s\S]*signature/);
  });

  it('an example as MLflow before 2.14 saved it becomes the body that it stands for', async () => {
    const info = (type: string) =>
      MLMODEL.replace(/ {2}serving_input_path: .*\n/, '').replace('type: dataframe', type);
    const example = async (text: string, type: string) => {
      await writeFile(join(folder, 'MLmodel'), info(`type: ${type}`));
      await writeFile(join(folder, 'input_example.json'), text);
      return JSON.parse(JSON.stringify((await readModelFolder(folder)).declared?.example));
    };
    const frame = '{"columns": ["a"], "data": [[NaN], [1]]}';
    assert.deepEqual(await example(frame, 'dataframe'), {
      dataframe_split: { columns: ['a'], data: [[null], [1]] },
    });
    assert.deepEqual(await example('{"inputs": [[1, 2]]}', 'ndarray'), { inputs: [[1, 2]] });
    assert.deepEqual(await example('[[1, 2]]', 'ndarray'), { inputs: [[1, 2]] });
    assert.equal(await example('{}', 'sparse_matrix_csr'), null);
  });
});
