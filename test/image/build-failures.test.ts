/** What can go wrong with `loadline build` and `loadline push`: the exit code, the words, and that nothing is left half-done. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { BASE_NAMES, BASE_PROGRAMS, loadBase, pushBase } from './base.ts';
import { type Engine, engineMissing, type Outcome, startEngine, toolsMissing } from './engine.ts';
import { type Fault, type FaultProxy, startFaultProxy } from './faults.ts';
import { registryMissing, startRegistry, type TestRegistry } from './registry.ts';
import { HOUSES, openWorkplace, ROOT, type RunOptions, until, type Workplace } from './workplace.ts';

const skip = registryMissing() ?? toolsMissing(BASE_PROGRAMS) ?? false;
const noMount = process.getuid?.() === 0 ? skip : 'mounting a small or read-only disk needs root';
const FOREST = join(ROOT, 'corpus/trees/forest-regressor-missing/1.9.pkl');
const AT_ONCE = 10;
/** Bytes of a file being written by which it is known to be under way. */
const UNDER_WAY = 1 << 20;
const INTERRUPTED = 130;

let registry: TestRegistry;
/** $XDG_STATE_HOME in which ml-model:v1 was built for linux/amd64. */
let template: string;
const endings: (() => unknown)[] = [];
after(async () => {
  for (const end of endings) {
    await end();
  }
});

before(async () => {
  if (skip !== false) {
    return;
  }
  registry = await startRegistry();
  endings.push(registry.stop);
  await pushBase(registry.host);
  const place = openWorkplace({ after: (end) => endings.push(end as () => void) });
  const { code, stderr } = await place.loadline(buildArgs(HOUSES, '--base', baseAt(registry.host)));
  assert.equal(code, 0, stderr);
  template = place.state;
});

/** In the registry, where nothing has this tag. */
function imageName(): string {
  return `${registry.host}/failures/ml-model:v1`;
}

function baseAt(host: string): string {
  return `${host}/${BASE_NAMES.nonroot}`;
}

function buildArgs(model: string, ...more: string[]): string[] {
  return ['build', model, '-t', imageName(), '--engine', 'none', ...more];
}

/** An account in which the image was built before: what fails in it must leave that. */
function builtBefore(t: Pick<TestContext, 'after'>): Workplace {
  const place = openWorkplace(t);
  // Links: blobs and the index are replaced, never written into.
  execFileSync('cp', ['-al', template, place.state]);
  return place;
}

/** Asserts that a failure changed nothing here, and put nothing into the registry. */
async function assertUnchanged(place: Workplace, tags: Readonly<Record<string, string>>): Promise<void> {
  assert.deepEqual(place.tags(), tags);
  assert.deepEqual(place.leftovers(), []);
  assert.deepEqual(place.damaged(), []);
  assert.deepEqual(readdirSync(place.work), []);
  const found = await fetch(`${registry.url}/v2/failures/ml-model/manifests/v1`);
  assert.equal(found.status, 404);
}

interface Wanted {
  readonly code: string;
  readonly exit: number;
  /** In the message. */
  readonly says: RegExp;
}

function assertFailed({ code, stdout, stderr }: Outcome, wanted: Wanted): void {
  assert.equal(code, wanted.exit, stderr);
  assert.match(stderr, new RegExp(`✗ ${wanted.code} `));
  assert.match(stderr, wanted.says);
  assert.equal(stdout, '');
}

/** A fault for all requests that match. */
function always(method: string, pattern: RegExp, fault: Fault): FaultProxy['fault'] {
  return (seen) => (seen.method === method && pattern.test(seen.path) ? fault : null);
}

const PULL = /\/(?:manifests|blobs)\//;
const BLOB = /\/blobs\/sha256:/;

interface BaseRow extends Wanted {
  readonly name: string;
  readonly fault: FaultProxy['fault'];
}

const answers = (status: number, headers: Record<string, string> = {}, body = ''): FaultProxy['fault'] =>
  always('GET', PULL, { kind: 'answer', status, headers, body });

