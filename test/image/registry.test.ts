/** The registry client against real registries: Debian's docker-registry, plain, with basic auth, TLS and tokens. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MEDIA } from '../../src/image/oci/types.ts';
import { toolsMissing } from './engine.ts';
import { startFaultProxy, times } from './faults.ts';
import { registryMissing, startRegistry, type TestRegistry } from './registry.ts';
import {
  digestOf,
  failureOf,
  filesOf,
  login,
  putBlob,
  putImage,
  randomBlob,
  temporary,
  testClient,
  testStore,
  unopened,
} from './registry-client.ts';
import { startTokenServer } from './tokens.ts';

const run = promisify(execFile);
const skip = registryMissing() ?? toolsMissing(['skopeo']) ?? false;
const EMPTY = Buffer.from('{}');

/** Brings a small image in as `team/app:v1` with skopeo, which is not ours. */
async function seed(t: TestContext, registry: TestRegistry, ...args: string[]) {
  const store = await testStore(t);
  const image = await putImage(store, [200_000, 10]);
  await store.tag('x', image.root);
  await run('skopeo', [
    ...['copy', '--dest-tls-verify=false', ...args],
    ...[`oci:${store.root}:x`, `docker://${registry.host}/team/app:v1`],
  ]);
  return { store, image, registry: registry.host, repository: 'team/app' };
}

test('plain HTTP on loopback: what skopeo pushed is pulled', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const seeded = await seed(t, registry);
  const { client, events } = testClient(t);
  const repository = client.repository(seeded);
  const manifest = await repository.manifest('v1');
  assert.equal(manifest?.digest, seeded.image.root.digest);
  assert.equal(manifest.mediaType, MEDIA.manifest);
  assert.deepEqual(manifest.bytes, await seeded.store.read(seeded.image.root.digest));
  assert.deepEqual(await repository.manifest(manifest.digest), manifest, 'by digest it is the same');

  const store = await testStore(t);
  const [layer] = seeded.image.layers;
  assert.ok(layer !== undefined);
  await repository.pull(layer, store);
  assert.deepEqual(await store.read(layer.digest), await seeded.store.read(layer.digest));
  const item = layer.digest.slice(7, 19);
  const own = events.filter((event) => event.item === item);
  assert.deepEqual(own[0], { phase: 'base', item, state: 'start', totalBytes: layer.size });
  assert.deepEqual(own.at(-1), {
    phase: 'base',
    item,
    state: 'done',
    totalBytes: layer.size,
    doneBytes: layer.size,
  });
  const steps = own.slice(1, -1).map(({ doneBytes }) => doneBytes ?? 0);
  assert.equal(steps.at(-1), layer.size);
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => a - b),
    'progress grows',
  );

  await repository.pull(layer, store);
  assert.equal(events.at(-1)?.state, 'skipped');
  assert.equal(events.at(-1)?.note, 'already there');
  assert.equal(client.sentBytes, 0);
});

test('nothing of that name: null, or LL6002 where it is needed', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const { registry: host } = await seed(t, registry);
  const { client, pauses } = testClient(t);
  const store = await testStore(t);
  assert.equal(await client.repository({ registry: host, repository: 'team/app' }).manifest('v2'), null);
  assert.equal(await client.repository({ registry: host, repository: 'no/such' }).manifest('v1'), null);
  const { descriptor } = randomBlob(10);
  const error = await failureOf(
    client.repository({ registry: host, repository: 'team/app' }).pull(descriptor, store),
  );
  assert.equal(error.code, 'LL6002');
  assert.match(
    error.message,
    /Cannot pull [0-9a-f]{12} of 127\.0\.0\.1:\d+\/team\/app: .* answers 404 \(BLOB_UNKNOWN: /,
  );
  assert.equal(error.detail.where, `${host}/team/app`);
  assert.deepEqual(filesOf(store), []);
  assert.deepEqual(pauses, [], 'a clear no is not asked again');
});

