import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import { type CacheEntry, openCache, type Workplace } from './cache.ts';

const root = mkdtempSync(join(tmpdir(), 'loadline-cache-'));
after(() => rmSync(root, { recursive: true, force: true }));

let count = 0;
const open = () => openCache({ XDG_CACHE_HOME: join(root, String(count++)) });

function entry(identity: string): CacheEntry {
  return { model: 'house-price-0a1b2c3d', identity, label: `house-price-${identity}` };
}

/** Fills an entry with one file. */
const write =
  (text: string) =>
  ({ files }: Workplace): Promise<void> =>
    writeFile(join(files, 'model.pkl'), text);

const NEVER = (): Promise<void> => Promise.reject(new Error('it is there already'));

/** Entries of a model's folder. */
function entries(path: string): readonly string[] {
  return readdirSync(dirname(path)).filter((name) => !name.startsWith('.'));
}

test('an entry is made once, and found by its identity', async () => {
  const cache = await open();
  const one = await cache.ensure(entry('1'), write('one'));
  assert.equal(await cache.ensure(entry('1'), NEVER), one);
  assert.match(basename(one), /^house-price-1-[0-9a-f]{12}$/);
  const two = await cache.ensure(entry('2'), write('two'));
  assert.deepEqual(
    [one, two].map((path) => readFileSync(join(path, 'model.pkl'), 'utf8')),
    ['one', 'two'],
  );
});

test('what fails leaves no entry, and what it had for the next try', async () => {
  const cache = await open();
  await assert.rejects(
    cache.ensure(entry('1'), async ({ parts }) => {
      await writeFile(join(parts, 'half'), 'half');
      throw new Error('the line broke');
    }),
    /the line broke/,
  );
  const path = await cache.ensure(entry('1'), async ({ files, parts }) => {
    writeFileSync(join(files, 'model.pkl'), `${readFileSync(join(parts, 'half'), 'utf8')} and half`);
  });
  assert.equal(readFileSync(join(path, 'model.pkl'), 'utf8'), 'half and half');
  assert.deepEqual(entries(path), [basename(path)]);
  assert.deepEqual(readdirSync(join(dirname(path), '.partial')), []);
  assert.deepEqual(readdirSync(join(dirname(path), '.taken')), []);
});

test('a full disk keeps nothing of what failed', async () => {
  const cache = await open();
  await assert.rejects(
    cache.ensure(entry('1'), async ({ parts }) => {
      await writeFile(join(parts, 'half'), 'half');
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
        code: 'ENOSPC',
        errno: -28,
      });
    }),
    (error: unknown) =>
      isLoadlineError(error) && error.code === 'LL1007' && /no space left/.test(error.message),
  );
  const path = await cache.ensure(entry('1'), async ({ files, parts }) => {
    assert.deepEqual(readdirSync(parts), []);
    await write('whole')({ files, parts });
  });
  assert.equal(readFileSync(join(path, 'model.pkl'), 'utf8'), 'whole');
});

test('two at once: both get the one that was first', async () => {
  const cache = await open();
  const first = Promise.withResolvers<void>();
  const slow = cache.ensure(entry('1'), async (place) => {
    await first.promise;
    await write('slow')(place);
  });
  const quick = await cache.ensure(entry('1'), write('quick'));
  first.resolve();
  assert.equal(await slow, quick);
  assert.equal(readFileSync(join(quick, 'model.pkl'), 'utf8'), 'quick');
  assert.deepEqual(readdirSync(join(dirname(quick), '.taken')), []);
});

/** Pid of a process that has ended. */
const DEAD = 2 ** 22 - 7;

/** Gives the marks of this process to another, which has ended. */
async function abandon(folder: string): Promise<void> {
  for (const mark of readdirSync(join(folder, '.use'))) {
    rmSync(join(folder, '.use', mark));
    await writeFile(join(folder, '.use', mark.replace(`@${process.pid}@`, `@${DEAD}@`)), '');
  }
}

test('the newest five of a model are kept, and those that a living process uses', async () => {
  const cache = await open();
  const paths: string[] = [];
  for (let i = 1; i <= 7; i++) {
    const path = await cache.ensure(entry(String(i)), write(String(i)));
    await utimes(path, new Date(i * 1000), new Date(i * 1000));
    paths.push(path);
  }
  const folder = dirname(paths[0]!);
  assert.equal(entries(paths[0]!).length, 7, 'this process lives and uses them all');
  await abandon(folder);
  const eighth = await cache.ensure(entry('8'), write('8'));
  assert.deepEqual(
    [...entries(eighth)].sort(),
    [...paths.slice(3), eighth].map((path) => basename(path)).sort(),
  );
  // Marks of those that are gone went with them.
  assert.deepEqual(readdirSync(join(folder, '.use')).length, 1);
  assert.deepEqual(readdirSync(join(folder, '.taken')), []);
});

test('one that is asked for again is new again', async () => {
  const cache = await open();
  for (let i = 1; i <= 5; i++) {
    const path = await cache.ensure(entry(String(i)), write(String(i)));
    await utimes(path, new Date(i * 1000), new Date(i * 1000));
  }
  const first = await cache.ensure(entry('1'), NEVER);
  await abandon(dirname(first));
  await cache.ensure(entry('6'), write('6'));
  assert.equal(await cache.ensure(entry('1'), NEVER), first);
});

test('what a process that was killed was working on goes to the next one', async () => {
  const cache = await open();
  const { model } = entry('1');
  let left = '';
  await assert.rejects(
    cache.ensure(entry('1'), async ({ parts }) => {
      left = dirname(parts);
      await writeFile(join(parts, 'half'), 'half');
      throw new Error('for its name only');
    }),
  );
  const folder = join(cache.folder, model);
  // As it lies there when its owner is killed: under its number, which is nobody's any more.
  const orphan = join(folder, '.taken', basename(left).replace(`@${process.pid}@`, `@${DEAD}@`));
  await mkdir(join(orphan, 'parts'), { recursive: true });
  await mkdir(join(orphan, 'files'), { recursive: true });
  await writeFile(join(orphan, 'parts', 'half'), 'orphaned');
  rmSync(join(folder, '.partial'), { recursive: true });
  await cache.ensure(entry('1'), async ({ files, parts }) => {
    assert.equal(readFileSync(join(parts, 'half'), 'utf8'), 'orphaned');
    await write('whole')({ files, parts });
  });
  assert.deepEqual(readdirSync(join(folder, '.taken')), []);
});

test('names with anything in them stay in the cache', async () => {
  const cache = await open();
  const path = await cache.ensure({ model: 'm', identity: 'x', label: '../../häuser & co/@3' }, write('x'));
  assert.equal(dirname(path), join(cache.folder, 'm'));
});

test('what a process does not keep any more is pruned; what it keeps stays', async () => {
  const cache = await open();
  const pinned = await cache.ensure(entry('pinned'), write('pinned'));
  let newest = '';
  for (let i = 0; i < 10; i++) {
    newest = await cache.ensure(entry(String(i)), write('x'));
    // The newest would be told apart by times of the same millisecond.
    await utimes(newest, 1_700_000_000 + i, 1_700_000_000 + i);
    await utimes(pinned, 1_600_000_000, 1_600_000_000);
  }
  assert.equal(entries(newest).length, 11);
  // A file in an entry stands for it.
  await cache.keep([join(pinned, 'model.pkl'), newest, '/somewhere/else']);
  const last = await cache.ensure(entry('last'), write('x'));
  const left = entries(last);
  assert.equal(left.length, 6, 'the newest five and the one that is kept');
  assert.ok([pinned, newest, last].every((path) => left.includes(basename(path))));
});
