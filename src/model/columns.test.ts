import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadlineError } from '../errors.ts';
import { csrToDense, toDense } from './coerce.ts';
import { hstack, scaleRows, selectColumns } from './columns.ts';
import type { Csr, Table } from './data.ts';
import { dense } from './data.ts';

const MATRIX = dense(2, 3, Float64Array.of(1, 2, 3, 4, 5, 6));
const SPARSE: Csr = {
  kind: 'csr',
  nRows: 2,
  nCols: 3,
  indptr: Int32Array.of(0, 2, 3),
  indices: Int32Array.of(2, 0, 1),
  data: Float64Array.of(3, 1, 5),
};
const TABLE: Table = {
  kind: 'table',
  nRows: 2,
  names: ['a', 'b', 'c'],
  columns: [Float64Array.of(1, 2), ['x', null], [true, false]],
};

test('columns are chosen in the order asked, twice where asked twice', () => {
  const chosen = Int32Array.of(2, 0, 2);
  assert.deepEqual(selectColumns(MATRIX, chosen), dense(2, 3, Float64Array.of(3, 1, 3, 6, 4, 6)));
  const sparse = selectColumns(SPARSE, chosen);
  assert.ok(sparse.kind === 'csr');
  assert.deepEqual([...csrToDense(sparse).data], [3, 1, 3, 0, 0, 0]);
  assert.deepEqual(selectColumns(TABLE, Int32Array.of(1, 0)), {
    kind: 'table',
    nRows: 2,
    names: ['b', 'a'],
    columns: [['x', null], Float64Array.of(1, 2)],
  });
  assert.throws(
    () => selectColumns({ kind: 'texts', nRows: 1, values: ['a'] }, chosen),
    (error) => error instanceof LoadlineError && error.code === 'LL2006',
  );
});

test('dense, sparse and numeric tables side by side are one matrix', () => {
  const flags: Table = { kind: 'table', nRows: 2, names: null, columns: [[true, null]] };
  const out = hstack([MATRIX, SPARSE, flags], 2);
  assert.deepEqual(out, dense(2, 7, Float64Array.of(1, 2, 3, 1, 0, 3, 1, 4, 5, 6, 0, 5, 0, Number.NaN)));
});

test('a table with strings makes a table without names', () => {
  const out = hstack([SPARSE, TABLE], 2);
  assert.deepEqual(out, {
    kind: 'table',
    nRows: 2,
    names: null,
    columns: [Float64Array.of(1, 0), Float64Array.of(0, 5), Float64Array.of(3, 0), ...TABLE.columns],
  });
});

test('a wide result with a sparse block stays sparse and means the same', () => {
  const wide: Csr = { ...SPARSE, nCols: 2000, indices: Int32Array.of(1999, 0, 7) };
  const out = hstack([MATRIX, wide], 2);
  assert.ok(out.kind === 'csr' && out.nCols === 2003);
  const spread = toDense(out, '', null, 'any').data;
  assert.deepEqual([...spread.subarray(0, 4)], [1, 2, 3, 1]);
  assert.equal(spread[2002], 3);
  assert.equal(spread[2003 + 10], 5);
});

test('one block stays as it is, none is a matrix without columns, float32 stays where all are', () => {
  assert.equal(hstack([SPARSE], 2), SPARSE);
  assert.deepEqual(hstack([], 2), dense(2, 0, new Float64Array(0)));
  const narrow = { ...MATRIX, float32: true } as const;
  assert.deepEqual(Object.hasOwn(hstack([narrow, narrow], 2), 'float32'), true);
  assert.deepEqual(Object.hasOwn(hstack([narrow, MATRIX], 2), 'float32'), false);
});

test('weights multiply every value', () => {
  assert.deepEqual([...scaleRows(MATRIX, 2, 'x').data], [2, 4, 6, 8, 10, 12]);
  assert.deepEqual([...scaleRows(SPARSE, 2, 'x').data], [6, 2, 10]);
  assert.deepEqual([...MATRIX.data], [1, 2, 3, 4, 5, 6]);
});

test('a sparse matrix is not spread out beyond what fits the memory', () => {
  const huge: Csr = { ...SPARSE, nCols: 2 ** 30 };
  assert.throws(
    () => csrToDense(huge),
    (error) => error instanceof LoadlineError && error.code === 'LL2009',
  );
});
