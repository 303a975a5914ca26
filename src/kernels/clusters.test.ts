import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dense } from '../model/data.ts';
import { nearestPoints, pointDistances } from './clusters.ts';
import { densePoints, euclidean } from './distance.ts';

/** Centres (0, 0), (3, 4) and (0, 0) again. */
const CENTRES = densePoints(euclidean(), Float64Array.of(0, 0, 3, 4, 0, 0), 2);

test('the nearest centre, the first of equals', () => {
  const rows = dense(3, 2, Float64Array.of(1, 1, 3, 3, 0, 0));
  assert.deepEqual([...nearestPoints(CENTRES, rows)], [0, 1, 0]);
});

test('distances to every centre', () => {
  const rows = dense(2, 2, Float64Array.of(0, 0, 3, 0));
  assert.deepEqual([...pointDistances(CENTRES, rows)], [0, 5, 0, 3, 4, 3]);
});
