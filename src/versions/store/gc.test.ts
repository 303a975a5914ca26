import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkOut } from './checkout.ts';
import { addText, fails, openTestStore, streamOf, WORK } from './fixtures/store.ts';
import { applyGc, planGc } from './gc.ts';
import type { Store } from './types.ts';

const MARK = { by: 'tester', why: 'room' };
/** Everything is old enough: even what was written this very millisecond. */
const AT_ONCE = -60_000;

function blobs(store: Store): string[] {
  return readdirSync(join(store.folder, 'blobs/sha256'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.length > 2)
    .map((name) => name.slice(3));
}

function shaOf(store: Store, name: string, version: string): string[] {
  return store.catalog.files(store.catalog.version(name, version)).map(({ sha256 }) => sha256);
}

test('blobs that nothing points at go, all others stay', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  await store.artifacts.put('kept', streamOf('kept'));
  await store.artifacts.put('twice', streamOf('gone'));
  await store.artifacts.put('twice', streamOf('here'));
  assert.equal(blobs(store).length, 4);
  assert.deepEqual(planGc(store, { graceMs: AT_ONCE }), { versions: [], kept: [], blobs: 1, bytes: 4 });
  assert.equal(blobs(store).length, 4);
  const done = applyGc(store, planGc(store), MARK, AT_ONCE);
  assert.deepEqual(done, { versions: [], kept: [], blobs: 1, bytes: 4 });
  assert.equal(blobs(store).length, 3);
  for (const path of ['kept', 'twice']) {
    assert.equal(existsSync(store.artifacts.open(path)!.file), true);
  }
});

test('what is younger than the grace period stays', async (t) => {
  const store = openTestStore(t);
  await store.artifacts.put('x', streamOf('x'));
  store.artifacts.remove('x');
  assert.equal(planGc(store).blobs, 0);
  assert.equal(applyGc(store, planGc(store), MARK).blobs, 0);
  assert.equal(blobs(store).length, 1);
});

test('versions that are asked for go, but for those that an alias or a server uses', async (t) => {
  const store = openTestStore(t);
  for (const text of ['one', 'two', 'three', 'four']) {
    await addText(store, 'm', text);
  }
  store.catalog.setAlias('m', 'champion', '2', MARK);
  store.holds.hold('host:42', [{ name: 'm', version: '3' }], 60_000);
  const asked = ['1', '2', '3'].map((version) => ({ name: 'm', version }));
  const plan = planGc(store, { versions: asked });
  assert.deepEqual(plan.versions, [{ name: 'm', version: '1', why: 'asked for' }]);
  assert.deepEqual(plan.kept, [
    { name: 'm', version: '2', why: 'the alias champion is at it' },
    { name: 'm', version: '3', why: 'host:42 serves it' },
  ]);
  applyGc(store, plan, MARK);
  assert.deepEqual(
    store.catalog.model('m').versions.map(({ version }) => version),
    ['4', '3', '2'],
  );
  const { kind, version, by, why } = store.catalog.history('m')[0]!;
  assert.deepEqual([kind, version, by, why], ['version-deleted', '1', 'tester', 'room']);
  assert.throws(() => planGc(store, { versions: asked }), fails('LL7001'));
});

test('what came into use between the plan and its turn stays', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  await addText(store, 'm', 'two');
  const plan = planGc(store, { keep: 0 });
  assert.equal(plan.versions.length, 2);
  store.catalog.setAlias('m', 'champion', '1', MARK);
  const done = applyGc(store, plan, MARK, AT_ONCE);
  assert.deepEqual(
    [done.versions.map(({ version }) => version), done.kept.map(({ version }) => version)],
    [['2'], ['1']],
  );
  assert.equal(blobs(store).includes(shaOf(store, 'm', '1')[0]!), true);
});

test('keep counts the newest of each model', async (t) => {
  const store = openTestStore(t);
  for (const [name, count] of [
    ['a', 3],
    ['b', 1],
  ] as const) {
    for (let i = 0; i < count; i++) {
      await addText(store, name, `${name}${i}`);
    }
  }
  assert.deepEqual(planGc(store, { keep: 1 }).versions, [
    { name: 'a', version: '2', why: 'older than the newest 1' },
    { name: 'a', version: '1', why: 'older than the newest 1' },
  ]);
});

