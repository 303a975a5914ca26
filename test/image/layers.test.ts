/** Layers, stores and file systems of images before the tools of others: GNU tar, Python, umoci, skopeo and full disks. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { examplePlan } from '../../src/image/fixtures/plan.ts';
import { assembleImage } from '../../src/image/oci/assemble.ts';
import { inspectNode } from '../../src/image/oci/base.ts';
import { blobFolder, blobPath } from '../../src/image/oci/blob-folder.ts';
import type { Blobs } from '../../src/image/oci/blobs.ts';
import { readConfig, readManifest } from '../../src/image/oci/documents.ts';
import { exportImage } from '../../src/image/oci/export.ts';
import { putImage } from '../../src/image/oci/fixtures/image.ts';
import {
  type Packed,
  putEntries,
  temporaryFolder,
  temporaryStore,
} from '../../src/image/oci/fixtures/layers.ts';
import { type LayerOptions, writeLayer } from '../../src/image/oci/layer.ts';
import { listRootfs, type RootfsEntry } from '../../src/image/oci/rootfs.ts';
import { openStore } from '../../src/image/oci/store.ts';
import { type Descriptor, type Index, type Manifest, MEDIA } from '../../src/image/oci/types.ts';
import type { ImageLayer } from '../../src/image/plan.ts';
import { BASE_PROGRAMS, testBase } from './base.ts';
import { toolsMissing } from './engine.ts';

const run = promisify(execFile);
const QUIET: LayerOptions = { signal: new AbortController().signal, onProgress: () => {} };
const PYTHON = process.env.LOADLINE_TEST_PYTHON ?? 'python3';
const isRoot = process.getuid?.() === 0;

/** What Python's gzip and tarfile find: header fields, and hashes of the contents. */
const READ_TAR = `
import gzip, hashlib, json, sys, tarfile
with gzip.open(sys.argv[1]) as file:
    archive = file.read()
with tarfile.open(sys.argv[1], 'r:gz') as tar:
    members = [
        [m.name, m.type.decode(), m.mode, m.uid, m.gid, m.uname, m.gname, m.mtime, m.size,
         hashlib.sha256(tar.extractfile(m).read()).hexdigest() if m.isfile() else None]
        for m in tar
    ]
print(json.dumps({'diffId': 'sha256:' + hashlib.sha256(archive).hexdigest(), 'members': members}))
`;

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a layer', { skip: toolsMissing(['tar', 'gzip']) ?? false }, () => {
  const long = `/opt/${'folder/'.repeat(16)}${'n'.repeat(120)}.js`;
  const texts: Readonly<Record<string, string>> = {
    '/opt/loadline/server.js': "console.log('ready');\n".repeat(5000),
    '/opt/loadline/empty': '',
    '/opt/loadline/exactly-one-block': 'x'.repeat(512),
    [long]: 'long',
    '/opt/größe.txt': 'ä',
  };
  const layer: ImageLayer = {
    name: 'server',
    files: Object.entries(texts).map(([path, text]) => {
      const bytes = Buffer.from(text);
      return { path, mode: path.endsWith('.js') ? 0o755 : 0o644, size: bytes.length, source: { bytes } };
    }),
  };
  const folders = [
    'opt',
    ...Array.from({ length: 16 }, (_, i) => `opt/${'folder/'.repeat(i + 1).slice(0, -1)}`),
    'opt/loadline',
  ];

  for (const createdSec of [0, 1_700_000_000, 4_102_444_800]) {
    test(`is what Python and GNU tar find in it, of the time ${createdSec}`, async (t) => {
      const store = await temporaryStore(t);
      const built = await writeLayer(layer, createdSec, store, QUIET);
      const path = blobPath(store.root, built.descriptor.digest);
      await run('gzip', ['--test', path]);
      const { stdout } = await run(PYTHON, ['-c', READ_TAR, path]);
      const { diffId, members } = JSON.parse(stdout) as { diffId: string; members: unknown[][] };
      assert.equal(diffId, built.diffId);
      const expected = [
        ...folders.map((name) => [name, '5', 0o755, 0, 0, '', '', createdSec, 0, null]),
        ...Object.entries(texts).map(([name, text]) => [
          name.slice(1),
          '0',
          name.endsWith('.js') ? 0o755 : 0o644,
          0,
          0,
          '',
          '',
          createdSec,
          Buffer.byteLength(text),
          sha256(text),
        ]),
      ];
      const byName = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);
      assert.deepEqual(members.toSorted(byName), expected.sort(byName));
      // Folders come before what is in them.
      const names = members.map(([name]) => String(name));
      for (const [at, name] of names.entries()) {
        const folder = name.slice(0, name.lastIndexOf('/'));
        assert.ok(!name.includes('/') || names.indexOf(folder) < at, name);
      }

      const listed = await run('tar', ['--list', '--gzip', '--quoting-style=literal', '--file', path], {
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      });
      assert.equal(listed.stderr, '');
      assert.deepEqual(
        listed.stdout.trim().split('\n'),
        names.map((name) => (folders.includes(name) ? `${name}/` : name)),
      );
      const folder = temporaryFolder(t);
      await run('tar', ['--extract', '--gzip', '--file', path, '--directory', folder]);
      assert.equal(readFileSync(join(folder, long), 'utf8'), 'long');
    });
  }
});

