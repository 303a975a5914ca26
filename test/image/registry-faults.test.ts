/** Failures between the client and a real registry, injected by a proxy: the right code, a clear message, nothing half-done. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { LoadlineError } from '../../src/errors.ts';
import type { ImageStore } from '../../src/image/oci/store.ts';
import { type Descriptor, MEDIA } from '../../src/image/oci/types.ts';
import { type Fault, type FaultProxy, startFaultProxy, times } from './faults.ts';
import { registryMissing, startRegistry } from './registry.ts';
import {
  digestOf,
  failureOf,
  filesOf,
  login,
  putImage,
  randomBlob,
  type TestImage,
  testClient,
  testStore,
} from './registry-client.ts';

const skip = registryMissing() ?? false;
const REPOSITORY = 'team/app';
/** With random() at 0.5: three quarters of 1, 2 and 4 s. */
const PAUSES = [750, 1500, 3000];
/** Long enough for a busy machine, short enough to wait for. */
const IDLE_MS = 400;
const BLOB = /\/blobs\/sha256:/;
const MANIFEST = /\/manifests\//;
const UPLOAD = /\/blobs\/uploads\//;
const ERRORS_JSON = JSON.stringify({ errors: [{ code: 'SOME_CODE', message: 'its own\u001b[31m words' }] });