const BASE_FAULTS: readonly BaseRow[] = [
  { name: '401', fault: answers(401), code: 'LL6004', exit: 3, says: /distroless\/nodejs24.*answers 401/ },
  {
    name: '401 for want of an account',
    fault: answers(401, { 'www-authenticate': 'Basic realm="team"' }),
    code: 'LL6004',
    exit: 3,
    says: /answers 401.*docker login 127\.0\.0\.1/s,
  },
  {
    name: '403 with the registry’s own words',
    fault: answers(403, {}, '{"errors":[{"code":"DENIED","message":"not for you"}]}'),
    code: 'LL6004',
    exit: 3,
    says: /answers 403 \(DENIED: not for you\)/,
  },
  { name: '429', fault: answers(429), code: 'LL6005', exit: 1, says: /answers 429.*tried 4 times/ },
  {
    name: '429 for longer than one waits',
    fault: answers(429, { 'retry-after': '3600' }),
    code: 'LL6005',
    exit: 1,
    says: /answers 429.*asks to wait for 3600 s/,
  },
  { name: '500', fault: answers(500), code: 'LL6006', exit: 1, says: /answers 500/ },
  { name: '503', fault: answers(503), code: 'LL6006', exit: 1, says: /answers 503.*tried 4 times/ },
  {
    name: 'a manifest with another digest',
    fault: always('GET', /\/manifests\/sha256:/, { kind: 'damage' }),
    code: 'LL6007',
    exit: 1,
    says: /expected sha256:\w{64}, found sha256:\w{64}/,
  },
  {
    name: 'a page that is no manifest',
    fault: always('GET', /\/manifests\/nonroot/, {
      kind: 'answer',
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html>log in</html>',
    }),
    code: 'LL6014',
    exit: 3,
    says: /the manifest of 127\.0\.0\.1:\d+\/distroless\/nodejs24-debian12:nonroot is not JSON/,
  },
  {
    name: 'a blob with another digest',
    fault: always('GET', BLOB, { kind: 'damage' }),
    code: 'LL6007',
    exit: 1,
    says: /Cannot pull \w{12} of .*Expected sha256:\w{64}/,
  },
  {
    name: 'a truncated blob',
    fault: always('GET', BLOB, { kind: 'truncate', bytes: 100, end: 'whole' }),
    code: 'LL6007',
    exit: 1,
    says: /sent 100 of \d+ bytes/,
  },
  {
    name: 'a connection that is cut in a blob',
    fault: always('GET', BLOB, { kind: 'truncate', bytes: 100, end: 'cut' }),
    code: 'LL6003',
    exit: 1,
    says: /cannot be reached: the connection was cut.*tried 4 times/,
  },
  {
    name: 'a blob that is too long',
    fault: always('GET', BLOB, { kind: 'lengthen', bytes: 10 }),
    code: 'LL6007',
    exit: 1,
    says: /found more/,
  },
];

describe("the base's registry gives", { skip, concurrency: 4 }, () => {
  for (const row of BASE_FAULTS) {
    test(row.name, async (t) => {
      const place = builtBefore(t);
      const tags = place.tags();
      const proxy = await startFaultProxy(t, registry.url);
      proxy.fault = row.fault;
      // Of this platform nothing was pulled before.
      const args = ['--platform', 'linux/arm64', '--base', baseAt(proxy.host), '--push', '--untested'];
      assertFailed(await place.loadline(buildArgs(HOUSES, ...args)), row);
      await assertUnchanged(place, tags);
    });
  }
});

interface Row extends Wanted {
  readonly name: string;
  readonly args: () => string[];
  readonly options?: (place: Workplace) => RunOptions;
}

const on = (base: () => string, ...more: string[]): (() => string[]) => {
  return () => buildArgs(HOUSES, '--base', base(), '--push', '--untested', ...more);
};
const named = (name: string): (() => string[]) => {
  return () => ['build', HOUSES, '-t', name, '--engine', 'none'];
};

