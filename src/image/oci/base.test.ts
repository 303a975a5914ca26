import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspectNode } from './base.ts';
import { type Packed, putEntries, temporaryStore } from './fixtures/layers.ts';
import type { ImageStore } from './store.ts';
import { type Manifest, MEDIA } from './types.ts';

/** Text between which programs have their version; long enough to come in several chunks. */
const FILLER = 'v1.2.3 0.0.0 node v99.0.0 '.repeat(20_000);

/** What `strings` finds in the program of NodeSource's package for Debian, in its order and with other bytes around. */
function program(version: string): string {
  return `\x7fELF${FILLER}\0https://nodejs.org/download/release/v${version}/node-v${version}.tar.gz\0${FILLER}`;
}

/** The same of a build without the addresses of the Node project, which has the inspector's name for itself. */
function plainProgram(version: string): string {
  return `\x7fELF${FILLER}\0node.js/v${version}\0${FILLER}`;
}

const NODE = { name: 'usr/bin/node', text: program('24.1.0'), mode: 0o755 };

async function base(
  store: ImageStore,
  layers: readonly (readonly Packed[])[],
  env: readonly string[] = [],
): Promise<Manifest> {
  const config = await store.putDocument(MEDIA.config, {
    os: 'linux',
    architecture: 'amd64',
    config: { Env: env },
    rootfs: { type: 'layers', diff_ids: [] },
  });
  const descriptors = [];
  for (const entries of layers) {
    descriptors.push(await putEntries(store, entries));
  }
  return { schemaVersion: 2, mediaType: MEDIA.manifest, config: config.descriptor, layers: descriptors };
}

