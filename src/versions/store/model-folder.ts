/** The MLflow model folder around a bare model file, so that MLflow's own clients load it. */
import { stringify } from 'yaml';
import type { ReadFile } from '../../formats/model-file.ts';
import type { Label } from '../../model/data.ts';
import { METHODS } from '../../model/fitted.ts';
import type { Model, NamedFeature, Signature } from '../../model/model.ts';

/** Texts of the files beside the model file, by path. */
export interface ModelFolder {
  /** Path of the model file. */
  readonly modelFile: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** As PyYAML reads it: there a time without quotes is no text. */
const YAML = { version: '1.1', lineWidth: 0 } as const;

/** How a file is loaded in Python; MLflow's names where it has them. */
type Serialization = 'pickle' | 'cloudpickle' | 'skops' | 'joblib';

/**
 * What `mlflow.sklearn.save_model` would write, as far as the file tells. MLflow itself has no name for joblib's files
 * and for compressed ones: its clients then say that they do not know `joblib`, where a wrong name would end in a pickle
 * error.
 *
 * @param madeAt milliseconds since 1970
 */
export function modelFolder(file: ReadFile, model: Model, madeAt: number): ModelFolder {
  const { origin } = file;
  const serialization = serializationOf(file);
  const modelFile =
    serialization === 'skops' ? 'model.skops' : serialization === 'joblib' ? 'model.joblib' : 'model.pkl';
  const signature = mlflowSignature(model.signature);
  const mlmodel = {
    flavors: {
      python_function: {
        env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
        loader_module: 'mlflow.sklearn',
        model_path: modelFile,
        predict_fn: predictFn(model.signature),
      },
      sklearn: {
        code: null,
        pickled_model: modelFile,
        serialization_format: serialization,
        ...(origin.sklearn !== null && { sklearn_version: origin.sklearn }),
        ...(serialization === 'skops' && { skops_trusted_types: trustedTypes(file) }),
      },
    },
    model_size_bytes: origin.bytes,
    model_uuid: origin.sha256.slice(0, 32),
    ...(signature !== null && { signature }),
    utc_time_created: new Date(madeAt).toISOString().replace('T', ' ').replace('Z', '000'),
  };
  const requirements = requirementsOf(file, serialization);
  return {
    modelFile,
    texts: new Map([
      ['MLmodel', stringify(mlmodel, YAML)],
      ['requirements.txt', `${requirements.join('\n')}\n`],
      // Without a `python` MLflow takes the one it runs in: a pickle names no exact version.
      [
        'python_env.yaml',
        stringify({ build_dependencies: ['pip'], dependencies: ['-r requirements.txt'] }, YAML),
      ],
      [
        'conda.yaml',
        stringify(
          {
            channels: ['conda-forge'],
            dependencies: ['python', 'pip', { pip: requirements }],
            name: 'mlflow-env',
          },
          YAML,
        ),
      ],
    ]),
  };
}

/** What MLflow lets skops make: what Loadline's own audit knows, and nothing else, whatever the file names. */
function trustedTypes({ audit }: ReadFile): string[] {
  const known = audit.globals.filter(({ verdict }) => verdict.startsWith('known '));
  return [...new Set(known.map(({ module, name }) => `${module}.${name}`))].sort();
}

/** What MLflow's scoring server calls. */
function predictFn({ methods }: Signature): string {
  const [first = 'predict'] = methods;
  return METHODS[methods.includes('predict') ? 'predict' : first];
}

function serializationOf({ origin, contents }: ReadFile): Serialization {
  if (origin.format === 'skops') {
    return 'skops';
  }
  if (origin.joblib || origin.container !== 'raw') {
    return 'joblib';
  }
  const byCloudpickle = contents.globals.some(({ module }) => module.split('.')[0] === 'cloudpickle');
  return byCloudpickle ? 'cloudpickle' : 'pickle';
}

function requirementsOf({ origin }: ReadFile, serialization: Serialization): string[] {
  return [
    'mlflow',
    origin.sklearn === null ? 'scikit-learn' : `scikit-learn==${origin.sklearn}`,
    ...(origin.numpy === '2' ? ['numpy>=2'] : origin.numpy === '1' ? ['numpy<2'] : []),
    ...(serialization === 'pickle' ? [] : [serialization]),
  ];
}

/**
 * The signature in MLflow's form; null without column names, where MLflow could only ask for one exact dtype, which a
 * pickle does not tell. For the same reason a numeric column is of type `any`: MLflow would refuse whole numbers for
 * `double`, whatever the model was trained on.
 */
function mlflowSignature({
  named,
  features,
  task,
  classes,
  nOutputs,
}: Signature): Record<string, string> | null {
  if (!named || features === null) {
    return null;
  }
  const inputs = features.map((feature) => ({
    type: columnType(feature),
    name: feature.name,
    required: true,
  }));
  const dtype = task === 'regressor' ? 'float64' : classes === null ? null : labelType(classes.flat());
  const shape = nOutputs === 1 ? [-1] : [-1, nOutputs];
  return {
    inputs: JSON.stringify(inputs),
    ...(dtype !== null && { outputs: JSON.stringify([{ type: 'tensor', 'tensor-spec': { dtype, shape } }]) }),
  };
}

function columnType({ kind, categories = [] }: NamedFeature): string {
  const words = kind === 'category' && categories.every((category) => typeof category === 'string');
  return kind === 'text' || words ? 'string' : 'any';
}

function labelType(labels: readonly Label[]): string {
  if (labels.every((label) => typeof label === 'boolean')) {
    return 'bool';
  }
  return labels.every((label) => typeof label === 'number')
    ? labels.every((label) => Number.isInteger(label))
      ? 'int64'
      : 'float64'
    : 'object';
}
