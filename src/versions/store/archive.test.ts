/** Export and import. What is exported is read by tar; forgeries are packed by tar-stream. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pack } from 'tar-stream';
import { checkOut } from './checkout.ts';
import { exportModel } from './export.ts';
import {
  addText,
  fails,
  newVersion,
  openTestStore,
  sha256Of,
  temporaryFolder,
  WORK,
} from './fixtures/store.ts';
import { importModel } from './import.ts';
import type { Store } from './types.ts';

const MARK = { by: 'ann', why: 'better' };
const BY = { by: 'bob' };

/** Versions 1 to 4, 3 deleted, champion went 1, 2, 4. */
async function full(t: TestContext): Promise<{ store: Store; file: string }> {
  const store = openTestStore(t);
  for (const text of ['one', 'two', 'three', 'four']) {
    await addText(store, 'm', text);
  }
  const { catalog } = store;
  catalog.setTag('m', '2', 'quality', 'gold');
  catalog.updateModel('m', 'Prices of houses');
  catalog.setTag('m', null, 'team', 'a');
  for (const version of ['1', '2', '4']) {
    catalog.setAlias('m', 'champion', version, MARK);
  }
  catalog.deleteVersion('m', '3', { ...MARK, force: false });
  return { store, file: join(temporaryFolder(t), 'm.tar') };
}

test('all of a model comes back in another store: files, tags, aliases, history, the way back', async (t) => {
  const { store, file } = await full(t);
  assert.deepEqual(await exportModel(store, 'm', { file }, WORK), {
    name: 'm',
    versions: ['1', '2', '4'],
    files: 3,
    bytes: 'onetwofour'.length,
  });
  // Any tar reads it.
  assert.deepEqual(execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n'), [
    'loadline-models.json',
    ...['one', 'two', 'four'].map((text) => `blobs/sha256/${sha256Of(text)}`),
  ]);
  const other = openTestStore(t);
  assert.deepEqual(await importModel(other, file, BY, WORK), {
    name: 'm',
    versions: ['1', '2', '4'],
    aliases: ['champion'],
    aliasesKept: [],
  });
  const [here, there] = [store, other].map(({ catalog }) => catalog.model('m'));
  assert.deepEqual(
    [there?.description, there?.tags, there?.aliases],
    [here?.description, here?.tags, here?.aliases],
  );
  const facts = (version: (typeof here & object)['versions'][number]) => {
    const { artifactPath: _, source: __, ...rest } = version;
    return rest;
  };
  assert.deepEqual(there?.versions.map(facts), here?.versions.map(facts));
  for (const version of there?.versions ?? []) {
    const folder = await checkOut(other, version, WORK);
    assert.equal(
      readFileSync(join(folder, 'model.txt'), 'utf8'),
      ['one', 'two', '', 'four'][Number(version.version) - 1],
    );
  }
  const events = other.catalog.history('m').map(({ kind, version, by }) => `${kind} ${version} ${by}`);
  for (const { kind, version, by } of store.catalog.history('m')) {
    assert.ok(events.includes(`${kind} ${version} ${by}`), `${kind} ${version} ${by}`);
  }
  assert.ok(events.includes('model 4 bob'));
  assert.equal(other.catalog.previous('m', 'champion'), '2');
  // 3 was used in the life of this model, and 4 is taken.
  assert.equal(other.catalog.createVersion(newVersion('m')).version, '5');
});

test('some versions bring the aliases at them only', async (t) => {
  const { store, file } = await full(t);
  store.catalog.setAlias('m', 'old', '2', MARK);
  await exportModel(store, 'm', { versions: ['2'], file }, WORK);
  const other = openTestStore(t);
  const { versions, aliases } = await importModel(other, file, BY, WORK);
  assert.deepEqual([versions, aliases], [['2'], ['old']]);
});