/** What lies in a folder, as `listRootfs` has it; owners as they are on the disk. */
function walk(root: string, under = ''): RootfsEntry[] {
  return readdirSync(join(root, under)).flatMap((name) => {
    const path = `${under}/${name}`;
    const at = join(root, path);
    const found = lstatSync(at);
    const { mode, uid, gid, size } = found;
    const shared = { path, mode: mode & 0o7777, uid, gid };
    if (found.isDirectory()) {
      return [{ ...shared, type: 'folder', size: 0, sha256: null, link: null } as const, ...walk(root, path)];
    }
    if (found.isSymbolicLink()) {
      return [{ ...shared, type: 'symlink', size: 0, sha256: null, link: readlinkSync(at) } as const];
    }
    return [{ ...shared, type: 'file', size, sha256: sha256(readFileSync(at)), link: null } as const];
  });
}

/** A link's mode is the kernel's affair. */
function comparable(entries: readonly RootfsEntry[]): RootfsEntry[] {
  return entries
    .map((entry) => (entry.type === 'symlink' ? { ...entry, mode: 0o777 } : entry))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const needsRoot = isRoot ? null : 'umoci keeps owners as root only';

describe('the file system of an image', { skip: needsRoot ?? toolsMissing(BASE_PROGRAMS) ?? false }, () => {
  const STACK: readonly (readonly Packed[])[] = [
    [
      { name: 'etc/' },
      { name: 'etc/kept', text: 'kept' },
      { name: 'etc/hidden', text: 'hidden' },
      { name: 'etc/replaced', text: 'old' },
      { name: 'etc/mode', text: 'm', mode: 0o4711 },
      { name: 'file-to-folder', text: 'x' },
      { name: 'folder-to-file/' },
      { name: 'folder-to-file/x', text: 'x' },
      { name: 'opaque/' },
      { name: 'opaque/lower', text: 'x' },
      { name: 'opaque/folder/' },
      { name: 'opaque/folder/deep', text: 'x' },
      { name: 'usr/' },
      { name: 'usr/bin/', mode: 0o711 },
      { name: 'usr/bin/sh', text: 'sh', mode: 0o755 },
      { name: 'usr/bin/dash', type: 'link', link: 'usr/bin/sh' },
      { name: 'bin', type: 'symlink', link: 'usr/bin' },
      { name: 'gone/' },
      { name: 'gone/deep/' },
      { name: 'gone/deep/x', text: 'x' },
    ],
    [
      { name: 'etc/.wh.hidden' },
      { name: 'etc/replaced', text: 'new', mode: 0o600 },
      { name: 'file-to-folder/' },
      { name: 'file-to-folder/x', text: 'y' },
      { name: 'folder-to-file', text: 'x' },
      { name: 'opaque/' },
      { name: 'opaque/.wh..wh..opq' },
      { name: 'opaque/upper', text: 'y' },
      { name: 'bin/node', text: 'node', mode: 0o755 },
      { name: 'usr/bin/nodejs', type: 'symlink', link: '/bin/node' },
      { name: '.wh.gone' },
    ],
    [
      { name: 'gone/' },
      { name: 'gone/again', text: 'z' },
      { name: 'usr/bin/sh', text: 'other', mode: 0o755 },
    ],
  ];

  test('is the one that umoci unpacks: links, whiteouts, files that were replaced', async (t) => {
    const store = await temporaryStore(t);
    const layers: Descriptor[] = [];
    for (const entries of STACK) {
      layers.push(await putEntries(store, entries));
    }
    const name = 'r.test/stack:v1';
    await tagLayers(store, name, layers);
    const folder = join(temporaryFolder(t), 'bundle');
    await run('umoci', ['unpack', '--image', `${store.root}:${name}`, folder]);
    assert.deepEqual(comparable(await listRootfs(store, layers)), comparable(walk(join(folder, 'rootfs'))));
  });

  test('of a real base is the one that umoci unpacks', { timeout: 300_000 }, async (t) => {
    const { layout } = await testBase();
    const folder = join(temporaryFolder(t), 'bundle');
    await run('umoci', ['unpack', '--image', `${layout}:nonroot-amd64`, folder]);
    const { blobs, manifest } = await openBase(layout, 'nonroot-amd64');
    const listed = comparable(await listRootfs(blobs, manifest.layers));
    assert.ok(listed.length > 1000, `${listed.length}`);
    assert.deepEqual(listed, comparable(walk(join(folder, 'rootfs'))));
  });
});

async function tagLayers(
  store: Awaited<ReturnType<typeof openStore>>,
  name: string,
  layers: readonly Descriptor[],
): Promise<void> {
  const ids = layers.map(({ digest }) => {
    const archive = execFileSync('gzip', ['--decompress', '--stdout', blobPath(store.root, digest)]);
    return `sha256:${sha256(archive)}`;
  });
  const config = await store.putDocument(MEDIA.config, {
    created: '1970-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: ids },
  });
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: config.descriptor,
    layers,
  };
  await store.tag(name, (await store.putDocument(MEDIA.manifest, manifest)).descriptor);
}