const ROWS: readonly Row[] = [
  {
    name: 'no such base',
    args: on(() => `${registry.host}/no/such-base:v9`),
    code: 'LL6002',
    exit: 4,
    says: /no base image 127\.0\.0\.1:\d+\/no\/such-base:v9/,
  },
  {
    name: 'a registry that is down',
    // Nobody listens on the port of tcpmux.
    args: on(() => baseAt('127.0.0.1:1')),
    code: 'LL6003',
    exit: 1,
    says: /127\.0\.0\.1:1 cannot be reached: the connection was refused \(tried 4 times\)/,
  },
  {
    name: 'a platform that the base lacks',
    args: on(() => baseAt(registry.host), '--platform', 'linux/amd64,linux/s390x'),
    code: 'LL6015',
    exit: 4,
    says: /no image for linux\/s390x: it has linux\/amd64, linux\/arm64/,
  },
  {
    name: 'a base of one platform, which is another',
    args: on(() => `${registry.host}/${BASE_NAMES['old-node']}`, '--platform', 'linux/arm64'),
    code: 'LL6015',
    exit: 4,
    says: /bases\/old-node:v1 is for linux\/amd64, not for linux\/arm64/,
  },
  {
    name: 'a base without Node',
    args: on(() => `${registry.host}/${BASE_NAMES['no-node']}`),
    code: 'LL6008',
    exit: 3,
    says: /no Node\.js: looked for node in \/nodejs\/bin/,
  },
  {
    name: 'a base with an old Node',
    args: on(() => `${registry.host}/${BASE_NAMES['old-node']}`),
    code: 'LL6008',
    exit: 3,
    says: /has Node\.js 20\.20\.2 .*expected 22\.18 or newer/,
  },
  { name: 'a tag in capitals', args: named('Team/Model:v1'), code: 'LL6001', exit: 2, says: /Team\/Model/ },
  { name: 'a tag with a space', args: named('ml model:v1'), code: 'LL6001', exit: 2, says: /ml model/ },
  { name: 'a tag with two colons', args: named('ml-model:v1:v2'), code: 'LL6001', exit: 2, says: /v1:v2/ },
  { name: 'a tag of nothing', args: named(''), code: 'LL6001', exit: 2, says: /""/ },
  {
    name: 'a tag with a digest',
    args: named(`ml-model@sha256:${'0'.repeat(64)}`),
    code: 'LL6001',
    exit: 2,
    says: /without a digest; found "ml-model@sha256:0/,
  },
  {
    name: 'a base that is no name',
    args: on(() => 'Base:v1'),
    code: 'LL6001',
    exit: 2,
    says: /Base/,
  },
  {
    name: 'a platform that is none',
    args: on(() => baseAt(registry.host), '--platform', 'windows/amd64'),
    code: 'LL1001',
    exit: 2,
    says: /found "windows\/amd64"/,
  },
  {
    name: 'a model that is not there',
    args: () => buildArgs('nowhere.pkl'),
    code: 'LL1006',
    exit: 4,
    says: /nowhere\.pkl/,
  },
  {
    name: 'docker that is not installed',
    args: () => ['build', HOUSES, '-t', imageName(), '--engine', 'docker'],
    options: (place) => ({ env: { PATH: place.spare } }),
    code: 'LL6009',
    exit: 8,
    says: /Cannot run docker: it is not in PATH/,
  },
  {
    name: 'a docker engine that does not run',
    args: () => ['build', HOUSES, '-t', imageName(), '--engine', 'docker'],
    code: 'LL6009',
    exit: 8,
    says: /no-engine\.sock[\s\S]*Start Docker/,
  },
];

