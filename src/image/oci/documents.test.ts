import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConfig, readManifest } from './documents.ts';
import { temporaryStore } from './fixtures/layers.ts';
import { type Descriptor, type Manifest, MEDIA } from './types.ts';

const ID = `sha256:${'a'.repeat(64)}` as const;
const BLOB: Descriptor = { mediaType: MEDIA.config, digest: ID, size: 2 };

describe('a manifest', () => {
  it('gets the media type that it leaves out', async (t) => {
    const store = await temporaryStore(t);
    for (const [value, type] of [
      [{ schemaVersion: 2, config: BLOB, layers: [BLOB] }, MEDIA.manifest],
      [{ schemaVersion: 2, manifests: [BLOB] }, MEDIA.index],
    ] as const) {
      const { descriptor } = await store.putDocument(type, value);
      assert.deepEqual((await readManifest(store, descriptor)).value, { ...value, mediaType: type });
    }
  });

  for (const [what, value, message] of [
    ['of schema 1', { schemaVersion: 1, fsLayers: [] }, /has the schema version 1, expected 2/],
    ['without a configuration', { schemaVersion: 2, layers: [] }, /"config" of .* has undefined/],
    ['without layers', { schemaVersion: 2, config: BLOB }, /no valid "layers": .* found undefined/],
    ['with layers that are an object', { schemaVersion: 2, config: BLOB, layers: {} }, /found object/],
    [
      'with a layer that is a text',
      { schemaVersion: 2, config: BLOB, layers: ['x'] },
      /"layers" of .* has "x"/,
    ],
    [
      'with a size that is none',
      { schemaVersion: 2, config: { ...BLOB, size: 1e300 }, layers: [] },
      /a size$/,
    ],
    [
      'with 2000 layers',
      { schemaVersion: 2, config: BLOB, layers: new Array(2000).fill(BLOB) },
      /found 2000/,
    ],
    ['of images that are none', { schemaVersion: 2, manifests: [{}] }, /"manifests" of .* has \{\}/],
  ] as const) {
    it(`is refused ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const { descriptor } = await store.putDocument(MEDIA.manifest, value);
      await assert.rejects(readManifest(store, descriptor), { code: 'LL6014', message });
    });
  }
});

describe('a configuration', () => {
  const good = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [ID] } };

  for (const [what, value, message] of [
    ['without a platform', { ...good, os: undefined }, /names no platform/],
    ['without layers', { ...good, rootfs: undefined }, /has no list of layers/],
    ['with layers that are no digests', { ...good, rootfs: { diff_ids: ['x'] } }, /has no list of layers/],
    [
      'with an environment that is a text',
      { ...good, config: { Env: 'A=b' } },
      /an environment that is no list/,
    ],
    ['with an environment of numbers', { ...good, config: { Env: [1] } }, /an environment that is no list/],
  ] as const) {
    it(`is refused ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const { descriptor: config } = await store.putDocument(MEDIA.config, value);
      const manifest: Manifest = { schemaVersion: 2, mediaType: MEDIA.manifest, config, layers: [] };
      await assert.rejects(readConfig(store, manifest), { code: 'LL6014', message });
    });
  }

  it('is taken with an empty or missing environment', async (t) => {
    const store = await temporaryStore(t);
    for (const config of [undefined, null, {}, { Env: null }, { Env: [] }]) {
      const { descriptor } = await store.putDocument(MEDIA.config, { ...good, config });
      const manifest: Manifest = {
        schemaVersion: 2,
        mediaType: MEDIA.manifest,
        config: descriptor,
        layers: [],
      };
      assert.equal((await readConfig(store, manifest)).value.os, 'linux');
    }
  });
});
