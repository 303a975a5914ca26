import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fails, newVersion, openTestStore, temporaryFolder } from './fixtures/store.ts';
import { openStore } from './open.ts';

/** Names, sizes and times of all in a folder: what must not change. */
function seen(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort();
}

test('a store is made, and opened again with all that it had', (t) => {
  const folder = join(temporaryFolder(t), 'deep/models');
  const first = openTestStore(t, folder);
  first.catalog.createVersion(newVersion('house-price'));
  first.close();
  const again = openStore(folder, { create: false });
  t.after(() => again.close());
  assert.equal(again.catalog.model('house-price').versions.length, 1);
  assert.match(readFileSync(join(folder, 'README.txt'), 'utf8'), /Loadline model store/);
  const pragmas = ['journal_mode', 'synchronous', 'foreign_keys'].map(
    (name) => again.database.prepare(`PRAGMA ${name}`).get()![name],
  );
  // 2 is FULL (https://sqlite.org/pragma.html#pragma_synchronous).
  assert.deepEqual(pragmas, ['wal', 2, 1]);
});

test('a store that is not there is LL1006 with how to make one, and is not made by looking', (t) => {
  const folder = join(temporaryFolder(t), 'models');
  assert.throws(() => openStore(folder, { create: false }), fails('LL1006', /no such folder/));
  assert.equal(existsSync(folder), false);
  mkdirSync(folder);
  assert.throws(() => openStore(folder, { create: false }), fails('LL1006', /is empty/));
  assert.deepEqual(readdirSync(folder), []);
});

test('a new volume’s own entries do not make its folder something else', (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'lost+found'));
  writeFileSync(join(folder, '.gitkeep'), '');
  openTestStore(t, folder);
});

const OTHERS: readonly (readonly [name: string, make: (folder: string) => void, says: RegExp])[] = [
  ['a folder with other files', (folder) => writeFileSync(join(folder, 'thesis.txt'), 'mine'), /thesis\.txt/],
  [
    'a store that lost its catalog',
    (folder) => mkdirSync(join(folder, 'blobs')),
    /no catalog\.db, but blobs/,
  ],
  [
    'a catalog.db that is text',
    (folder) => writeFileSync(join(folder, 'catalog.db'), 'x'.repeat(200)),
    /no SQLite/,
  ],
  [
    'a catalog.db that is cut off',
    (folder) => writeFileSync(join(folder, 'catalog.db'), 'SQLite format 3\0'),
    /no SQLite/,
  ],
  [
    'another program’s database',
    (folder) => {
      const database = new DatabaseSync(join(folder, 'catalog.db'));
      database.exec('CREATE TABLE photos (name TEXT)');
      database.close();
    },
    /another program/,
  ],
];
for (const [name, make, says] of OTHERS) {
  test(`${name} is LL7008 and not touched`, (t) => {
    const folder = temporaryFolder(t);
    make(folder);
    const before = seen(folder);
    for (const create of [false, true]) {
      assert.throws(() => openStore(folder, { create }), fails('LL7008', says));
    }
    assert.deepEqual(seen(folder), before);
  });
}

test('a file is LL7008', (t) => {
  const file = join(temporaryFolder(t), 'models');
  writeFileSync(file, 'mine');
  assert.throws(() => openStore(file, { create: true }), fails('LL7008', /it is a file/));
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

test('a store of a newer Loadline is LL7008 and not touched', (t) => {
  const folder = join(temporaryFolder(t), 'models');
  openTestStore(t, folder).close();
  const database = new DatabaseSync(join(folder, 'catalog.db'));
  database.exec('PRAGMA user_version = 1000; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  const before = seen(folder);
  assert.throws(() => openStore(folder, { create: true }), fails('LL7008', /newer Loadline.*schema 1000/));
  assert.deepEqual(seen(folder), before);
});

test('a newer schema is found too where it lies in the write-ahead log only', (t) => {
  const folder = join(temporaryFolder(t), 'models');
  const newer = openTestStore(t, folder);
  newer.database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 1000');
  assert.throws(() => openStore(folder, { create: true }), fails('LL7008', /schema 1000/));
});

test('the making of a store that was cut off is finished by the next one', (t) => {
  const folder = join(temporaryFolder(t), 'models');
  mkdirSync(folder);
  // What a process that was killed before its first commit leaves.
  writeFileSync(join(folder, 'catalog.db'), '');
  openTestStore(t, folder).catalog.createVersion(newVersion('house-price'));
});
