import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addText, fails, newVersion, openTestStore, streamOf } from './fixtures/store.ts';
import type { Store } from './types.ts';

const MARK = { by: 'ann', why: 'better' };

function versions(store: Store, name: string, count: number): void {
  for (let i = 0; i < count; i++) {
    store.catalog.createVersion(newVersion(name));
  }
}

/** A history without its times, newest first. */
function told(store: Store, name?: string): string[] {
  return store.catalog
    .history(name)
    .map(({ kind, version, alias, from, to, rollback, by, why }) =>
      [kind, version, alias, from, to, rollback === true ? 'back' : null, by, why]
        .map((part) => part ?? '-')
        .join(' '),
    );
}

test('a version has all that it was made with', async (t) => {
  const store = openTestStore(t);
  const before = Date.now();
  const made = store.catalog.createVersion({
    name: 'house-price',
    source: 'models:/m-1',
    artifactPath: '',
    runId: 'r1',
    runLink: 'http://x',
    description: 'first',
    tags: { team: 'a', ['__proto__']: 'b' },
    metrics: { rmse: 0.23, big: 1e300 },
    params: { alpha: '1' },
    sha256: 'ab',
    bytes: 12,
    by: 'ann',
  });
  assert.ok(made.createdAt >= before && made.createdAt <= Date.now());
  const { createdAt, updatedAt, uid, tags, ...rest } = made;
  assert.equal(updatedAt, createdAt);
  assert.match(uid, /^[0-9a-f]{32}$/);
  assert.deepEqual(Object.entries(tags), [
    ['__proto__', 'b'],
    ['team', 'a'],
  ]);
  assert.deepEqual(rest, {
    name: 'house-price',
    version: '1',
    source: 'models:/m-1',
    artifactPath: '',
    runId: 'r1',
    runLink: 'http://x',
    description: 'first',
    metrics: { rmse: 0.23, big: 1e300 },
    params: { alpha: '1' },
    sha256: 'ab',
    bytes: 12,
    stage: 'None',
    status: 'READY',
    aliases: [],
  });
  assert.deepEqual(store.catalog.version('house-price', '1'), made);
  assert.deepEqual(store.catalog.model('house-price').versions, [made]);
});

test('numbers are never used twice in the life of a model', (t) => {
  const store = openTestStore(t);
  versions(store, 'm', 3);
  for (const version of ['3', '2']) {
    store.catalog.deleteVersion('m', version, { ...MARK, force: false });
  }
  assert.equal(store.catalog.createVersion(newVersion('m')).version, '4');
  assert.deepEqual(
    store.catalog.model('m').versions.map(({ version }) => version),
    ['4', '1'],
  );
  assert.equal(store.catalog.latest('m').version, '4');
});

test('a model that is deleted keeps its history; one of the same name begins anew', (t) => {
  const store = openTestStore(t);
  versions(store, 'm', 2);
  const { uid } = store.catalog.version('m', '1');
  store.catalog.setAlias('m', 'champion', '2', MARK);
  store.catalog.deleteModel('m', { by: 'bob', why: 'gone' });
  assert.equal(store.catalog.hasModel('m'), false);
  assert.throws(() => store.catalog.model('m'), fails('LL7001', /is empty/));
  assert.deepEqual(told(store, 'm'), [
    'model - - - - - bob deleted: gone',
    'version-deleted 1 - - - - bob gone',
    'version-deleted 2 - - - - bob gone',
    'alias-deleted 2 champion 2 - - bob gone',
    'alias-moved 2 champion - 2 - ann better',
    'version-added 2 - - - - tester ',
    'version-added 1 - - - - tester ',
    'model - - - - - tester created',
  ]);
  const again = store.catalog.createVersion(newVersion('m'));
  assert.equal(again.version, '1');
  assert.notEqual(again.uid, uid);
  // What an alias did in the life before does not count.
  store.catalog.setAlias('m', 'champion', '1', MARK);
  assert.throws(() => store.catalog.previous('m', 'champion'), fails('LL7014'));
});

