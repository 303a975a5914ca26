/** `node --test --test-update-snapshots FILE` writes the Dockerfile in fixtures/ again. What Docker makes of it is in test/image. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isLoadlineError } from '../../errors.ts';
import { examplePlan } from '../fixtures/plan.ts';
import type { ImagePlan } from '../plan.ts';
import { type ContextFile, foldersOf, renderContext } from './dockerfile.ts';

function textOf(files: readonly ContextFile[], path: string): string {
  const source = files.find((file) => file.path === path)?.source;
  assert.ok(source !== undefined && 'bytes' in source);
  return Buffer.from(source.bytes).toString();
}

function withLabel(plan: ImagePlan, value: string): ImagePlan {
  return { ...plan, config: { ...plan.config, labels: { note: value } } };
}

test('the Dockerfile reads as its fixture', async (t) => {
  const { files } = renderContext(await examplePlan());
  t.assert.fileSnapshot(
    textOf(files, 'Dockerfile'),
    fileURLToPath(new URL('./fixtures/Dockerfile', import.meta.url)),
    { serializers: [String] },
  );
});

test('the context is laid out as COPY wants it', async () => {
  const { files } = renderContext(await examplePlan());
  assert.deepEqual(
    files.map(({ path, mode }) => [path, mode]),
    [
      ['Dockerfile', 0o644],
      ['.dockerignore', 0o644],
      ['loadline/server/chunks/well.js', 0o644],
      ['loadline/server/health.js', 0o644],
      ['loadline/server/package.json', 0o644],
      ['loadline/server/server.js', 0o644],
      ['loadline/model/model.pkl', 0o644],
    ],
  );
  assert.deepEqual(foldersOf(files), [
    'loadline',
    'loadline/model',
    'loadline/server',
    'loadline/server/chunks',
  ]);
});

test('a value on several lines is refused, since a Dockerfile cannot hold it', async () => {
  const plan = await examplePlan();
  assert.throws(
    () => renderContext(withLabel(plan, 'one\ntwo')),
    (error) =>
      isLoadlineError(error) && error.code === 'LL1005' && /LABEL note.*"one\\ntwo"/.test(error.message),
  );
});

test('names cannot break out of the comments', async () => {
  const plan = await examplePlan();
  const { files } = renderContext({
    ...plan,
    model: { ...plan.model, estimator: 'Ridge\nRUN rm -rf /\r\u2028RUN x' },
  });
  const text = textOf(files, 'Dockerfile');
  assert.ok(text.includes('RUN rm'));
  assert.ok(text.split(/[\n\r\u2028]/).every((line) => !line.startsWith('RUN')));
});
