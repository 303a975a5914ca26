import assert from 'node:assert/strict';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import { examplePlan, HOUSES } from './fixtures/plan.ts';
import type { ImagePlan } from './plan.ts';
import { writeContext } from './write-context.ts';

const root = mkdtempSync(join(tmpdir(), 'loadline-context-'));
after(() => rmSync(root, { recursive: true, force: true }));

function freshFolder(): string {
  return mkdtempSync(join(root, 'case-'));
}

function hasCode(code: string, words: RegExp): (error: unknown) => boolean {
  return (error) => isLoadlineError(error) && error.code === code && words.test(error.message);
}

/** Every entry below a folder, hidden ones too, with its content. */
function snapshot(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), entry.isFile() ? readFileSync(path, 'latin1') : 'folder'];
    }),
  );
}

/** A plan whose server is another one: a chunk goes, a chunk comes. */
function changed(plan: ImagePlan, files: Record<string, string>): ImagePlan {
  const server = Object.entries(files).map(([name, text]) => {
    const bytes = Buffer.from(text);
    return {
      path: `/opt/loadline/${name}`,
      mode: 0o644 as const,
      size: bytes.length,
      source: { bytes },
    };
  });
  return { ...plan, layers: [{ name: 'server', files: server }, plan.layers[1]!] };
}

test('files and folders get the modes and times of the plan, whatever the umask', async () => {
  const folder = join(freshFolder(), 'new', 'ml-model');
  const umask = process.umask(0o077);
  try {
    const written = await writeContext(await examplePlan({ createdSec: 1_700_000_000 }), folder);
    assert.deepEqual(
      written.toSorted(),
      globSync('**/{*,.*}', { cwd: folder })
        .filter((path) => statSync(join(folder, path)).isFile())
        .toSorted(),
    );
    for (const path of [
      ...written,
      'loadline',
      'loadline/server',
      'loadline/server/chunks',
      'loadline/model',
    ]) {
      const { mode, mtimeMs } = statSync(join(folder, path));
      assert.equal(mode & 0o7777, written.includes(path) ? 0o644 : 0o755, path);
      assert.equal(mtimeMs, 1_700_000_000_000, path);
    }
  } finally {
    process.umask(umask);
  }
  assert.deepEqual(readFileSync(join(folder, 'loadline/model/model.pkl')), readFileSync(HOUSES));
});

test('a second run replaces what the first wrote, and leaves the rest of the folder', async () => {
  const folder = freshFolder();
  const plan = await examplePlan();
  writeFileSync(join(folder, 'train.py'), 'mine');
  await writeContext(plan, folder);
  await writeContext(changed(plan, { 'server.js': 'new' }), folder);
  assert.deepEqual(Object.keys(snapshot(folder)).toSorted(), [
    '.dockerignore',
    'Dockerfile',
    'loadline',
    'loadline/model',
    'loadline/model/model.pkl',
    'loadline/server',
    'loadline/server/server.js',
    'train.py',
  ]);
  assert.equal(readFileSync(join(folder, 'loadline/server/server.js'), 'utf8'), 'new');
});

test('the model may be the very file that an earlier run wrote', async () => {
  const folder = freshFolder();
  await writeContext(await examplePlan(), folder);
  const path = join(folder, 'loadline/model/model.pkl');
  await writeContext(await examplePlan({ path }), folder);
  assert.deepEqual(readFileSync(path), readFileSync(HOUSES));
});

for (const name of ['Dockerfile', '.dockerignore']) {
  test(`someone else's ${name} is not replaced, unless told to`, async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, name), 'FROM python:3.12\n');
    const before = snapshot(folder);
    await assert.rejects(
      async () => writeContext(await examplePlan(), folder),
      hasCode('LL1007', new RegExp(`${name}, which Loadline did not write`)),
    );
    assert.deepEqual(snapshot(folder), before);
    await writeContext(await examplePlan(), folder, { force: true });
    assert.match(readFileSync(join(folder, name), 'utf8'), /^# Written by `loadline build/);
  });
}

test('a folder named loadline that holds something else is not replaced, even when told to', async () => {
  const folder = freshFolder();
  mkdirSync(join(folder, 'loadline'));
  writeFileSync(join(folder, 'loadline', 'thesis.tex'), 'mine');
  const before = snapshot(folder);
  for (const force of [false, true]) {
    await assert.rejects(
      async () => writeContext(await examplePlan(), folder, { force }),
      hasCode('LL1007', /it holds "thesis\.tex"/),
    );
    assert.deepEqual(snapshot(folder), before);
  }
});

test('a failure on the way leaves what was there', async () => {
  const folder = freshFolder();
  const plan = await examplePlan();
  await writeContext(plan, folder);
  const before = snapshot(folder);
  const broken = {
    ...changed(plan, { 'server.js': 'new' }),
    layers: [
      plan.layers[0]!,
      {
        name: 'model' as const,
        files: [{ ...plan.layers[1]!.files[0]!, source: { file: join(root, 'gone.pkl') } }],
      },
    ],
  };
  await assert.rejects(writeContext(broken, folder), hasCode('LL1007', /gone\.pkl/));
  assert.deepEqual(snapshot(folder), before);

  const fresh = join(freshFolder(), 'a', 'b');
  await assert.rejects(writeContext(broken, fresh), hasCode('LL1007', /gone\.pkl/));
  assert.ok(!existsSync(join(fresh, '..')), 'folders made for it are gone');
});

test('an interruption leaves what was there', async () => {
  const folder = freshFolder();
  await assert.rejects(
    async () => writeContext(await examplePlan(), folder, { signal: AbortSignal.abort() }),
    hasCode('LL6017', /Interrupted/),
  );
  assert.deepEqual(snapshot(folder), {});
});

test('a folder that cannot be made is named', async () => {
  const file = join(freshFolder(), 'plain-file');
  writeFileSync(file, '');
  await assert.rejects(
    async () => writeContext(await examplePlan(), join(file, 'inside')),
    hasCode('LL1007', /Cannot write .*plain-file\/inside: ENOTDIR/),
  );
});