describe('faults', { skip }, () => {
  const ends: (() => unknown)[] = [];
  const context = { after: (end: () => unknown) => ends.push(end) };
  let proxy: FaultProxy;
  let store: ImageStore;
  let image: TestImage;
  let layer: Descriptor;

  before(async () => {
    const registry = await startRegistry({}, context);
    proxy = await startFaultProxy(context, registry.url);
    store = await testStore(context);
    image = await putImage(store, [400_000]);
    layer = image.layers[0]!;
    const { client } = testClient(context);
    const repository = client.repository({ registry: registry.host, repository: REPOSITORY });
    for (const blob of [layer, image.config]) {
      await repository.push(blob, () => store.stream(blob.digest));
    }
    await repository.pushManifest('v1', {
      bytes: await store.read(image.root.digest),
      mediaType: MEDIA.manifest,
    });
  });
  beforeEach(() => proxy.reset());
  after(async () => {
    for (const end of ends.reverse()) {
      await end();
    }
  });

  const open = (options = {}) => {
    const one = testClient(context, { idleMs: IDLE_MS, ...options });
    return { ...one, repository: one.client.repository({ registry: proxy.host, repository: REPOSITORY }) };
  };

  const assertNamed = (error: LoadlineError): void => {
    assert.equal(error.detail.where, `${proxy.host}/${REPOSITORY}`);
    assert.ok(error.message.includes(proxy.host), error.message);
    assert.ok(!error.message.includes('\u001b'), 'nothing that a terminal would obey');
  };

  describe('what stays is told after four tries, with the reason', () => {
    for (const [name, fault, code, message] of [
      [
        'the connection is cut',
        { kind: 'cut' },
        'LL6003',
        /cannot be reached: the connection was cut \(tried 4 times\)$/,
      ],
      [
        'silence',
        { kind: 'stall' },
        'LL6003',
        /cannot be reached: it did not answer in time \(tried 4 times\)$/,
      ],
      ['408', { kind: 'answer', status: 408 }, 'LL6006', /answers 408 \(tried 4 times\)$/],
      [
        '429',
        { kind: 'answer', status: 429, body: ERRORS_JSON },
        'LL6005',
        /answers 429 \(SOME_CODE: its own \[31m words\) \(tried 4 times\)$/,
      ],
      [
        '500',
        { kind: 'answer', status: 500, body: ERRORS_JSON },
        'LL6006',
        /answers 500 \(SOME_CODE: its own/,
      ],
      ['502', { kind: 'answer', status: 502, body: '<html>' }, 'LL6006', /answers 502 \(tried 4 times\)$/],
      ['503', { kind: 'answer', status: 503 }, 'LL6006', /answers 503/],
      ['504', { kind: 'answer', status: 504 }, 'LL6006', /answers 504/],
    ] as const satisfies readonly (readonly [string, Fault, string, RegExp])[]) {
      test(name, async () => {
        const { repository, pauses, events } = open();
        proxy.fault = () => fault;
        const error = await failureOf(repository.manifest('v1'));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.match(error.message, /^Cannot read the manifest "v1" of /);
        assertNamed(error);
        assert.deepEqual(pauses, PAUSES);
        assert.equal(proxy.count('GET', MANIFEST), 4);
        const notes = events.flatMap(({ item, note }) => (item === 'v1' && note !== undefined ? [note] : []));
        assert.equal(notes.length, 3);
        assert.match(notes[0]!, /^Cannot read .*; trying again in 0\.8 s \(2 of 4\)$/);
        assert.match(notes[2]!, /; trying again in 3\.0 s \(4 of 4\)$/);

        const fresh = await testStore(context);
        const { repository: puller } = open();
        assert.equal((await failureOf(puller.pull(layer, fresh))).code, code);
        assert.deepEqual(filesOf(fresh), [], 'nothing half-written');
        const { repository: pusher } = open();
        const { descriptor, bytes } = randomBlob(1000);
        assert.equal((await failureOf(pusher.push(descriptor, () => Readable.from([bytes])))).code, code);
      });
    }
  });

  describe('what is for good is not tried again', () => {
    for (const [status, code, message] of [
      [400, 'LL6006', /answers 400 \(SOME_CODE: its own/],
      [401, 'LL6004', /answers 401 \(SOME_CODE: .*; asked without credentials \(none are set up for it\)$/],
      [403, 'LL6004', /answers 403 \(SOME_CODE: .*; asked without credentials/],
      [418, 'LL6006', /answers 418/],
      [501, 'LL6006', /answers 501/],
    ] as const) {
      test(String(status), async () => {
        const { repository, pauses } = open();
        proxy.fault = () => ({ kind: 'answer', status, body: ERRORS_JSON });
        const error = await failureOf(repository.manifest('v1'));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assertNamed(error);
        const fresh = await testStore(context);
        assert.equal((await failureOf(repository.pull(layer, fresh))).code, code);
        assert.deepEqual(filesOf(fresh), []);
        const { descriptor, bytes } = randomBlob(1000);
        assert.equal((await failureOf(repository.push(descriptor, () => Readable.from([bytes])))).code, code);
        assert.equal(proxy.seen.length, 3);
        assert.deepEqual(pauses, []);
      });
    }

    test('an unknown kind of challenge', async () => {
      const { repository } = open({ config: login(proxy.host, 'tester', 'secret-1') });
      proxy.fault = () => ({
        kind: 'answer',
        status: 401,
        headers: { 'WWW-Authenticate': 'Negotiate, Digest realm="x"' },
      });
      assert.equal((await failureOf(repository.manifest('v1'))).code, 'LL6004');
      assert.equal(proxy.seen.length, 1);
      assert.equal(proxy.seen[0]?.headers.authorization, undefined);
    });

    test('a token server that is none', async () => {
      const { repository } = open();
      for (const realm of ['nonsense', 'file:///etc/passwd']) {
        proxy.fault = () => ({
          kind: 'answer',
          status: 401,
          headers: { 'WWW-Authenticate': `Bearer realm="${realm}"` },
        });
        const error = await failureOf(repository.manifest('v1'));
        assert.equal(error.code, 'LL6006');
        assert.ok(error.message.includes(`names "${realm}" as its token server`), error.message);
      }
    });

    test('a token server that is down, fails, or sends something else', async () => {
      for (const [fault, code, message, tries] of [
        [{ kind: 'cut' }, 'LL6003', /cannot be reached: the connection was cut \(tried 4 times\)/, 4],
        [{ kind: 'answer', status: 503 }, 'LL6006', /answers 503 \(tried 4 times\)/, 4],
        [
          { kind: 'answer', status: 200, body: 'secret-2' },
          'LL6006',
          /expected a token from 127.*, found something else/,
          1,
        ],
        [{ kind: 'answer', status: 200, body: '{"token":"a\\r\\nb"}' }, 'LL6006', /found something else/, 1],
      ] as const satisfies readonly (readonly [Fault, string, RegExp, number])[]) {
        proxy.reset();
        const { repository } = open();
        const challenge = { 'WWW-Authenticate': `Bearer realm="${proxy.url}/token",service="x"` };
        proxy.fault = (seen) =>
          seen.path.startsWith('/token') ? fault : { kind: 'answer', status: 401, headers: challenge };
        const error = await failureOf(repository.manifest('v1'));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret-2'));
        assert.equal(proxy.count('GET', /^\/token\?service=x&scope=repository%3Ateam%2Fapp%3Apull$/), tries);
      }
    });
  });

  test('nobody listens: LL6003 after four tries', async () => {
    const { client, pauses } = open();
    const repository = client.repository({ registry: '127.0.0.1:1', repository: REPOSITORY });
    const error = await failureOf(repository.manifest('v1'));
    assert.equal(error.code, 'LL6003');
    assert.match(
      error.message,
      /127\.0\.0\.1:1 cannot be reached: the connection was refused \(tried 4 times\)$/,
    );
    assert.deepEqual(pauses, PAUSES);
  });

  test('a host that does not exist: LL6003 at once', async () => {
    const { client, pauses } = open();
    const repository = client.repository({ registry: 'no-such-host.invalid', repository: REPOSITORY });
    const error = await failureOf(repository.manifest('v1'));
    assert.equal(error.code, 'LL6003');
    // Where there is no resolver at all it is EAI_AGAIN, which may pass.
    assert.match(error.message, /no-such-host\.invalid cannot be reached: its name .*\(DNS\)/);
    assert.ok(pauses.length === 0 || error.message.includes('could not be looked up'));
  });

  describe('what passes is told and got over', () => {
    for (const [name, fault, pause] of [
      ['a cut', { kind: 'cut' }, 750],
      ['silence', { kind: 'stall' }, 750],
      ['500', { kind: 'answer', status: 500 }, 750],
      ['429 with Retry-After', { kind: 'answer', status: 429, headers: { 'Retry-After': '7' } }, 7000],
      ['503 with a shorter one', { kind: 'answer', status: 503, headers: { 'Retry-After': '0' } }, 750],
      [
        '503 with a date',
        {
          kind: 'answer',
          status: 503,
          headers: {
            Date: 'Tue, 01 Sep 2026 10:00:00 GMT',
            'Retry-After': 'Tue, 01 Sep 2026 10:00:20 GMT',
          },
        },
        20_000,
      ],
    ] as const satisfies readonly (readonly [string, Fault, number])[]) {
      test(name, async () => {
        const { repository, pauses, events } = open();
        proxy.fault = times(1, 'GET', MANIFEST, fault);
        assert.equal((await repository.manifest('v1'))?.digest, image.root.digest);
        assert.deepEqual(pauses, [pause]);
        const fresh = await testStore(context);
        proxy.fault = times(1, 'GET', BLOB, fault);
        await repository.pull(layer, fresh);
        assert.deepEqual(await fresh.read(layer.digest), await store.read(layer.digest));
        assert.deepEqual(pauses, [pause, pause]);
        const item = layer.digest.slice(7, 19);
        const note = events.find((event) => event.item === item && event.note !== undefined)?.note;
        assert.match(note ?? '', /^Cannot pull .*; trying again in [\d.]+ s \(2 of 4\)$/);
      });
    }

    test('a Retry-After beyond a minute is told instead of waited for', async () => {
      const { repository, pauses } = open();
      proxy.fault = () => ({ kind: 'answer', status: 429, headers: { 'Retry-After': '61' } });
      const error = await failureOf(repository.manifest('v1'));
      assert.equal(error.code, 'LL6005');
      assert.match(error.message, /answers 429; it asks to wait for 61 s$/);
      assert.deepEqual(pauses, []);
      assert.equal(proxy.seen.length, 1);
    });
  });

  describe('content that is not what its digest says: LL6007', () => {
    for (const [name, fault, tries, message] of [
      [
        'another byte',
        { kind: 'damage' },
        1,
        /sent (\d+) of \1 bytes: Expected sha256:[0-9a-f]{64} of .* found sha256:[0-9a-f]{64} of/,
      ],
      [
        'longer',
        { kind: 'lengthen', bytes: 1 },
        1,
        /expected sha256:[0-9a-f]{64} of \d+ bytes, found more from 127/,
      ],
      [
        'shorter',
        { kind: 'truncate', bytes: 1000, end: 'whole' },
        4,
        /sent 1000 of \d+ bytes: Expected sha256:[0-9a-f]{64} of .* found sha256:[0-9a-f]{64} of 1000 bytes \(tried 4 times\)$/,
      ],
    ] as const satisfies readonly (readonly [string, Fault, number, RegExp])[]) {
      test(`a blob: ${name}`, async () => {
        const { repository } = open();
        const fresh = await testStore(context);
        proxy.fault = (seen) => (BLOB.test(seen.path) ? fault : null);
        const error = await failureOf(repository.pull(layer, fresh));
        assert.equal(error.code, 'LL6007');
        assert.match(error.message, message);
        assert.ok(error.message.includes(layer.digest));
        assertNamed(error);
        assert.equal(proxy.count('GET', BLOB), tries);
        assert.deepEqual(filesOf(fresh), []);
        proxy.reset();
        await repository.pull(layer, fresh);
        assert.deepEqual(filesOf(fresh), [layer.digest.slice('sha256:'.length)]);
      });
    }

    for (const end of ['cut', 'stall'] as const) {
      test(`a blob that breaks off: ${end}`, async () => {
        const { repository } = open();
        const fresh = await testStore(context);
        const broken: Fault = { kind: 'truncate', bytes: 1000, end };
        proxy.fault = () => broken;
        const error = await failureOf(repository.pull(layer, fresh));
        assert.equal(error.code, 'LL6003');
        assert.match(error.message, /tried 4 times/);
        assert.equal(proxy.count('GET', BLOB), 4);
        assert.deepEqual(filesOf(fresh), []);
        proxy.reset();
        proxy.fault = times(3, 'GET', BLOB, broken);
        await repository.pull(layer, fresh);
        assert.deepEqual(filesOf(fresh), [layer.digest.slice('sha256:'.length)]);
      });
    }

    test('a manifest by digest, by tag, and one that is too long', async () => {
      const { repository } = open();
      proxy.fault = () => ({ kind: 'damage' });
      for (const name of [image.root.digest, 'v1']) {
        const error = await failureOf(repository.manifest(name));
        assert.equal(error.code, 'LL6007');
        assert.match(error.message, new RegExp(`expected ${image.root.digest}, found sha256:[0-9a-f]{64}`));
        assertNamed(error);
      }
      proxy.fault = () => ({ kind: 'lengthen', bytes: 5 << 20 });
      const error = await failureOf(repository.manifest('v1'));
      assert.equal(error.code, 'LL6006');
      assert.match(error.message, /expected at most 4194304 bytes, found more/);
    });
  });

  describe('redirects', () => {
    /** A store of blobs elsewhere, as S3: it keeps what it was sent. */
    const startElsewhere = async (answer: (path: string) => Buffer | string | null) => {
      const seen: { path: string; authorization: string | undefined }[] = [];
      const server = createServer((incoming, outgoing) => {
        seen.push({ path: incoming.url ?? '', authorization: incoming.headers.authorization });
        const found = answer(incoming.url ?? '');
        if (typeof found === 'string') {
          outgoing.writeHead(307, { Location: found }).end();
        } else {
          outgoing.writeHead(found === null ? 403 : 200).end(found);
        }
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      context.after(() => {
        server.closeAllConnections();
        server.close();
      });
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
    };

    /** The proxy asks for basic auth and then sends every blob elsewhere. */
    const redirectBlobs = (to: string): void => {
      proxy.fault = (seen) => {
        if (!BLOB.test(seen.path)) {
          return null;
        }
        return seen.headers.authorization === undefined
          ? { kind: 'answer', status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }
          : { kind: 'answer', status: 307, headers: { Location: to } };
      };
    };

    test('the authorization stays at home, also when the way leads back', async () => {
      const { repository } = open({ config: login(proxy.host, 'tester', 'secret-3') });
      const bytes = await store.read(layer.digest);
      const elsewhere = await startElsewhere((path) => (path === '/back' ? `${proxy.url}/v2/x` : bytes));
      redirectBlobs(`${elsewhere.url}/signed?x=1`);
      const fresh = await testStore(context);
      await repository.pull(layer, fresh);
      assert.deepEqual(await fresh.read(layer.digest), bytes);
      assert.deepEqual(elsewhere.seen, [{ path: '/signed?x=1', authorization: undefined }]);

      proxy.reset();
      redirectBlobs(`${elsewhere.url}/back`);
      await failureOf(repository.pull(layer, await testStore(context)));
      const back = proxy.seen.filter(({ path }) => path === '/v2/x');
      assert.equal(back.length, 1);
      assert.equal(back[0]?.headers.authorization, undefined);
    });

    test('what fails elsewhere is told with its own name', async () => {
      const { repository } = open({ config: login(proxy.host, 'tester', 'secret-3') });
      const elsewhere = await startElsewhere(() => null);
      redirectBlobs(`${elsewhere.url}/signed`);
      const error = await failureOf(repository.pull(layer, await testStore(context)));
      assert.equal(error.code, 'LL6004');
      assert.ok(
        error.message.includes(`${elsewhere.url.slice('http://'.length)} answers 403`),
        error.message,
      );
    });

    test('in a circle, nowhere, and to plain HTTP of a stranger', async () => {
      const { repository } = open();
      for (const [to, message] of [
        [`${proxy.url}/v2/${REPOSITORY}/blobs/${layer.digest}`, /sends on more than 5 times/],
        ['http://[', /sends on to "http:\/\/\[", which is not an address/],
        ['http://example.invalid/x', /sends on to http:\/\/example\.invalid, which is not encrypted/],
        ['file:///etc/passwd', /which is not encrypted/],
      ] as const) {
        proxy.fault = () => ({ kind: 'answer', status: 302, headers: { Location: to } });
        const fresh = await testStore(context);
        const error = await failureOf(repository.pull(layer, fresh));
        assert.equal(error.code, 'LL6006');
        assert.match(error.message, message);
        assert.deepEqual(filesOf(fresh), []);
      }
    });
  });

  describe('uploads', () => {
    const big = randomBlob(2_000_000);
    const pieces = (bytes: Buffer): Readable =>
      Readable.from(
        (function* () {
          for (let i = 0; i < bytes.length; i += 65_536) {
            yield bytes.subarray(i, i + 65_536);
          }
        })(),
      );

    for (const [name, fault] of [
      ['the connection is reset midway', { kind: 'cut', afterBytes: 500_000 }],
      ['an error in the middle', { kind: 'answer', status: 503 }],
      ['the session is lost', { kind: 'answer', status: 404 }],
    ] as const satisfies readonly (readonly [string, Fault])[]) {
      test(`${name}: a new upload is opened`, async () => {
        const { descriptor, bytes } = randomBlob(2_000_000);
        const { repository, pauses, events } = open();
        proxy.fault = times(2, 'PUT', UPLOAD, fault);
        assert.equal(await repository.push(descriptor, () => pieces(bytes)), 'sent');
        assert.deepEqual(pauses, PAUSES.slice(0, 2));
        assert.equal(proxy.count('POST', UPLOAD), 3);
        const sessions = proxy.seen.filter(({ method }) => method === 'PUT').map(({ path }) => path);
        assert.equal(new Set(sessions).size, 3, 'each try has a session of its own');
        const last = events.findLast(({ state }) => state === 'progress');
        assert.equal(last?.doneBytes, descriptor.size, 'progress began anew');
        const fresh = await testStore(context);
        await repository.pull(descriptor, fresh);
        assert.deepEqual(await fresh.read(descriptor.digest), bytes);
      });
    }

    test('reset every time: LL6003, and the blob is not there', async () => {
      const { descriptor, bytes } = randomBlob(2_000_000);
      const { repository, client } = open();
      proxy.fault = (seen) => (seen.method === 'PUT' ? { kind: 'cut', afterBytes: 100_000 } : null);
      const error = await failureOf(repository.push(descriptor, () => pieces(bytes)));
      assert.equal(error.code, 'LL6003');
      assert.match(error.message, /^Cannot push [0-9a-f]{12} to .*the connection was cut \(tried 4 times\)$/);
      assertNamed(error);
      assert.equal(proxy.count('PUT', UPLOAD), 4);
      assert.ok(client.sentBytes > 400_000, 'what was sent in vain counts too');
      proxy.reset();
      assert.equal(await repository.push(descriptor, () => pieces(bytes)), 'sent');
    });

    test('an upload whose answer is lost is found, not sent again', async () => {
      const { repository, client } = open();
      proxy.fault = times(1, 'PUT', UPLOAD, { kind: 'swallow' });
      assert.equal(await repository.push(big.descriptor, () => pieces(big.bytes)), 'exists');
      assert.equal(client.sentBytes, big.descriptor.size);
    });

    test('a blob that is not what it was taken for is refused by the registry, and by us', async () => {
      const { repository, pauses } = open();
      const { descriptor, bytes } = randomBlob(1000);
      const wrong = Buffer.from(bytes);
      wrong[0]! ^= 1;
      const error = await failureOf(repository.push(descriptor, () => pieces(wrong)));
      assert.equal(error.code, 'LL6006');
      assert.match(error.message, /answers 400 \(DIGEST_INVALID: /);
      for (const other of [bytes.subarray(1), Buffer.concat([bytes, bytes])]) {
        const failure = await failureOf(repository.push(descriptor, () => pieces(other)));
        assert.equal(failure.code, 'LL6016');
        assert.match(failure.message, /expected 1000 bytes, found (999|more)/);
      }
      const gone = await failureOf(
        repository.push(descriptor, () => store.stream(digestOf(Buffer.from('not there')))),
      );
      assert.equal(gone.code, 'LL6016');
      assert.deepEqual(pauses, []);
    });

    test('a refusal in the middle ends it there: the rest is not read, the connection not kept', {
      timeout: 30_000,
    }, async () => {
      const { repository } = open({ idleMs: 60_000 });
      // It answers at once and leaves the connection to the other side.
      const closed = Promise.withResolvers<void>();
      const other = createTcpServer((socket) => {
        socket.on('error', () => {});
        socket.once('close', closed.resolve);
        socket.once('data', () => socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
        context.after(() => socket.destroy());
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      context.after(() => other.close());
      const { port } = other.address() as AddressInfo;
      proxy.fault = (seen) =>
        seen.method === 'POST'
          ? { kind: 'answer', status: 202, headers: { Location: `http://127.0.0.1:${port}/up` } }
          : null;
      // It gives a start and then nothing, as a slow disk.
      let pieces = 0;
      const source = new Readable({
        read() {
          pieces += 1;
          if (pieces === 1) {
            this.push(Buffer.alloc(1000));
          }
        },
      });
      const error = await failureOf(repository.push(randomBlob(2_000_000).descriptor, () => source));
      assert.equal(error.code, 'LL6004');
      assert.ok(error.message.includes(`127.0.0.1:${port} answers 403`), error.message);
      assert.ok(source.destroyed);
      await closed.promise;
    });

    test('a token that runs out before the upload is renewed, and the blob sent in the same session', async () => {
      const { repository, events, pauses } = open();
      let tokens = 0;
      const old = 'Bearer token-1';
      proxy.fault = (seen) => {
        if (seen.path.startsWith('/token')) {
          tokens += 1;
          return { kind: 'answer', status: 200, body: JSON.stringify({ token: `token-${tokens}` }) };
        }
        const { authorization } = seen.headers;
        return authorization === undefined || (seen.method === 'PUT' && authorization === old)
          ? {
              kind: 'answer',
              status: 401,
              headers: { 'WWW-Authenticate': `Bearer realm="${proxy.url}/token"` },
            }
          : null;
      };
      const { descriptor, bytes } = randomBlob(200_000);
      assert.equal(await repository.push(descriptor, () => pieces(bytes)), 'sent');
      assert.equal(tokens, 2);
      assert.equal(proxy.count('POST', UPLOAD), 1);
      assert.equal(proxy.count('PUT', UPLOAD), 2);
      assert.equal(events.findLast(({ state }) => state === 'progress')?.doneBytes, descriptor.size);
      assert.deepEqual(pauses, []);
    });

    test('to an address elsewhere: without the authorization', async () => {
      const { repository } = open({ config: login(proxy.host, 'tester', 'secret-4') });
      const seen: (string | undefined)[] = [];
      const other = createServer((incoming, outgoing) => {
        seen.push(incoming.headers.authorization, incoming.url);
        incoming.resume().once('end', () => outgoing.writeHead(201).end());
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      context.after(() => {
        other.closeAllConnections();
        other.close();
      });
      const { port } = other.address() as AddressInfo;
      proxy.fault = (one) => {
        if (one.headers.authorization === undefined) {
          return { kind: 'answer', status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } };
        }
        const headers = { Location: `http://127.0.0.1:${port}/up?_state=a%20b` };
        return one.method === 'POST'
          ? { kind: 'answer', status: 202, headers }
          : { kind: 'answer', status: 404 };
      };
      const { descriptor, bytes } = randomBlob(1000);
      assert.equal(await repository.push(descriptor, () => pieces(bytes)), 'sent');
      assert.deepEqual(seen, [
        undefined,
        `/up?_state=a%20b&digest=sha256%3A${descriptor.digest.slice('sha256:'.length)}`,
      ]);
    });

    test('a repository that cannot be made: LL6002 with the registry’s words', async () => {
      const { repository } = open();
      proxy.fault = times(1, 'POST', UPLOAD, {
        kind: 'answer',
        status: 404,
        body: JSON.stringify({
          errors: [{ code: 'NAME_UNKNOWN', message: 'The repository does not exist' }],
        }),
      });
      const { descriptor, bytes } = randomBlob(10);
      const error = await failureOf(repository.push(descriptor, () => pieces(bytes)));
      assert.equal(error.code, 'LL6002');
      assert.match(error.message, /\(NAME_UNKNOWN: The repository does not exist\)$/);
    });
  });

  describe('interrupted: LL6017 at once, whatever it was doing', () => {
    const interrupt = async (
      fault: FaultProxy['fault'],
      work: (one: ReturnType<typeof open>, fresh: ImageStore) => Promise<unknown>,
    ): Promise<void> => {
      // Only the signal can end it: the silence would be borne for a minute.
      const one = open({ idleMs: 60_000 });
      const fresh = await testStore(context);
      const arrived = Promise.withResolvers<void>();
      proxy.fault = (seen) => {
        const found = fault(seen);
        if (found !== null) {
          setTimeout(arrived.resolve, 50);
        }
        return found;
      };
      const failure = failureOf(work(one, fresh));
      await arrived.promise;
      const begun = performance.now();
      one.abort();
      assert.equal((await failure).code, 'LL6017');
      assert.ok(performance.now() - begun < 2000, 'at once');
      assert.deepEqual(filesOf(fresh), []);
      const later = await failureOf(work(one, fresh));
      assert.equal(later.code, 'LL6017');
    };
    const { descriptor, bytes } = randomBlob(2_000_000);

    test('waiting for an answer', () =>
      interrupt(
        () => ({ kind: 'stall' }),
        ({ repository }) => repository.manifest('v1'),
      ));
    test('in the middle of a blob', () =>
      interrupt(
        (seen) => (BLOB.test(seen.path) ? { kind: 'truncate', bytes: 1000, end: 'stall' } : null),
        ({ repository }, fresh) => repository.pull(layer, fresh),
      ));
    test('in the middle of an upload', () =>
      interrupt(
        (seen) => (seen.method === 'PUT' ? { kind: 'stall' } : null),
        ({ repository }) => repository.push(descriptor, () => Readable.from([bytes])),
      ));
  });
});