for (const relativeUrls of [false, true]) {
  test(`a blob is sent, found, mounted; uploads at ${relativeUrls ? 'relative' : 'absolute'} addresses`, {
    skip,
  }, async (t) => {
    const registry = await startRegistry({ relativeUrls }, t);
    const { client, events } = testClient(t);
    const team = client.repository({ registry: registry.host, repository: 'team/app' });
    const { bytes, descriptor } = randomBlob(3_000_000);
    // In pieces, as a file gives them.
    const open = (): Readable =>
      Readable.from(Array.from({ length: 30 }, (_, i) => bytes.subarray(i * 100_000, (i + 1) * 100_000)));
    assert.equal(await team.push(descriptor, open), 'sent');
    assert.equal(client.sentBytes, descriptor.size);
    assert.equal(await team.push(descriptor, unopened), 'exists');
    const other = client.repository({ registry: registry.host, repository: 'other/app' });
    assert.equal(await other.push(descriptor, unopened, ['other/app', 'no/such', 'team/app']), 'mounted');
    assert.equal(client.sentBytes, descriptor.size, 'neither costs a byte');
    const item = descriptor.digest.slice(7, 19);
    assert.deepEqual(
      events.filter(({ state }) => state !== 'progress'),
      [
        { phase: 'push', item, state: 'start', totalBytes: 3_000_000 },
        { phase: 'push', item, state: 'done', totalBytes: 3_000_000, doneBytes: 3_000_000, note: 'sent' },
        { phase: 'push', item, state: 'start', totalBytes: 3_000_000 },
        { phase: 'push', item, state: 'skipped', totalBytes: 3_000_000, note: 'already there' },
        { phase: 'push', item, state: 'start', totalBytes: 3_000_000 },
        { phase: 'push', item, state: 'skipped', totalBytes: 3_000_000, note: 'mounted from team/app' },
      ],
    );
    const steps = events.filter(({ state }) => state === 'progress').map(({ doneBytes }) => doneBytes);
    assert.deepEqual(
      steps,
      Array.from({ length: 30 }, (_, i) => (i + 1) * 100_000),
    );
    const answer = await fetch(`${registry.url}/v2/other/app/blobs/${descriptor.digest}`);
    assert.equal(digestOf(new Uint8Array(await answer.arrayBuffer())), descriptor.digest);
  });
}

test('where a mount is not possible the blob is sent in the upload the registry opened', {
  skip,
}, async (t) => {
  const registry = await startRegistry({}, t);
  const proxy = await startFaultProxy(t, registry.url);
  const { client } = testClient(t);
  const { bytes, descriptor } = randomBlob(1000);
  const repository = client.repository({ registry: proxy.host, repository: 'team/app' });
  assert.equal(await repository.push(descriptor, () => Readable.from([bytes]), ['base/app']), 'sent');
  assert.equal(proxy.count('POST', /\?mount=.*&from=base%2Fapp$/), 1);
  assert.equal(proxy.count('POST', /./), 1);
  // A registry that knows no mounts at all.
  proxy.reset();
  proxy.fault = times(1, 'POST', /mount=/, { kind: 'answer', status: 405 });
  const second = randomBlob(1000);
  assert.equal(
    await repository.push(second.descriptor, () => Readable.from([second.bytes]), ['base/app']),
    'sent',
  );
  assert.equal(proxy.count('POST', /./), 2);
});

