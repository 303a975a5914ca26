import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pageOf } from './page.ts';

const ROWS = [1, 2, 3, 4, 5];

test('page by page', () => {
  const first = pageOf(ROWS, 2, null);
  assert.deepEqual(first.rows, [1, 2]);
  // As mlflow 3.17 writes it.
  assert.equal(Buffer.from(first.next!, 'base64').toString(), '{"offset": 2}');
  const second = pageOf(ROWS, 2, first.next!);
  assert.deepEqual(second.rows, [3, 4]);
  assert.deepEqual(pageOf(ROWS, 2, second.next!), { rows: [5], next: undefined });
  assert.equal(pageOf(ROWS, 5, null).next, undefined);
  assert.deepEqual(pageOf(ROWS, 2, ''), first);
});

test('a token is of its search only', () => {
  const { next } = pageOf(ROWS, 2, null, { filter_string: 'a', order_by: null });
  assert.deepEqual(pageOf(ROWS, 2, next!, { filter_string: 'a', order_by: null }).rows, [3, 4]);
  assert.throws(() => pageOf(ROWS, 2, next!, { filter_string: 'b', order_by: null }), {
    message: 'The page token is of another search: its filter_string is "a", that of the request "b"',
  });
});

describe('tokens that are none', () => {
  for (const text of [
    'x',
    'null',
    '{"offset": 0}',
    '{"offset": -1}',
    '{"offset": 1.5}',
    '{"offset": "x"}',
    '[]',
    '1',
  ]) {
    test(text, () => {
      assert.throws(() => pageOf(ROWS, 2, Buffer.from(text).toString('base64')), {
        code: 'INVALID_PARAMETER_VALUE',
      });
    });
  }
});