describe('refused are', { skip, concurrency: 4 }, () => {
  for (const row of ROWS) {
    test(row.name, async (t) => {
      const place = builtBefore(t);
      const tags = place.tags();
      assertFailed(await place.loadline(row.args(), row.options?.(place)), row);
      await assertUnchanged(place, tags);
    });
  }

  test('an unsafe model, of which nothing runs', async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const marker = join(place.spare, 'marker');
    const model = join(place.spare, 'model.pkl');
    writeFileSync(model, `cposix\nsystem\n(S'touch ${marker}'\ntR.`, 'latin1');
    const { code, stderr } = await place.loadline(buildArgs(model, '--base', baseAt(registry.host)));
    assert.equal(code, 5, stderr);
    assert.match(stderr, /posix\.system/);
    assert.equal(existsSync(marker), false);
    await assertUnchanged(place, tags);
  });

  test("a compose.yaml of someone else's, before anything is made", async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const path = join(place.work, 'compose.yaml');
    writeFileSync(path, 'services: {}\n');
    const args = buildArgs(FOREST, '--base', baseAt(registry.host), '--compose');
    assertFailed(await place.loadline(args), {
      code: 'LL1007',
      exit: 1,
      says: /Will not replace compose\.yaml, which Loadline did not write/,
    });
    assert.equal(readFileSync(path, 'utf8'), 'services: {}\n');
    rmSync(path);
    await assertUnchanged(place, tags);
  });

  test('a docker engine whose API is too old', async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const socket = join(place.spare, 'docker.sock');
    const version = {
      Version: '19.3.15',
      ApiVersion: '1.40',
      MinAPIVersion: '1.12',
      Os: 'linux',
      Arch: 'amd64',
    };
    const old = createServer((_, response) => {
      response.setHeader('Api-Version', version.ApiVersion).end(JSON.stringify(version));
    }).listen(socket);
    t.after(() => old.close());
    await new Promise((resolve) => old.once('listening', resolve));
    const args = ['build', HOUSES, '-t', imageName(), '--engine', 'docker'];
    assertFailed(await place.loadline(args, { env: { DOCKER_HOST: `unix://${socket}` } }), {
      code: 'LL6009',
      exit: 8,
      says: /expected API 1\.41 .*found API 1\.40 \(Docker 19\.3\.15\)/,
    });
    await assertUnchanged(place, tags);
    old.closeAllConnections();
  });

  test('nothing where docker is absent and nobody asked for it', async (t) => {
    const place = builtBefore(t);
    const args = ['build', FOREST, '-t', imageName(), '--base', baseAt(registry.host)];
    const { code, stderr } = await place.loadline(args, { env: { PATH: place.spare } });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /built without an engine/);
  });
});

describe('a disk', { skip: noMount }, () => {
  /** An account whose state lies on a disk of its own. */
  function onDisk(t: TestContext, size: string): Workplace {
    // They run in the order they were asked for, and the folder cannot go before its disk has.
    const hooks: (() => void)[] = [];
    const place = openWorkplace({ after: (hook) => hooks.push(hook as () => void) });
    mkdirSync(place.state);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', place.state]);
    t.after(() => {
      execFileSync('umount', ['--lazy', place.state]);
      for (const hook of hooks) {
        hook();
      }
    });
    execFileSync('cp', ['-a', `${template}/.`, place.state]);
    return place;
  }

  test('that is full', async (t) => {
    const place = onDisk(t, '80m');
    const tags = place.tags();
    const args = ['--base', baseAt(registry.host), '--platform', 'linux/arm64'];
    assertFailed(await place.loadline(buildArgs(HOUSES, ...args)), {
      code: 'LL1007',
      exit: 1,
      says: new RegExp(`Cannot write ${place.state}.*no space is left`),
    });
    await assertUnchanged(place, tags);
  });

  test('that may not be written', async (t) => {
    const place = onDisk(t, '80m');
    const tags = place.tags();
    execFileSync('mount', ['-o', 'remount,ro', place.state]);
    assertFailed(await place.loadline(buildArgs(FOREST, '--base', baseAt(registry.host))), {
      code: 'LL1007',
      exit: 1,
      says: new RegExp(`Cannot write ${place.state}.*read-only`),
    });
    await assertUnchanged(place, tags);
  });
});