test('basic auth: the right account, a wrong one, none', { skip }, async (t) => {
  const account = { user: 'tester', password: 'pass:word with spaces' };
  const registry = await startRegistry({ htpasswd: account }, t);
  const seeded = await seed(t, registry, '--dest-creds', `${account.user}:${account.password}`);
  for (const config of [
    login(registry.host, account.user, account.password),
    login(`http://${registry.host}/v2/`, account.user, account.password),
  ]) {
    const { client } = testClient(t, { config });
    const repository = client.repository(seeded);
    assert.equal((await repository.manifest('v1'))?.digest, seeded.image.root.digest);
    const { bytes, descriptor } = randomBlob(1000);
    assert.equal(await repository.push(descriptor, () => Readable.from([bytes])), 'sent');
  }
  const wrong = testClient(t, { config: login(registry.host, account.user, 'Not-It-1') });
  const error = await failureOf(wrong.client.repository(seeded).manifest('v1'));
  assert.equal(error.code, 'LL6004');
  assert.match(error.message, /Cannot read the manifest "v1" of 127.* answers 401 \(UNAUTHORIZED: /);
  assert.match(error.message, /asked as user "tester"$/);
  assert.ok(!error.message.includes('Not-It-1') && !error.fix.includes('Not-It-1'));
  assert.match(error.fix, new RegExp(`docker login ${registry.host}`));
  const none = testClient(t);
  const refused = await failureOf(none.client.repository(seeded).push(seeded.image.config, unopened));
  assert.equal(refused.code, 'LL6004');
  assert.match(refused.message, /asked without credentials \(none are set up for it\)$/);
  assert.deepEqual([...wrong.pauses, ...none.pauses], []);
});

test('tokens: pull and push ask for their scopes, once each; a mount asks for both repositories', {
  skip,
}, async (t) => {
  const tokens = await startTokenServer(t, { accounts: { tester: 'secret' } });
  const registry = await startRegistry({ token: tokens.token }, t);
  const { client } = testClient(t, { config: login(registry.host, 'tester', 'secret') });
  const team = client.repository({ registry: registry.host, repository: 'team/app' });
  const { bytes, descriptor } = randomBlob(1000);
  const blobs = [1, 2, 3].map(() => randomBlob(500));
  assert.equal(await team.push(descriptor, () => Readable.from([bytes])), 'sent');
  await Promise.all(blobs.map((one) => team.push(one.descriptor, () => Readable.from([one.bytes]))));
  const store = await testStore(t);
  await Promise.all(blobs.map((one) => team.pull(one.descriptor, store)));
  await team.pull(descriptor, store);
  assert.deepEqual(await store.read(descriptor.digest), bytes);
  const other = client.repository({ registry: registry.host, repository: 'other/app' });
  assert.equal(await other.push(descriptor, unopened, ['team/app']), 'mounted');
  const own = 'repository:other/app:pull,push';
  assert.deepEqual(
    tokens.requests.map(({ method, scopes, user }) => [method, user, ...scopes]),
    [
      ['GET', 'tester', 'repository:team/app:pull,push'],
      ['GET', 'tester', 'repository:team/app:pull'],
      ['GET', 'tester', own],
      ['GET', 'tester', own, 'repository:team/app:pull'],
    ],
  );
});

test('tokens: an identity token is sent as an OAuth2 refresh; access_token is read too', {
  skip,
}, async (t) => {
  const tokens = await startTokenServer(t, {
    identities: { 'long-secret': 'tester' },
    field: 'access_token',
  });
  const registry = await startRegistry({ token: tokens.token }, t);
  const config = { auths: { [registry.host]: { auth: 'dGVzdGVyOg==', identitytoken: 'long-secret' } } };
  const { client } = testClient(t, { config });
  const { bytes, descriptor } = randomBlob(1000);
  const repository = client.repository({ registry: registry.host, repository: 'team/app' });
  assert.equal(await repository.push(descriptor, () => Readable.from([bytes])), 'sent');
  assert.deepEqual(tokens.requests, [
    { method: 'POST', scopes: ['repository:team/app:pull,push'], user: 'tester' },
  ]);
  const revoked = testClient(t, {
    config: { auths: { [registry.host]: { identitytoken: 'revoked-secret' } } },
  });
  const error = await failureOf(
    revoked.client.repository({ registry: registry.host, repository: 'team/app' }).manifest('v1'),
  );
  assert.equal(error.code, 'LL6004');
  assert.match(
    error.message,
    /answers 401 \(UNAUTHORIZED: incorrect username or password\); asked with an identity token$/,
  );
  assert.ok(!error.message.includes('revoked-secret'));
});

test('tokens: one that the registry refuses is renewed once, then it is LL6004', { skip }, async (t) => {
  const tokens = await startTokenServer(t, { accounts: { tester: 'secret' } });
  const registry = await startRegistry({ token: tokens.token }, t);
  const { client, pauses } = testClient(t, { config: login(registry.host, 'tester', 'secret') });
  const repository = client.repository({ registry: registry.host, repository: 'team/app' });
  tokens.isBroken = true;
  const { descriptor, bytes } = randomBlob(100);
  const error = await failureOf(repository.push(descriptor, unopened));
  assert.equal(error.code, 'LL6004');
  assert.match(error.message, /asked as user "tester"/);
  assert.equal(tokens.requests.length, 1, 'no token was held, so the first is fresh');
  const again = await failureOf(repository.push(descriptor, unopened));
  assert.equal(again.code, 'LL6004');
  assert.equal(tokens.requests.length, 2, 'the held one is refused, another is asked for');
  tokens.isBroken = false;
  assert.equal(await repository.push(descriptor, () => Readable.from([bytes])), 'sent');
  assert.equal(tokens.requests.length, 3);
  assert.deepEqual(pauses, []);
});

test('tokens: one that has run out is not sent', { skip }, async (t) => {
  // Six seconds less the margin of five: it lives for one.
  const tokens = await startTokenServer(t, { accounts: { tester: 'secret' }, lifeSec: 6 });
  const registry = await startRegistry({ token: tokens.token }, t);
  const proxy = await startFaultProxy(t, registry.url);
  const { client } = testClient(t, { config: login(proxy.host, 'tester', 'secret') });
  const repository = client.repository({ registry: proxy.host, repository: 'team/app' });
  assert.equal(await repository.manifest('v1'), null);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  proxy.reset();
  assert.equal(await repository.manifest('v1'), null);
  assert.equal(proxy.seen.length, 1, 'no 401 in between');
  assert.equal(tokens.requests.length, 2);
});

for (const refusesWhole of [false, true]) {
  test(`tokens: a mount from what one may not read falls back to sending (${refusesWhole ? '403' : 'fewer scopes'})`, {
    skip,
  }, async (t) => {
    const tokens = await startTokenServer(t, {
      accounts: { tester: 'secret', owner: 'secret' },
      allows: (user, name) => user === 'owner' || (user === 'tester' && name === 'team/app'),
      refusesWhole,
    });
    const registry = await startRegistry({ token: tokens.token }, t);
    const { bytes, descriptor } = randomBlob(1000);
    const open = (): Readable => Readable.from([bytes]);
    const owner = testClient(t, { config: login(registry.host, 'owner', 'secret') });
    await owner.client
      .repository({ registry: registry.host, repository: 'secret/app' })
      .push(descriptor, open);
    const { client } = testClient(t, { config: login(registry.host, 'tester', 'secret') });
    const repository = client.repository({ registry: registry.host, repository: 'team/app' });
    assert.equal(await repository.push(descriptor, open, ['secret/app']), 'sent');
    const error = await failureOf(
      client.repository({ registry: registry.host, repository: 'secret/app' }).push(descriptor, open),
    );
    assert.equal(error.code, 'LL6004');
    assert.match(
      error.message,
      /Cannot push [0-9a-f]{12} to 127\.0\.0\.1:\d+\/secret\/app: .*as user "tester"$/,
    );
  });
}

test('tokens: public repositories are read without an account', { skip }, async (t) => {
  const tokens = await startTokenServer(t, {
    accounts: { tester: 'secret' },
    allows: (user, _, action) => user !== null || action === 'pull',
  });
  const registry = await startRegistry({ token: tokens.token }, t);
  const seeded = await seed(t, registry, '--dest-creds', 'tester:secret');
  const { client } = testClient(t);
  const repository = client.repository(seeded);
  assert.equal((await repository.manifest('v1'))?.digest, seeded.image.root.digest);
  const error = await failureOf(repository.push(randomBlob(10).descriptor, unopened));
  assert.equal(error.code, 'LL6004');
  assert.match(error.message, /without credentials/);
});

test('TLS on loopback: HTTPS is found by itself', { skip }, async (t) => {
  const registry = await startRegistry({ tls: true }, t);
  const seeded = await seed(t, registry);
  const { client } = testClient(t);
  assert.equal((await client.repository(seeded).manifest('v1'))?.digest, seeded.image.root.digest);
});

/** A stand-in for a company's proxy: by CONNECT, every name leads to `port` of loopback. */
async function startTunnel(t: TestContext, port: number) {
  const asked: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const { pathname, search } = new URL(incoming.url ?? '/');
    const { method = 'GET', headers } = incoming;
    const onward = request(
      { host: '127.0.0.1', port, method, path: pathname + search, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    // Go's server ends a connection that speaks the wrong protocol.
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  proxy.on('connect', (incoming, socket, head) => {
    asked.push(`CONNECT ${incoming.url}`);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [onward, socket]) {
      end.on('error', () => {});
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

test('TLS elsewhere, through a proxy: the authority must be known, or --insecure given', {
  skip,
}, async (t) => {
  const registry = await startRegistry({ tls: true }, t);
  const seeded = { ...(await seed(t, registry)), registry: 'registry.test:8443' };
  const { authority } = registry;
  assert.ok(authority !== null);
  const tunnel = await startTunnel(t, registry.port);
  const env = { HTTPS_PROXY: tunnel.url };

  const unknown = testClient(t, { env });
  const error = await failureOf(unknown.client.repository(seeded).manifest('v1'));
  assert.equal(error.code, 'LL6003');
  assert.match(
    error.message,
    /registry\.test:8443 cannot be reached: its certificate cannot be checked: .*\(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)$/,
  );
  assert.match(error.fix, /\/etc\/docker\/certs\.d\/registry\.test:8443\/ca\.crt/);
  assert.deepEqual(unknown.pauses, [], 'it will not be another at the next try');
  assert.deepEqual(new Set(tunnel.asked), new Set(['CONNECT registry.test:8443']));

  const folder = temporary(t);
  const certs = join(folder, 'docker/certs.d/registry.test:8443');
  mkdirSync(certs, { recursive: true });
  copyFileSync(authority, join(certs, 'ca.crt'));
  const known = testClient(t, { env: { ...env, XDG_CONFIG_HOME: folder } });
  assert.equal((await known.client.repository(seeded).manifest('v1'))?.digest, seeded.image.root.digest);

  const insecure = testClient(t, { env, insecure: true });
  assert.equal((await insecure.client.repository(seeded).manifest('v1'))?.digest, seeded.image.root.digest);

  // Node reads NODE_EXTRA_CA_CERTS when it starts.
  const script = `
    import { createRegistryClient } from ${JSON.stringify(fileURLToPath(new URL('../../src/image/registry/client.ts', import.meta.url)))};
    const client = createRegistryClient({
      insecure: false, env: process.env, onProgress() {}, signal: new AbortController().signal,
    });
    const found = await client.repository({ registry: 'registry.test:8443', repository: 'team/app' }).manifest('v1');
    console.log(found.digest);
    client.close();
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env: { ...env, PATH: process.env.PATH, HOME: folder, NODE_EXTRA_CA_CERTS: authority },
  });
  assert.equal(stdout.trim(), seeded.image.root.digest);
});

test('plain HTTP elsewhere: only with --insecure', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const seeded = { ...(await seed(t, registry)), registry: 'registry.test:8080' };
  const tunnel = await startTunnel(t, registry.port);
  const env = { HTTPS_PROXY: tunnel.url, HTTP_PROXY: tunnel.url };
  const { client, pauses } = testClient(t, { env });
  const error = await failureOf(client.repository(seeded).manifest('v1'));
  assert.equal(error.code, 'LL6003');
  assert.match(error.message, /registry\.test:8080 cannot be reached: it does not speak HTTPS/);
  assert.match(error.fix, /--insecure/);
  assert.deepEqual(pauses, []);
  assert.ok(!tunnel.asked.some((line) => line.startsWith('GET')), 'nothing went out in plain text');
  const insecure = testClient(t, { env, insecure: true });
  assert.equal((await insecure.client.repository(seeded).manifest('v1'))?.digest, seeded.image.root.digest);
});

test('manifests: indexes and Docker’s kinds are read as they are', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const seeded = await seed(t, registry);
  await run('skopeo', [
    ...['copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--format', 'v2s2'],
    ...[`docker://${registry.host}/team/app:v1`, `docker://${registry.host}/team/app:docker`],
  ]);
  const { client } = testClient(t);
  const repository = client.repository(seeded);
  assert.equal((await repository.manifest('docker'))?.mediaType, MEDIA.dockerManifest);
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [seeded.image.root] }),
  );
  await repository.pushManifest('all', { bytes: index, mediaType: MEDIA.index });
  const found = await repository.manifest('all');
  assert.equal(found?.mediaType, MEDIA.index);
  assert.deepEqual(found.bytes, index);
  const { stdout } = await run('skopeo', [
    ...['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/team/app:all`],
  ]);
  assert.equal(stdout, index.toString());
});

test('referrers: the tag scheme is kept up to date and read by others', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const proxy = await startFaultProxy(t, registry.url);
  const seeded = await seed(t, registry);
  const { client } = testClient(t);
  const repository = client.repository({ registry: proxy.host, repository: 'team/app' });
  const subject = seeded.image.root;
  const store = await testStore(t);
  const config = await putBlob(store, EMPTY, MEDIA.empty);
  await repository.push(config, () => store.stream(config.digest));
  const attach = async (text: string) => {
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA.manifest,
        config,
        layers: [],
        subject,
        annotations: { text },
      }),
    );
    const digest = digestOf(bytes);
    await repository.pushManifest(digest, { bytes, mediaType: MEDIA.manifest });
    const referrer = { mediaType: MEDIA.manifest, digest, size: bytes.length, artifactType: MEDIA.cyclonedx };
    await repository.addReferrer(subject, referrer);
    return referrer;
  };
  const tag = subject.digest.replace(':', '-');
  const listed = async () => {
    const { stdout } = await run('skopeo', [
      ...['inspect', '--raw', '--tls-verify=false', `docker://${registry.host}/team/app:${tag}`],
    ]);
    return JSON.parse(stdout) as unknown;
  };
  const first = await attach('one');
  assert.deepEqual(await listed(), { schemaVersion: 2, mediaType: MEDIA.index, manifests: [first] });
  const second = await attach('two');
  assert.deepEqual(await listed(), { schemaVersion: 2, mediaType: MEDIA.index, manifests: [first, second] });
  proxy.reset();
  await attach('one');
  assert.equal(proxy.count('PUT', new RegExp(tag)), 0, 'what is listed is not written again');
  assert.deepEqual(await listed(), { schemaVersion: 2, mediaType: MEDIA.index, manifests: [first, second] });

  // A registry with the referrers API says so; docker-registry has none, so the proxy says it.
  proxy.fault = (seen) =>
    seen.method === 'PUT' ? { kind: 'headers', headers: { 'OCI-Subject': subject.digest } } : null;
  await attach('three');
  assert.equal(proxy.count('PUT', new RegExp(tag)), 0, 'the registry lists it by itself');
});