test('a number that is taken is LL7011, nothing comes in; another name takes them', async (t) => {
  const { store, file } = await full(t);
  await exportModel(store, 'm', { file }, WORK);
  const other = openTestStore(t);
  await addText(other, 'm', 'mine');
  const before = [other.catalog.models(), other.catalog.history()];
  await assert.rejects(
    importModel(other, file, BY, WORK),
    fails('LL7011', /version 1 is taken.*nothing was imported/),
  );
  assert.deepEqual([other.catalog.models(), other.catalog.history()], before);
  assert.deepEqual(readdirSync(join(other.folder, 'incoming')), []);
  await importModel(other, file, { ...BY, as: 'theirs' }, WORK);
  assert.deepEqual(
    other.catalog.model('theirs').versions.map(({ version }) => version),
    ['4', '2', '1'],
  );
  // The same versions under a third name, though this store knows them already.
  await importModel(other, file, { ...BY, as: 'third' }, WORK);
  // And not a second time under the same one.
  await assert.rejects(importModel(other, file, { ...BY, as: 'third' }, WORK), fails('LL7011'));
});

test('a number that a deleted version had is taken, unless the same version comes back', async (t) => {
  const { store, file } = await full(t);
  await exportModel(store, 'm', { versions: ['1'], file }, WORK);
  store.catalog.deleteVersion('m', '1', { ...MARK, force: false });
  await importModel(store, file, BY, WORK);
  assert.equal(store.catalog.version('m', '1').version, '1');
  const other = openTestStore(t);
  await addText(other, 'm', 'mine');
  await addText(other, 'm', 'mine too');
  other.catalog.deleteVersion('m', '1', { ...MARK, force: false });
  await assert.rejects(importModel(other, file, BY, WORK), fails('LL7011', /version 1 is taken/));
});

test('an alias that is elsewhere in the store stays there', async (t) => {
  const { store, file } = await full(t);
  await exportModel(store, 'm', { versions: ['4'], file }, WORK);
  const other = openTestStore(t);
  await addText(other, 'm', 'mine');
  other.catalog.setAlias('m', 'champion', '1', MARK);
  const { aliases, aliasesKept } = await importModel(other, file, BY, WORK);
  assert.deepEqual([aliases, aliasesKept], [[], ['champion']]);
  assert.equal(other.catalog.aliasVersion('m', 'champion'), '1');
  other.catalog.setAlias('m', 'champion', '4', MARK);
  // Not to where the alias of the other store had been.
  assert.equal(other.catalog.previous('m', 'champion'), '1');
});

test('a damaged blob is LL7006, and no archive is made', async (t) => {
  const { store, file } = await full(t);
  const { sha256 } = store.catalog.files(store.catalog.version('m', '2'))[0]!;
  rmSync(join(store.folder, 'blobs/sha256', sha256.slice(0, 2), sha256));
  await assert.rejects(exportModel(store, 'm', { file }, WORK), fails('LL7006'));
  assert.equal(existsSync(file), false);
});

test('an archive that cannot be written is LL1007, one that is not there LL1006', async (t) => {
  const { store, file } = await full(t);
  const blocked = join(store.folder, 'README.txt', 'm.tar');
  await assert.rejects(exportModel(store, 'm', { file: blocked }, WORK), fails('LL1007'));
  await assert.rejects(importModel(store, file, BY, WORK), fails('LL1006'));
});

interface Entry {
  readonly name: string;
  readonly bytes: string;
}

/** An archive as someone else might write it. */
async function archiveOf(t: TestContext, entries: readonly Entry[]): Promise<string> {
  const archive = pack();
  for (const { name, bytes } of entries) {
    archive.entry({ name }, bytes);
  }
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) {
    chunks.push(chunk as Uint8Array);
  }
  const file = join(temporaryFolder(t), 'm.tar');
  writeFileSync(file, Buffer.concat(chunks));
  return file;
}

type Manifest = Record<string, unknown> & {
  versions: { files: { path: string; sha256: string }[] }[];
  history: Record<string, unknown>[];
};

/** What is other than in the archive of version 1. */
type Change = (
  manifest: Manifest,
  entries: readonly Entry[],
) => { readonly manifest?: Partial<Manifest>; readonly entries?: readonly Entry[] };

/** The archive of version 1 with its manifest and entries changed. */
async function changed(t: TestContext, change: Change): Promise<string> {
  const { store, file } = await full(t);
  await exportModel(store, 'm', { versions: ['1'], file }, WORK);
  const text = execFileSync('tar', ['-xOf', file, 'loadline-models.json'], { encoding: 'utf8' });
  const manifest = JSON.parse(text) as Manifest;
  const blob = { name: `blobs/sha256/${sha256Of('one')}`, bytes: 'one' };
  const other = change(manifest, [blob]);
  const bytes = JSON.stringify({ ...manifest, ...other.manifest });
  return archiveOf(t, [{ name: 'loadline-models.json', bytes }, ...(other.entries ?? [blob])]);
}

