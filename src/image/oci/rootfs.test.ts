import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Packed, packTar, putEntries, putLayer, temporaryStore } from './fixtures/layers.ts';
import { READ_LIMITS, type ReadLimits } from './read-layer.ts';
import { listRootfs, readLayerFile, readRootfs } from './rootfs.ts';
import type { ImageStore } from './store.ts';
import type { Descriptor } from './types.ts';

/** sha256 of `hello`, by sha256sum. */
const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

async function stack(store: ImageStore, layers: readonly (readonly Packed[])[]): Promise<Descriptor[]> {
  return Promise.all(layers.map((entries) => putEntries(store, entries)));
}

/** `path` of folders, `path=text` of files, `path->target` of links. */
async function outline(store: ImageStore, layers: readonly Descriptor[]): Promise<string[]> {
  return Promise.all(
    (await listRootfs(store, layers)).map(async ({ path, type, link }) => {
      const text = type === 'file' ? `=${await readLayerFile(store, layers, path)}` : '';
      return `${path}${link === null ? text : `->${link}`}${type === 'device' ? ' (device)' : ''}`;
    }),
  );
}

describe('the file system of an image', () => {
  // Expected by the image specification 1.1, "Layer Filesystem Changeset"; test/image/layers.test.ts asks umoci.
  for (const { what, layers, expected } of [
    {
      what: 'files of all layers, the upper ones over the lower ones',
      layers: [
        [{ name: 'etc/' }, { name: 'etc/a', text: '1' }, { name: 'etc/b', text: '1' }],
        [
          { name: 'etc/b', text: '2' },
          { name: 'opt/c', text: '2' },
        ],
      ],
      expected: ['/etc', '/etc/a=1', '/etc/b=2', '/opt', '/opt/c=2'],
    },
    {
      what: 'names with ./ and / before them',
      layers: [
        [{ name: './' }, { name: './etc/' }, { name: './etc/a', text: '1' }, { name: '/etc//b', text: '1' }],
      ],
      expected: ['/etc', '/etc/a=1', '/etc/b=1'],
    },
    {
      what: 'no file or folder that a whiteout takes away',
      layers: [
        [
          { name: 'etc/a', text: '1' },
          { name: 'etc/b', text: '1' },
          { name: 'var/lib/x/y', text: '1' },
        ],
        [{ name: 'etc/.wh.a' }, { name: 'var/.wh.lib' }, { name: 'var/.wh.none' }],
      ],
      expected: ['/etc', '/etc/b=1', '/var'],
    },
    {
      what: 'what the layer of a whiteout itself brings, before it or after it',
      layers: [
        [
          { name: 'etc/a', text: '1' },
          { name: 'lib/x', text: '1' },
        ],
        [
          { name: 'etc/a', text: '2' },
          { name: 'etc/.wh.a' },
          { name: '.wh.lib' },
          { name: 'lib/y', text: '2' },
        ],
      ],
      expected: ['/etc', '/etc/a=2', '/lib', '/lib/y=2'],
    },
    {
      what: 'nothing of lower layers in an opaque folder',
      layers: [
        [
          { name: 'etc/a', text: '1' },
          { name: 'etc/d/e', text: '1' },
        ],
        [{ name: 'etc/b', text: '2' }, { name: 'etc/.wh..wh..opq' }],
        [{ name: 'etc/c', text: '3' }],
      ],
      expected: ['/etc', '/etc/b=2', '/etc/c=3'],
    },
    {
      what: 'a file again that a layer above the whiteout brings',
      layers: [[{ name: 'a', text: '1' }], [{ name: '.wh.a' }], [{ name: 'a', text: '3' }]],
      expected: ['/a=3'],
    },
    {
      what: 'a folder in the place of a file, and a file in the place of a folder',
      layers: [
        [
          { name: 'a', text: '1' },
          { name: 'b/c', text: '1' },
        ],
        [{ name: 'a/' }, { name: 'a/x', text: '2' }, { name: 'b', text: '2' }],
      ],
      expected: ['/a', '/a/x=2', '/b=2'],
    },
    {
      what: 'links as they are written, and files behind a link in their folder',
      layers: [
        [{ name: 'usr/bin/' }, { name: 'bin', type: 'symlink', link: 'usr/bin' }],
        [
          { name: 'bin/node', text: '2' },
          { name: 'usr/bin/nodejs', type: 'symlink', link: 'node' },
        ],
      ],
      expected: ['/bin->usr/bin', '/usr', '/usr/bin', '/usr/bin/node=2', '/usr/bin/nodejs->node'],
    },
    {
      what: 'hard links as the files they are, of lower layers too, also when one is replaced',
      layers: [
        [
          { name: 'a', text: '1' },
          { name: 'b', type: 'link', link: 'a' },
        ],
        [
          { name: 'c', type: 'link', link: '/b' },
          { name: 'a', text: '2' },
        ],
      ],
      expected: ['/a=2', '/b=1', '/c=1'],
    },
    {
      what: 'devices',
      layers: [
        [
          { name: 'dev/null', type: 'character-device' },
          { name: 'dev/pipe', type: 'fifo' },
        ],
      ],
      expected: ['/dev', '/dev/null (device)', '/dev/pipe (device)'],
    },
    {
      what: 'names that are not ASCII or long',
      layers: [[{ name: `é/${'x'.repeat(200)}`, text: '1' }]],
      expected: ['/é', `/é/${'x'.repeat(200)}=1`],
    },
  ] as { what: string; layers: Packed[][]; expected: string[] }[]) {
    it(`has ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const descriptors = await stack(store, layers);
      assert.deepEqual(await outline(store, descriptors), expected);
    });
  }

  it('is listed with modes, sizes and hashes', async (t) => {
    const store = await temporaryStore(t);
    const layers = await stack(store, [
      [
        { name: 'opt/', mode: 0o711 },
        { name: 'opt/a', text: 'hello', mode: 0o4755 },
      ],
    ]);
    assert.deepEqual(await listRootfs(store, layers), [
      { path: '/opt', type: 'folder', mode: 0o711, uid: 0, gid: 0, size: 0, sha256: null, link: null },
      { path: '/opt/a', type: 'file', mode: 0o4755, uid: 0, gid: 0, size: 5, sha256: HELLO, link: null },
    ]);
  });

  for (const [how, compress] of [
    ['gzip', gzipSync],
    [
      'gzip in two members',
      (bytes: Buffer) => Buffer.concat([gzipSync(bytes.subarray(0, 700)), gzipSync(bytes.subarray(700))]),
    ],
    ['zstd', zstdCompressSync],
    ['nothing', (bytes: Buffer) => bytes],
  ] as const) {
    it(`is read from layers compressed with ${how}`, async (t) => {
      const store = await temporaryStore(t);
      const layer = await putLayer(store, compress(await packTar([{ name: 'a', text: 'hello' }])));
      assert.deepEqual(await outline(store, [layer]), ['/a=hello']);
    });
  }

  it('follows links inside of the image to a file', async (t) => {
    const store = await temporaryStore(t);
    const layers = await stack(store, [
      [
        { name: 'opt/node/bin/node', text: 'hello' },
        { name: 'usr/bin/' },
        { name: 'usr/bin/node', type: 'symlink', link: '../../../../../opt/node/bin/node' },
        { name: 'usr/bin/nodejs', type: 'symlink', link: '/usr/bin/node' },
        { name: 'loop', type: 'symlink', link: 'loop' },
        { name: 'dangling', type: 'symlink', link: 'none' },
      ],
    ]);
    for (const path of [
      '/opt/node/bin/node',
      '/usr/bin/node',
      '/usr/bin/nodejs',
      '/usr/../usr/bin/./nodejs',
    ]) {
      assert.equal(String(await readLayerFile(store, layers, path)), 'hello', path);
    }
    for (const path of ['/loop', '/dangling', '/none', '/usr', '/opt/node/bin/node/x', '/']) {
      assert.equal(await readLayerFile(store, layers, path), null, path);
    }
  });
});

describe('a hostile layer', () => {
  const small: ReadLimits = { layerBytes: 8192, ratio: 200, ratioFreeBytes: 8192, entries: 3 };
  const file = { name: 'a', text: 'hello' };
  for (const { what, entries, bytes, message, limits = READ_LIMITS, code = 'LL6014' } of [
    {
      what: 'a path that leads out',
      entries: [{ name: '../a', text: '1' }],
      message: /"\.\.\/a", which leads out/,
    },
    {
      what: 'a path that leads out at its end',
      entries: [{ name: 'a/..', text: '1' }],
      message: /leads out/,
    },
    {
      what: 'a path that leads out in the middle',
      entries: [{ name: '/etc/../../a', text: '1' }],
      message: /leads out/,
    },
    {
      what: 'a hard link that leads out',
      entries: [{ name: 'a', type: 'link', link: '../../etc/passwd' }],
      message: /"\.\.\/\.\.\/etc\/passwd", which leads out/,
    },
    {
      what: 'a hard link to the host',
      entries: [{ name: 'a', type: 'link', link: '/etc/passwd' }],
      message: /has \/a, a hard link to "\/etc\/passwd", which is not a file in it/,
    },
    {
      what: 'a hard link to a folder',
      entries: [{ name: 'd/' }, { name: 'd/e', type: 'link', link: 'd' }],
      message: /hard link to "d", which is not a file/,
    },
    {
      what: 'a file as a folder',
      entries: [file, { name: 'a/b', text: '1' }],
      message: /has \/a\/b, whose folder is none/,
    },
    {
      what: 'a link to itself as a folder',
      entries: [
        { name: 'l', type: 'symlink', link: 'l' },
        { name: 'l/b', text: '1' },
      ],
      message: /has \/l\/b, whose folder is none/,
    },
    {
      what: 'a path of 5000 characters',
      entries: [{ name: 'x'.repeat(5000), text: '1' }],
      message: /5000 characters/,
    },
    {
      what: 'a link of 5000 characters',
      entries: [{ name: 'a', type: 'symlink', link: '../'.repeat(1667) }],
      message: /5001 characters/,
    },
    {
      what: 'too many entries',
      entries: [file, file, file, file],
      limits: small,
      message: /more than 3 entries/,
    },
    {
      what: 'too many bytes',
      entries: [{ name: 'a', text: 'x'.repeat(9000) }],
      limits: small,
      message: /unpacks to more than 8192/,
    },
    {
      what: 'a bomb',
      entries: [{ name: 'a', text: '\0'.repeat(2 ** 20) }],
      limits: { ...READ_LIMITS, ratioFreeBytes: 0 },
      message: /unpacks to more than/,
    },
    { what: 'no archive', bytes: gzipSync(Buffer.alloc(2000, 'x')), message: /is no archive/ },
    { what: 'no archive, not compressed', bytes: Buffer.alloc(2000, 'x'), message: /is no archive/ },
    { what: 'an archive that is cut off', bytes: 'cut', message: /is no archive/ },
    { what: 'a gzip that is cut off', bytes: 'cut-gzip', message: /is no archive/ },
    { what: 'bytes after the gzip', bytes: 'long', message: /is no archive/ },
  ] as {
    what: string;
    entries?: Packed[];
    bytes?: Buffer | 'cut' | 'cut-gzip' | 'long';
    message: RegExp;
    limits?: ReadLimits;
    code?: string;
  }[]) {
    it(`is refused for ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const archive = await packTar(entries ?? [{ name: 'a', text: 'x'.repeat(3000) }]);
      const whole = gzipSync(archive);
      const made: Record<string, Buffer> = {
        cut: gzipSync(archive.subarray(0, 1500)),
        'cut-gzip': whole.subarray(0, whole.length - 20),
        long: Buffer.concat([whole, Buffer.alloc(600_000, 'x')]),
      };
      const layer = await putLayer(
        store,
        typeof bytes === 'string' ? (made[bytes] ?? whole) : (bytes ?? whole),
      );
      await assert.rejects(readRootfs(store, [layer], { limits, hash: true }), { code, message });
    });
  }

  it('is told from a damaged and from a missing one', async (t) => {
    const store = await temporaryStore(t);
    const layer = await putEntries(store, [{ name: 'a', text: 'x'.repeat(3000) }]);
    const path = join(store.root, 'blobs/sha256', layer.digest.slice(7));
    const bytes = readFileSync(path);
    for (const damaged of [
      bytes.with(bytes.length - 5, (bytes.at(-5) ?? 0) ^ 1),
      bytes.with(30, (bytes[30] ?? 0) ^ 255),
      bytes.subarray(0, bytes.length - 1),
      // Another archive that is whole.
      gzipSync(await packTar([{ name: 'a', text: 'y'.repeat(3000) }])),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path, damaged);
      await assert.rejects(readRootfs(store, [layer]), {
        code: 'LL6016',
        message: /is damaged/,
        detail: { where: store.root },
      });
    }
    const missing = { ...layer, digest: `sha256:${'0'.repeat(64)}` } as Descriptor;
    await assert.rejects(readRootfs(store, [missing]), { code: 'LL6016', message: /is missing/ });
    const hostile = { ...layer, digest: 'sha256:../../x' } as Descriptor;
    await assert.rejects(readRootfs(store, [hostile]), { code: 'LL6014' });
  });
});