async function openBase(layout: string, tag: string): Promise<{ blobs: Blobs; manifest: Manifest }> {
  const blobs: Blobs = { ...blobFolder(layout), writer: () => Promise.reject(new Error('read only')) };
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as Index;
  const root = manifests.find((one) => one.annotations?.['org.opencontainers.image.ref.name'] === tag);
  assert.ok(root !== undefined, tag);
  return { blobs, manifest: (await readManifest(blobs, root)).value as Manifest };
}

describe("a base's Node.js", { skip: toolsMissing(BASE_PROGRAMS) ?? false }, () => {
  const own = JSON.parse(
    readFileSync(new URL('../../node_modules/node/package.json', import.meta.url), 'utf8'),
  ) as {
    version: string;
  };

  for (const tag of ['nonroot-amd64', 'nonroot-arm64']) {
    test(`is found in ${tag}`, async () => {
      const { blobs, manifest } = await openBase((await testBase()).layout, tag);
      assert.deepEqual(await inspectNode(blobs, manifest), {
        path: '/nodejs/bin/node',
        version: own.version,
      });
    });
  }

  test('is missed in no-node, and too old in old-node', async () => {
    const { layout } = await testBase();
    const none = await openBase(layout, 'no-node');
    await assert.rejects(inspectNode(none.blobs, none.manifest), {
      code: 'LL6008',
      message: /has no Node\.js/,
    });
    const old = await openBase(layout, 'old-node');
    await assert.rejects(inspectNode(old.blobs, old.manifest), {
      code: 'LL6008',
      message: /has Node\.js 20\./,
    });
  });
});

describe('an image in the store', { skip: toolsMissing(BASE_PROGRAMS) ?? false }, () => {
  test('is read by skopeo and umoci, and copied from every form it is exported to', async (t) => {
    const { layout } = await testBase();
    const plan = await examplePlan({ createdSec: 1_700_000_000 });
    const store = await temporaryStore(t);
    const { blobs, manifest } = await openBase(layout, 'no-node');
    for (const blob of [manifest.config, ...manifest.layers]) {
      const writer = await store.writer();
      for await (const chunk of blobs.stream(blob.digest) as AsyncIterable<Buffer>) {
        await writer.write(chunk);
      }
      await writer.commit(blob);
    }
    const layers = [];
    for (const layer of plan.layers) {
      layers.push(await writeLayer(layer, plan.createdSec, store, QUIET));
    }
    const config = (await readConfig(blobs, manifest)).value;
    const base = { manifest, config, name: 'r.test/base:v1', digest: manifest.config.digest };
    const image = assembleImage(plan, { os: 'linux', architecture: 'amd64' }, base, layers);
    const configDocument = await store.putDocument(MEDIA.config, image.config);
    const made = await store.putDocument(MEDIA.manifest, image.manifest(configDocument.descriptor));
    const name = 'docker.io/library/ml-model:v1';
    await store.tag(name, made.descriptor);

    const folder = temporaryFolder(t);
    const options = { signal: QUIET.signal, onProgress: QUIET.onProgress };
    await exportImage(store, made.descriptor, name, join(folder, 'out'), options);
    await exportImage(store, made.descriptor, name, join(folder, 'out.tar'), options);
    const config64 = image.config.config;
    for (const from of [
      `oci:${store.root}:${name}`,
      `oci:${folder}/out`,
      `oci-archive:${folder}/out.tar`,
      `docker-archive:${folder}/out.tar`,
    ]) {
      const read = JSON.parse(
        (await run('skopeo', ['inspect', '--config', '--raw', from])).stdout,
      ) as typeof image.config;
      assert.deepEqual(read.config, JSON.parse(JSON.stringify(config64)), from);
      assert.deepEqual(read.rootfs.diff_ids, image.config.rootfs.diff_ids, from);
      // skopeo unpacks nothing, but checks every digest on the way, the uncompressed ones of docker's form too.
      await run('skopeo', ['copy', from, `dir:${folder}/copy-${from.split(':')[0]}`]);
    }
    const raw = await run('skopeo', ['inspect', '--raw', `oci-archive:${folder}/out.tar`]);
    assert.equal(`sha256:${sha256(raw.stdout)}`, made.descriptor.digest);
    const stat = JSON.parse(
      (await run('umoci', ['stat', '--image', `${store.root}:${name}`, '--json'])).stdout,
    ) as { history: { layer: { digest: string } | null; created_by: string; empty_layer: boolean }[] };
    assert.deepEqual(
      stat.history.slice(-2).map(({ layer, created_by }) => [layer?.digest, created_by]),
      layers.map((layer) => [layer.descriptor.digest, `loadline build: ${layer.name}`]),
    );
  });
});

