import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Csr } from '../model/data.ts';
import { dense } from '../model/data.ts';
import type { Link } from './linear.ts';
import {
  applyLinear,
  codesAbove,
  dot,
  logisticOrSoftmaxLink,
  modifiedHuberLink,
  oneVsRestLink,
  oneVsRestUniformLink,
  softmaxLink,
  transpose,
} from './linear.ts';

const map = {
  nInputs: 3,
  nOutputs: 2,
  weights: Float64Array.of(1, -2, 0.5, 0, 4, -1),
  offsets: Float64Array.of(10, 0.25),
};

test('a map takes dense and sparse rows alike', () => {
  // [1, 2, 4] → 1 − 4 + 2 + 10 and 8 − 4 + 0.25; zeros → the offsets; [0, 3, 0] → −6 + 10 and 12 + 0.25
  const wanted = [9, 4.25, 10, 0.25, 4, 12.25];
  const rows = dense(3, 3, Float64Array.of(1, 2, 4, 0, 0, 0, 0, 3, 0));
  // columns of a row in any order
  const sparse: Csr = {
    kind: 'csr',
    nRows: 3,
    nCols: 3,
    indptr: Int32Array.of(0, 3, 3, 4),
    indices: Int32Array.of(2, 0, 1, 1),
    data: Float64Array.of(4, 1, 2, 3),
  };
  assert.deepEqual([...applyLinear(map, rows)], wanted);
  assert.deepEqual([...applyLinear(map, sparse)], wanted);
});

test('dot takes every length from its starts on', () => {
  const a = Float64Array.from({ length: 12 }, (_, i) => i + 1);
  const b = Float64Array.from({ length: 12 }, (_, i) => 10 ** (i % 3));
  for (let n = 0; n <= 9; n++) {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      sum += (i + 3) * 10 ** ((i + 1) % 3);
    }
    assert.equal(dot(a, 2, b, 1, n), sum, `n = ${n}`);
  }
});

test('transpose', () => {
  assert.deepEqual([...transpose(Float64Array.of(1, 2, 3, 4, 5, 6), 2, 3)], [1, 4, 2, 5, 3, 6]);
});

test('a code is 1 only above the threshold', () => {
  assert.deepEqual([...codesAbove(Float64Array.of(-1, 0, 1e-300, 2), 0)], [0, 0, 1, 1]);
  assert.deepEqual([...codesAbove(Float64Array.of(0.5, 0.50001), 0.5)], [0, 1]);
});

// Made with scipy.special.expit and softmax on the scores [1, −2, 0.5], 0.75 and [−800, −900, −1000].
const LINKS: readonly [string, Link, number[], number[]][] = [
  ['one against the rest', oneVsRestLink, [1, -2, 0.5], [0.49639997, 0.08094061, 0.42265942]],
  ['one against the rest, two classes', oneVsRestLink, [0.75], [0.32082130082, 0.67917869918]],
  [
    'one against the rest, all vanished',
    oneVsRestLink,
    [-800, -900, -1000],
    [Number.NaN, Number.NaN, Number.NaN],
  ],
  ['uniform, all vanished', oneVsRestUniformLink, [-800, -900, -1000], [1 / 3, 1 / 3, 1 / 3]],
  ['uniform, ordinary', oneVsRestUniformLink, [1, -2, 0.5], [0.49639997, 0.08094061, 0.42265942]],
  ['softmax', softmaxLink, [1, -2, 0.5], [0.6037489, 0.03005889, 0.36619222]],
  ['softmax of one score', softmaxLink, [0.75], [0.18242552, 0.81757448]],
  ['logistic of one score', logisticOrSoftmaxLink, [0.75], [0.32082130082, 0.67917869918]],
  ['softmax of three scores', logisticOrSoftmaxLink, [1, -2, 0.5], [0.6037489, 0.03005889, 0.36619222]],
  ['modified Huber', modifiedHuberLink, [1, -2, 0.5], [0.57142857, 0, 0.42857143]],
  ['modified Huber, all vanished', modifiedHuberLink, [-800, -900, -1000], [1 / 3, 1 / 3, 1 / 3]],
  ['modified Huber, two classes', modifiedHuberLink, [0.5], [0.25, 0.75]],
];

for (const [name, link, scores, wanted] of LINKS) {
  test(`probabilities: ${name}`, () => {
    // twice, to see that each row stands for itself
    const found = link(Float64Array.of(...scores, ...scores), 2, scores.length);
    assert.equal(found.length, wanted.length * 2);
    for (const [i, value] of found.entries()) {
      const expected = wanted[i % wanted.length]!;
      assert.ok(Object.is(value, expected) || Math.abs(value - expected) < 1e-8, `${i}: ${value}`);
    }
  });
}
