import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Csr } from '../model/data.ts';
import { dense } from '../model/data.ts';
import type { Activation } from './mlp.ts';
import { forward } from './mlp.ts';

const first = {
  nInputs: 2,
  nOutputs: 2,
  weights: Float64Array.of(1, 2, -1, 0.5),
  offsets: Float64Array.of(0.5, -0.25),
};
const single = {
  nInputs: 2,
  nOutputs: 1,
  weights: Float64Array.of(1, -2),
  offsets: Float64Array.of(0.1),
};
const double = {
  nInputs: 2,
  nOutputs: 2,
  weights: Float64Array.of(1, -2, 0, 1),
  offsets: Float64Array.of(0.1, 0.2),
};
const rows = dense(2, 2, Float64Array.of(1, -2, 0.3, 0.4));
const sparse: Csr = {
  kind: 'csr',
  nRows: 2,
  nCols: 2,
  indptr: Int32Array.of(0, 2, 4),
  indices: Int32Array.of(0, 1, 0, 1),
  data: rows.data,
};

// Made with numpy on the same matrices.
const CASES: readonly [Activation, Activation, typeof single, number[]][] = [
  ['relu', 'identity', single, [0.1, 1.7]],
  ['tanh', 'identity', single, [1.06943793, 1.69441964]],
  ['logistic', 'identity', single, [-0.01484075, 0.10525354]],
  ['identity', 'identity', single, [2.1, 2.4]],
  ['relu', 'softmax', double, [0.47502081, 0.52497919, 0.81757448, 0.18242552]],
  ['relu', 'exp', double, [1.10517092, 1.22140276, 5.47394739, 1.22140276]],
];

for (const [hidden, output, last, wanted] of CASES) {
  test(`${hidden} inside, ${output} at the end`, () => {
    for (const input of [rows, sparse]) {
      const found = forward({ layers: [first, last], hidden, output }, input);
      assert.equal(found.length, wanted.length);
      for (const [i, value] of found.entries()) {
        assert.ok(Math.abs(value - wanted[i]!) < 1e-8, `${i}: ${value}, wanted ${wanted[i]}`);
      }
    }
  });
}