test('what is not there is LL7001 with what there is', (t) => {
  const store = openTestStore(t);
  assert.throws(() => store.catalog.model('x'), fails('LL7001', /No model "x": the store .* is empty/));
  versions(store, 'a', 2);
  store.catalog.createModel('b', { description: null, tags: {}, by: 'ann' });
  store.catalog.setAlias('a', 'champion', '1', MARK);
  const { catalog } = store;
  assert.throws(() => catalog.model('x'), fails('LL7001', /it has a, b$/));
  assert.throws(() => catalog.version('a', '7'), fails('LL7001', /No version 7 of "a" .* it has 1, 2$/));
  assert.throws(() => catalog.version('b', '1'), fails('LL7001', /it has none$/));
  assert.throws(
    () => catalog.byAlias('a', 'prod'),
    fails('LL7001', /No alias "prod" of "a" .* it has champion$/),
  );
  assert.throws(() => catalog.byAlias('x', 'prod'), fails('LL7001', /No model "x"/));
  assert.throws(() => catalog.latest('b'), fails('LL7001'));
  for (const version of ['0', '01', '-1', 'abc', '1.0', '', '1e0', '99999999999999999999']) {
    assert.throws(() => catalog.version('a', version), fails('LL7001'), version);
  }
  assert.throws(() => catalog.setAlias('a', 'champion', '3', MARK), fails('LL7001'));
  assert.throws(() => catalog.setTag('a', '3', 'k', 'v'), fails('LL7001'));
  assert.throws(() => catalog.history('x'), fails('LL7001'));
  assert.equal(catalog.aliasVersion('x', 'prod'), null);
});

test('names are looked up exactly, also ones that objects and SQL have a meaning for', (t) => {
  const store = openTestStore(t);
  for (const name of ['constructor', '%', "o'hara", 'House']) {
    versions(store, name, 1);
  }
  assert.throws(() => store.catalog.model('house'), fails('LL7001'));
  assert.equal(store.catalog.hasModel('_'), false);
  store.catalog.setAlias("o'hara", 'constructor', '1', MARK);
  assert.deepEqual(store.catalog.model("o'hara").aliases, { constructor: '1' });
  assert.deepEqual(
    store.catalog.models().map(({ name }) => name),
    ['%', 'House', 'constructor', "o'hara"],
  );
});

test('an alias is at one version; its moves say from where to where, who and why', (t) => {
  const store = openTestStore(t);
  versions(store, 'm', 2);
  const { catalog } = store;
  assert.deepEqual(catalog.setAlias('m', 'champion', '1', MARK), {
    name: 'm',
    alias: 'champion',
    from: null,
    to: '1',
  });
  assert.deepEqual(catalog.setAlias('m', 'champion', '2', MARK), {
    name: 'm',
    alias: 'champion',
    from: '1',
    to: '2',
  });
  catalog.setAlias('m', 'best', '2', MARK);
  assert.deepEqual(catalog.version('m', '2').aliases, ['best', 'champion']);
  assert.deepEqual(catalog.version('m', '1').aliases, []);
  assert.deepEqual(catalog.model('m').aliases, { best: '2', champion: '2' });
  assert.equal(catalog.byAlias('m', 'best').version, '2');
  assert.equal(catalog.aliasVersion('m', 'best'), '2');
  // Where it is already: nothing happened.
  const before = told(store, 'm').length;
  assert.deepEqual(catalog.setAlias('m', 'best', '2', MARK), {
    name: 'm',
    alias: 'best',
    from: '2',
    to: '2',
  });
  assert.equal(told(store, 'm').length, before);
  assert.equal(catalog.deleteAlias('m', 'best', { by: 'bob', why: '' }), true);
  assert.equal(catalog.deleteAlias('m', 'best', { by: 'bob', why: '' }), false);
  assert.deepEqual(told(store, 'm').slice(0, 4), [
    'alias-deleted 2 best 2 - - bob ',
    'alias-moved 2 best - 2 - ann better',
    'alias-moved 2 champion 1 2 - ann better',
    'alias-moved 1 champion - 1 - ann better',
  ]);
});

