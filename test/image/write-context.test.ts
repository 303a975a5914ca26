/** Writing the Dockerfile where the disk is full and where a folder cannot be moved: both need root to be made real. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isLoadlineError } from '../../src/errors.ts';
import { examplePlan } from '../../src/image/fixtures/plan.ts';
import type { ImagePlan } from '../../src/image/plan.ts';
import { writeContext } from '../../src/image/write-context.ts';

const skip =
  process.platform === 'linux' && process.getuid?.() === 0
    ? false
    : 'mounting a file system needs Linux and root';

function freshFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-context-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `work` with a file system in memory at `path`. */
async function withMount(path: string, sizeKiB: number, work: () => Promise<void>): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', path]);
  try {
    await work();
  } finally {
    execFileSync('umount', [path]);
  }
}

function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .toSorted()
      .map((path) => {
        const full = join(folder, path);
        return [path, statSync(full).isFile() ? readFileSync(full, 'latin1') : 'folder'];
      }),
  );
}

function withModel(plan: ImagePlan, file: string): ImagePlan {
  const [server, model] = plan.layers;
  const size = statSync(file).size;
  return {
    ...plan,
    layers: [server!, { name: 'model', files: [{ ...model!.files[0]!, size, source: { file } }] }],
  };
}

test('a full disk leaves what an earlier run wrote', { skip }, async (t) => {
  const root = freshFolder(t);
  const folder = join(root, 'small');
  mkdirSync(folder);
  const large = join(root, 'large.pkl');
  writeFileSync(large, Buffer.alloc(1024 * 1024, 1));
  await withMount(folder, 512, async () => {
    const plan = await examplePlan();
    await writeContext(plan, folder);
    const before = snapshot(folder);
    await assert.rejects(
      writeContext(withModel(plan, large), folder),
      (error) => isLoadlineError(error) && error.code === 'LL1007' && /ENOSPC/.test(error.message),
    );
    assert.deepEqual(snapshot(folder), before);
  });
});

test('a folder that cannot be moved away puts the files back that were', { skip }, async (t) => {
  const folder = freshFolder(t);
  const plan = await examplePlan();
  await writeContext(plan, folder);
  const dockerfile = join(folder, 'Dockerfile');
  writeFileSync(dockerfile, `${readFileSync(dockerfile, 'utf8')}# the old one\n`);
  // A mount point cannot be renamed: the Dockerfile and .dockerignore have been exchanged by then.
  await withMount(join(folder, 'loadline'), 64, async () => {
    const before = snapshot(folder);
    await assert.rejects(
      writeContext(plan, folder),
      (error) => isLoadlineError(error) && error.code === 'LL1007' && /EBUSY/.test(error.message),
    );
    assert.deepEqual(snapshot(folder), before);
  });
});
