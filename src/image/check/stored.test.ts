import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Packed, putEntries, temporaryFolder, temporaryStore } from '../oci/fixtures/layers.ts';
import type { ImageStore } from '../oci/store.ts';
import { type Descriptor, MEDIA } from '../oci/types.ts';
import { modelOf, openStored, type StoredImage, storedSize, unpackOwn } from './stored.ts';

const { signal } = new AbortController();
const AMD64 = { os: 'linux', architecture: 'amd64' };
const BASE: readonly Packed[] = [{ name: 'nodejs/bin/node', text: 'x'.repeat(1000) }];
const SERVER: readonly Packed[] = [
  { name: 'opt/' },
  { name: 'opt/loadline/server.js', text: 'server' },
  { name: 'opt/loadline/chunks/a.js', text: 'chunk' },
  { name: 'opt/loadline/link', type: 'symlink', link: '/etc/passwd' },
];
const MODEL: readonly Packed[] = [{ name: './model/model.pkl', text: 'model' }];

/** An image of these layers in the store. */
async function put(
  store: ImageStore,
  layers: readonly (readonly Packed[])[],
  architecture = 'amd64',
): Promise<{ root: Descriptor; layers: Descriptor[] }> {
  const descriptors: Descriptor[] = [];
  for (const entries of layers) {
    descriptors.push(await putEntries(store, entries));
  }
  const diffIds = descriptors.map(({ digest }) => digest);
  const config = await store.putDocument(MEDIA.config, {
    os: 'linux',
    architecture,
    rootfs: { type: 'layers', diff_ids: diffIds },
  });
  const manifest = await store.putDocument(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: config.descriptor,
    layers: descriptors,
  });
  return { root: manifest.descriptor, layers: descriptors };
}

async function open(
  t: TestContext,
  layers: readonly (readonly Packed[])[],
): Promise<{ store: ImageStore; image: StoredImage; layers: Descriptor[] }> {
  const store = await temporaryStore(t);
  const made = await put(store, layers);
  const image = await openStored(store, made.root, 'ml-model:v1', AMD64);
  return { store, image, layers: made.layers };
}

test("the server's files and the model are unpacked, and nothing else", async (t) => {
  const { image } = await open(t, [BASE, SERVER, MODEL]);
  const folder = temporaryFolder(t);
  await unpackOwn(image, 'ml-model:v1', folder, signal);
  assert.equal(readFileSync(join(folder, 'opt/loadline/server.js'), 'utf8'), 'server');
  assert.equal(readFileSync(join(folder, 'opt/loadline/chunks/a.js'), 'utf8'), 'chunk');
  assert.equal(readFileSync(join(folder, 'model/model.pkl'), 'utf8'), 'model');
  assert.ok(!existsSync(join(folder, 'nodejs')));
  assert.ok(!existsSync(join(folder, 'opt/loadline/link')), 'a link leads anywhere');
});

test('of two layers the upper one counts, and the base is not even read', async (t) => {
  const { store, image, layers } = await open(t, [
    BASE,
    [{ name: 'model/model.pkl', text: 'old' }],
    SERVER,
    [{ name: 'model/model.pkl', text: 'new' }],
  ]);
  writeFileSync(join(store.root, 'blobs/sha256', layers[0]!.digest.slice(7)), 'damaged');
  assert.equal((await modelOf(image, 'ml-model:v1', signal)).toString(), 'new');
});

test('a damaged layer of the server is told', async (t) => {
  const { store, image, layers } = await open(t, [BASE, SERVER, MODEL]);
  writeFileSync(join(store.root, 'blobs/sha256', layers[2]!.digest.slice(7)), 'damaged');
  await assert.rejects(modelOf(image, 'ml-model:v1', signal), (error: { code: string }) =>
    ['LL6014', 'LL6016'].includes(error.code),
  );
});

for (const [name, layers, missing] of [
  ['no server', [BASE, MODEL], '/opt/loadline/server.js'],
  ['no model', [BASE, SERVER], '/model/model.pkl'],
] as const) {
  test(`an image with ${name} is not one to test`, async (t) => {
    const { image } = await open(t, layers);
    await assert.rejects(modelOf(image, 'nginx:1', signal), {
      code: 'LL6014',
      message: `Cannot test nginx:1: it has no ${missing}, so \`loadline build\` did not make it`,
    });
  });
}

test('sizes: of all layers and of those of the server and the model', async (t) => {
  const { image, store, layers } = await open(t, [BASE, SERVER, MODEL]);
  const bytes = (digest: string): number => statSync(join(store.root, 'blobs/sha256', digest.slice(7))).size;
  const own = bytes(layers[1]!.digest) + bytes(layers[2]!.digest);
  assert.deepEqual(await storedSize(image, signal), {
    compressed: bytes(layers[0]!.digest) + own + bytes(image.manifest.config.digest),
    // 1000 of Node, "server", "chunk" and "model".
    uncompressed: 1016,
    ownCompressed: own,
    ownUncompressed: 16,
  });
});

test("of several platforms this machine's is tested and the others are named", async (t) => {
  const store = await temporaryStore(t);
  const amd64 = await put(store, [BASE, SERVER, MODEL]);
  const arm64 = await put(store, [BASE, SERVER, MODEL], 'arm64');
  const index = await store.putDocument(MEDIA.index, {
    schemaVersion: 2,
    mediaType: MEDIA.index,
    manifests: [
      { ...arm64.root, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
      { ...amd64.root, platform: AMD64 },
      { ...amd64.root, platform: { os: 'unknown', architecture: 'unknown' } },
    ],
  });
  const image = await openStored(store, index.descriptor, 'ml-model:v1', AMD64);
  assert.equal(image.descriptor.digest, amd64.root.digest);
  assert.equal(image.platform, 'linux/amd64');
  assert.deepEqual(image.otherPlatforms, ['linux/arm64/v8']);
  assert.deepEqual(image.digests, [index.descriptor.digest, amd64.root.digest, image.manifest.config.digest]);

  await assert.rejects(
    openStored(store, index.descriptor, 'ml-model:v1', { os: 'linux', architecture: 's390x' }),
    {
      code: 'LL6015',
      message:
        'Cannot test ml-model:v1 here: expected an image for linux/s390x, found linux/arm64/v8, linux/amd64',
    },
  );
  await assert.rejects(openStored(store, arm64.root, 'ml-model:v1', AMD64), {
    code: 'LL6015',
    message: 'Cannot test ml-model:v1 here: expected an image for linux/amd64, found linux/arm64',
  });
});
