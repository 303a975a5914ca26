/** Images pushed to a real registry: order, what travels, and what a failure leaves. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { ImageStore } from '../../src/image/oci/store.ts';
import { type Descriptor, MEDIA } from '../../src/image/oci/types.ts';
import { pushImage } from '../../src/image/push.ts';
import { parseReference } from '../../src/image/reference.ts';
import { toolsMissing } from './engine.ts';
import { type FaultProxy, startFaultProxy } from './faults.ts';
import { registryMissing, startRegistry, type TestRegistry } from './registry.ts';
import { failureOf, putImage, putIndex, putReferrer, testClient, testStore } from './registry-client.ts';

const run = promisify(execFile);
const skip = registryMissing() ?? toolsMissing(['skopeo']) ?? false;

describe('push', { skip }, () => {
  const ends: (() => unknown)[] = [];
  const context = { after: (end: () => unknown) => ends.push(end) };
  let registry: TestRegistry;
  let proxy: FaultProxy;
  let store: ImageStore;

  before(async () => {
    registry = await startRegistry({}, context);
    proxy = await startFaultProxy(context, registry.url);
    store = await testStore(context);
  });
  beforeEach(() => proxy.reset());
  after(async () => {
    for (const end of ends.reverse()) {
      await end();
    }
  });

  const push = (root: Descriptor, name: string, options: Parameters<typeof pushImage>[4] = {}) => {
    const reference = parseReference(`${proxy.host}/${name}`);
    const { client, events } = testClient(context);
    const done = pushImage(store, root, reference, client.repository(reference), options);
    return { done, client, events };
  };

  /** What the registry has under a name, asked by skopeo; null for nothing. */
  const inspect = async (name: string): Promise<string | null> => {
    try {
      const { stdout } = await run('skopeo', [
        ...['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/${name}`],
      ]);
      return stdout;
    } catch (error) {
      assert.match((error as { stderr: string }).stderr, /manifest unknown|name unknown/);
      return null;
    }
  };

  const putsOfManifests = (): string[] =>
    proxy.seen.flatMap(
      ({ method, path }) => /^PUT \/v2\/.*\/manifests\/(.*)$/.exec(`${method} ${path}`)?.[1] ?? [],
    );

  test('an image: its blobs, then the tag; the second time nothing but the manifest travels', async () => {
    const image = await putImage(store, [300_000, 1000]);
    const { done, client } = push(image.root, 'one/app:v1');
    const blobs = [image.config, ...image.layers];
    const blobBytes = blobs.reduce((sum, { size }) => sum + size, 0);
    assert.deepEqual(await done, {
      digest: image.root.digest,
      sentBytes: blobBytes + image.root.size,
      blobs: { exists: 0, mounted: 0, sent: 3 },
    });
    assert.equal(client.sentBytes, blobBytes + image.root.size);
    assert.deepEqual(putsOfManifests(), ['v1']);
    const lastUpload = proxy.seen.findLastIndex(({ path }) => path.includes('/uploads/'));
    assert.ok(proxy.seen.findIndex(({ path }) => path.includes('/manifests/')) > lastUpload);
    assert.equal(await inspect('one/app:v1'), (await store.read(image.root.digest)).toString());

    const again = push(image.root, 'one/app:v2');
    assert.deepEqual((await again.done).blobs, { exists: 3, mounted: 0, sent: 0 });
    assert.equal(again.client.sentBytes, image.root.size);

    // A new model over the same layers: its own bytes, a configuration and a manifest.
    const next = await putImage(store, [...image.layers.slice(0, 1), 500]);
    const third = await push(next.root, 'one/app:v3').done;
    assert.deepEqual(third.blobs, { exists: 1, mounted: 0, sent: 2 });
    assert.equal(third.sentBytes, next.config.size + next.layers[1]!.size + next.root.size);
  });

  test('an index: what its images share travels once, they come before it, and the tag last', async () => {
    const amd = await putImage(store, [200_000, 2000]);
    const arm = await putImage(store, [150_000, amd.layers[1]!], 'arm64');
    const root = await putIndex(store, [amd, arm]);
    const result = await push(root, 'two/app:v1').done;
    assert.deepEqual(result.blobs, { exists: 0, mounted: 0, sent: 5 });
    assert.equal(proxy.count('PUT', /\/uploads\//), 5);
    assert.deepEqual(putsOfManifests(), [amd.root.digest, arm.root.digest, 'v1']);
    assert.equal(await inspect('two/app:v1'), (await store.read(root.digest)).toString());
    const { stdout } = await run('skopeo', [
      ...['inspect', '--config', '--override-arch', 'arm64', '--override-os', 'linux', '--tls-verify=false'],
      `docker://${registry.host}/two/app:v1`,
    ]);
    assert.equal((JSON.parse(stdout) as { architecture: string }).architecture, 'arm64');
  });

  test('at most three blobs at a time', async () => {
    const image = await putImage(store, [100, 200, 300, 400, 500, 600]);
    let now = 0;
    let most = 0;
    const { done, events } = push(image.root, 'three/app:v1');
    await done;
    for (const { phase, state, item } of events) {
      if (phase === 'push' && item.length === 12 && state !== 'progress') {
        now += state === 'start' ? 1 : -1;
        most = Math.max(most, now);
      }
    }
    assert.equal(most, 3);
    assert.equal(now, 0);
  });

  test('the base’s layers are mounted from its repository', async () => {
    const base = await putImage(store, [250_000, 3000]);
    await push(base.root, 'library/base:v1').done;
    const image = await putImage(store, [...base.layers, 700]);
    const { done, client } = push(image.root, 'four/app:v1', { mountFrom: ['library/base'] });
    const result = await done;
    assert.deepEqual(result.blobs, { exists: 0, mounted: 2, sent: 2 });
    assert.equal(result.sentBytes, image.config.size + image.layers[2]!.size + image.root.size);
    assert.equal(client.sentBytes, result.sentBytes);
    assert.equal(await inspect('four/app:v1'), (await store.read(image.root.digest)).toString());
  });

  test('referrers: after their subject, before the tag, listed for others', async () => {
    const image = await putImage(store, [1000]);
    const bill = await putReferrer(store, image.root, '{"bomFormat":"CycloneDX"}');
    await push(image.root, 'five/app:v1', { referrers: [bill] }).done;
    const list = image.root.digest.replace(':', '-');
    assert.deepEqual(putsOfManifests(), [image.root.digest, bill.digest, list, 'v1']);
    const index = JSON.parse((await inspect(`five/app:${list}`)) ?? 'null') as { manifests: object[] };
    assert.deepEqual(index.manifests, [bill]);
    assert.equal(await inspect(`five/app@${bill.digest}`), (await store.read(bill.digest)).toString());
  });

  test('a digest without a tag', async () => {
    const image = await putImage(store, [1000]);
    await push(image.root, `six/app@${image.root.digest}`).done;
    assert.deepEqual(putsOfManifests(), [image.root.digest]);
  });

  test('whichever request fails, nothing is tagged, and the same push then sends what is missing only', async () => {
    const first = await putImage(store, [5000, 6000]);
    const second = await putImage(store, [7000, first.layers[1]!], 'arm64');
    const root = await putIndex(store, [first, second]);
    const bill = await putReferrer(store, root, '{"bomFormat":"CycloneDX","n":7}');
    const options = { referrers: [bill] };
    const whole = await push(root, 'seven/whole:v1', options).done;
    const requests = proxy.seen.length;
    // Five of the images, two of the bill.
    assert.equal(whole.blobs.sent, 7);
    for (let failing = 0; failing < requests; failing++) {
      proxy.reset();
      let count = 0;
      const refused = new Set<object>();
      proxy.fault = (seen) => {
        count += 1;
        if (count <= failing) {
          return null;
        }
        refused.add(seen);
        return { kind: 'answer', status: 403 };
      };
      const name = `seven/app-${failing}`;
      const error = await failureOf(push(root, `${name}:v1`, options).done);
      assert.equal(error.code, 'LL6004');
      assert.match(error.message, new RegExp(`^Cannot (push|read the manifest) .* ${proxy.host}/${name}: `));
      assert.equal(await inspect(`${name}:v1`), null, `request ${failing} failed, and yet there is a tag`);
      const arrived = proxy.seen.filter(
        (seen) => seen.method === 'PUT' && seen.path.includes('/uploads/') && !refused.has(seen),
      );
      proxy.reset();
      const again = await push(root, `${name}:v1`, options).done;
      assert.deepEqual(again.blobs, { exists: arrived.length, mounted: 0, sent: 7 - arrived.length });
      assert.equal(await inspect(`${name}:v1`), (await store.read(root.digest)).toString());
      const list = JSON.parse((await inspect(`${name}:${root.digest.replace(':', '-')}`)) ?? '') as {
        mediaType: string;
        manifests: object[];
      };
      assert.equal(list.mediaType, MEDIA.index);
      assert.deepEqual(list.manifests, [bill], 'listed once');
    }
  });

  test('interrupted in the middle: nothing is tagged', async () => {
    const image = await putImage(store, [400_000, 1000, 2000, 3000]);
    const reference = parseReference(`${proxy.host}/eight/app:v1`);
    const { client, abort } = testClient(context);
    proxy.fault = ({ method }) => {
      if (method === 'PUT') {
        setTimeout(abort, 20);
        return { kind: 'stall' };
      }
      return null;
    };
    const error = await failureOf(pushImage(store, image.root, reference, client.repository(reference)));
    assert.equal(error.code, 'LL6017');
    assert.equal(await inspect('eight/app:v1'), null);
    proxy.reset();
    await push(image.root, 'eight/app:v1').done;
    assert.equal(await inspect('eight/app:v1'), (await store.read(image.root.digest)).toString());
  });
});
