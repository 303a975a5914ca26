import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { processTerminal } from '../output/terminal.ts';
import { readAsked } from './asked.ts';
import { readRequest } from './requests.ts';
import { readSettings } from './settings.ts';

test('a store that is typed or set is relative to the folder of that, one in loadline.yaml to the file', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-asked-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'loadline.yaml');
  writeFileSync(path, 'apiVersion: loadline/v1\nmodels: [{ source: a@champion }]\nserver: { store: kept }\n');
  const file = await readAsked(path, {}, {});
  assert.deepEqual([file.folder, file.options.store], [folder, join(folder, 'kept')]);
  assert.equal((await readAsked(path, { store: 'typed' }, {})).options.store, resolve('typed'));
  const set = await readAsked(path, {}, { LOADLINE_STORE: 'set' });
  assert.deepEqual([set.options.store, set.env.LOADLINE_STORE], [undefined, resolve('set')]);
});

test("Vertex AI's port counts before the option; an empty one is not set", async () => {
  const portOf = async (options: Record<string, string>, port: string): Promise<number> => {
    const terminal = { ...processTerminal('never'), env: { AIP_HTTP_PORT: port } };
    return (await readSettings(options, terminal)).port;
  };
  assert.equal(await portOf({ port: '6000' }, '8080'), 8080);
  assert.equal(await portOf({ port: '6000' }, ''), 6000);
  assert.equal(await portOf({}, ''), 5000);
});

test('a canary is decided by a header, whose name has to be one', () => {
  const canary = (canaryKey?: string) =>
    readRequest('a@b', { canary: 'a/4=10%', ...(canaryKey === undefined ? {} : { canaryKey }) }).canary;
  assert.deepEqual(canary(), { version: 'a/4', share: 0.1, keyHeader: 'x-loadline-key' });
  assert.equal(canary('X-User')?.keyHeader, 'X-User');
  for (const wrong of ['x user', 'x:user', '']) {
    assert.throws(() => canary(wrong), { code: 'LL1001' });
  }
});
