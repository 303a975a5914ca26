import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSize } from './docker.ts';

test("docker stats' sizes as bytes", () => {
  const cases: readonly [string, number][] = [
    ['23.57MiB / 128MiB\n', Math.round(23.57 * 1_048_576)],
    ['512B / 6MiB', 512],
    ['1.5KiB / 6MiB', 1536],
    ['1.25GiB / 2GiB', 1.25 * 1_073_741_824],
    ['0B / 0B', 0],
  ];
  for (const [text, bytes] of cases) {
    assert.equal(readSize(text), bytes);
  }
});
