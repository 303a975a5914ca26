import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Digest } from '../reference.ts';
import { type Pass, readPass, recordPass } from './record.ts';

const digest = (digits: string): Digest => `sha256:${digits.repeat(32)}`;

const PASS: Pass = {
  image: 'ml-model:v1',
  digests: [digest('ab'), digest('cd')],
  when: '2026-01-02T03:04:05.000Z',
  software: '0.1.0',
  checks: ['ready', 'answers'],
  unchecked: ['limits: no engine'],
};

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-record-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a pass is found by each digest of the image and by no other', async (t) => {
  const folder = join(temporaryFolder(t), 'not', 'there', 'yet');
  await recordPass(folder, PASS);
  for (const one of PASS.digests) {
    const { image, digests, when, software, checks, unchecked } = (await readPass(folder, one))!;
    assert.deepEqual({ image, digests, when, software, checks, unchecked }, PASS);
  }
  assert.equal(await readPass(folder, digest('ef')), null);
  assert.deepEqual(readdirSync(join(folder, 'tests')).sort(), [
    `sha256-${'ab'.repeat(32)}.json`,
    `sha256-${'cd'.repeat(32)}.json`,
  ]);
});

test('the last test of an image is the one that counts', async (t) => {
  const folder = temporaryFolder(t);
  await recordPass(folder, PASS);
  await recordPass(folder, { ...PASS, when: '2026-02-03T04:05:06.000Z' });
  assert.equal((await readPass(folder, digest('ab')))?.when, '2026-02-03T04:05:06.000Z');
});

test('what is no record, or one of another image, is no pass', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'tests'));
  const path = join(folder, 'tests', `sha256-${'ef'.repeat(32)}.json`);
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"kind":"TestPass"}',
    JSON.stringify({ kind: 'TestPass', ...PASS }),
  ]) {
    writeFileSync(path, text);
    assert.equal(await readPass(folder, digest('ef')), null, text);
  }
});

test('a folder that cannot be made is an error, not a silent loss', async (t) => {
  const folder = join(temporaryFolder(t), 'file');
  writeFileSync(folder, '');
  await assert.rejects(recordPass(folder, PASS), { code: 'LL1007' });
});
