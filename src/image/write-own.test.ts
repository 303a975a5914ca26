import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import { writeOwn } from './write-own.ts';

const root = mkdtempSync(join(tmpdir(), 'loadline-own-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('its own file is replaced, with a mode that does not hang on the umask', async () => {
  const path = join(root, 'own.yaml');
  const umask = process.umask(0o077);
  try {
    await writeOwn(path, '# marker\nold\n');
    await writeOwn(path, '# marker\nnew\n');
  } finally {
    process.umask(umask);
  }
  assert.equal(readFileSync(path, 'utf8'), '# marker\nnew\n');
  assert.equal(statSync(path).mode & 0o777, 0o644);
});

test("someone else's file stays, unless told to", async () => {
  const path = join(root, 'theirs.yaml');
  for (const text of ['services:\n', '', '# marker of another\n']) {
    writeFileSync(path, text);
    await assert.rejects(
      writeOwn(path, '# marker\nnew\n'),
      (error) =>
        isLoadlineError(error) &&
        error.code === 'LL1007' &&
        error.message.includes(`${path}, which Loadline did not write`),
    );
    assert.equal(readFileSync(path, 'utf8'), text);
  }
  await writeOwn(path, '# marker\nnew\n', { force: true });
  assert.equal(readFileSync(path, 'utf8'), '# marker\nnew\n');
});

test('a file that cannot be written leaves nothing', async () => {
  const path = join(root, 'no-such-folder', 'x');
  const before = readdirSync(root);
  await assert.rejects(
    writeOwn(path, '# marker\n'),
    (error) => isLoadlineError(error) && error.code === 'LL1007' && /ENOENT/.test(error.message),
  );
  assert.deepEqual(readdirSync(root), before);
});
