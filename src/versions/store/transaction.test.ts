import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { fails, newVersion, openTestStore } from './fixtures/store.ts';
import { writing } from './transaction.ts';

test('several writes in one transaction are there together or not at all', (t) => {
  const store = openTestStore(t);
  const { catalog } = store;
  assert.throws(
    () =>
      writing(store, () => {
        catalog.createVersion(newVersion('a'));
        catalog.createVersion(newVersion('b'));
        throw new Error('changed my mind');
      }),
    /changed my mind/,
  );
  assert.deepEqual([catalog.models(), catalog.history()], [[], []]);
  writing(store, () => {
    catalog.createVersion(newVersion('a'));
    // What fails inside and is caught undoes itself only.
    assert.throws(
      () =>
        writing(store, () => {
          catalog.createVersion(newVersion('b'));
          catalog.createVersion(newVersion('c/d'));
        }),
      fails('LL7010'),
    );
    catalog.createVersion(newVersion('e'));
  });
  assert.deepEqual(
    catalog.models().map(({ name }) => name),
    ['a', 'e'],
  );
});

test('a store that another process holds is LL7009; reading goes on meanwhile', (t) => {
  const store = openTestStore(t);
  store.catalog.createVersion(newVersion('m'));
  const other = new DatabaseSync(join(store.folder, 'catalog.db'));
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE; UPDATE models SET description = 1');
  store.database.exec('PRAGMA busy_timeout = 20');
  const move = () => store.catalog.setAlias('m', 'champion', '1', { by: 'ann', why: '' });
  assert.throws(move, fails('LL7009', /another process/));
  assert.equal(store.catalog.model('m').description, '');
  other.exec('ROLLBACK');
  move();
});

test('a catalog that is damaged is LL7008', async (t) => {
  const store = openTestStore(t);
  store.catalog.createVersion(newVersion('m'));
  store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  store.close();
  const { openSync, writeSync, closeSync } = await import('node:fs');
  const file = openSync(join(store.folder, 'catalog.db'), 'r+');
  // All pages behind the first, which tells what the file is.
  writeSync(file, Buffer.alloc(60_000, 0xff), 0, 60_000, 4096);
  closeSync(file);
  const { openStore } = await import('./open.ts');
  assert.throws(
    () => openStore(store.folder, { create: false }).catalog.models(),
    fails('LL7008', /malformed/),
  );
});
