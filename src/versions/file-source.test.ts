import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import { readBytes } from '../formats/read-bytes.ts';
import { fileSource } from './file-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'loadline-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const WORK = { signal: new AbortController().signal, onProgress: () => {} };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const source = (path: string) => fileSource({ kind: 'file', path }, folder);

test("a file's version is the start of its sha256, its name that of the file", async () => {
  writeFileSync(join(folder, 'house-price.pkl'), 'one');
  const file = source('house-price.pkl');
  const found = await file.find(WORK);
  assert.deepEqual(found, {
    name: 'house-price',
    version: sha256('one').slice(0, 12),
    identity: sha256('one'),
    uri: 'house-price.pkl',
  });
  assert.equal(file.moves, true);
  assert.equal((await file.fetch(found, WORK)).path, join(folder, 'house-price.pkl'));
});

test('another content is another version, also where only the file was moved into place', async () => {
  const path = join(folder, 'moving.pkl');
  writeFileSync(path, 'one');
  const file = source('moving.pkl');
  const one = await file.find(WORK);
  writeFileSync(`${path}.new`, 'two');
  renameSync(`${path}.new`, path);
  const two = await file.find(WORK);
  assert.deepEqual([one.identity, two.identity], [sha256('one'), sha256('two')]);
  await assert.rejects(
    file.fetch(one, WORK),
    (error: unknown) =>
      isLoadlineError(error) && error.code === 'LL7006' && /changed while it was read/.test(error.message),
  );
});

test('a folder is what its files are, by name and content', async () => {
  const path = join(folder, 'logged');
  mkdirSync(join(path, 'code'), { recursive: true });
  writeFileSync(join(path, 'MLmodel'), 'flavors');
  writeFileSync(join(path, 'code', 'a.py'), 'a');
  const file = source('logged');
  const { identity, name } = await file.find(WORK);
  assert.equal(name, 'logged');
  assert.equal(identity, sha256(`MLmodel\0${sha256('flavors')}\ncode/a.py\0${sha256('a')}\n`));
  renameSync(join(path, 'code', 'a.py'), join(path, 'code', 'b.py'));
  assert.notEqual((await file.find(WORK)).identity, identity);
});

test('what is no model is not read: a folder of other things, a pipe that nobody writes to', async () => {
  mkdirSync(join(folder, 'home'));
  const pipe = join(folder, 'home', 'pipe');
  execFileSync('mkfifo', [pipe]);
  const { identity } = await source('home').find(WORK);
  assert.equal(identity, sha256(''));
  const isNoFile = (error: unknown): boolean =>
    isLoadlineError(error) && error.code === 'LL1006' && /is not a file/.test(error.message);
  await assert.rejects(source('home/pipe').find(WORK), isNoFile);
  await assert.rejects(readBytes(pipe), isNoFile);
});

test('a file that is not there is LL1006', async () => {
  await assert.rejects(
    source('gone.pkl').find(WORK),
    (error: unknown) =>
      isLoadlineError(error) &&
      error.code === 'LL1006' &&
      /Cannot read gone\.pkl: ENOENT/.test(error.message),
  );
});