describe('several builds at once', { skip }, () => {
  const many = Array.from({ length: AT_ONCE }, (_, i) => i);

  test('of different tags are all there', async (t) => {
    const place = builtBefore(t);
    const name = (i: number): string => `${registry.host}/many/model-${i}:v1`;
    const all = await Promise.all(
      many.map((i) => {
        const args = ['build', i % 2 === 0 ? HOUSES : FOREST, '-t', name(i), '--engine', 'none'];
        return place.loadline([...args, '--base', baseAt(registry.host)]);
      }),
    );
    assert.deepEqual(
      all.map(({ code, stderr }) => (code === 0 ? '' : stderr)).filter((text) => text !== ''),
      [],
    );
    assert.deepEqual(Object.keys(place.tags()).sort(), [imageName(), ...many.map(name)].sort());
    assert.deepEqual(place.damaged(), []);
    assert.deepEqual(place.leftovers(), []);
  });

  test('of one tag, with nothing there before, leave it to one of them', async (t) => {
    const place = openWorkplace(t);
    const args = buildArgs(HOUSES, '--base', baseAt(registry.host), '--json');
    const all = await Promise.all(
      many.slice(0, 4).map((i) => place.loadline(args, { env: { SOURCE_DATE_EPOCH: String(i) } })),
    );
    const digests = all.map(({ code, stdout, stderr }) => {
      assert.equal(code, 0, stderr);
      return (JSON.parse(stdout) as { digest: string }).digest;
    });
    assert.equal(new Set(digests).size, digests.length);
    assert.deepEqual(Object.keys(place.tags()), [imageName()]);
    assert.ok(digests.includes(place.tags()[imageName()] ?? ''));
    assert.deepEqual(place.damaged(), []);
    assert.deepEqual(place.leftovers(), []);
  });

  test('wait for one that holds the images, and say who', async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const lock = join(place.store, 'index.lock');
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), token: 'another' }));
    assertFailed(await place.loadline(buildArgs(FOREST, '--base', baseAt(registry.host))), {
      code: 'LL6011',
      exit: 9,
      says: new RegExp(`process ${process.pid} on .* holds ${lock}; waited 10 s`),
    });
    assert.deepEqual(place.leftovers(), ['index.lock']);
    rmSync(lock);
    await assertUnchanged(place, tags);
  });
});