test('the plan foresees what the versions set free; files that a version shares stay', async (t) => {
  const store = openTestStore(t);
  const own = async (files: Record<string, string>, to: string) => {
    for (const [path, text] of Object.entries(files)) {
      await store.artifacts.put(`loadline/models/${to}/${path}`, streamOf(text));
    }
    const { newVersion } = await import('./fixtures/store.ts');
    store.catalog.createVersion(newVersion('m', { artifactPath: `loadline/models/${to}` }));
  };
  await own({ a: 'shared', b: 'only one' }, 'x');
  await own({ a: 'shared', b: 'only two!' }, 'y');
  const options = { versions: [{ name: 'm', version: '1' }], graceMs: AT_ONCE };
  const plan = planGc(store, options);
  assert.deepEqual([plan.blobs, plan.bytes], [1, 'only one'.length]);
  const done = applyGc(store, plan, MARK, AT_ONCE);
  assert.deepEqual([done.blobs, done.bytes], [1, 'only one'.length]);
  assert.deepEqual(store.artifacts.list('loadline/models/x'), []);
  assert.equal(store.artifacts.list('loadline/models/y').length, 2);
});

test('what a run logged stays with the run when its version goes', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  const { artifactPath } = store.catalog.version('m', '1');
  applyGc(store, planGc(store, { keep: 0 }), MARK, AT_ONCE);
  assert.equal(existsSync(store.artifacts.open(`${artifactPath}/model.txt`)!.file), true);
});

test('uploads that nobody finished and checkouts of versions that are no more go, others stay', async (t) => {
  const store = openTestStore(t);
  for (const text of ['one', 'two']) {
    await addText(store, 'm', text);
  }
  const [first, second] = await Promise.all(
    ['1', '2'].map((version) => checkOut(store, store.catalog.version('m', version), WORK)),
  );
  store.catalog.deleteVersion('m', '1', { ...MARK, force: false });
  const left = join(store.folder, 'incoming', 'left');
  const fresh = join(store.folder, 'incoming', 'fresh');
  writeFileSync(left, 'half');
  writeFileSync(fresh, 'half');
  mkdirSync(join(store.folder, 'incoming', 'folder'));
  const long = new Date(Date.now() - 2 * 3_600_000);
  for (const path of [left, join(store.folder, 'incoming', 'folder'), first!, second!]) {
    utimesSync(path, long, long);
  }
  applyGc(store, planGc(store), MARK);
  assert.deepEqual(readdirSync(join(store.folder, 'incoming')), ['fresh']);
  assert.deepEqual([existsSync(first!), existsSync(second!)], [false, true]);
});

test('a checkout that was just asked for stays, also when its version goes before it is opened', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  const version = store.catalog.version('m', '1');
  const path = await checkOut(store, version, WORK);
  const long = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(path, long, long);
  assert.equal(await checkOut(store, version, WORK), path);
  applyGc(store, planGc(store, { versions: [{ name: 'm', version: '1' }] }), MARK);
  assert.equal(existsSync(path), true);
});

test('bytes that are put again while gc is about to delete them are there afterwards', async (t) => {
  const store = openTestStore(t);
  await store.artifacts.put('x', streamOf('same bytes'));
  store.artifacts.remove('x');
  // The upload's bytes are under way when the blob is found unused, and arrive after it was deleted.
  const gate = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('same ');
    await gate.promise;
    yield Buffer.from('bytes');
  }
  const upload = store.artifacts.put('y', slow());
  assert.equal(applyGc(store, planGc(store), MARK, AT_ONCE).blobs, 1);
  gate.resolve();
  assert.equal(existsSync((await upload).file), true);
  // And the other way round: they arrive between the look and the deletion.
  store.artifacts.remove('y');
  const other = openTestStore(t, store.folder);
  const plan = planGc(other, { graceMs: AT_ONCE });
  assert.equal(plan.blobs, 1);
  const { file } = await store.artifacts.put('z', streamOf('same bytes'));
  assert.equal(applyGc(other, plan, MARK, AT_ONCE).blobs, 0);
  assert.equal(existsSync(file), true);
});
