/** Whether a store is whole, looked at from outside: SQLite's own checks, and every file against its hash. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../src/versions/store/open.ts';
import type { Store, StoredVersion } from '../../src/versions/store/types.ts';

/** Files that `models add` makes of a bare pickle with training data. */
const FILES = [
  'MLmodel',
  'conda.yaml',
  'loadline/training-data.csv',
  'model.pkl',
  'python_env.yaml',
  'requirements.txt',
];

export interface Examined {
  readonly versions: ReadonlyMap<string, StoredVersion>;
  readonly champion: string | null;
  /** sha256 of the training data by version. */
  readonly data: ReadonlyMap<string, string>;
}

const NOTHING: Examined = { versions: new Map(), champion: null, data: new Map() };

/** Asserts that nothing is half there. `known` are versions whose files were looked at before. */
export function examine(folder: string, known: ReadonlySet<string> = new Set()): Examined {
  if (!existsSync(join(folder, 'catalog.db'))) {
    assert.equal(existsSync(folder) && readdirSync(folder).length > 0, false);
    return NOTHING;
  }
  const database = new DatabaseSync(join(folder, 'catalog.db'));
  assert.deepEqual(
    database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => row.integrity_check),
    ['ok'],
  );
  assert.deepEqual(database.prepare('PRAGMA foreign_key_check').all(), []);
  database.close();
  const store = openStore(folder, { create: false });
  try {
    return examineOpen(store, known);
  } finally {
    store.close();
  }
}

function examineOpen(store: Store, known: ReadonlySet<string>): Examined {
  const { catalog } = store;
  if (!catalog.hasModel('house-price')) {
    assert.deepEqual(catalog.models(), []);
    return NOTHING;
  }
  const model = catalog.model('house-price');
  const data = new Map<string, string>();
  for (const version of model.versions) {
    const files = catalog.files(version);
    assert.deepEqual(
      files.map(({ path }) => path),
      FILES,
    );
    data.set(version.version, files[2]!.sha256);
    for (const { sha256, size } of known.has(version.uid) ? [] : files) {
      const bytes = readFileSync(join(store.folder, 'blobs/sha256', sha256.slice(0, 2), sha256));
      assert.equal(bytes.length, size);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256);
    }
  }
  const events = catalog.history('house-price').toReversed();
  const added = events.filter(({ kind }) => kind === 'version-added').map(({ version }) => version);
  assert.deepEqual(added, model.versions.map(({ version }) => version).toReversed());
  assert.equal(new Set(added).size, added.length);
  let champion: string | null = null;
  for (const { from, to } of events.filter(({ kind }) => kind === 'alias-moved')) {
    assert.equal(from, champion, 'each move begins where the one before ended');
    champion = to;
  }
  assert.equal(model.aliases.champion ?? null, champion);
  return { versions: new Map(model.versions.map((version) => [version.version, version])), champion, data };
}