describe('Ctrl-C leaves nothing half-done, and the next run succeeds', { skip }, () => {
  /** Interrupts a run once it has come so far. */
  async function interrupt(
    place: Workplace,
    args: readonly string[],
    isThere: (stderr: string) => boolean,
    options: RunOptions = {},
  ): Promise<void> {
    const { child, stderr, ended } = place.start(args, { ...options, ownGroup: true });
    await until(`the moment to interrupt ${args[0]}`, () => {
      assert.equal(child.exitCode, null, stderr());
      return isThere(stderr());
    });
    pressCtrlC(child);
    assertFailed(await ended, { code: 'LL6017', exit: INTERRUPTED, says: /interrupted/i });
    assert.deepEqual(place.leftovers(), []);
  }

  test('while the base is pulled from a registry that has fallen silent', async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const proxy = await startFaultProxy(t, registry.url);
    proxy.fault = always('GET', BLOB, { kind: 'truncate', bytes: 100, end: 'stall' });
    const args = buildArgs(HOUSES, '--platform', 'linux/arm64', '--base', baseAt(proxy.host));
    const started = Date.now();
    await interrupt(place, args, () => readdirSync(join(place.store, 'tmp')).length > 0);
    // Not by the connection's own patience of 30 s.
    assert.ok(Date.now() - started < 25_000);
    await assertUnchanged(place, tags);
    proxy.reset();
    assert.equal((await place.loadline(args)).code, 0);
    assert.notDeepEqual(place.tags(), tags);
  });

  test('while the layer of a large model is written', async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const python = process.env.LOADLINE_TEST_PYTHON;
    assert.ok(python, 'LOADLINE_TEST_PYTHON must name a Python with scikit-learn: `make test` sets it');
    const model = join(place.spare, 'large.pkl');
    // 64 MB of random numbers, which do not compress.
    const script = `import pickle, sys, numpy, sklearn.neighbors
random = numpy.random.default_rng(0)
model = sklearn.neighbors.KNeighborsRegressor(algorithm='brute').fit(random.random((400_000, 20)), random.random(400_000))
pickle.dump(model, open(sys.argv[1], 'wb'))`;
    execFileSync(python, ['-c', script, model]);
    const args = buildArgs(model, '--base', baseAt(registry.host));
    const temporary = join(place.store, 'tmp');
    const isWriting = (): boolean =>
      readdirSync(temporary).some((name) => {
        const found = statSync(join(temporary, name), { throwIfNoEntry: false });
        return found !== undefined && found.size > UNDER_WAY;
      });
    await interrupt(place, args, isWriting);
    await assertUnchanged(place, tags);
    assert.equal((await place.loadline(args)).code, 0);
    assert.notDeepEqual(place.tags(), tags);
    assert.deepEqual(place.damaged(), []);
  });

  test('while the server is bundled', async (t) => {
    const place = builtBefore(t);
    const tags = place.tags();
    const cache = join(place.spare, 'cache');
    const options = { env: { XDG_CACHE_HOME: cache } };
    const args = buildArgs(HOUSES, '--base', baseAt(registry.host));
    const server = join(cache, 'loadline/server');
    await interrupt(place, args, () => existsSync(server), options);
    assert.deepEqual(readdirSync(server), []);
    await assertUnchanged(place, tags);
    const { code, stderr } = await place.loadline(args, options);
    assert.equal(code, 0, stderr);
  });

  for (const [what, method, path] of [
    ['a layer', 'PUT', /\/blobs\/uploads\//],
    ['the tag', 'PUT', /\/manifests\/v1$/],
  ] as const) {
    test(`while ${what} is pushed`, async (t) => {
      const { place, proxy, name, tagged, fails } = await pushedBefore(t);
      const [before, sent] = [await tagged(), proxy.seen.length];
      const manifests = proxy.count('PUT', /\/manifests\//);
      proxy.fault = always(method, path, { kind: 'stall' });
      const args = ['push', name, '--untested'];
      await interrupt(place, args, () =>
        proxy.seen.slice(sent).some((one) => one.method === method && path.test(one.path)),
      );
      assert.equal(await tagged(), before);
      if (what === 'a layer') {
        // docker-registry refuses a manifest before its layers; others may not.
        assert.equal(proxy.count('PUT', /\/manifests\//), manifests);
      }
      assert.notEqual(place.tags()[name], before);
      proxy.reset();
      await fails(0);
      assert.equal(await tagged(), place.tags()[name]);
    });
  }

  test('while docker builds', { skip: engineMissing() ?? skip }, async (t) => {
    const engine: Engine = await startEngine(t);
    const base = await loadBase(engine);
    const place = openWorkplace(t, engine.env);
    const args = ['build', HOUSES, '-t', 'ml-model:v1', '--base', base, '--engine', 'docker'];
    const images = async (): Promise<string> =>
      (await engine.docker(['image', 'ls', '--all', '--format', '{{.Repository}}:{{.Tag}}'])).stdout.trim();
    const before = await images();
    for (const moment of [/docker build …\n/, /docker build: /]) {
      await interrupt(place, args, (stderr) => moment.test(stderr));
      assert.equal(await images(), before);
      assert.equal((await engine.docker(['ps', '--all', '--quiet'])).stdout, '');
      assert.deepEqual(place.leftovers(), []);
    }
    const { code, stderr } = await place.loadline(args);
    assert.equal(code, 0, stderr);
    assert.match(await images(), /^ml-model:v1$/m);
  });
});

/** What a terminal does: all processes of the command line get the signal. */
function pressCtrlC(child: ChildProcess): void {
  assert.ok(child.pid);
  process.kill(-child.pid, 'SIGINT');
}

interface PushedBefore {
  readonly place: Workplace;
  readonly proxy: FaultProxy;
  /** At the proxy; its tag is an older image than the one here. */
  readonly name: string;
  /** Digest of the tag in the registry. */
  tagged(): Promise<string | null>;
  /** Pushes, and gives how it ended. */
  fails(exit: number): Promise<Outcome>;
}

let repositories = 0;

/** An image whose older version is in a registry that can be made to fail. */
async function pushedBefore(t: TestContext): Promise<PushedBefore> {
  const place = builtBefore(t);
  const proxy = await startFaultProxy(t, registry.url);
  repositories += 1;
  const repository = `pushed-${repositories}/ml-model`;
  const name = `${proxy.host}/${repository}:v1`;
  const base = ['--engine', 'none', '--base', baseAt(registry.host)];
  for (const args of [
    ['build', HOUSES, '-t', name, ...base, '--push', '--untested'],
    ['build', FOREST, '-t', name, ...base],
  ]) {
    const { code, stderr } = await place.loadline(args);
    assert.equal(code, 0, stderr);
  }
  return {
    place,
    proxy,
    name,
    async tagged() {
      const found = await fetch(`${registry.url}/v2/${repository}/manifests/v1`, {
        method: 'HEAD',
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      });
      return found.headers.get('docker-content-digest');
    },
    async fails(exit) {
      const outcome = await place.loadline(['push', name, '--untested']);
      assert.equal(outcome.code, exit, outcome.stderr);
      return outcome;
    },
  };
}

const UPLOADS = /\/blobs\/uploads\//;
const PUSH_FAULTS: readonly BaseRow[] = [
  {
    name: '401',
    fault: always('POST', UPLOADS, { kind: 'answer', status: 401 }),
    code: 'LL6004',
    exit: 3,
    says: /Cannot push \w{12} to .*answers 401/,
  },
  {
    name: '403',
    fault: always('POST', UPLOADS, { kind: 'answer', status: 403 }),
    code: 'LL6004',
    exit: 3,
    says: /answers 403/,
  },
  {
    name: '429 for longer than one waits',
    fault: always('POST', UPLOADS, { kind: 'answer', status: 429, headers: { 'retry-after': '600' } }),
    code: 'LL6005',
    exit: 1,
    says: /asks to wait for 600 s/,
  },
  {
    name: '503',
    fault: always('PUT', UPLOADS, { kind: 'answer', status: 503 }),
    code: 'LL6006',
    exit: 1,
    says: /answers 503.*tried 4 times/,
  },
  {
    name: 'a connection that is cut in a layer',
    fault: always('PUT', UPLOADS, { kind: 'cut', afterBytes: 100 }),
    code: 'LL6003',
    exit: 1,
    says: /the connection was cut.*tried 4 times/,
  },
  {
    name: 'a refusal of what was sent',
    fault: always('PUT', UPLOADS, {
      kind: 'answer',
      status: 400,
      body: '{"errors":[{"code":"DIGEST_INVALID","message":"not what was promised"}]}',
    }),
    code: 'LL6006',
    exit: 1,
    says: /answers 400 \(DIGEST_INVALID: not what was promised\)/,
  },
  {
    name: '500 for the manifest',
    fault: always('PUT', /\/manifests\//, { kind: 'answer', status: 500 }),
    code: 'LL6006',
    exit: 1,
    says: /Cannot push the manifest "v1" to .*answers 500/,
  },
];

describe('the registry that is pushed to gives', { skip, concurrency: 4 }, () => {
  for (const row of PUSH_FAULTS) {
    test(row.name, async (t) => {
      const { place, proxy, tagged, fails } = await pushedBefore(t);
      const [before, tags] = [await tagged(), place.tags()];
      assert.match(before ?? '', /^sha256:/);
      proxy.fault = row.fault;
      assertFailed(await fails(row.exit), row);
      assert.equal(await tagged(), before);
      assert.deepEqual(place.tags(), tags);
      assert.deepEqual(place.leftovers(), []);
      proxy.reset();
      await fails(0);
      assert.notEqual(await tagged(), before);
    });
  }
});
