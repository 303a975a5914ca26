import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denseToCsr, mapStored, reverseRows, sparseRows } from './sparse-rows.ts';

test('entries are summed by column and sorted; a sum of 0 stays stored', () => {
  const rows = [
    [
      [3, 1],
      [1, 2],
      [3, 0.5],
    ],
    [],
    [
      [0, 1],
      [0, -1],
    ],
  ] as const;
  const csr = sparseRows(3, 4, (i, add) => {
    for (const [column, value] of rows[i]!) {
      add(column, value);
    }
  });
  assert.deepEqual(csr, {
    kind: 'csr',
    nRows: 3,
    nCols: 4,
    indptr: Int32Array.of(0, 2, 2, 3),
    indices: Int32Array.of(1, 3, 0),
    data: Float64Array.of(2, 1.5, 0),
  });
});

test('the matrix grows beyond what was set aside', () => {
  const csr = sparseRows(2, 1000, (i, add) => {
    for (let j = 0; j < 500; j++) {
      add(999 - j, i + 1);
    }
  });
  assert.deepEqual([...csr.indptr], [0, 500, 1000]);
  assert.ok(csr.indices.subarray(0, 500).every((column, k) => column === 500 + k));
  assert.ok(csr.data.subarray(500).every((value) => value === 2));
});

test('from dense, reversed and mapped', () => {
  const csr = denseToCsr({ kind: 'dense', nRows: 2, nCols: 3, data: Float64Array.of(0, 2, 3, 4, 0, 0) });
  assert.deepEqual([...csr.indices], [1, 2, 0]);
  const reversed = reverseRows(csr);
  assert.deepEqual([...reversed.indices], [2, 1, 0]);
  assert.deepEqual([...reversed.data], [3, 2, 4]);
  assert.deepEqual([...mapStored(csr, (x) => x * 10).data], [20, 30, 40]);
  assert.deepEqual([...csr.data], [2, 3, 4]);
});
