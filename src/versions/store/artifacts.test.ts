import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fails, openTestStore, sha256Of, streamOf } from './fixtures/store.ts';

test('a file is kept by its content and found by its path', async (t) => {
  const { artifacts, folder } = openTestStore(t);
  const put = await artifacts.put('1/run/artifacts/MLmodel', streamOf('flav', 'ors'));
  assert.deepEqual(put, {
    file: join(folder, 'blobs/sha256', sha256Of('flavors').slice(0, 2), sha256Of('flavors')),
    size: 7,
    sha256: sha256Of('flavors'),
  });
  assert.equal(readFileSync(put.file, 'utf8'), 'flavors');
  assert.deepEqual(artifacts.open('1/run/artifacts/MLmodel'), put);
  assert.equal(artifacts.open('1/run/artifacts'), null);
  assert.deepEqual(readdirSync(join(folder, 'incoming')), []);
});

test('folders are listed one level deep, whatever sorts around their names', async (t) => {
  const { artifacts } = openTestStore(t);
  for (const path of ['a/b', 'a/c/d', 'a/c/e', 'a.txt', 'a0/x', 'ab', 'ü/ö']) {
    await artifacts.put(path, streamOf(path));
  }
  const folder = (path: string) => ({ path, isFolder: true, size: null });
  const file = (path: string, size: number) => ({ path, isFolder: false, size });
  assert.deepEqual(
    artifacts.list('').toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    [folder('a'), file('a.txt', 5), folder('a0'), file('ab', 2), folder('ü')],
  );
  assert.deepEqual(artifacts.list('a'), [file('b', 3), folder('c')]);
  assert.deepEqual(artifacts.list('ü'), [file('ö', 5)]);
  assert.deepEqual(artifacts.list('a/b'), []);
  assert.deepEqual(artifacts.list('nowhere'), []);
  assert.deepEqual(
    artifacts.files('a').map(({ path }) => path),
    ['b', 'c/d', 'c/e'],
  );
});

test('a path that is put again is at the new content; both blobs stay', async (t) => {
  const { artifacts } = openTestStore(t);
  const old = await artifacts.put('model.pkl', streamOf('old'));
  const now = await artifacts.put('model.pkl', streamOf('new!'));
  assert.deepEqual(artifacts.open('model.pkl'), now);
  assert.equal(readFileSync(old.file, 'utf8'), 'old');
});

test('putting a damaged blob again mends it', async (t) => {
  const { artifacts } = openTestStore(t);
  const { file } = await artifacts.put('model.pkl', streamOf('whole'));
  chmodSync(file, 0o644);
  writeFileSync(file, 'whale');
  await artifacts.put('model.pkl', streamOf('whole'));
  assert.equal(readFileSync(file, 'utf8'), 'whole');
});

test('files and folders are removed by path, their neighbours are not', async (t) => {
  const { artifacts } = openTestStore(t);
  for (const path of ['a/b', 'a/c/d', 'a.txt', 'a0']) {
    await artifacts.put(path, streamOf(path));
  }
  assert.equal(artifacts.remove('a'), 2);
  assert.equal(artifacts.remove('a'), 0);
  assert.deepEqual(
    artifacts.list('').map(({ path }) => path),
    ['a.txt', 'a0'],
  );
});

test('a body that fails leaves nothing, and the old file where it was', async (t) => {
  const { artifacts, folder } = openTestStore(t);
  const old = await artifacts.put('model.pkl', streamOf('old'));
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('the line went dead');
  }
  await assert.rejects(artifacts.put('model.pkl', broken()), /the line went dead/);
  assert.deepEqual(artifacts.open('model.pkl'), old);
  assert.deepEqual(readdirSync(join(folder, 'incoming')), []);
  assert.equal(existsSync(old.file), true);
});

test('what no folder on disk could hold is LL7010', async (t) => {
  const { artifacts, folder } = openTestStore(t);
  await artifacts.put('a/b', streamOf('x'));
  await assert.rejects(artifacts.put('a', streamOf('y')), fails('LL7010', /it is a folder/));
  await assert.rejects(artifacts.put('a/b/c', streamOf('z')), fails('LL7010', /"a\/b" is a file/));
  assert.deepEqual(readdirSync(join(folder, 'incoming')), []);
});

for (const path of ['../x', '/x', 'a/%2e%2e/%2e%2e/x', 'a\\b']) {
  test(`${path} is LL7007 everywhere, and no byte of it is read`, async (t) => {
    const { artifacts } = openTestStore(t);
    const unread = {
      // biome-ignore lint/correctness/useYield: it must not be asked for anything
      async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
        assert.fail('the body was read');
      },
    };
    await assert.rejects(artifacts.put(path, unread), fails('LL7007'));
    for (const look of [artifacts.list, artifacts.files, artifacts.open, artifacts.remove]) {
      assert.throws(() => look(path), fails('LL7007'));
    }
  });
}
