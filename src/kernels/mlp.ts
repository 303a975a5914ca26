/** Feed-forward networks. */
import type { Csr, Dense } from '../model/data.ts';
import { dense } from '../model/data.ts';
import type { LinearMap } from './linear.ts';
import { applyLinear } from './linear.ts';
import { expit, softmaxRows } from './math.ts';

export const ACTIVATIONS = ['identity', 'logistic', 'tanh', 'relu', 'softmax', 'exp'] as const;

export type Activation = (typeof ACTIVATIONS)[number];

export interface Network {
  /** Each layer takes as many inputs as the one before gives. */
  readonly layers: readonly LinearMap[];
  /** Applied after every layer but the last. */
  readonly hidden: Activation;
  /** Applied after the last layer. */
  readonly output: Activation;
}

/** Outputs of the last layer, row-major `[nRows, nOutputs]`; the caller owns them. */
export function forward(network: Network, rows: Dense | Csr): Float64Array {
  const { layers, hidden, output } = network;
  let input = rows;
  let out: Float64Array = new Float64Array(0);
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i]!;
    out = applyLinear(layer, input);
    activate(out, i === layers.length - 1 ? output : hidden, layer.nOutputs);
    input = dense(rows.nRows, layer.nOutputs, out);
  }
  return out;
}

function activate(data: Float64Array, activation: Activation, nCols: number): void {
  switch (activation) {
    case 'identity':
      return;
    case 'relu':
      for (let i = 0; i < data.length; i++) {
        if (data[i]! < 0) {
          data[i] = 0;
        }
      }
      return;
    case 'tanh':
      mapInPlace(data, Math.tanh);
      return;
    case 'logistic':
      mapInPlace(data, expit);
      return;
    case 'exp':
      mapInPlace(data, Math.exp);
      return;
    case 'softmax':
      softmaxRows(data, data.length / nCols, nCols);
      return;
  }
}

function mapInPlace(data: Float64Array, f: (x: number) => number): void {
  for (let i = 0; i < data.length; i++) {
    data[i] = f(data[i]!);
  }
}
