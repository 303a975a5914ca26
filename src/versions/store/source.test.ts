import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VersionPick } from '../reference.ts';
import { addText, fails, newVersion, openTestStore, streamOf, WORK } from './fixtures/store.ts';
import { storeSource } from './source.ts';
import type { Store } from './types.ts';

const MARK = { by: 'tester', why: '' };
const sourceOf = (store: Store, pick: VersionPick) => storeSource({ kind: 'store', name: 'm', pick }, store);

/** Three versions, champion at 2, 1 in Production. */
async function threeVersions(store: Store): Promise<void> {
  for (const text of ['one', 'two', 'three']) {
    await addText(store, 'm', text);
  }
  store.catalog.setAlias('m', 'champion', '2', MARK);
  store.catalog.updateVersion('m', '1', { stage: 'Production' }, 'tester');
}

const PICKS: readonly (readonly [pick: VersionPick, version: string, moves: boolean])[] = [
  [{ kind: 'version', version: '3' }, '3', false],
  [{ kind: 'alias', alias: 'champion' }, '2', true],
  [{ kind: 'latest' }, '3', true],
  [{ kind: 'stage', stage: 'production' }, '1', true],
];
for (const [pick, version, moves] of PICKS) {
  test(`${JSON.stringify(pick)} leads to version ${version}`, async (t) => {
    const store = openTestStore(t);
    await threeVersions(store);
    const source = sourceOf(store, pick);
    assert.equal(source.moves, moves);
    const found = await source.find(WORK);
    assert.deepEqual([found.name, found.version, found.uri], ['m', version, `m/${version}`]);
    const { path, identity } = await source.fetch(found, WORK);
    assert.equal(identity, found.identity);
    assert.equal(readFileSync(join(path, 'model.txt'), 'utf8'), ['one', 'two', 'three'][Number(version) - 1]);
  });
}

test('what is not there is LL7001 with what there is', async (t) => {
  const store = openTestStore(t);
  await threeVersions(store);
  for (const [pick, says] of [
    [{ kind: 'version', version: '9' }, /it has 1, 2, 3/],
    [{ kind: 'alias', alias: 'prod' }, /it has champion/],
    [{ kind: 'stage', stage: 'Staging' }, /there are Production/],
  ] as const) {
    await assert.rejects(sourceOf(store, pick).find(WORK), fails('LL7001', says));
  }
});

test('the identity changes with the alias, and not with anything else', async (t) => {
  const store = openTestStore(t);
  await threeVersions(store);
  const source = sourceOf(store, { kind: 'alias', alias: 'champion' });
  const { identity } = await source.find(WORK);
  store.catalog.setTag('m', '2', 'a', 'b');
  await store.artifacts.put(`${store.catalog.version('m', '2').artifactPath}/model.txt`, streamOf('later'));
  assert.equal((await source.find(WORK)).identity, identity);
  store.catalog.setAlias('m', 'champion', '3', MARK);
  assert.notEqual((await source.find(WORK)).identity, identity);
  store.catalog.setAlias('m', 'champion', '2', MARK);
  assert.equal((await source.find(WORK)).identity, identity);
});

test('a folder is made once and shared; its files are links to blobs and not to be written to', async (t) => {
  const store = openTestStore(t);
  await threeVersions(store);
  const source = sourceOf(store, { kind: 'version', version: '1' });
  const found = await source.find(WORK);
  const [one, two] = await Promise.all([source.fetch(found, WORK), source.fetch(found, WORK)]);
  assert.equal(one.path, two.path);
  const file = statSync(join(one.path, 'model.txt'));
  const blob = statSync(
    store.catalog
      .files(store.catalog.version('m', '1'))
      .map(({ sha256 }) => join(store.folder, 'blobs/sha256', sha256.slice(0, 2), sha256))[0]!,
  );
  assert.deepEqual([file.ino, file.nlink, file.mode & 0o777], [blob.ino, 2, 0o444]);
  assert.deepEqual(readdirSync(join(store.folder, 'incoming')), []);
});

const overwrite = (text: string) => (blob: string) => {
  chmodSync(blob, 0o644);
  writeFileSync(blob, text);
};
const DAMAGES: readonly (readonly [name: string, damage: (blob: string) => void, says: RegExp])[] = [
  ['changed', overwrite('twp'), /found 3 bytes with sha256/],
  ['cut off', overwrite('tw'), /found 2 bytes/],
  ['gone', (blob) => rmSync(blob), /found none/],
];
for (const [name, damage, says] of DAMAGES) {
  test(`a blob that is ${name} is LL7006: no folder is made, and adding the file again mends it`, async (t) => {
    const store = openTestStore(t);
    await threeVersions(store);
    const { sha256 } = store.catalog.files(store.catalog.version('m', '2'))[0]!;
    const blob = join(store.folder, 'blobs/sha256', sha256.slice(0, 2), sha256);
    damage(blob);
    const source = sourceOf(store, { kind: 'version', version: '2' });
    const found = await source.find(WORK);
    await assert.rejects(source.fetch(found, WORK), fails('LL7006', says));
    assert.deepEqual(readdirSync(join(store.folder, 'checkouts')), []);
    assert.deepEqual(readdirSync(join(store.folder, 'incoming')), []);
    await store.artifacts.put('elsewhere', streamOf('two'));
    assert.equal(existsSync((await source.fetch(found, WORK)).path), true);
  });
}

test('a version that was deleted, or made again under its number, is not fetched', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  const source = sourceOf(store, { kind: 'latest' });
  const found = await source.find(WORK);
  store.catalog.deleteModel('m', MARK);
  await assert.rejects(source.fetch(found, WORK), fails('LL7001'));
  await addText(store, 'm', 'another');
  await assert.rejects(source.fetch(found, WORK), fails('LL7001', /made again/));
});

test('a version without files is LL7005', async (t) => {
  const store = openTestStore(t);
  store.catalog.createVersion(newVersion('m', { artifactPath: '1/nothing' }));
  const source = sourceOf(store, { kind: 'latest' });
  await assert.rejects(source.fetch(await source.find(WORK), WORK), fails('LL7005', /m\/1.*no files/));
});

test('a fetch that is ended leaves nothing', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  const source = sourceOf(store, { kind: 'latest' });
  const found = await source.find(WORK);
  const signal = AbortSignal.abort(new Error('enough'));
  await assert.rejects(source.fetch(found, { ...WORK, signal }), /enough/);
  assert.deepEqual(readdirSync(join(store.folder, 'checkouts')), []);
});