/** A disk of 1 MiB that goes with the test. */
function mountDisk(t: TestContext): string {
  const disk = mkdtempSync(join(tmpdir(), 'loadline-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  t.after(() => {
    execFileSync('umount', [disk]);
    rmdirSync(disk);
  });
  return disk;
}

describe('a disk', {
  skip: isRoot ? (toolsMissing(['mount', 'umount']) ?? false) : 'mounting needs root',
}, () => {
  test('that is full fails a layer, a document and a file, and what was tagged stays', async (t) => {
    const disk = mountDisk(t);
    const store = await openStore(join(disk, 'images'));
    const old = await putImage(store);
    await store.tag('r.test/a:v1', old);
    const blobs = readdirSync(join(store.root, 'blobs/sha256')).sort();
    // Of a generator with a fixed seed, so that they do not compress.
    let state = 1;
    const noise = Buffer.alloc(3_000_000);
    for (const at of noise.keys()) {
      state = (state * 48_271) % 2_147_483_647;
      noise[at] = state & 255;
    }
    const file = {
      path: '/model/model.pkl',
      mode: 0o644,
      size: noise.length,
      source: { bytes: noise },
    } as const;
    const full = { code: 'LL1007', message: `Cannot write ${store.root}: no space is left on the disk` };
    await assert.rejects(writeLayer({ name: 'model', files: [file] }, 0, store, QUIET), full);
    const huge = { text: noise.toString('hex') };
    await assert.rejects(store.putDocument(MEDIA.config, huge), {
      code: 'LL1007',
      message: /no space is left/,
    });
    assert.deepEqual(readdirSync(join(store.root, 'tmp')), []);
    assert.deepEqual(readdirSync(join(store.root, 'blobs/sha256')).sort(), blobs);

    const filler = join(disk, 'filler');
    assert.throws(() => writeFileSync(filler, noise), { code: 'ENOSPC' });
    mkdirSync(join(disk, 'out'));
    for (const output of ['out.tar', 'out', 'new']) {
      await assert.rejects(exportImage(store, old, 'r.test/a:v1', join(disk, output), QUIET), {
        code: 'LL1007',
        message: /no space is left/,
      });
    }
    await assert.rejects(store.tag('r.test/b:v1', old), { code: 'LL1007', message: /no space is left/ });
    assert.deepEqual(readdirSync(disk).sort(), ['filler', 'images', 'out']);
    assert.deepEqual(readdirSync(join(disk, 'out')), []);
    assert.ok(!readdirSync(store.root).some((name) => name.includes('lock')));
    assert.deepEqual(
      (await store.list()).map(({ name, descriptor }) => [name, descriptor.digest]),
      [['r.test/a:v1', old.digest]],
    );
  });

  test('that is read-only fails what writes and is read all the same', async (t) => {
    const disk = mountDisk(t);
    const store = await openStore(join(disk, 'images'));
    const root = await putImage(store);
    await store.tag('r.test/a:v1', root);
    await run('mount', ['-o', 'remount,ro', disk]);
    const refused = { code: 'LL1007', message: /the file system is read-only/ };
    await assert.rejects(store.writer(), refused);
    await assert.rejects(store.tag('r.test/b:v1', root), refused);
    await assert.rejects(exportImage(store, root, 'r.test/a:v1', join(disk, 'a.tar'), QUIET), refused);
    const again = await openStore(join(disk, 'images'));
    assert.equal((await again.tagged('r.test/a:v1'))?.digest, root.digest);
    await assert.rejects(openStore(join(disk, 'other')), refused);
  });
});