test('mirrors: asked first, for pulls only, with the prefix before the repository', { skip }, async (t) => {
  const mirror = await startRegistry({}, t);
  const seeded = await seed(t, mirror);
  const other = await startRegistry({}, t);
  const proxy = await startFaultProxy(t, mirror.url);
  const env = { LOADLINE_REGISTRY_MIRRORS: `${other.host}=${proxy.url}` };
  const { client, events } = testClient(t, { env });
  const repository = client.repository({ registry: other.host, repository: 'team/app' });
  assert.equal((await repository.manifest('v1'))?.digest, seeded.image.root.digest);
  const store = await testStore(t);
  const [layer] = seeded.image.layers;
  assert.ok(layer !== undefined);
  await repository.pull(layer, store);
  assert.deepEqual(await store.read(layer.digest), await seeded.store.read(layer.digest));

  // What the mirror lacks comes from the registry itself, where pushes go.
  proxy.reset();
  const { bytes, descriptor } = randomBlob(1000);
  assert.equal(await repository.push(descriptor, () => Readable.from([bytes])), 'sent');
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.manifest, config: descriptor, layers: [] }),
  );
  await repository.pushManifest('v2', { bytes: manifest, mediaType: MEDIA.manifest });
  assert.equal(proxy.seen.length, 0, 'the mirror hears nothing of a push');
  assert.equal((await repository.manifest('v2'))?.digest, digestOf(manifest));
  await repository.pull(descriptor, store);
  assert.ok(events.some(({ note }) => /the mirror 127.* does not have it; asking the next/.test(note ?? '')));
  assert.equal(await repository.manifest('v3'), null);

  const prefixed = testClient(t, { env: { LOADLINE_REGISTRY_MIRRORS: `docker.io=${mirror.url}/team` } });
  const hub = prefixed.client.repository({ registry: 'docker.io', repository: 'app' });
  assert.equal((await hub.manifest('v1'))?.digest, seeded.image.root.digest);
});