const FORGERIES: readonly (readonly [name: string, change: Change, code: string, says: RegExp])[] = [
  [
    'a blob with other bytes',
    () => ({ entries: [{ name: `blobs/sha256/${sha256Of('one')}`, bytes: 'onE' }] }),
    'LL7006',
    /has the sha256/,
  ],
  ['a blob too few', () => ({ entries: [] }), 'LL7006', /not in it as a whole/],
  [
    'a blob too many',
    (_, entries) => ({ entries: [...entries, { name: `blobs/sha256/${sha256Of('x')}`, bytes: 'x' }] }),
    'LL7006',
    /does not name/,
  ],
  ['a blob twice', (_, entries) => ({ entries: [...entries, ...entries] }), 'LL7006', /does not name/],
  [
    'an entry elsewhere',
    (_, entries) => ({ entries: [{ name: '../../etc/passwd', bytes: 'x' }, ...entries] }),
    'LL7006',
    /does not name/,
  ],
  [
    'a file that leaves its folder',
    ({ versions: [version] }) => ({
      manifest: { versions: [{ ...version!, files: [{ ...version!.files[0]!, path: '../../model.txt' }] }] },
    }),
    'LL7007',
    /has "\.\."/,
  ],
  ['a name with a slash', () => ({ manifest: { name: 'a/b' } }), 'LL7010', /a\/b/],
  ['an alias that is reserved', () => ({ manifest: { aliases: { latest: '1' } } }), 'LL7010', /latest/],
  ['an alias at nothing', () => ({ manifest: { aliases: { champion: '7' } } }), 'LL7006', /version 7/],
  ['another kind', () => ({ manifest: { kind: 'loadline-models/99' } }), 'LL7006', /kind/],
  [
    'a number that leaves no room for the next',
    ({ versions: [version] }) => ({ manifest: { versions: [{ ...version!, version: '999999999999999' }] } }),
    'LL7006',
    /versions\.0\.version/,
  ],
  [
    'a number in its history that is none of a version',
    ({ history }) => ({ manifest: { history: history.map((one) => ({ ...one, number: 2 ** 53 - 1 })) } }),
    'LL7006',
    /history\.0\.number/,
  ],
  [
    'a time that is no date',
    ({ history }) => ({ manifest: { history: history.map((one) => ({ ...one, at: 9e15 })) } }),
    'LL7006',
    /history\.0\.at/,
  ],
  ['no versions', () => ({ manifest: { versions: [] } }), 'LL7006', /versions/],
  [
    'a version twice',
    ({ versions }) => ({ manifest: { versions: [...versions, ...versions] } }),
    'LL7006',
    /UNIQUE/,
  ],
];
for (const [name, change, code, says] of FORGERIES) {
  test(`an archive with ${name} is ${code}, and nothing comes in`, async (t) => {
    const file = await changed(t, change);
    const store = openTestStore(t);
    await assert.rejects(importModel(store, file, BY, WORK), fails(code, says));
    assert.deepEqual([store.catalog.models(), store.catalog.history()], [[], []]);
    assert.deepEqual(store.artifacts.list(''), []);
    assert.deepEqual(readdirSync(join(store.folder, 'incoming')), []);
  });
}

test('what is no archive, or half of one, is LL7006', async (t) => {
  const { store, file } = await full(t);
  const other = openTestStore(t);
  await exportModel(store, 'm', { file }, WORK);
  truncateSync(file, readFileSync(file).length - 2500);
  await assert.rejects(importModel(other, file, BY, WORK), fails('LL7006'));
  writeFileSync(file, 'not a tar at all, but long enough to be looked at'.repeat(50));
  await assert.rejects(importModel(other, file, BY, WORK), fails('LL7006'));
  writeFileSync(file, '');
  await assert.rejects(importModel(other, file, BY, WORK), fails('LL7006', /empty/));
  const foreign = await archiveOf(t, [{ name: 'README', bytes: 'hello' }]);
  await assert.rejects(
    importModel(other, foreign, BY, WORK),
    fails('LL7006', /expected loadline-models\.json/),
  );
  assert.deepEqual(other.catalog.models(), []);
});
