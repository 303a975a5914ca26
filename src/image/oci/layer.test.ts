import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ImageFile, ImageLayer } from '../plan.ts';
import type { ProgressEvent } from '../progress.ts';
import { blobPath } from './blob-folder.ts';
import { temporaryFolder, temporaryStore } from './fixtures/layers.ts';
import { type LayerOptions, writeLayer } from './layer.ts';
import type { ImageStore } from './store.ts';

const QUIET: LayerOptions = { signal: new AbortController().signal, onProgress: () => {} };

function file(path: string, text: string, mode: ImageFile['mode'] = 0o644): ImageFile {
  const bytes = Buffer.from(text);
  return { path, mode, size: bytes.length, source: { bytes } };
}

const LAYER: ImageLayer = {
  name: 'server',
  files: [
    file('/opt/loadline/server.js', "console.log('ready');\n"),
    file('/opt/loadline/chunks/a.js', 'export const a = 1;\n'),
    file('/opt/loadline/run', '#!/bin/sh\n', 0o755),
  ],
};

function temporaries(store: ImageStore): string[] {
  return readdirSync(join(store.root, 'tmp'));
}

/** Bytes that deflate has work with: words of a generator with a fixed seed. */
function prose(bytes: number): Buffer {
  const words = ['tree', 'node', 'left', 'right', 'threshold', 'value', 'leaf', 'sample'];
  let state = 1;
  let text = '';
  while (text.length < bytes) {
    state = (state * 48_271) % 2_147_483_647;
    text += `${words[state % words.length]} ${state % 1000}\n`;
  }
  return Buffer.from(text.slice(0, bytes));
}

