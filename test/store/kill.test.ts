/** A process that adds and promotes is killed at any moment: what it said is there, and nothing is half there. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../src/versions/store/fixtures/store.ts';
import { applyGc, planGc } from '../../src/versions/store/gc.ts';
import { openStore } from '../../src/versions/store/open.ts';
import { PROOF } from '../serve/harness.ts';
import { examine } from './examine.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));
const MODEL = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));
const FULL = 200;
const KILLS = PROOF ? FULL : 20;
/** `ready`, then two lines a version: kills come while the first, a further one or a promotion is under way. */
const MOST_LINES = 5;
/** An addition takes some 20 ms on a quiet machine. */
const LONGEST_MS = 40;

/** A writer that waits for its turn: the next one starts while this one works. */
function startWriter(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [WRITER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/**
 * Lets a writer work until it has said so many lines, the first of which is that it is ready, and for so long after that;
 * then kills it. Gives the lines that it wrote in full.
 */
async function workFor(lines: number, ms: number, writer: ChildProcess): Promise<readonly string[]> {
  let said = '';
  const enough = Promise.withResolvers<void>();
  writer.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > lines) {
      enough.resolve();
    }
  });
  const closed = once(writer, 'close');
  writer.stdin?.end();
  await Promise.race([enough.promise, closed]);
  await sleep(ms);
  writer.kill('SIGKILL');
  const [, signal] = (await closed) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL', 'it had ended before it was killed');
  return said.split('\n').slice(0, -1);
}

test(`${KILLS} kills of a process that adds and promotes (${FULL} with LOADLINE_PROOF=1)`, async (t) => {
  const scratch = temporaryFolder(t);
  const folder = join(scratch, 'models');
  const known = new Set<string>();
  const acknowledged = new Map<string, string>();
  let champion: string | null = null;
  let cutOff = 0;
  const args = [folder, MODEL, scratch, '1000000'];
  let next = startWriter(args);
  t.after(() => next.kill('SIGKILL'));
  for (let i = 0; i < KILLS; i++) {
    const writer = next;
    next = startWriter(args);
    const said = await workFor(1 + (i % MOST_LINES), (LONGEST_MS * i) / KILLS, writer);
    for (const line of said) {
      const [what, first = '', second = ''] = line.split(' ');
      if (what === 'added') {
        acknowledged.set(first, second);
      } else if (what === 'moved') {
        champion = second;
      }
    }
    const found = examine(folder, known);
    for (const [version, sha256] of acknowledged) {
      assert.equal(found.data.get(version), sha256, `version ${version} was acknowledged`);
    }
    // The promotion that was under way may have come through as a whole, or not at all.
    const newest = [...found.versions.keys()][0] ?? null;
    assert.ok(
      found.champion === champion || found.champion === newest,
      `champion is at ${found.champion}: ${champion} was acknowledged, ${newest} is the newest version`,
    );
    champion = found.champion;
    for (const { version, uid } of found.versions.values()) {
      known.add(uid);
      if (!acknowledged.has(version)) {
        cutOff++;
        acknowledged.set(version, found.data.get(version) ?? '');
      }
    }
  }
  t.diagnostic(`${known.size} versions, ${cutOff} of them whole though the process could not say so`);

  // What the kills left is found by gc, and nothing else.
  const incoming = join(folder, 'incoming');
  const long = new Date(Date.now() - 2 * 3_600_000);
  for (const name of readdirSync(incoming)) {
    utimesSync(join(incoming, name), long, long);
  }
  mkdirSync(join(incoming, 'of-today'));
  const store = openStore(folder, { create: false });
  applyGc(store, planGc(store), { by: 'tester', why: '' }, -60_000);
  store.close();
  assert.deepEqual(readdirSync(incoming), ['of-today']);
  assert.equal(examine(folder).versions.size, known.size);
});
