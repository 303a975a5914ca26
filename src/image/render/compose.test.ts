/** `node --test --test-update-snapshots FILE` writes fixtures/compose.yaml again. What compose makes of it is in test/image. */
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { examplePlan } from '../fixtures/plan.ts';
import { renderCompose } from './compose.ts';

test('the compose file reads as its fixture', async (t) => {
  t.assert.fileSnapshot(
    renderCompose(await examplePlan(), { image: 'ghcr.io/team/ml-model:v1', memoryMiB: 256, cpus: 1 }),
    fileURLToPath(new URL('./fixtures/compose.yaml', import.meta.url)),
    { serializers: [String] },
  );
});