test('mirrors: one that is down is passed over, once', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const seeded = await seed(t, registry);
  const env = { LOADLINE_REGISTRY_MIRRORS: `${registry.host}=http://127.0.0.1:1` };
  const { client, pauses, events } = testClient(t, { env });
  const repository = client.repository(seeded);
  assert.equal((await repository.manifest('v1'))?.digest, seeded.image.root.digest);
  assert.equal(pauses.length, 3);
  assert.ok(
    events.some(({ note }) =>
      /127\.0\.0\.1:1 cannot be reached: the connection was refused/.test(note ?? ''),
    ),
  );
  assert.equal((await repository.manifest('v1'))?.digest, seeded.image.root.digest);
  assert.equal(pauses.length, 3, 'it is not asked again');
  // Where nothing answers the failure tells of both.
  const nowhere = testClient(t, { env: { LOADLINE_REGISTRY_MIRRORS: '127.0.0.1:2=http://127.0.0.1:1' } });
  const error = await failureOf(
    nowhere.client.repository({ registry: '127.0.0.1:2', repository: 'team/app' }).manifest('v1'),
  );
  assert.equal(error.code, 'LL6003');
  assert.match(
    error.message,
    /127\.0\.0\.1:2 cannot be reached: the connection was refused \(tried 4 times\)\. Before that: .*127\.0\.0\.1:1 cannot be reached/,
  );
});

test('what the client pushes is what skopeo copies', { skip }, async (t) => {
  const registry = await startRegistry({}, t);
  const store = await testStore(t);
  const image = await putImage(store, [100_000, 5]);
  const { client } = testClient(t);
  const repository = client.repository({ registry: registry.host, repository: 'team/app' });
  for (const blob of [image.config, ...image.layers]) {
    assert.equal(await repository.push(blob, () => store.stream(blob.digest)), 'sent');
  }
  await repository.pushManifest('v1', {
    bytes: await store.read(image.root.digest),
    mediaType: MEDIA.manifest,
  });
  const folder = temporary(t);
  execFileSync('skopeo', [
    ...[
      'copy',
      '--quiet',
      '--src-tls-verify=false',
      `docker://${registry.host}/team/app:v1`,
      `oci:${folder}/copy:v1`,
    ],
  ]);
  const index = JSON.parse(readFileSync(join(folder, 'copy/index.json'), 'utf8')) as {
    manifests: { digest: string }[];
  };
  assert.equal(index.manifests[0]?.digest, image.root.digest);
});
