import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadlineError } from '../errors.ts';
import { dense } from '../model/data.ts';
import { atColumns, atLaterStep, atStep, within } from './step-error.ts';

const REFUSED = new LoadlineError('LL2007', 'Row 1, column 0: Ridge wanted a finite number, found NaN', {
  row: 1,
  field: 'column 0',
});

function detailOf(error: unknown) {
  assert.ok(error instanceof LoadlineError);
  const { cause: _, ...detail } = error.detail;
  return { code: error.code, message: error.message, ...detail };
}

test('an input error gains its step, outer steps first, and keeps row and field', () => {
  assert.deepEqual(detailOf(atStep(atStep(REFUSED, 'ridge'), 'outer')), {
    code: 'LL2007',
    message: REFUSED.message,
    row: 1,
    field: 'column 0',
    where: 'outer.ridge',
  });
});

test('other errors come back as they are', () => {
  const state = new LoadlineError('LL4003', 'broken');
  assert.equal(atStep(state, 'x'), state);
  const defect = new TypeError('defect');
  assert.equal(atLaterStep(defect, 'x', dense(1, 1, Float64Array.of(1))), defect);
  assert.equal(atColumns(defect, 'x', Int32Array.of(0), null), defect);
});

test('a column of a later step is traced to the missing value it came from', () => {
  const rows = dense(2, 3, Float64Array.of(1, 2, 3, 4, 5, Number.NaN));
  const { field, message } = detailOf(atLaterStep(REFUSED, 'ridge', rows));
  assert.equal(field, 'column 2');
  assert.equal(message, 'Row 1, column 2: Ridge wanted a finite number, found NaN');
  const table = {
    kind: 'table',
    nRows: 2,
    names: ['a', 'b'],
    columns: [
      ['x', 'y'],
      ['x', null],
    ],
  } as const;
  assert.equal(detailOf(atLaterStep(REFUSED, 'ridge', table)).field, 'b');
  assert.equal(detailOf(atLaterStep(REFUSED, 'ridge', dense(2, 1, Float64Array.of(1, 2)))).field, undefined);
});

test('a column of chosen columns gets the number or name it has outside', () => {
  const chosen = Int32Array.of(4, 2);
  assert.equal(detailOf(atColumns(REFUSED, 'num', chosen, null)).field, 'column 4');
  const named = detailOf(atColumns(REFUSED, 'num', chosen, ['a', 'b', 'c', 'd', 'e']));
  assert.equal(named.field, 'e');
  assert.equal(named.message, 'Row 1, e: Ridge wanted a finite number, found NaN');
  const own = new LoadlineError('LL2006', 'Row 0, city: X', { row: 0, field: 'city' });
  assert.equal(detailOf(atColumns(own, 'num', chosen, null)).field, 'city');
});

test('within adds the step to what is thrown', () => {
  assert.equal(
    within('a', () => 7),
    7,
  );
  assert.throws(
    () =>
      within('a', () => {
        throw REFUSED;
      }),
    (error) => detailOf(error).where === 'a',
  );
});
