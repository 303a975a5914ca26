/** Multi-layer perceptrons. */
import type { LinearMap } from '../../kernels/linear.ts';
import { codesAbove, complementColumns, transpose } from '../../kernels/linear.ts';
import { argmaxRows } from '../../kernels/math.ts';
import type { Network } from '../../kernels/mlp.ts';
import { ACTIVATIONS, forward } from '../../kernels/mlp.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Data, Label } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';

const module = 'sklearn.neural_network';

export const mlpRegressor = defineEstimators({
  rows: [{ name: 'MLPRegressor', module }],
  read(state) {
    const { nFeatures, nOutputs, outputs } = readNetwork(state);
    return {
      name: state.name,
      task: 'regressor',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: null,
      nOutputs,
      children: [],
      predict(rows) {
        const out = outputs(rows);
        return nOutputs === 1 ? numbers1d(out) : numbers2d(rows.nRows, nOutputs, out);
      },
    };
  },
});

export const mlpClassifier = defineEstimators({
  rows: [{ name: 'MLPClassifier', module }],
  read(state) {
    const { nFeatures, nOutputs, outputs } = readNetwork(state);
    const binarizer = state.nested('_label_binarizer');
    const multilabel = binarizer.string('y_type_').startsWith('multilabel');
    const classes = binarizer.labels('classes_');
    if (nOutputs !== (classes.length === 2 && !multilabel ? 1 : classes.length)) {
      throw state.wrong('intercepts_', `a last layer for ${classes.length} classes`, nOutputs);
    }
    const shared = {
      name: state.name,
      task: 'classifier',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: [classes],
      children: [],
      // With several labels a row these are one matrix too, with the probability of each label.
      predictProba(rows: Data) {
        const out = outputs(rows);
        return nOutputs === 1
          ? [dense(rows.nRows, 2, complementColumns(out))]
          : [dense(rows.nRows, nOutputs, out)];
      },
    } as const;
    if (multilabel) {
      const perLabel = new Array<readonly Label[]>(nOutputs).fill([0, 1]);
      return {
        ...shared,
        nOutputs,
        predict(rows) {
          const codes = codesAbove(outputs(rows), 0.5);
          return {
            kind: 'labels',
            nRows: rows.nRows,
            nCols: nOutputs,
            oneD: false,
            codes,
            classes: perLabel,
          };
        },
      };
    }
    return {
      ...shared,
      nOutputs: 1,
      predict(rows) {
        const out = outputs(rows);
        return labels1d(
          nOutputs === 1 ? codesAbove(out, 0.5) : argmaxRows(out, rows.nRows, nOutputs),
          classes,
        );
      },
    };
  },
});

interface Layers {
  readonly nFeatures: number;
  readonly nOutputs: number;
  /** Outputs of the last layer, `[nRows, nOutputs]`, fresh. */
  readonly outputs: (rows: Data) => Float64Array;
}

function readNetwork(state: EstimatorState): Layers {
  const intercepts = state.list('intercepts_');
  const layers: LinearMap[] = [];
  let nInputs: number | null = null;
  for (const [i, item] of state.list('coefs_').entries()) {
    // `[nInputs, nOutputs]`: what a layer takes must be what the one before gives.
    const { rows, cols, data } = state.matrix(`coefs_[${i}]`, { shape: [nInputs, null] }, item);
    const offsets = state.floats(`intercepts_[${i}]`, { shape: [cols] }, intercepts[i] ?? null);
    layers.push({ nInputs: rows, nOutputs: cols, weights: transpose(data, rows, cols), offsets });
    nInputs = cols;
  }
  const first = layers[0];
  if (first === undefined || nInputs === null) {
    throw state.wrong('coefs_', 'at least one layer', state.value('coefs_'));
  }
  const network: Network = {
    layers,
    hidden: state.choice('activation', ACTIVATIONS),
    output: state.choice('out_activation_', ACTIVATIONS),
  };
  const { name } = state;
  const nFeatures = first.nInputs;
  return {
    nFeatures,
    nOutputs: nInputs,
    outputs: (rows) => forward(network, toMatrix(rows, name, nFeatures, 'finite')),
  };
}
