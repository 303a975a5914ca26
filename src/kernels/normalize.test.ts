import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../model/data.ts';
import { normalizeCsr, normalizeDense, sumOfSquares } from './normalize.ts';

test('squares are summed in the order of numpy.einsum', () => {
  const row = Float64Array.of(
    1.789,
    0.437,
    0.096,
    -1.863,
    -0.277,
    -0.355,
    -0.083,
    -0.627,
    -0.044,
    -0.477,
    -1.314,
    0.885,
    0.881,
    1.71,
    0.05,
    -0.405,
    -0.545,
    -1.546,
    0.982,
  );
  // numpy.einsum('ij,ij->i', row, row) of numpy 2.5; a plain sum gives 17.731784
  assert.equal(sumOfSquares(row, 0, row.length), 17.731783999999998);
});

test('rows are divided by their norm; one that is nearly zero stays', () => {
  const rows = dense(3, 2, Float64Array.of(3, -4, 0, 0, 1e-16, 0));
  assert.deepEqual(Array.from(normalizeDense(rows, 'l2').data), [0.6, -0.8, 0, 0, 1e-16, 0]);
  assert.deepEqual(Array.from(normalizeDense(rows, 'max').data), [0.75, -1, 0, 0, 1e-16, 0]);
  assert.deepEqual(Array.from(normalizeDense(rows, 'l1').data), [3 / 7, -4 / 7, 0, 0, 1e-16, 0]);
});

test('sparse rows keep their shape, and only a norm of exactly zero stops the division', () => {
  const out = normalizeCsr(
    {
      kind: 'csr',
      nRows: 3,
      nCols: 3,
      indptr: Int32Array.of(0, 2, 2, 3),
      indices: Int32Array.of(0, 2, 1),
      data: Float64Array.of(3, 4, 1e-16),
    },
    'l2',
  );
  assert.deepEqual(Array.from(out.data), [0.6, 0.8, 1]);
  assert.deepEqual(Array.from(out.indptr), [0, 2, 2, 3]);
});
