/** Disks that are full or may not be written to. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exportModel } from '../../src/versions/store/export.ts';
import {
  addRequest,
  addText,
  fails,
  newVersion,
  openTestStore,
  temporaryFolder,
  WORK,
} from '../../src/versions/store/fixtures/store.ts';
import { openStore } from '../../src/versions/store/open.ts';
import { storeRegistry } from '../../src/versions/store/registry.ts';
import { examine } from './examine.ts';

const MODEL = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));
const skip =
  process.platform !== 'linux'
    ? 'a disk of the test’s own needs Linux'
    : process.getuid?.() === 0
      ? false
      : 'mounting a small or read-only disk needs root';
const MARK = { by: 'tester', why: '' };

/** A disk of 2 MiB that ends with the test. */
function smallDisk(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
  t.after(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

describe('a disk', { skip }, () => {
  test('that fills while a version is added: LL1007, nothing of it stays, all else is whole', async (t) => {
    const disk = smallDisk(t);
    const folder = join(disk, 'models');
    const registry = storeRegistry(openTestStore(t, folder));
    const data = join(temporaryFolder(t), 'data.csv');
    writeFileSync(data, 'a,b\n1,2\n');
    await registry.add(addRequest('house-price', MODEL, { data }), WORK);
    writeFileSync(data, Buffer.alloc(4 << 20));
    await assert.rejects(
      registry.add(addRequest('house-price', MODEL, { data }), WORK),
      fails('LL1007', /the disk is full/),
    );
    assert.deepEqual(readdirSync(join(folder, 'incoming')), []);
    assert.equal(examine(folder).versions.size, 1);
    writeFileSync(data, 'a,b\n3,4\n');
    assert.equal((await registry.add(addRequest('house-price', MODEL, { data }), WORK)).version, '2');
  });

  test('that has no room for one more line of the catalog: LL1007, and goes on when it has', async (t) => {
    const disk = smallDisk(t);
    const folder = join(disk, 'models');
    const { catalog } = openTestStore(t, folder);
    catalog.createVersion(newVersion('m'));
    const filler = join(disk, 'filler');
    assert.throws(() => writeFileSync(filler, Buffer.alloc(4 << 20)), { code: 'ENOSPC' });
    let made = 1;
    assert.throws(
      () => {
        // The log may have room for a few still.
        for (; made < 1000; made++) {
          catalog.createVersion(newVersion('m', { description: 'x'.repeat(5000) }));
        }
      },
      fails('LL1007', /the disk is full/),
    );
    assert.equal(catalog.model('m').versions.length, made);
    assert.equal(catalog.history('m').length, made + 1);
    rmSync(filler);
    assert.equal(catalog.createVersion(newVersion('m')).version, String(made + 1));
    catalog.setAlias('m', 'champion', '1', MARK);
    assert.equal(catalog.aliasVersion('m', 'champion'), '1');
  });

  test('that fills while an archive is written: LL1007, and no archive', async (t) => {
    const store = openTestStore(t);
    await addText(store, 'm', 'x'.repeat(4 << 20));
    const disk = smallDisk(t);
    await assert.rejects(
      exportModel(store, 'm', { file: join(disk, 'm.tar') }, WORK),
      fails('LL1007', /no space/),
    );
    assert.deepEqual(readdirSync(disk), []);
  });

  test('that may not be written to: LL7008', (t) => {
    const disk = smallDisk(t);
    const folder = join(disk, 'models');
    openTestStore(t, folder).close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    assert.throws(() => openStore(folder, { create: true }), fails('LL7008', /read-only/i));
    assert.throws(() => openStore(join(disk, 'new'), { create: true }), fails('LL7008', /Cannot make/));
  });
});
