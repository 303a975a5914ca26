import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ProgressEvent } from '../progress.ts';
import { readManifest } from './documents.ts';
import { type ExportOptions, exportImage } from './export.ts';
import { putImage } from './fixtures/image.ts';
import { type Packed, packTar, temporaryFolder, temporaryStore } from './fixtures/layers.ts';
import { openImage } from './open-image.ts';
import { readLayerFile } from './rootfs.ts';
import { type Descriptor, type Index, type Manifest, MEDIA } from './types.ts';

const NAME = 'docker.io/library/ml-model:v1';
const QUIET: ExportOptions = { signal: new AbortController().signal, onProgress: () => {} };
const HOST = process.arch === 'x64' ? 'amd64' : process.arch;
const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

function json(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function blobsOf(folder: string): string[] {
  return readdirSync(join(folder, 'blobs/sha256')).sort();
}

describe('an exported image', () => {
  for (const output of ['image.tar', 'image']) {
    it(`is read again as it was: ${output}`, async (t) => {
      const store = await temporaryStore(t);
      const root = await putImage(store);
      const path = join(temporaryFolder(t), output);
      await exportImage(store, root, NAME, path, QUIET);
      const image = await openImage(path);
      t.after(image.close);
      assert.equal(image.name, NAME);
      assert.equal(image.root.digest, root.digest);
      const { value } = (await readManifest(image.blobs, image.root)) as { value: Manifest };
      assert.deepEqual(value, (await store.readJson(root)).value);
      assert.equal(String(await readLayerFile(image.blobs, value.layers, '/opt/text')), 'hello amd64');
      assert.equal(await image.blobs.size(value.config.digest), value.config.size);
      assert.equal(await image.blobs.size(`sha256:${'0'.repeat(64)}`), null);
      await assert.rejects(image.blobs.read(`sha256:${'0'.repeat(64)}`), { code: 'LL6016' });
      await assert.rejects(image.blobs.writer(), { code: 'LL1007' });
    });
  }

  it('is the same file each time', async (t) => {
    const folder = temporaryFolder(t);
    for (const name of ['a.tar', 'b.tar']) {
      const store = await temporaryStore(t);
      await exportImage(store, await putImage(store, ['amd64', 'arm64']), NAME, join(folder, name), QUIET);
    }
    assert.ok(readFileSync(join(folder, 'a.tar')).equals(readFileSync(join(folder, 'b.tar'))));
    assert.deepEqual(readdirSync(folder).sort(), ['a.tar', 'b.tar']);
  });

  it('replaces an archive, and a layout with all that was in it', async (t) => {
    const store = await temporaryStore(t);
    const folder = temporaryFolder(t);
    const first = await putImage(store, ['amd64'], 'first');
    const second = await putImage(store, ['amd64'], 'second');
    for (const output of ['image.tar', 'image']) {
      const path = join(folder, output);
      for (const root of [first, second, second]) {
        await exportImage(store, root, NAME, path, QUIET);
      }
      const image = await openImage(path);
      assert.equal(image.root.digest, second.digest);
      await image.close();
    }
    const { layers, config } = (await store.readJson<Manifest>(second)).value;
    const expected = [second, config, ...layers].map(({ digest }) => digest.slice(7)).sort();
    assert.deepEqual(blobsOf(join(folder, 'image')), expected);
    assert.deepEqual(readdirSync(join(folder, 'image')).sort(), ['blobs', 'index.json', 'oci-layout']);
    assert.deepEqual(readdirSync(folder).sort(), ['image', 'image.tar']);
  });

  it('gives docker this machine’s platform of several', async (t) => {
    const store = await temporaryStore(t);
    const root = await putImage(store, ['s390x', HOST, 'riscv64']);
    const path = join(temporaryFolder(t), 'image.tar');
    await exportImage(store, root, NAME, path, QUIET);
    const [, host] = (await store.readJson<Index>(root)).value.manifests;
    const manifest = (await store.readJson<Manifest>(host as Descriptor)).value;
    const text = readFileSync(path).toString('latin1');
    const listed = /\[\{"Config":.*?\}\]/.exec(text)?.[0] ?? '';
    assert.deepEqual(JSON.parse(listed), [
      {
        Config: `blobs/sha256/${manifest.config.digest.slice(7)}`,
        RepoTags: ['ml-model:v1'],
        Layers: manifest.layers.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`),
      },
    ]);
    const image = await openImage(path);
    t.after(image.close);
    assert.equal(image.root.mediaType, MEDIA.index);
  });

  it('tells how much is written', async (t) => {
    const store = await temporaryStore(t);
    const seen: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent): void => {
      seen.push(event);
    };
    await exportImage(store, await putImage(store), NAME, join(temporaryFolder(t), 'a.tar'), {
      ...QUIET,
      onProgress,
    });
    assert.deepEqual(
      seen.map(({ phase, item, state }) => `${phase} ${item} ${state}`),
      ['write a.tar start', 'write a.tar done'],
    );
    assert.equal(seen.at(-1)?.doneBytes, seen.at(-1)?.totalBytes);
  });

  it('heals a layout whose blob was damaged', async (t) => {
    const store = await temporaryStore(t);
    const root = await putImage(store);
    const path = join(temporaryFolder(t), 'image');
    await exportImage(store, root, NAME, path, QUIET);
    const blob = join(path, 'blobs/sha256', root.digest.slice(7));
    const bytes = readFileSync(blob);
    writeFileSync(blob, bytes.with(0, 0));
    await exportImage(store, root, NAME, path, QUIET);
    assert.ok(readFileSync(blob).equals(bytes));
  });

  it('fills an empty folder', async (t) => {
    const store = await temporaryStore(t);
    const path = join(temporaryFolder(t), 'empty');
    mkdirSync(path);
    await exportImage(store, await putImage(store), NAME, path, QUIET);
    assert.ok(existsSync(join(path, 'index.json')));
  });

  for (const { what, make, code = 'LL1007', message } of [
    {
      what: 'a folder with something else in it',
      make: (folder: string) => {
        mkdirSync(join(folder, 'mine'));
        writeFileSync(join(folder, 'mine/data.csv'), 'x');
        return 'mine';
      },
      message: /mine: it holds files and is no OCI layout/,
    },
    {
      what: 'a file that is no archive by its name',
      make: (folder: string) => {
        writeFileSync(join(folder, 'mine'), 'x');
        return 'mine';
      },
      message: /mine: a part of the path is not a folder/,
    },
    {
      what: 'a folder in the place of an archive',
      make: (folder: string) => {
        mkdirSync(join(folder, 'mine.tar'));
        return 'mine.tar';
      },
      message: /mine\.tar: it is a folder/,
    },
    {
      what: 'a folder that does not exist',
      make: () => 'none/image.tar',
      message: /its folder does not exist/,
    },
    { what: 'a compressed archive', make: () => 'a.tar.gz', code: 'LL1001', message: /found \.tar\.gz/ },
    { what: 'a zip', make: () => 'a.zip', code: 'LL1001', message: /found \.zip/ },
  ] as { what: string; make: (folder: string) => string; code?: string; message: RegExp }[]) {
    it(`is not written to ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const folder = temporaryFolder(t);
      const path = join(folder, make(folder));
      const before = readdirSync(folder, { recursive: true }).sort();
      const root = await putImage(store);
      await assert.rejects(exportImage(store, root, NAME, path, QUIET), { code, message });
      assert.deepEqual(readdirSync(folder, { recursive: true }).sort(), before);
    });
  }

  it('is not written over the store it comes from', async (t) => {
    const store = await temporaryStore(t);
    const root = await putImage(store);
    await store.tag(NAME, root);
    await store.tag('r.test/other:v1', await putImage(store, ['arm64']));
    const link = join(temporaryFolder(t), 'link');
    symlinkSync(store.root, link);
    const before = blobsOf(store.root);
    for (const path of [store.root, link]) {
      await assert.rejects(exportImage(store, root, NAME, path, QUIET), {
        code: 'LL1007',
        message: /is where the images of this machine are kept/,
      });
    }
    assert.deepEqual(blobsOf(store.root), before);
  });

  for (const output of ['image.tar', 'image', 'layout']) {
    it(`leaves nothing half-written when a blob is damaged, missing or work is stopped: ${output}`, async (t) => {
      const store = await temporaryStore(t);
      const folder = temporaryFolder(t);
      const path = join(folder, output);
      const old = await putImage(store, ['amd64'], 'old');
      if (output === 'layout') {
        await exportImage(store, old, NAME, path, QUIET);
      }
      const snapshot = (): string[] => readdirSync(folder, { recursive: true }).map(String).sort();
      const before = snapshot();
      const root = await putImage(store, ['amd64'], 'new');
      const { layers } = (await store.readJson<Manifest>(root)).value;
      const blob = join(store.root, 'blobs/sha256', layers[1]?.digest.slice(7) ?? '');
      const stop = new AbortController();
      stop.abort();
      const stopped = exportImage(store, root, NAME, path, { ...QUIET, signal: stop.signal });
      await assert.rejects(stopped, { code: 'LL6017' });
      assert.deepEqual(snapshot(), before);
      writeFileSync(blob, Buffer.alloc(statSync(blob).size));
      await assert.rejects(exportImage(store, root, NAME, path, QUIET), {
        code: 'LL6016',
        message: /is damaged/,
      });
      assert.deepEqual(snapshot(), before);
      rmSync(blob);
      await assert.rejects(exportImage(store, root, NAME, path, QUIET), {
        code: 'LL6016',
        message: /is missing/,
      });
      assert.deepEqual(snapshot(), before);
      if (output === 'layout') {
        const image = await openImage(path);
        assert.equal(image.root.digest, old.digest);
      }
    });
  }
});

describe('opening an image', () => {
  const file = (name: string, text: string): Packed => ({ name, text });
  const entry = (digest: string, more: object = {}): object => ({
    mediaType: MEDIA.manifest,
    digest: `sha256:${digest.repeat(64)}`,
    size: 2,
    ...more,
  });
  const index = (...manifests: unknown[]): string => JSON.stringify({ schemaVersion: 2, manifests });

  for (const { what, files, bytes, code = 'LL6014', message } of [
    { what: 'nothing', message: /There is no image at/, code: 'LL1006' },
    { what: 'an empty file', bytes: Buffer.alloc(0), message: /is no archive/ },
    { what: 'a text', bytes: Buffer.from('FROM node\n'), message: /is no archive, expected a tar archive/ },
    { what: 'a gzip', bytes: gzipSync('x'), message: /is a gzip file, expected a tar archive/ },
    { what: 'a model', bytes: Buffer.from('\x80\x04', 'latin1'), message: /is a pickle/ },
    {
      what: 'other files',
      files: [file('a', '1'), file('b', '2')],
      message: /without the files oci-layout and index\.json/,
    },
    { what: 'a layout without an index', files: [file('oci-layout', LAYOUT)], message: /without the files/ },
    {
      what: "docker's older archive",
      files: [file('manifest.json', '[]'), file('repositories', '{}')],
      message: /in docker's older format|without the files/,
    },
    {
      what: 'a layout of another version',
      files: [file('oci-layout', '{"imageLayoutVersion":"2.0.0"}'), file('index.json', index(entry('a')))],
      message: /an OCI layout of version "2\.0\.0", expected 1/,
    },
    {
      what: 'an index that is not JSON',
      files: [file('oci-layout', LAYOUT), file('index.json', '{')],
      message: /index\.json in .* is not JSON/,
    },
    {
      what: 'an index that is a list',
      files: [file('oci-layout', LAYOUT), file('index.json', '[]')],
      message: /is not a JSON object/,
    },
    {
      what: 'an index of another schema',
      files: [file('oci-layout', LAYOUT), file('index.json', '{"schemaVersion":1}')],
      message: /schema version 1, expected 2/,
    },
    {
      what: 'an index without images',
      files: [file('oci-layout', LAYOUT), file('index.json', index())],
      message: /holds 0 images, expected one/,
    },
    {
      what: 'an index of several images',
      files: [
        file('oci-layout', LAYOUT),
        file(
          'index.json',
          index(entry('a', { annotations: { 'org.opencontainers.image.ref.name': 'v1' } }), entry('b')),
        ),
      ],
      message: /holds 2 images \(v1, sha256:b+\), expected one/,
    },
    {
      what: 'a digest that is a path',
      files: [
        file('oci-layout', LAYOUT),
        file('index.json', index({ ...entry('a'), digest: 'sha256:../../../etc/passwd' })),
      ],
      message: /expected a media type, a sha256 digest and a size/,
    },
    {
      what: 'descriptors that are none',
      files: [file('oci-layout', LAYOUT), file('index.json', index(null, 7))],
      message: /has null, expected a media type/,
    },
    {
      what: 'a negative size',
      files: [file('oci-layout', LAYOUT), file('index.json', index({ ...entry('a'), size: -1 }))],
      message: /expected a media type, a sha256 digest and a size/,
    },
    {
      what: 'too many descriptors',
      files: [
        file('oci-layout', LAYOUT),
        file('index.json', index(...Array.from({ length: 1025 }, () => entry('a')))),
      ],
      message: /a list of at most 1024 descriptors, found 1025/,
    },
    {
      what: 'an index of 5 MB',
      files: [file('oci-layout', LAYOUT), file('index.json', `{"a":"${'x'.repeat(5e6)}"}`)],
      message: /index\.json.* has 5000008 bytes, expected at most 4194304/,
    },
    {
      what: 'an image that is not there',
      files: [file('oci-layout', LAYOUT), file('index.json', index(entry('a')))],
      message: /The blob sha256:a+ is missing/,
      code: 'LL6016',
    },
  ] as { what: string; files?: Packed[]; bytes?: Buffer; code?: string; message: RegExp }[]) {
    it(`refuses ${what}`, async (t) => {
      const folder = temporaryFolder(t);
      const archive = join(folder, 'image.tar');
      const paths = [archive];
      if (files !== undefined) {
        writeFileSync(archive, await packTar(files));
        paths.push(join(folder, 'layout'));
        mkdirSync(join(folder, 'layout'));
        for (const { name, text = '' } of files) {
          writeFileSync(join(folder, 'layout', name), text);
        }
      } else if (bytes !== undefined) {
        writeFileSync(archive, bytes);
      }
      for (const path of paths) {
        await assert.rejects(openImage(path), { code, message });
      }
    });
  }

  it('says what an other folder holds', async (t) => {
    const folder = temporaryFolder(t);
    await assert.rejects(openImage(folder), { code: 'LL6014', message: /found nothing/ });
    writeFileSync(join(folder, 'Dockerfile'), '');
    await assert.rejects(openImage(folder), { code: 'LL6014', message: /found Dockerfile/ });
  });

  it('refuses an archive that was cut off', async (t) => {
    const store = await temporaryStore(t);
    const path = join(temporaryFolder(t), 'image.tar');
    await exportImage(store, await putImage(store), NAME, path, QUIET);
    writeFileSync(path, readFileSync(path).subarray(0, -3000));
    await assert.rejects(openImage(path), { code: 'LL6014', message: /is no whole tar archive/ });
  });

  it('refuses a blob that was changed in the archive', async (t) => {
    const store = await temporaryStore(t);
    const root = await putImage(store);
    const path = join(temporaryFolder(t), 'image.tar');
    await exportImage(store, root, NAME, path, QUIET);
    const bytes = readFileSync(path);
    const at = bytes.indexOf('"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest');
    writeFileSync(path, bytes.with(at + 1, 0x53));
    const image = await openImage(path);
    t.after(image.close);
    await assert.rejects(readManifest(image.blobs, image.root), { code: 'LL6016', message: /is damaged/ });
  });

  it('passes over what refers to the image', async (t) => {
    const store = await temporaryStore(t);
    const root = await putImage(store);
    const path = join(temporaryFolder(t), 'image');
    await exportImage(store, root, NAME, path, QUIET);
    const found = json(join(path, 'index.json')) as Index;
    const bill = { ...root, artifactType: MEDIA.cyclonedx };
    writeFileSync(
      join(path, 'index.json'),
      JSON.stringify({ ...found, manifests: [bill, ...found.manifests] }),
    );
    assert.equal((await openImage(path)).name, NAME);
  });
});
