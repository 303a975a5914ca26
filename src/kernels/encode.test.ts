import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, encodeColumn, indexCategories, lookUpCodes, oneHotCsr, oneHotDense } from './encode.ts';

test('categories are told apart as in Python: True is 1, a string is no number', () => {
  const index = indexCategories(['1', 1, 2.5, 'x', false]);
  assert.deepEqual(
    ['1', 1, true, 2.5, 'x', 0, false, -0, '2.5', '', 3, null].map((cell) => codeOf(index, cell)),
    [0, 1, 1, 2, 3, 4, 4, 4, -1, -1, -1, -1],
  );
});

test('a missing cell is None where that is a category, else NaN', () => {
  assert.equal(codeOf(indexCategories(['a', Number.NaN]), null), 1);
  assert.equal(codeOf(indexCategories(['a', null]), null), 1);
  assert.equal(codeOf(indexCategories(['a', null, Number.NaN]), null), 1);
  assert.equal(codeOf(indexCategories(['a', null, Number.NaN]), Number.NaN), 2);
  assert.equal(codeOf(indexCategories(['a', null]), Number.NaN), 1);
  assert.equal(codeOf(indexCategories(['__proto__']), 'constructor'), -1);
});

test('codes become ones, values and nothing', () => {
  const codes = new Int32Array(6);
  encodeColumn(indexCategories(['a', 'b']), ['b', 'a', 'z'], codes, 0, 2);
  encodeColumn(indexCategories([5, 6, 7]), Float64Array.of(7, 9, 5), codes, 1, 2);
  assert.deepEqual(Array.from(codes), [1, 2, 0, -1, -1, 0]);
  // The first category of the second feature is dropped; its unknown values go to the last column.
  const plan = {
    width: 4,
    columns: [Int32Array.of(0, 1), Int32Array.of(-1, 2, 3)],
    unknown: Int32Array.of(-1, 3),
  };
  assert.deepEqual(Array.from(oneHotDense(codes, 3, plan).data), [0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0]);
  const sparse = oneHotCsr(codes, 3, plan);
  assert.deepEqual(Array.from(sparse.indptr), [0, 2, 4, 4]);
  assert.deepEqual(Array.from(sparse.indices), [1, 3, 0, 3]);
  const values = [
    { feature: 1, values: Float64Array.of(10, 20, 30, -1) },
    { feature: 0, values: Float64Array.of(0.5, 0.25, 9) },
  ];
  assert.deepEqual(Array.from(lookUpCodes(codes, 3, 2, values)), [30, 0.25, -1, 0.5, 10, 9]);
});
