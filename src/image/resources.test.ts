import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultResources } from './resources.ts';

test('the default memory is enough for what was measured, and a round number', () => {
  // Model file in bytes; MiB of a container's limit under which Node 24.21 opened it and got ready.
  const measured = [
    { size: 520, neededMiB: 96 },
    { size: 5_679_435, neededMiB: 128 },
    { size: 25_865_098, neededMiB: 448 },
    { size: 38_711_144, neededMiB: 448 },
    { size: 52_097_569, neededMiB: 448 },
    { size: 182_088_374, neededMiB: 320 },
  ];
  for (const { size, neededMiB } of measured) {
    const { memoryMiB, cpus } = defaultResources(size);
    assert.ok(memoryMiB >= neededMiB, `${memoryMiB} MiB for ${size} bytes`);
    assert.equal(memoryMiB % 64, 0);
    assert.equal(cpus, 1);
  }
  // By hand: 192 + 8 × 32 = 448; one byte more takes the next step.
  assert.equal(defaultResources(32 * 1024 ** 2).memoryMiB, 448);
  assert.equal(defaultResources(32 * 1024 ** 2 + 1).memoryMiB, 512);
});