test('an alias that is not where it is expected does not move (LL7015)', (t) => {
  const store = openTestStore(t);
  versions(store, 'm', 3);
  const { catalog } = store;
  assert.throws(
    () => catalog.setAlias('m', 'champion', '2', { ...MARK, expected: '1' }),
    fails('LL7015', /expected it at version 1, found it at no version/),
  );
  catalog.setAlias('m', 'champion', '2', { ...MARK, expected: null });
  for (const expected of [null, '1', '3']) {
    assert.throws(() => catalog.setAlias('m', 'champion', '3', { ...MARK, expected }), fails('LL7015'));
  }
  assert.equal(catalog.aliasVersion('m', 'champion'), '2');
  catalog.setAlias('m', 'champion', '3', { ...MARK, expected: '2' });
  assert.equal(catalog.aliasVersion('m', 'champion'), '3');
});

test('rollbacks go back step by step, pass over what was deleted, and end with LL7014', (t) => {
  const store = openTestStore(t);
  versions(store, 'm', 4);
  const { catalog } = store;
  assert.throws(() => catalog.previous('m', 'champion'), fails('LL7014', /no such alias, and never was/));
  for (const version of ['1', '2', '3', '4']) {
    catalog.setAlias('m', 'champion', version, MARK);
  }
  const back = (): string => {
    const version = catalog.previous('m', 'champion');
    catalog.setAlias('m', 'champion', version, { by: 'ann', why: '', rollback: true });
    return version;
  };
  catalog.deleteVersion('m', '2', { ...MARK, force: false });
  assert.deepEqual([back(), back()], ['3', '1']);
  assert.throws(() => catalog.previous('m', 'champion'), fails('LL7014', /at no version before version 1/));
  assert.equal(told(store, 'm')[0], 'alias-moved 1 champion 3 1 back ann ');
  // Another alias has a history of its own.
  assert.throws(() => catalog.previous('m', 'best'), fails('LL7014'));
});

test('a version that an alias is at is deleted by force only, one that is served not at all', (t) => {
  const store = openTestStore(t);
  versions(store, 'm', 2);
  const { catalog, holds } = store;
  catalog.setAlias('m', 'champion', '1', MARK);
  catalog.setAlias('m', 'champion', '2', MARK);
  assert.throws(
    () => catalog.deleteVersion('m', '2', { ...MARK, force: false }),
    fails('LL7011', /the alias champion is at it/),
  );
  holds.hold('server-1', [{ name: 'm', version: '2' }], 60_000);
  for (const remove of [
    () => catalog.deleteVersion('m', '2', { ...MARK, force: true }),
    () => catalog.deleteModel('m', MARK),
  ]) {
    assert.throws(remove, fails('LL7011', /server-1 serves it/));
  }
  assert.equal(catalog.aliasVersion('m', 'champion'), '2');
  assert.equal(catalog.model('m').versions.length, 2);
  holds.release('server-1');
  catalog.deleteVersion('m', '2', { ...MARK, force: true });
  assert.equal(catalog.aliasVersion('m', 'champion'), null);
  assert.equal(catalog.previous('m', 'champion'), '1');
});

test('holds are replaced by the next call, and end with their time', (t) => {
  const { holds } = openTestStore(t);
  holds.hold(
    'a',
    [
      { name: 'm', version: '1' },
      { name: 'm', version: '2' },
    ],
    60_000,
  );
  holds.hold('b', [{ name: 'm', version: '2' }], 60_000);
  holds.hold('c', [{ name: 'm', version: '2' }], -1);
  assert.deepEqual(holds.holders('m', '1'), ['a']);
  assert.deepEqual(holds.holders('m', '2'), ['a', 'b']);
  holds.hold('a', [{ name: 'm', version: '3' }], 60_000);
  assert.deepEqual(holds.holders('m', '1'), []);
  assert.deepEqual(holds.holders('m', '3'), ['a']);
});

