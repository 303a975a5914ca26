/**
 * A process that adds versions to a store and promotes them, and says of each what is done:
 *
 *     node writer.ts STORE MODEL SCRATCH COUNT
 *
 * It says `ready`, and begins when its standard input ends. `added 3 <sha256 of its training data>`, `moved 2 3`, `lost` where another process moved the alias first. Lines are
 * written when the call has returned, at once and in full: what is said is done.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { isLoadlineError } from '../../src/errors.ts';
import { openStore } from '../../src/versions/store/open.ts';
import { storeRegistry } from '../../src/versions/store/registry.ts';

/** So large that a kill often comes while it is written. */
const DATA_BYTES = 200_000;

const [folder = '', model = '', scratch = '', count = '0'] = process.argv.slice(2);
writeSync(1, 'ready\n');
readFileSync(0);
const work = { signal: new AbortController().signal, onProgress: () => {} };
const by = `writer ${process.pid}`;
const store = openStore(folder, { create: true, by });
const registry = storeRegistry(store);

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

for (let i = 0; i < Number(count); i++) {
  const data = `${scratch}/${process.pid}.csv`;
  const bytes = randomBytes(DATA_BYTES);
  writeFileSync(data, bytes);
  const request = { name: 'house-price', from: { path: model }, data, metrics: {}, params: {}, tags: {}, by };
  const { version } = await registry.add({ ...request, description: `number ${i}` }, work);
  say(`added ${version} ${createHash('sha256').update(bytes).digest('hex')}`);
  const expected = store.catalog.aliasVersion('house-price', 'champion');
  try {
    await registry.setAlias('house-price', 'champion', version, { by, why: 'newest', expected }, work);
    say(`moved ${expected} ${version}`);
  } catch (error) {
    if (!isLoadlineError(error) || error.code !== 'LL7015') {
      throw error;
    }
    say('lost');
  }
}
store.close();
