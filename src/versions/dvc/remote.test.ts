/** Remotes that mean harm, or whose password has a sign of its own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readDvcConfig } from './config.ts';
import { remotePlace } from './places.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'loadline-dvc-'));
});
after(() => rmSync(folder, { recursive: true }));

test('a remote that sends without end is given up', async () => {
  const zeros = Buffer.alloc(2 ** 20);
  const server = createServer((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(zeros)) {}
    };
    response.on('drain', more);
    more();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const remote = { kind: 'http', name: 'r', url, headers: {}, authorities: true, idleMs: null } as const;
  const place = remotePlace(remote, { env: {} });
  const object = { md5: '0'.repeat(32), isManifest: true, size: null, legacy: false, workFile: null };
  const file = join(folder, 'list.json');
  const { signal } = new AbortController();
  const outcome = await place.bring(object, { file, signal, onBytes() {} });
  assert.deepEqual(outcome, { kind: 'damaged', why: 'has more than 16777216 bytes in its place' });
  assert.ok(statSync(file).size < 2 ** 25);
  place.close();
  server.closeAllConnections();
  server.close();
});

test('a percent sign in the password of an address', () => {
  mkdirSync(join(folder, '.dvc'));
  const config = '[core]\nremote = r\n[\'remote "r"\']\nurl = http://ada:100%@host/x\n';
  writeFileSync(join(folder, '.dvc', 'config'), config);
  const env = { DVC_SYSTEM_CONFIG_DIR: folder, DVC_GLOBAL_CONFIG_DIR: folder };
  const remote = readDvcConfig(folder, env).remote(null);
  assert.ok(remote?.kind === 'http');
  assert.equal(remote.url.href, 'http://host/x');
  assert.equal(remote.headers.Authorization, `Basic ${Buffer.from('ada:100%').toString('base64')}`);
});
