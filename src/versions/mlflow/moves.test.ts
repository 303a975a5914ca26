import assert from 'node:assert/strict';
import { test } from 'node:test';
import { previousOf } from '../previous.ts';
import { addMove, completeMoves, parseMoves } from './moves.ts';

const move = (
  at: number,
  changes: Partial<Parameters<typeof addMove>[1]> = {},
): Parameters<typeof addMove>[1] => ({
  at,
  alias: 'champion',
  from: '1',
  to: '2',
  by: 'ada',
  why: 'lower error',
  rollback: false,
  ...changes,
});

test('a move at no time is none that Loadline wrote', () => {
  const tag = JSON.stringify([{ t: 1e300, a: 'champion', f: null, to: '1', by: 'ada' }]);
  assert.deepEqual(parseMoves('house-price', tag), []);
});

test('what was written is read back, newest first', () => {
  const one = addMove(undefined, move(1, { from: null, why: '' }));
  const two = addMove(one, move(2, { rollback: true }));
  const three = addMove(two, move(3, { to: null }));
  const row = { name: 'house-price', alias: 'champion', by: 'ada' };
  assert.deepEqual(parseMoves('house-price', three), [
    { ...row, at: 3, kind: 'alias-deleted', version: null, from: '1', to: null, why: 'lower error' },
    {
      ...row,
      at: 2,
      kind: 'alias-moved',
      version: '2',
      from: '1',
      to: '2',
      rollback: true,
      why: 'lower error',
    },
    { ...row, at: 1, kind: 'alias-moved', version: '2', from: null, to: '2', why: '' },
  ]);
});

test('it stays below the 5,000 characters that MLflow 2 takes, and keeps the newest', () => {
  let tag: string | undefined;
  for (let at = 0; at < 500; at++) {
    tag = addMove(tag, move(at, { why: 'a reason "of" some length, '.repeat(20), by: 'x'.repeat(500) }));
    assert.ok(tag.length <= 5000);
  }
  const kept = parseMoves('house-price', tag);
  assert.ok(kept.length >= 10, `only ${kept.length} are kept`);
  assert.deepEqual(
    kept.map(({ at }) => at),
    Array.from({ length: kept.length }, (_, i) => 499 - i),
  );
});

test('one move that is too long by itself is kept', () => {
  const tag = addMove(undefined, move(1, { alias: 'a'.repeat(255), why: '"'.repeat(1000) }));
  assert.equal(parseMoves('m', tag).length, 1);
  assert.ok(tag.length < 1000);
});

test('a tag that somebody else wrote is no history', () => {
  for (const tag of [
    '',
    'moved by hand',
    '{}',
    'null',
    '[1, null, {"t": "x"}]',
    '[{"t":1,"a":"b","f":2,"to":"3","by":"x"}]',
  ]) {
    assert.deepEqual(parseMoves('m', tag), [], tag);
  }
});

test('moves that others made in between count for the way back', () => {
  /** `1>2` is a move, `2<1` a way back. */
  const way = (text: string, now: string | null): string | null => {
    let tag: string | undefined;
    for (const [i, step] of text.split(' ').entries()) {
      const [from = '', to = ''] = step.split(/[<>]/);
      tag = addMove(tag, move(i, { from: from || null, to: to || null, rollback: step.includes('<') }));
    }
    return previousOf(completeMoves(parseMoves('m', tag), now), () => true);
  };
  // Never by Loadline before, but where it was is known.
  assert.equal(way('1>2', '2'), '1');
  assert.equal(way('>2', '2'), null);
  assert.equal(way('1>2 2>3', '3'), '2');
  // Somebody went on from 2 to 5 before Loadline moved it to 6.
  assert.equal(way('1>2 5>6', '6'), '5');
  // Somebody moved it to 9 since.
  assert.equal(way('1>2', '9'), '2');
  assert.equal(way('1>2', null), '2');
  // Back and back again.
  assert.equal(way('1>2 2>3 3<2', '2'), '1');
  assert.equal(way('1>2 2>3 3<2 2<1', '1'), null);
});
