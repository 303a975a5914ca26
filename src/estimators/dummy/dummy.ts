/** Baselines that do not look at the rows: what they answer was settled in training. */
import { argmax } from '../../kernels/math.ts';
import type { Data, Dense, Label } from '../../model/data.ts';
import { dense, numbers1d, numbers2d } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import type { Inert } from '../../pickle/inert.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { isList } from '../state.ts';

const module = 'sklearn.dummy';

export const dummyRegressor = defineEstimators({
  rows: [{ name: 'DummyRegressor', module }],
  read(state) {
    // mean, median, quantile and constant all leave their answer in `constant_`, `[1, nOutputs]`.
    const { data: constants } = state.matrix('constant_', { shape: [1, null] });
    const nOutputs = constants.length;
    return {
      ...inputOf(state),
      task: 'regressor',
      classes: null,
      nOutputs,
      predict(rows) {
        const out = new Float64Array(rows.nRows * nOutputs);
        for (let i = 0; i < out.length; i++) {
          out[i] = constants[i % nOutputs]!;
        }
        return nOutputs === 1 ? numbers1d(out) : numbers2d(rows.nRows, nOutputs, out);
      },
    };
  },
});

export const dummyClassifier = defineEstimators({
  rows: [{ name: 'DummyClassifier', module }],
  read(state) {
    // stratified and uniform draw at random: there is no one answer to give.
    const strategy = state.choice('strategy', ['prior', 'most_frequent', 'constant']);
    const classes = state.classLists('classes_');
    const nOutputs = classes.length;
    const answers = classes.map((labels, output) => readAnswer(state, strategy, labels, output, nOutputs));
    return {
      ...inputOf(state),
      task: 'classifier',
      classes,
      nOutputs,
      predict(rows) {
        const codes = new Int32Array(rows.nRows * nOutputs);
        for (let i = 0; i < codes.length; i++) {
          codes[i] = answers[i % nOutputs]!.code;
        }
        return { kind: 'labels', nRows: rows.nRows, nCols: nOutputs, oneD: nOutputs === 1, codes, classes };
      },
      predictProba: (rows) => answers.map(({ probabilities }) => repeated(probabilities, rows)),
    };
  },
});

interface Answer {
  readonly code: number;
  readonly probabilities: Float64Array;
}

function readAnswer(
  state: EstimatorState,
  strategy: 'prior' | 'most_frequent' | 'constant',
  labels: readonly Label[],
  output: number,
  nOutputs: number,
): Answer {
  if (strategy === 'constant') {
    const constants = readConstants(state);
    const code = labels.indexOf(constants[output] ?? '');
    if (constants.length !== nOutputs || code < 0) {
      throw state.wrong('constant', 'one class per output', state.value('constant'));
    }
    return { code, probabilities: oneHot(code, labels.length) };
  }
  const value = state.value('class_prior_');
  const item = isList(value) && nOutputs > 1 ? (value.items[output] ?? null) : value;
  const priors = state.floats('class_prior_', { shape: [labels.length] }, item);
  const code = argmax(priors);
  return { code, probabilities: strategy === 'prior' ? priors : oneHot(code, labels.length) };
}

/** `constant` is one label, or a list or array with one per output. */
function readConstants(state: EstimatorState): readonly Label[] {
  const value: Inert = state.value('constant');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? [value]
    : state.labels('constant');
}

function oneHot(code: number, length: number): Float64Array {
  const out = new Float64Array(length);
  out[code] = 1;
  return out;
}

function repeated(row: Float64Array, rows: Data): Dense {
  const out = new Float64Array(rows.nRows * row.length);
  for (let i = 0; i < rows.nRows; i++) {
    out.set(row, i * row.length);
  }
  return dense(rows.nRows, row.length, out);
}

/** Columns beyond these are taken for forged: no array of the state has their number, and a signature lists each. */
const MAX_FEATURES = 2 ** 22;

/** Any rows will do: they are counted, and nothing else. */
function inputOf(state: EstimatorState) {
  const nFeatures = state.nFeatures();
  if (nFeatures !== null && !(nFeatures >= 0 && nFeatures <= MAX_FEATURES)) {
    throw state.wrong('n_features_in_', `a count up to ${MAX_FEATURES}`, nFeatures);
  }
  const names = state.featureNames();
  return {
    name: state.name,
    input: 'features',
    nFeatures,
    features: names?.map((name): Feature => ({ name, kind: 'any', missing: true })) ?? null,
    children: [],
  } as const;
}