describe('a layer', () => {
  // test/image/layers.test.ts reads a layer of the same files with GNU tar, gzip and Python, and writes it with another Node.
  it('has the same digest everywhere', async (t) => {
    const built = await writeLayer(LAYER, 1_700_000_000, await temporaryStore(t), QUIET);
    assert.equal(built.name, 'server');
    assert.equal(built.descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
    // The archive that Python's tarfile makes of these files in USTAR_FORMAT, without its padding to 10,240 bytes.
    const archive = 'sha256:0972aa8241f2e737c700bb553e4c6b7e6e3e680dabf57e1c801264b22104d993';
    assert.equal(built.diffId, archive);
    // No other program makes these very bytes; a change means that unchanged models travel again.
    const compressed = 'sha256:30061d0206385054a667545f34acec6ea9556ac07eaf401881c7ae57ae62851b';
    assert.equal(built.descriptor.digest, compressed);
  });

  it('is a gzip without name and time, whose archive has the digest that is told', async (t) => {
    const store = await temporaryStore(t);
    const { descriptor, diffId, sizeBytes } = await writeLayer(LAYER, 0, store, QUIET);
    const bytes = readFileSync(blobPath(store.root, descriptor.digest));
    assert.equal(bytes.length, descriptor.size);
    // RFC 1952: magic, deflate, no flags, no time, no extra flags, Unix.
    assert.deepEqual([...bytes.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    const archive = gunzipSync(bytes);
    assert.equal(archive.length, sizeBytes);
    assert.equal(`sha256:${createHash('sha256').update(archive).digest('hex')}`, diffId);
    assert.deepEqual(temporaries(store), []);
  });

  it('is the same from a file and from memory, in whatever order and pieces it comes', async (t) => {
    const bytes = prose(700_000);
    const path = join(temporaryFolder(t), 'model.pkl');
    writeFileSync(path, bytes);
    const model = { path: '/model/model.pkl', mode: 0o644, size: bytes.length } as const;
    const other = file('/a.txt', 'a');
    const fromFile = [{ ...model, source: { file: path } }, other];
    const fromMemory = [other, { ...model, source: { bytes } }];
    const digests = [];
    for (const files of [fromFile, fromMemory]) {
      const built = await writeLayer({ name: 'model', files }, 0, await temporaryStore(t), QUIET);
      digests.push([built.descriptor.digest, built.diffId]);
    }
    assert.deepEqual(digests[0], digests[1]);
  });

  it('is not written again while its files are the same', async (t) => {
    const store = await temporaryStore(t);
    const path = join(temporaryFolder(t), 'model.pkl');
    writeFileSync(path, 'one');
    const model = (): ImageLayer => ({
      name: 'model',
      files: [
        { path: '/model/model.pkl', mode: 0o644, size: readFileSync(path).length, source: { file: path } },
      ],
    });
    const states: string[] = [];
    const options = {
      ...QUIET,
      onProgress: ({ state, note }: ProgressEvent) => states.push(`${state} ${note ?? ''}`.trim()),
    };
    const first = await writeLayer(model(), 0, store, options);
    assert.equal(states.splice(0).at(-1), `done ${first.descriptor.digest}`);
    // The file's own time does not count.
    utimesSync(path, 1000, 1000);
    assert.deepEqual(await writeLayer(model(), 0, store, options), first);
    assert.deepEqual(states.splice(0), ['start', 'skipped not changed']);

    const later = await writeLayer(model(), 1, store, options);
    assert.notEqual(later.diffId, first.diffId);
    writeFileSync(path, 'two');
    const changed = await writeLayer(model(), 0, store, options);
    assert.notEqual(changed.diffId, first.diffId);
    states.splice(0);

    rmSync(blobPath(store.root, first.descriptor.digest));
    writeFileSync(path, 'one');
    assert.deepEqual(await writeLayer(model(), 0, store, options), first);
    assert.equal(states.at(-1), `done ${first.descriptor.digest}`);
    assert.ok(existsSync(blobPath(store.root, first.descriptor.digest)));
  });

  it('does not believe a note that someone edited', async (t) => {
    const store = await temporaryStore(t);
    const first = await writeLayer(LAYER, 0, store, QUIET);
    const [name] = readdirSync(join(store.root, 'layers'));
    for (const text of ['{"digest":"sha256:../../etc","size":1}', '[]', '{', '']) {
      writeFileSync(join(store.root, 'layers', String(name)), text);
      assert.deepEqual(await writeLayer(LAYER, 0, store, QUIET), first);
    }
  });

  it('reports how far it is', async (t) => {
    const bytes = prose(3 * 2 ** 20);
    const seen: ProgressEvent[] = [];
    const files = [{ path: '/m', mode: 0o644, size: bytes.length, source: { bytes } } as const];
    const onProgress = (event: ProgressEvent): void => {
      seen.push(event);
    };
    await writeLayer({ name: 'model', files }, 0, await temporaryStore(t), { ...QUIET, onProgress });
    const done = seen.filter(({ state }) => state === 'progress').map(({ doneBytes }) => doneBytes ?? 0);
    assert.ok(done.length >= 3, `${done}`);
    assert.deepEqual(
      done,
      done.toSorted((a, b) => a - b),
    );
    assert.ok(done.every((sum) => sum <= bytes.length));
    assert.ok(seen.every((event) => event.totalBytes === undefined || event.totalBytes === bytes.length));
  });

  for (const [what, size, text, later] of [
    ['has grown since it was planned', 3, 'four', 'four'],
    ['has shrunk since it was planned', 5, 'four', 'four'],
    ['grows after it was hashed', 4, 'four', 'fourteen'],
    ['shrinks after it was hashed', 4, 'four', 'fou'],
    ['gets other bytes after it was hashed', 4, 'four', 'five'],
  ] as const) {
    it(`fails when a file ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const path = join(temporaryFolder(t), 'model.pkl');
      writeFileSync(path, text);
      const files = [{ path: '/model.pkl', mode: 0o644, size, source: { file: path } } as const];
      const writer = store.writer;
      const changing = {
        ...store,
        writer: async () => {
          writeFileSync(path, later);
          return writer();
        },
      };
      await assert.rejects(writeLayer({ name: 'model', files }, 0, changing, QUIET), {
        code: 'LL3002',
        message: `${path} changed while the image was built from it`,
      });
      assert.deepEqual(temporaries(store), []);
      assert.deepEqual(readdirSync(join(store.root, 'blobs/sha256')), []);
    });
  }

  it('fails when a file is missing', async (t) => {
    const store = await temporaryStore(t);
    const path = join(temporaryFolder(t), 'none.pkl');
    const files = [{ path: '/model.pkl', mode: 0o644, size: 1, source: { file: path } } as const];
    await assert.rejects(writeLayer({ name: 'model', files }, 0, store, QUIET), {
      code: 'LL1006',
      message: /none\.pkl/,
    });
  });

  it('stops when it is told to and leaves nothing', async (t) => {
    const store = await temporaryStore(t);
    const bytes = prose(2 ** 21);
    const path = join(temporaryFolder(t), 'model.pkl');
    writeFileSync(path, bytes);
    const controller = new AbortController();
    const files = [{ path: '/m', mode: 0o644, size: bytes.length, source: { file: path } } as const];
    const options: LayerOptions = {
      signal: controller.signal,
      onProgress: ({ state }) => state === 'progress' && controller.abort(),
    };
    await assert.rejects(writeLayer({ name: 'model', files }, 0, store, options), { code: 'LL6017' });
    assert.deepEqual(temporaries(store), []);
    assert.deepEqual(readdirSync(join(store.root, 'blobs/sha256')), []);
  });
});
