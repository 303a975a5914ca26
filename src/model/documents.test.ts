import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { LoadlineError } from '../errors.ts';
import type { Cell, Data } from './data.ts';
import { dense } from './data.ts';
import { toRecords, toTexts } from './documents.ts';

function column(...cells: Cell[]): Data {
  return { kind: 'table', nRows: cells.length, names: ['note'], columns: [cells] };
}

test('texts are texts, and so is a table of one column of strings', () => {
  assert.deepEqual(toTexts({ kind: 'texts', nRows: 1, values: ['a'] }, 'X'), ['a']);
  assert.deepEqual(toTexts(column('a', 'b'), 'X'), ['a', 'b']);
});

test('what is no text is refused with its row and column', () => {
  const refused: readonly [Data, ErrorCode, number | undefined][] = [
    [column('a', null), 'LL2007', 1],
    [column('a', 5), 'LL2006', 1],
    [{ kind: 'table', nRows: 1, names: ['note'], columns: [Float64Array.of(Number.NaN)] }, 'LL2007', 0],
    [{ kind: 'table', nRows: 1, names: null, columns: [['a'], ['b']] }, 'LL2006', undefined],
    [dense(1, 1, Float64Array.of(1)), 'LL2006', undefined],
  ];
  for (const [rows, code, row] of refused) {
    assert.throws(
      () => toTexts(rows, 'TfidfVectorizer'),
      (error) =>
        error instanceof LoadlineError &&
        error.code === code &&
        error.detail.row === row &&
        error.detail.field === (row === undefined ? undefined : 'note'),
    );
  }
});

test('records are taken only as records', () => {
  const values = [new Map([['a', 1]])];
  assert.equal(toRecords({ kind: 'records', nRows: 1, values }, 'X'), values);
  assert.throws(
    () => toRecords(column('a'), 'X'),
    (error) => error instanceof LoadlineError && error.code === 'LL2006',
  );
});
