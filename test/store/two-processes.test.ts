/** Several processes on one store: no number twice, no move lost, no file deleted that another is adding. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openTestStore, temporaryFolder } from '../../src/versions/store/fixtures/store.ts';
import { applyGc, planGc } from '../../src/versions/store/gc.ts';
import { examine } from './examine.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));
const MODEL = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));
const WRITERS = 3;
const EACH = 12;

async function write(args: readonly string[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WRITER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end();
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  assert.deepEqual(await once(child, 'close'), [0, null]);
  return said.trim().split('\n');
}

test(`${WRITERS} processes add ${EACH} versions each and promote them while gc runs`, async (t) => {
  const scratch = temporaryFolder(t);
  const folder = join(scratch, 'models');
  // They also make the store at the same time.
  let running = true;
  const writers = Promise.all(
    Array.from({ length: WRITERS }, () => write([folder, MODEL, scratch, String(EACH)])),
  ).finally(() => {
    running = false;
  });
  await sleep(0);
  const store = openTestStore(t, folder);
  let rounds = 0;
  while (running) {
    // Whatever nothing points at this moment is old enough to go.
    applyGc(store, planGc(store, { graceMs: -60_000 }), { by: 'gc', why: '' }, -60_000);
    rounds++;
    await sleep(5);
  }
  const said = (await writers).flat();
  assert.ok(rounds > 1);
  const added = said.filter((line) => line.startsWith('added '));
  const moved = said.filter((line) => line.startsWith('moved '));
  const found = examine(folder);
  const numbers = added.map((line) => Number(line.split(' ')[1])).sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    Array.from({ length: WRITERS * EACH }, (_, i) => i + 1),
  );
  for (const line of added) {
    const [, version = '', sha256] = line.split(' ');
    assert.equal(found.data.get(version), sha256);
  }
  // Every move that a process was told of is in the history, once; and no other.
  const moves = store.catalog
    .history('house-price')
    .filter(({ kind }) => kind === 'alias-moved')
    .map(({ from, to }) => `moved ${from} ${to}`);
  assert.deepEqual(moves.sort(), moved.toSorted());
});
