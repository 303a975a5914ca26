/** Where rollbacks lead; expected values by hand from the rules in `previousOf`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { previousOf } from './previous.ts';
import type { HistoryEvent } from './types.ts';

/** `3` moves forward to 3, `<2` rolls back to 2, `x` takes the alias away. */
function events(steps: string): HistoryEvent[] {
  const all = steps.split(' ').map(
    (step, at): HistoryEvent => ({
      at,
      kind: step === 'x' ? 'alias-deleted' : 'alias-moved',
      name: 'house-price',
      version: null,
      alias: 'champion',
      from: null,
      to: step === 'x' ? null : step.replace('<', ''),
      ...(step.startsWith('<') && { rollback: true }),
      by: 'tester',
      why: '',
    }),
  );
  return all.toReversed();
}

const ROWS: readonly (readonly [steps: string, previous: string | null, gone?: string])[] = [
  ['1', null],
  ['1 2', '1'],
  ['1 2 3', '2'],
  // Two in a row do not go to and fro.
  ['1 2 3 <2', '1'],
  ['1 2 3 <2 <1', null],
  // A move forward after a rollback counts from there.
  ['1 2 3 <2 4', '2'],
  ['1 2 3 <2 4 <2', '1'],
  // Promoting an old version is a move like any other: it is undone by going back to what it replaced.
  ['1 2 1', '2'],
  ['1 2 1 <2', '1'],
  ['1 2 1 <2 <1', null],
  // --to goes back several steps at once, or to where the alias never was.
  ['1 2 3 4 <2', '1'],
  ['1 3 <2', '3'],
  // Versions that are no more are passed over.
  ['1 2 3', '1', '2'],
  ['1 2', null, '1'],
  // An alias taken away comes back to where it was.
  ['1 2 x', '2'],
  ['1 2 x <2', '1'],
  ['1 2 x 2', '1'],
  ['x', null],
];

for (const [steps, previous, gone] of ROWS) {
  test(`after ${steps}${gone === undefined ? '' : `, without ${gone}`}: ${previous ?? 'nothing'}`, () => {
    assert.equal(
      previousOf(events(steps), (version) => version !== gone),
      previous,
    );
  });
}

test('without any event there is nothing before', () => {
  assert.equal(
    previousOf([], () => true),
    null,
  );
});
