import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Digest } from '../reference.ts';
import { temporaryFolder, temporaryStore } from './fixtures/layers.ts';
import { openStore } from './store.ts';
import { type Descriptor, MEDIA } from './types.ts';

/** sha256 of `hello`, by sha256sum. */
const HELLO: Digest = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
const STORE = new URL('./store.ts', import.meta.url).href;

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

function descriptor(digit: string): Descriptor {
  return { mediaType: MEDIA.manifest, digest: `sha256:${digit.repeat(64)}`, size: 2 };
}

async function put(store: Awaited<ReturnType<typeof openStore>>, text: string): Promise<Digest> {
  const writer = await store.writer();
  await writer.write(Buffer.from(text));
  return (await writer.commit()).digest;
}

describe('blobs of the store', () => {
  it('are found by their digest', async (t) => {
    const store = await temporaryStore(t);
    assert.equal(await store.size(HELLO), null);
    const writer = await store.writer();
    await writer.write(Buffer.from('hel'));
    await writer.write(Buffer.from(''));
    await writer.write(Buffer.from('lo'));
    // Nothing is seen before it is whole.
    assert.equal(await store.size(HELLO), null);
    assert.deepEqual(await writer.commit(), { digest: HELLO, size: 5 });
    await writer.abort();
    assert.equal(await store.size(HELLO), 5);
    assert.equal(String(await store.read(HELLO)), 'hello');
    assert.equal(String(await buffer(store.stream(HELLO))), 'hello');
    assert.deepEqual(readdirSync(join(store.root, 'tmp')), []);
  });

  for (const [what, expected] of [
    ['another digest', { digest: `sha256:${'0'.repeat(64)}` as Digest, size: 5 }],
    ['another size', { digest: HELLO, size: 6 }],
  ] as const) {
    it(`are refused when they have ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const writer = await store.writer();
      await writer.write(Buffer.from('hello'));
      await assert.rejects(writer.commit(expected), {
        code: 'LL6007',
        message: `Expected ${expected.digest} of ${expected.size} bytes, found ${HELLO} of 5 bytes`,
      });
      assert.deepEqual(readdirSync(join(store.root, 'tmp')), []);
      assert.deepEqual(readdirSync(join(store.root, 'blobs/sha256')), []);
    });
  }

  it('are forgotten when their writer gives up', async (t) => {
    const store = await temporaryStore(t);
    const writer = await store.writer();
    await writer.write(Buffer.from('hello'));
    await writer.abort();
    await writer.abort();
    assert.equal(await store.size(HELLO), null);
    assert.deepEqual(readdirSync(join(store.root, 'tmp')), []);
  });

  it('are told from damaged and missing ones, and written anew', async (t) => {
    const store = await temporaryStore(t);
    await assert.rejects(store.read(HELLO), { code: 'LL6016', message: new RegExp(`${HELLO} is missing`) });
    await put(store, 'hello');
    writeFileSync(join(store.root, 'blobs/sha256', HELLO.slice(7)), 'hallo');
    await assert.rejects(store.read(HELLO), {
      code: 'LL6016',
      message: /is damaged/,
      detail: { where: store.root },
    });
    await put(store, 'hello');
    assert.equal(String(await store.read(HELLO)), 'hello');
  });

  for (const digest of [
    'sha256:../../../../etc/passwd',
    'sha256:',
    'sha512:00',
    7,
    null,
    undefined,
    `${HELLO}/x`,
  ]) {
    it(`are not looked for under ${JSON.stringify(digest)}`, async (t) => {
      const store = await temporaryStore(t);
      const hostile = digest as Digest;
      await assert.rejects(store.size(hostile), { code: 'LL6014' });
      await assert.rejects(store.read(hostile), { code: 'LL6014' });
      assert.throws(() => store.stream(hostile), { code: 'LL6014' });
    });
  }
});

describe('documents of the store', () => {
  it('are JSON without spaces, keys in their order', async (t) => {
    const store = await temporaryStore(t);
    const document = await store.putDocument(MEDIA.config, { b: 1, a: ['é'] });
    assert.equal(String(document.bytes), '{"b":1,"a":["é"]}');
    const digest = `sha256:${createHash('sha256').update('{"b":1,"a":["é"]}').digest('hex')}`;
    assert.deepEqual(document.descriptor, { mediaType: MEDIA.config, digest, size: 18 });
    assert.deepEqual((await store.readJson(document.descriptor)).value, { b: 1, a: ['é'] });
  });

  for (const [what, text, size] of [
    ['JSON', '{', null],
    ['an object', '[1]', null],
    ['an object', 'null', null],
    ['of its size', '{"a":1}', 8],
    ['of at most 4 MiB', `{"a":"${'x'.repeat(2 ** 22)}"}`, null],
  ] as const) {
    it(`are refused when they are not ${what}: ${text.slice(0, 10)}`, async (t) => {
      const store = await temporaryStore(t);
      const digest = await put(store, text);
      const read = store.readJson({ mediaType: MEDIA.manifest, digest, size: size ?? text.length });
      await assert.rejects(read, { code: 'LL6014' });
    });
  }
});

describe('names of images', () => {
  it('stand for the image tagged last', async (t) => {
    const store = await temporaryStore(t);
    assert.equal(await store.tagged('r.test/a:v1'), null);
    await store.tag('r.test/b:v1', descriptor('b'));
    await store.tag('r.test/a:v1', descriptor('a'));
    await store.tag('r.test/a:v1', descriptor('c'));
    const { digest } = (await store.tagged('r.test/a:v1')) ?? {};
    assert.equal(digest, descriptor('c').digest);
    assert.deepEqual(
      (await store.list()).map(({ name, descriptor: { digest } }) => [name, digest[7]]),
      [
        ['r.test/a:v1', 'c'],
        ['r.test/b:v1', 'b'],
      ],
    );
    assert.equal(await store.untag('r.test/a:v1'), true);
    assert.equal(await store.untag('r.test/a:v1'), false);
    assert.equal(await store.tagged('r.test/a:v1'), null);
    assert.equal((await store.list()).length, 1);
  });

  it('outlive the process', async (t) => {
    const store = await temporaryStore(t);
    await store.tag('r.test/a:v1', descriptor('a'));
    assert.equal((await (await openStore(store.root)).tagged('r.test/a:v1'))?.size, 2);
  });

  it('are all there after several processes tagged at once', { timeout: 60_000 }, async (t) => {
    const { root } = await temporaryStore(t);
    const script = `
      import { openStore } from ${JSON.stringify(STORE)};
      const [root, own] = process.argv.slice(1);
      const store = await openStore(root);
      for (let i = 0; i < 15; i++) {
        await store.tag('r.test/' + own + ':v' + i, { mediaType: 'm', digest: 'sha256:' + own.repeat(64), size: 1 });
      }`;
    const run = promisify(execFile);
    const children = ['a', 'b', 'c', 'd'].map((own) =>
      run(process.execPath, ['--input-type=module', '-e', script, root, own]),
    );
    await Promise.all(children);
    const names = (await (await openStore(root)).list()).map(({ name }) => name);
    const expected = ['a', 'b', 'c', 'd'].flatMap((own) =>
      Array.from({ length: 15 }, (_, i) => `r.test/${own}:v${i}`),
    );
    assert.deepEqual(names, expected.sort());
    assert.deepEqual(readdirSync(join(root, 'tmp')), []);
    assert.ok(!existsSync(join(root, 'index.lock')));
  });

  it('are all there after one process tagged through two stores at once', async (t) => {
    const store = await temporaryStore(t);
    const other = await openStore(store.root);
    const names = Array.from({ length: 20 }, (_, i) => `r.test/a:v${String(i).padStart(2, '0')}`);
    await Promise.all(names.map((name, i) => (i % 2 === 0 ? store : other).tag(name, descriptor('a'))));
    assert.deepEqual(
      (await store.list()).map(({ name }) => name),
      names,
    );
  });

  it('wait for another process, and name it when it takes too long', async (t) => {
    const { root } = await temporaryStore(t);
    const store = await openStore(root, { lockWaitMs: 200 });
    // Process 1 always runs.
    const lock = JSON.stringify({ pid: 1, host: hostname(), token: 'x' });
    writeFileSync(join(root, 'index.lock'), lock);
    await assert.rejects(store.tag('r.test/a:v1', descriptor('a')), {
      code: 'LL6011',
      message: new RegExp(
        `^Cannot lock the images: process 1 on .* holds ${join(root, 'index.lock')}; waited 0 s`,
      ),
    });
    assert.equal(readFileSync(join(root, 'index.lock'), 'utf8'), lock);
    const tagging = store.tag('r.test/a:v1', descriptor('a'));
    setTimeout(() => rmSync(join(root, 'index.lock')), 50);
    await tagging;
    assert.notEqual(await store.tagged('r.test/a:v1'), null);
  });

  it('wait for a process of another machine, whatever its id', async (t) => {
    const { root } = await temporaryStore(t);
    const store = await openStore(root, { lockWaitMs: 100 });
    writeFileSync(join(root, 'index.lock'), JSON.stringify({ pid: deadPid(), host: 'other', token: 'x' }));
    await assert.rejects(store.tag('r.test/a:v1', descriptor('a')), { code: 'LL6011', message: /on other/ });
  });

  for (const [what, lock] of [
    ['a process that died', () => JSON.stringify({ pid: deadPid(), host: hostname(), token: 'x' })],
    // As in a container, where the next run gets the same id.
    [
      "one that had this process's id",
      () => JSON.stringify({ pid: process.pid, host: hostname(), token: 'x' }),
    ],
  ] as const) {
    it(`do not wait for ${what}`, async (t) => {
      const store = await temporaryStore(t);
      writeFileSync(join(store.root, 'index.lock'), lock());
      await Promise.all([
        store.tag('r.test/a:v1', descriptor('a')),
        store.tag('r.test/b:v1', descriptor('b')),
      ]);
      assert.equal((await store.list()).length, 2);
      assert.deepEqual(
        readdirSync(store.root).filter((name) => name.includes('lock')),
        [],
      );
    });
  }

  it('stay as they are when the wait is interrupted', async (t) => {
    const store = await temporaryStore(t);
    writeFileSync(join(store.root, 'index.lock'), JSON.stringify({ pid: 1, host: hostname(), token: 'x' }));
    const tagging = store.tag('r.test/a:v1', descriptor('a'), AbortSignal.timeout(50));
    await assert.rejects(tagging, { code: 'LL6017' });
    assert.equal(await store.tagged('r.test/a:v1'), null);
  });

  it('are told from a damaged list', async (t) => {
    const store = await temporaryStore(t);
    for (const text of ['', '{', '[]', 'null', '{"manifests":1}']) {
      writeFileSync(join(store.root, 'index.json'), text);
      await assert.rejects(store.tagged('r.test/a:v1'), { code: 'LL6016', detail: { where: store.root } });
      await assert.rejects(store.tag('r.test/a:v1', descriptor('a')), { code: 'LL6016' });
      assert.equal(readFileSync(join(store.root, 'index.json'), 'utf8'), text);
    }
  });
});

describe('the store on the disk', () => {
  it('is an OCI layout that only its owner sees into', async (t) => {
    const store = await temporaryStore(t);
    await store.tag('r.test/a:v1', descriptor('a'));
    assert.deepEqual(JSON.parse(readFileSync(join(store.root, 'oci-layout'), 'utf8')), {
      imageLayoutVersion: '1.0.0',
    });
    assert.deepEqual(JSON.parse(readFileSync(join(store.root, 'index.json'), 'utf8')), {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        { ...descriptor('a'), annotations: { 'org.opencontainers.image.ref.name': 'r.test/a:v1' } },
      ],
    });
    assert.equal(statSync(store.root).mode & 0o777, 0o700);
  });

  it('loses what a run that died left half-written, and nothing else', async (t) => {
    const store = await temporaryStore(t);
    const writer = await store.writer();
    await writer.write(Buffer.from('hel'));
    const folder = join(store.root, 'tmp');
    const [own] = readdirSync(folder);
    const kept = [`${hostname()}.1.a`, `other.${deadPid()}.a`, 'unknown'];
    for (const name of [`${hostname()}.${deadPid()}.a`, `${hostname()}.${process.pid}.a`, ...kept]) {
      writeFileSync(join(folder, name), 'x');
    }
    await openStore(store.root);
    assert.deepEqual(readdirSync(folder).sort(), [own, ...kept].sort());
    await writer.write(Buffer.from('lo'));
    assert.equal((await writer.commit()).digest, HELLO);
  });

  it('says why it cannot be made', async (t) => {
    const folder = temporaryFolder(t);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await assert.rejects(openStore(join(file, 'images')), {
      code: 'LL1007',
      message: `Cannot write ${join(file, 'images')}: a part of the path is not a folder`,
    });
  });

  it('remembers, and forgets what is damaged', async (t) => {
    const store = await temporaryStore(t);
    assert.equal(await store.recall('layers', 'a'), null);
    await store.remember('layers', 'a', { size: 1 });
    assert.deepEqual(await store.recall('layers', 'a'), { size: 1 });
    writeFileSync(join(store.root, 'layers', 'a.json'), '{');
    assert.equal(await store.recall('layers', 'a'), null);
    // A folder is in the place of the note.
    mkdirSync(join(store.root, 'layers', 'b.json'));
    await store.remember('layers', 'b', { size: 1 });
    assert.deepEqual(readdirSync(join(store.root, 'tmp')), []);
  });
});
