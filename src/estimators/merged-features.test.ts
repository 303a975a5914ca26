import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Feature } from '../model/fitted.ts';
import { strictest } from './merged-features.ts';

test('the stricter kind wins, a missing value passes only where both take it, and a name is kept', () => {
  const number: Feature = { name: null, kind: 'number', missing: true };
  const category: Feature = { name: 'city', kind: 'category', categories: ['a'], missing: false };
  const any: Feature = { name: null, kind: 'any', missing: true };
  assert.deepEqual(strictest(number, category), { name: 'city', kind: 'number', missing: false });
  assert.deepEqual(strictest(any, category), category);
  assert.deepEqual(strictest(category, any), category);
  assert.deepEqual(strictest(any, any), any);
});
