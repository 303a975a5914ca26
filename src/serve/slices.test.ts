import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Data } from '../model/data.ts';
import { dense, labels1d, numbers2d } from '../model/data.ts';
import { joinPredictions, sliceRows } from './slices.ts';

test('rows of every kind are cut at the same place', () => {
  assert.deepEqual(
    sliceRows(dense(3, 2, Float64Array.of(1, 2, 3, 4, 5, 6)), 1, 3),
    dense(2, 2, Float64Array.of(3, 4, 5, 6)),
  );
  const table: Data = {
    kind: 'table',
    nRows: 3,
    names: ['a', 'b'],
    columns: [Float64Array.of(1, 2, 3), ['x', 'y', null]],
  };
  assert.deepEqual(sliceRows(table, 1, 3), {
    ...table,
    nRows: 2,
    columns: [Float64Array.of(2, 3), ['y', null]],
  });
  assert.deepEqual(sliceRows({ kind: 'texts', nRows: 2, values: ['a', 'b'] }, 0, 1), {
    kind: 'texts',
    nRows: 1,
    values: ['a'],
  });
  const records: Data = { kind: 'records', nRows: 2, values: [new Map([['a', 1]]), new Map([['b', 2]])] };
  assert.deepEqual(sliceRows(records, 1, 2), { kind: 'records', nRows: 1, values: [new Map([['b', 2]])] });
  const csr: Data = {
    kind: 'csr',
    nRows: 3,
    nCols: 4,
    indptr: Int32Array.of(0, 1, 3, 4),
    indices: Int32Array.of(0, 1, 2, 3),
    data: Float64Array.of(1, 2, 3, 4),
  };
  assert.deepEqual(sliceRows(csr, 1, 3), {
    ...csr,
    nRows: 2,
    indptr: Int32Array.of(0, 2, 3),
    indices: Int32Array.of(1, 2, 3),
    data: Float64Array.of(2, 3, 4),
  });
});

test('predictions are put together in order', () => {
  const classes = ['a', 'b'];
  const part = (codes: number[], p: number[]) => ({
    target: labels1d(Int32Array.from(codes), classes),
    probabilities: [dense(codes.length, 2, Float64Array.from(p))],
    classes: [classes],
  });
  assert.deepEqual(
    joinPredictions([part([0], [1, 0]), part([1, 0], [0, 1, 0.5, 0.5])]),
    part([0, 1, 0], [1, 0, 0, 1, 0.5, 0.5]),
  );
  const numbers = (...data: number[]) => ({
    target: numbers2d(data.length / 2, 2, Float64Array.from(data)),
    probabilities: null,
    classes: null,
  });
  assert.deepEqual(joinPredictions([numbers(1, 2), numbers(3, 4, 5, 6)]), numbers(1, 2, 3, 4, 5, 6));
});