describe("a base's Node.js", () => {
  for (const { what, layers, env = [], path, version } of [
    { what: 'an official build', layers: [[NODE]], path: '/usr/bin/node', version: '24.1.0' },
    {
      what: 'a build of someone else',
      layers: [[{ ...NODE, text: plainProgram('23.10.11') }]],
      path: '/usr/bin/node',
      version: '23.10.11',
    },
    {
      what: "distroless' folder before all others",
      layers: [[NODE, { name: 'nodejs/bin/node', text: program('24.2.0'), mode: 0o755 }]],
      path: '/nodejs/bin/node',
      version: '24.2.0',
    },
    {
      what: 'a link to it, in a folder that is a link',
      layers: [
        [
          { name: 'usr/bin/' },
          { name: 'bin', type: 'symlink', link: 'usr/bin' },
          { name: 'opt/node-v24.1.0/bin/node', text: program('24.1.0'), mode: 0o755 },
        ],
        [{ name: 'bin/node', type: 'symlink', link: '../../opt/node-v24.1.0/bin/node' }],
      ],
      path: '/usr/bin/node',
      version: '24.1.0',
    },
    {
      what: 'the one of the topmost layer',
      layers: [[NODE], [{ ...NODE, text: program('24.3.0') }]],
      path: '/usr/bin/node',
      version: '24.3.0',
    },
    {
      what: 'another one after that of a lower layer was taken away',
      layers: [
        [{ name: 'usr/local/bin/node', text: program('22.0.0'), mode: 0o755 }],
        [{ name: 'usr/local/bin/.wh.node' }, { ...NODE, text: program('24.3.0') }],
      ],
      path: '/usr/bin/node',
      version: '24.3.0',
    },
    {
      what: 'the one that may be run',
      layers: [[NODE, { name: 'usr/local/bin/node', text: program('22.0.0'), mode: 0o644 }]],
      path: '/usr/bin/node',
      version: '24.1.0',
    },
    {
      // As the packages nodejs and libnode108 of Debian 12 lay it out.
      what: "Debian's, which is a library",
      layers: [
        [
          { name: 'usr/bin/node', text: '\x7fELF\0libnode.so.127\0libc.so.6\0', mode: 0o755 },
          { name: 'usr/lib/x86_64-linux-gnu/libnode.so.127', text: program('24.1.0') },
        ],
      ],
      path: '/usr/bin/node',
      version: '24.1.0',
    },
    {
      what: "one that does not say it, by the image's own word",
      layers: [[{ name: 'usr/local/bin/node', text: '#!/bin/sh\n', mode: 0o755 }]],
      env: ['PATH=/usr/bin', 'NODE_VERSION=24.1.0'],
      path: '/usr/local/bin/node',
      version: '24.1.0',
    },
    {
      what: 'its own word rather than that of the image',
      layers: [[NODE]],
      env: ['NODE_VERSION=18.0.0'],
      path: '/usr/bin/node',
      version: '24.1.0',
    },
    {
      what: 'the oldest that is new enough',
      layers: [[{ ...NODE, text: program('22.18.0') }]],
      path: '/usr/bin/node',
      version: '22.18.0',
    },
  ] as { what: string; layers: Packed[][]; env?: string[]; path: string; version: string }[]) {
    it(`is found: ${what}`, async (t) => {
      const store = await temporaryStore(t);
      assert.deepEqual(await inspectNode(store, await base(store, layers, env)), { path, version });
    });
  }

  for (const { what, layers, message } of [
    {
      what: 'there is none',
      layers: [[{ name: 'usr/bin/python3', text: program('24.1.0'), mode: 0o755 }]],
      message:
        'The base image has no Node.js: looked for node in /nodejs/bin, /usr/local/sbin, /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin',
    },
    { what: 'there is no layer', layers: [], message: /has no Node\.js/ },
    { what: 'it lies elsewhere', layers: [[{ ...NODE, name: 'opt/node' }]], message: /has no Node\.js/ },
    { what: 'it is a folder', layers: [[{ name: 'usr/bin/node/' }]], message: /has no Node\.js/ },
    {
      what: 'it is a link to nothing',
      layers: [[{ name: 'usr/bin/node', type: 'symlink', link: '/opt/node' }]],
      message: /has no Node\.js/,
    },
    {
      what: 'it is too old',
      layers: [[{ ...NODE, text: program('22.17.1') }]],
      message: 'The base image has Node.js 22.17.1 (/usr/bin/node), expected 22.18 or newer',
    },
    {
      what: 'it is much too old',
      layers: [[{ ...NODE, text: program('20.20.2') }]],
      message: /Node\.js 20\.20\.2/,
    },
    {
      what: 'it does not say its version',
      layers: [[{ ...NODE, text: `#!/bin/sh\nexec node-v24.1.0\n${FILLER}` }]],
      message: "Cannot tell the version of the base image's Node.js: /usr/bin/node does not say it",
    },
  ] as { what: string; layers: Packed[][]; message: string | RegExp }[]) {
    it(`is refused when ${what}`, async (t) => {
      const store = await temporaryStore(t);
      const manifest = await base(store, layers);
      await assert.rejects(inspectNode(store, manifest), { code: 'LL6008', message });
      // The second time it may have been remembered.
      await assert.rejects(inspectNode(store, manifest), { code: 'LL6008', message });
    });
  }

  it('is found wherever chunks of the program end', async (t) => {
    const store = await temporaryStore(t);
    for (let shift = 0; shift < 60; shift += 7) {
      // The archive, whose first 512 bytes are a header, comes in pieces of 16 KiB: one ends within the address.
      const before = 'x'.repeat(2 ** 16 - 512 - shift);
      const text = `${before}https://nodejs.org/download/release/v24.1.10/node-v24.1.10.tar.gz\0${FILLER}`;
      const { version } = await inspectNode(store, await base(store, [[{ ...NODE, text }]]));
      assert.equal(version, '24.1.10');
    }
  });

  it('is not looked for again in a base that was seen', async (t) => {
    const store = await temporaryStore(t);
    const manifest = await base(store, [[NODE]]);
    const first = await inspectNode(store, manifest);
    for (const name of readdirSync(join(store.root, 'blobs/sha256'))) {
      rmSync(join(store.root, 'blobs/sha256', name));
    }
    assert.deepEqual(await inspectNode(store, manifest), first);
    const [note] = readdirSync(join(store.root, 'bases'));
    assert.deepEqual(JSON.parse(readFileSync(join(store.root, 'bases', String(note)), 'utf8')), first);
    writeFileSync(join(store.root, 'bases', String(note)), '{"path":1}');
    await assert.rejects(inspectNode(store, manifest), { code: 'LL6016' });
  });

  it('is not looked for any longer when the build is stopped', async (t) => {
    const store = await temporaryStore(t);
    const manifest = await base(store, [[NODE]]);
    await assert.rejects(inspectNode(store, manifest, AbortSignal.abort()), { code: 'LL6017' });
  });
});
