import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.ts';

test('the candidate with the fewest edits, when they are few', () => {
  const words = ['features', 'probabilities'];
  assert.equal(nearest('feature', words), 'features');
  assert.equal(nearest('featrues', words), 'features');
  assert.equal(nearest('probability', words), 'probabilities');
  assert.equal(nearest('wacth', ['match', 'watch']), 'watch');
  assert.equal(nearest('prot', ['port', 'host']), 'port');
  assert.equal(nearest('rows', words), null);
  assert.equal(nearest('', words), null);
  assert.equal(nearest('x', ['y']), 'y');
  assert.equal(nearest('f'.repeat(1_000_000), words), null);
});
