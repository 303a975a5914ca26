/** MLmodel: the YAML file that says what an MLflow model folder holds. Source: mlflow/models/model.py, 2.22 and 3.17. */
import { parseDocument } from 'yaml';
import { LoadlineError } from '../../errors.ts';
import type { Declared } from '../../model/declared.ts';

/** As the file names them, but for the parts that are JSON. */
export interface Mlmodel {
  /** Path of the model file within the folder. */
  readonly modelFile: string;
  /** JSON texts of the two sides of the signature. */
  readonly inputs: string | null;
  readonly outputs: string | null;
  readonly example: ExampleInfo | null;
  readonly declared: Pick<Declared, 'mlflow' | 'sklearn' | 'runId' | 'modelId' | 'predictFn'>;
}

export interface ExampleInfo {
  /** A body for `/invocations`; written since MLflow 2.14. */
  readonly servingPath: string | null;
  /** What the serving body is made from. */
  readonly path: string | null;
  /** `dataframe`, `ndarray`, `json_object`, `sparse_matrix_csr`, … */
  readonly type: string;
  /** Whether parameters lie beside the input in the file. */
  readonly withParams: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** MLflow itself writes each list once; this only stops a text of aliases that would unfold without end. */
const MAX_ALIASES = 20;
/** `joblib` is not MLflow's: Loadline's own store says so of files that joblib wrote, which pickle.load cannot read. */
const FORMATS = ['pickle', 'cloudpickle', 'skops', 'joblib'];
/** Loader of the scikit-learn flavor, which python_function names too. */
const SKLEARN_LOADER = 'mlflow.sklearn';

/** What to do about flavors that Loadline does not read. */
const ADVICE: Readonly<Record<string, string>> = {
  xgboost: 'Loadline does not read XGBoost models yet; `mlflow models serve` does.',
  lightgbm: 'Loadline does not read LightGBM models yet; `mlflow models serve` does.',
  catboost: 'Loadline does not read CatBoost models yet; `mlflow models serve` does.',
  onnx: 'Loadline does not read ONNX models yet; `mlflow models serve` does.',
  'mlflow.pyfunc.model':
    'A Python model runs code of its own: log the scikit-learn model inside of it with mlflow.sklearn.log_model.',
  'mlflow.pyfunc.loaders.code_model':
    'A model from code runs that code: log the fitted scikit-learn model with mlflow.sklearn.log_model.',
};

/**
 * Parses the text of an MLmodel that lies in `folder`. Throws LL7005 for a flavor or a serialization that Loadline does
 * not read, LL7006 for what is no MLmodel, LL7007 for a path that leaves the folder.
 */
export function parseMlmodel(text: string, folder: string): Mlmodel {
  const root = parseYaml(text, folder);
  const flavors = fieldsOf(root.flavors);
  if (flavors === null) {
    throw damagedMlmodel(folder, 'it has no flavors');
  }
  const sklearn = fieldsOf(flavors.sklearn);
  const pyfunc = fieldsOf(flavors.python_function);
  if (sklearn === null && pyfunc?.loader_module !== SKLEARN_LOADER) {
    throw foreignFlavor(flavors, pyfunc, folder);
  }
  const format = textOf(sklearn?.serialization_format) ?? 'pickle';
  if (!FORMATS.includes(format)) {
    throw new LoadlineError(
      'LL7005',
      `Cannot use ${folder}: its model was saved as ${JSON.stringify(format)}, expected ${FORMATS.join(', ')}`,
      { where: folder },
    );
  }
  // MLflow before 1.0 called it `data`.
  const modelFile = textOf(sklearn?.pickled_model) ?? textOf(pyfunc?.model_path) ?? textOf(pyfunc?.data);
  if (modelFile === null) {
    throw damagedMlmodel(folder, 'it does not say which file is the model');
  }
  const signature = fieldsOf(root.signature);
  return {
    modelFile: checkedPath(modelFile, folder),
    inputs: textOf(signature?.inputs),
    outputs: textOf(signature?.outputs),
    example: exampleInfo(fieldsOf(root.saved_input_example_info), folder),
    declared: {
      mlflow: textOf(root.mlflow_version),
      sklearn: textOf(sklearn?.sklearn_version),
      runId: textOf(root.run_id),
      modelId: textOf(root.model_id),
      predictFn: textOf(pyfunc?.predict_fn) ?? 'predict',
    },
  };
}

function parseYaml(text: string, folder: string): Fields {
  let root: Fields | null;
  try {
    const document = parseDocument(text, { logLevel: 'silent', prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) {
      throw error;
    }
    root = fieldsOf(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (cause) {
    // Also a nesting too deep for the stack.
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    throw damagedMlmodel(folder, `it is no YAML that can be read (${reason})`, cause);
  }
  if (root === null) {
    throw damagedMlmodel(folder, 'it is no YAML mapping');
  }
  return root;
}

function foreignFlavor(flavors: Fields, pyfunc: Fields | null, folder: string): LoadlineError {
  const named = Object.keys(flavors).filter((name) => name !== 'python_function');
  const loader = textOf(pyfunc?.loader_module);
  const found =
    named.length > 0
      ? `the flavor ${named.join(', ')}`
      : loader === null
        ? 'no flavor'
        : `a Python function loaded by ${loader}`;
  const advice = [...named, loader ?? ''].map((name) =>
    Object.hasOwn(ADVICE, name) ? ADVICE[name] : undefined,
  );
  const fix = advice.find((text) => text !== undefined);
  return new LoadlineError(
    'LL7005',
    `Cannot use ${folder}: its MLmodel has ${found}, Loadline reads sklearn`,
    {
      where: folder,
      ...(fix !== undefined && { fix }),
    },
  );
}

function exampleInfo(info: Fields | null, folder: string): ExampleInfo | null {
  if (info === null) {
    return null;
  }
  const servingPath = textOf(info.serving_input_path);
  const path = textOf(info.artifact_path);
  return {
    servingPath: servingPath === null ? null : checkedPath(servingPath, folder),
    path: path === null ? null : checkedPath(path, folder),
    type: textOf(info.type) ?? '',
    withParams: textOf(info.params) === 'true',
  };
}

/** A path in an MLmodel is relative and stays in the folder. */
function checkedPath(path: string, folder: string): string {
  const parts = path.split(/[/\\]/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a NUL ends a path for the system, not for us.
  if (/^[/\\~]|^[A-Za-z]:|\u0000/.test(path) || parts.includes('..')) {
    throw new LoadlineError(
      'LL7007',
      `Cannot use ${folder}: its MLmodel names the file ${JSON.stringify(path.slice(0, 200))}, which leaves the folder`,
      { where: folder },
    );
  }
  return path;
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** A scalar as text: YAML takes a version of two numbers for a number. */
function textOf(value: unknown): string | null {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || value === true
      ? String(value)
      : null;
}

function damagedMlmodel(folder: string, what: string, cause?: unknown): LoadlineError {
  return new LoadlineError('LL7006', `Cannot read the MLmodel of ${folder}: ${what}`, {
    where: folder,
    cause,
  });
}