test('tags, descriptions and stages: what was overwritten is in the history', (t) => {
  const store = openTestStore(t);
  const { catalog } = store;
  catalog.createModel('m', { description: 'one', tags: { a: '1' }, by: 'ann' });
  versions(store, 'm', 1);
  const from = told(store, 'm').length;
  catalog.setTag('m', null, 'a', '2');
  catalog.setTag('m', '1', 'q', 'gold', 'bob');
  catalog.setTag('m', '1', 'q', 'gold', 'bob');
  catalog.setTag('m', '1', 'q', null, 'bob');
  catalog.setTag('m', '1', 'never', null, 'bob');
  catalog.updateModel('m', 'two');
  catalog.updateVersion('m', '1', { description: 'd', stage: 'Production' }, 'ann');
  const model = catalog.model('m');
  assert.deepEqual([model.tags, model.description], [{ a: '2' }, 'two']);
  assert.deepEqual(catalog.version('m', '1').tags, {});
  assert.equal(catalog.version('m', '1').stage, 'Production');
  assert.deepEqual(told(store, 'm').slice(0, -from), [
    'model 1 -  d - ann description',
    'stage 1 - None Production - ann ',
    'model - - one two - tester description',
    'tag 1 - gold - - bob q',
    'tag 1 - - gold - bob q',
    'tag - - 1 2 - tester a',
  ]);
});

test('a model that is renamed keeps versions, aliases, holds and both halves of its history', (t) => {
  const store = openTestStore(t);
  versions(store, 'old', 2);
  versions(store, 'other', 1);
  const { catalog, holds } = store;
  catalog.setAlias('old', 'champion', '1', MARK);
  holds.hold('server', [{ name: 'old', version: '1' }], 60_000);
  assert.throws(() => catalog.renameModel('old', 'other', 'ann'), fails('LL7011'));
  assert.throws(() => catalog.renameModel('old', 'a/b', 'ann'), fails('LL7010'));
  catalog.renameModel('old', 'new', 'ann');
  assert.equal(catalog.hasModel('old'), false);
  assert.equal(catalog.byAlias('new', 'champion').name, 'new');
  assert.deepEqual(holds.holders('new', '1'), ['server']);
  catalog.setAlias('new', 'champion', '2', MARK);
  assert.equal(catalog.previous('new', 'champion'), '1');
  const events = told(store, 'new');
  assert.ok(events.includes('model - - old new - ann renamed'));
  assert.ok(events.includes('version-added 1 - - - - tester '));
});

test('a name that is taken or not allowed is refused, and nothing is left of it', (t) => {
  const store = openTestStore(t);
  const { catalog } = store;
  const options = { description: null, tags: {}, by: 'ann' };
  catalog.createModel('m', options);
  assert.throws(() => catalog.createModel('m', options), fails('LL7011'));
  assert.throws(() => catalog.createVersion(newVersion('a/b')), fails('LL7010'));
  assert.throws(() => catalog.createVersion(newVersion('x', { artifactPath: '../up' })), fails('LL7007'));
  assert.throws(
    () => catalog.createVersion(newVersion('x', { metrics: { a: Number.NaN } })),
    fails('LL1001'),
  );
  assert.throws(() => catalog.setAlias('m', 'latest', '1', MARK), fails('LL7010'));
  assert.deepEqual(
    catalog.models().map(({ name }) => name),
    ['m'],
  );
  assert.equal(told(store).length, 1);
});

test('a version’s files are those of the moment it was made', async (t) => {
  const store = openTestStore(t);
  await addText(store, 'm', 'one');
  const version = store.catalog.version('m', '1');
  const files = store.catalog.files(version).map((file) => ({ ...file }));
  assert.equal(files.length, 1);
  await store.artifacts.put(`${version.artifactPath}/model.txt`, streamOf('other'));
  await store.artifacts.put(`${version.artifactPath}/more.txt`, streamOf('more'));
  store.artifacts.remove(version.artifactPath);
  assert.deepEqual(
    store.catalog.files(version).map((file) => ({ ...file })),
    files,
  );
});

test('a version made before its files has those that come later', async (t) => {
  const store = openTestStore(t);
  const version = store.catalog.createVersion(newVersion('m', { artifactPath: '1/late' }));
  assert.deepEqual(store.catalog.files(version), []);
  await store.artifacts.put('1/late/a/b', streamOf('x'));
  assert.deepEqual(
    store.catalog.files(version).map(({ path }) => path),
    ['a/b'],
  );
});
