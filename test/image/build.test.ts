/** `loadline build` and `loadline push` as a person runs them, read by the tools of others. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { BASE_NAMES, BASE_PROGRAMS, pushBase } from './base.ts';
import { engineMissing, startEngine, toolsMissing } from './engine.ts';
import { startFaultProxy } from './faults.ts';
import { registryMissing, startRegistry, type TestRegistry } from './registry.ts';
import { HOUSES, openWorkplace, ROOT, type Workplace } from './workplace.ts';

const run = promisify(execFile);
const skip = registryMissing() ?? toolsMissing([...BASE_PROGRAMS, 'podman', 'script', 'git', 'npm']) ?? false;
/** Another model of scikit-learn, of 60 kB. */
const FOREST = join(ROOT, 'corpus/trees/forest-regressor-missing/1.9.pkl');
/** What a new version of a model may send beside it. */
const REST_BYTES = 20_000;
const DAY = '86400';
const ESCAPE = '\u001b';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly platform?: { readonly architecture: string; readonly os: string };
}

interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}

interface ConfigFile {
  readonly created: string;
  readonly architecture: string;
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly ExposedPorts: Readonly<Record<string, object>>;
    readonly Labels: Readonly<Record<string, string>>;
    readonly StopSignal: string;
    readonly Healthcheck: { readonly Test: readonly string[] };
  };
}

interface Made {
  readonly kind: string;
  readonly digest: string;
  readonly layerBytes: Readonly<Record<string, number>>;
}

interface Pushed {
  readonly kind: string;
  readonly image: string;
  readonly tested: boolean;
  readonly digest: string;
  readonly sentBytes: number;
  readonly blobs: { readonly exists: number; readonly mounted: number; readonly sent: number };
  readonly sbom: boolean;
}

let registry: TestRegistry;

before(async () => {
  if (skip === false) {
    registry = await startRegistry();
    await pushBase(registry.host);
  }
});

after(() => registry?.stop());

/** An account that finds the default base in the registry. */
function account(t: Pick<TestContext, 'after'>): Workplace {
  return openWorkplace(t, { LOADLINE_REGISTRY_MIRRORS: `gcr.io=${registry.url}` });
}

function build(model: string, name: string, ...more: string[]): string[] {
  return ['build', model, '-t', name, '--engine', 'none', ...more];
}

/** Runs it, and gives what it wrote to stdout: one JSON object where `--json` is among the arguments. */
async function ok(
  place: Workplace,
  args: readonly string[],
  options: Parameters<Workplace['loadline']>[1] = {},
): Promise<string> {
  const { code, stdout, stderr } = await place.loadline(args, options);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function skopeo(...args: string[]): Promise<string> {
  return (await run('skopeo', args, { maxBuffer: 1 << 24 })).stdout;
}

/** The document of a tag or digest as skopeo reads it, and its digest. */
async function readRaw<T>(name: string): Promise<{ value: T; digest: string }> {
  const text = await skopeo('inspect', '--raw', '--tls-verify=false', `docker://${name}`);
  return { value: JSON.parse(text) as T, digest: sha256(Buffer.from(text)) };
}

async function readConfig(name: string, ...more: string[]): Promise<ConfigFile> {
  const text = await skopeo(
    ...more,
    'inspect',
    '--config',
    '--raw',
    '--tls-verify=false',
    `docker://${name}`,
  );
  return JSON.parse(text) as ConfigFile;
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

describe('an image built without an engine', { skip }, () => {
  test('is pushed, and skopeo reads its layers, labels, annotations and platform', async (t) => {
    const place = account(t);
    const name = `${registry.host}/first/ml-model:v1`;
    await ok(place, build(HOUSES, name));
    const refused = await place.loadline(['push', name]);
    assert.equal(refused.code, 6);
    assert.match(refused.stderr, /LL6013/);
    assert.match(refused.stderr, new RegExp(`loadline test ${name}`));
    assert.equal((await fetch(`${registry.url}/v2/first/ml-model/manifests/v1`)).status, 404);

    const pushed = await place.loadline(['push', name, '--untested']);
    assert.equal(pushed.code, 0, pushed.stderr);
    assert.match(pushed.stderr, /pushed without a test, as --untested asked/);
    const { value: manifest, digest } = await readRaw<Manifest>(name);
    assert.equal(place.tags()[name], digest);
    const base = await readRaw<{ manifests: Descriptor[] }>(`${registry.host}/${BASE_NAMES.nonroot}`);
    const amd64 = base.value.manifests.find(({ platform }) => platform?.architecture === 'amd64');
    const { value: under } = await readRaw<Manifest>(
      `${registry.host}/distroless/nodejs24-debian12@${amd64?.digest}`,
    );
    assert.deepEqual(manifest.layers.slice(0, -2), under.layers);

    const revision = (await run('git', ['-C', ROOT, 'rev-parse', 'HEAD'])).stdout.trim();
    const facts: Record<string, string> = {
      'org.opencontainers.image.title': 'ml-model',
      'org.opencontainers.image.version': 'v1',
      'org.opencontainers.image.revision': revision,
      'io.loadline.model.name': 'ml-model',
      'io.loadline.model.version': 'v1',
      'io.loadline.model.sha256': sha256(readFileSync(HOUSES)).slice('sha256:'.length),
      'io.loadline.model.sklearn': '1.9.1',
    };
    const { config, created, architecture } = await readConfig(name);
    for (const [key, value] of Object.entries(facts)) {
      assert.equal(manifest.annotations[key], value, key);
      assert.equal(config.Labels[key], value, key);
    }
    assert.equal(
      manifest.annotations['org.opencontainers.image.base.name'],
      'gcr.io/distroless/nodejs24-debian12:nonroot',
    );
    assert.equal(manifest.annotations['org.opencontainers.image.base.digest'], base.digest);
    assert.equal(architecture, 'amd64');
    assert.equal(Date.parse(created), 0);
    assert.equal(config.User, '65532:65532');
    assert.deepEqual(config.Entrypoint, ['node', '/opt/loadline/server.js']);
    assert.deepEqual(Object.keys(config.ExposedPorts), ['5000/tcp']);
    assert.equal(config.StopSignal, 'SIGTERM');
    assert.deepEqual(config.Healthcheck.Test, ['CMD', 'node', '/opt/loadline/health.js']);

    const copy = join(place.spare, 'copy');
    await skopeo('copy', '--src-tls-verify=false', `docker://${name}`, `oci:${copy}:v1`);
    await run('umoci', ['unpack', '--image', `${copy}:v1`, join(place.spare, 'unpacked')]);
    const model = readFileSync(join(place.spare, 'unpacked/rootfs/model/model.pkl'));
    assert.equal(sha256(model), sha256(readFileSync(HOUSES)));
    assert.deepEqual(place.leftovers(), []);
  });

  test('of several platforms is an index', async (t) => {
    const place = account(t);
    const name = `${registry.host}/several/ml-model:v1`;
    await ok(place, build(HOUSES, name, '--platform', 'linux/amd64,linux/arm64', '--push', '--untested'));
    const { value } = await readRaw<{ manifests: Descriptor[] }>(name);
    assert.deepEqual(
      value.manifests.map(({ platform }) => `${platform?.os}/${platform?.architecture}`),
      ['linux/amd64', 'linux/arm64'],
    );
    for (const architecture of ['amd64', 'arm64']) {
      const config = await readConfig(name, '--override-arch', architecture);
      assert.equal(config.architecture, architecture);
      assert.equal(config.config.User, '65532:65532');
      const to = `oci:${join(place.spare, architecture)}:v1`;
      await skopeo('--override-arch', architecture, 'copy', '--src-tls-verify=false', `docker://${name}`, to);
    }
  });

  test('of a new version sends its model and little else, and nothing to a second repository', async (t) => {
    const place = account(t);
    const repository = `${registry.host}/versions/ml-model`;
    await ok(place, build(HOUSES, `${repository}:v1`, '--push', '--untested'));
    const made = JSON.parse(await ok(place, build(FOREST, `${repository}:v2`, '--json'))) as Made;
    const pushed = JSON.parse(
      await ok(place, ['push', `${repository}:v2`, '--untested', '--json']),
    ) as Pushed;
    assert.equal(pushed.kind, 'Push');
    assert.equal(pushed.image, `${repository}:v2`);
    assert.equal(pushed.tested, false);
    // Four layers of the base and the server are there; the model and the configuration are new.
    assert.deepEqual(pushed.blobs, { exists: 5, mounted: 0, sent: 2 });
    assert.ok(pushed.sentBytes >= made.layerBytes.model!);
    assert.ok(
      pushed.sentBytes <= made.layerBytes.model! + REST_BYTES,
      `${pushed.sentBytes} bytes for a model of ${made.layerBytes.model}`,
    );
    const first = await readRaw<Manifest>(`${repository}:v1`);
    const second = await readRaw<Manifest>(`${repository}:v2`);
    assert.equal(second.digest, made.digest);
    assert.deepEqual(second.value.layers.slice(0, -1), first.value.layers.slice(0, -1));
    assert.notDeepEqual(second.value.layers.at(-1), first.value.layers.at(-1));

    const other = `${registry.host}/mounted/other-model:v1`;
    await ok(place, build(FOREST, other));
    const mounted = JSON.parse(await ok(place, ['push', other, '--untested', '--json'])) as Pushed;
    assert.deepEqual(mounted.blobs, { exists: 0, mounted: 6, sent: 1 });
    assert.ok(mounted.sentBytes <= REST_BYTES, `${mounted.sentBytes} bytes`);
  });

  test('has its bill of materials attached when pushed, and beside it otherwise', async (t) => {
    const place = account(t);
    const name = `${registry.host}/bill/ml-model:v1`;
    await ok(place, build(HOUSES, name, '--sbom'));
    const beside = readFileSync(join(place.work, 'ml-model-v1.cdx.json'));
    const bill = JSON.parse(beside.toString()) as {
      bomFormat: string;
      components: { name: string; version?: string }[];
    };
    assert.equal(bill.bomFormat, 'CycloneDX');
    assert.ok(bill.components.some((one) => one.name === 'node' && one.version === '24.21.0'));

    const pushed = JSON.parse(await ok(place, ['push', name, '--untested', '--json'])) as Pushed;
    assert.equal(pushed.sbom, true);
    const repository = name.slice(0, -':v1'.length);
    const referrers = await readRaw<{ manifests: Descriptor[] }>(
      `${repository}:${pushed.digest.replace(':', '-')}`,
    );
    const [referrer] = referrers.value.manifests;
    assert.equal(referrers.value.manifests.length, 1);
    assert.equal(referrer?.artifactType, 'application/vnd.cyclonedx+json');
    const { value } = await readRaw<Manifest>(`${repository}@${referrer?.digest}`);
    assert.equal(value.artifactType, 'application/vnd.cyclonedx+json');
    assert.equal(value.subject?.digest, (await readRaw(name)).digest);
    const blob = await fetch(`${registry.url}/v2/bill/ml-model/blobs/${value.layers[0]?.digest}`);
    assert.deepEqual(Buffer.from(await blob.arrayBuffer()), beside);

    // With --push there is one place for it.
    const elsewhere = join(place.spare, 'elsewhere');
    mkdirSync(elsewhere);
    await ok(place, build(HOUSES, name, '--sbom', '--push', '--untested'), { cwd: elsewhere });
    assert.deepEqual(readdirSync(elsewhere), []);
  });

  test('goes to a folder and to an archive that skopeo, umoci and podman take', async (t) => {
    const place = account(t);
    const name = `${registry.host}/files/ml-model:v1`;
    const made = JSON.parse(await ok(place, build(HOUSES, name, '--output', 'out', '--json'))) as Made;
    await ok(place, build(HOUSES, name, '--output', 'out.tar'));
    const inspected = async (from: string): Promise<{ Digest: string; Layers: string[] }> =>
      JSON.parse(await skopeo('inspect', from)) as { Digest: string; Layers: string[] };
    const folder = await inspected(`oci:${place.work}/out:${name}`);
    const archive = await inspected(`oci-archive:${place.work}/out.tar`);
    assert.equal(folder.Digest, made.digest);
    assert.equal(archive.Digest, made.digest);
    assert.equal(folder.Layers.length, 6);
    assert.equal((await inspected(`docker-archive:${place.work}/out.tar`)).Layers.length, 6);
    assert.equal((await run('umoci', ['ls', '--layout', `${place.work}/out`])).stdout.trim(), name);
    const own = [
      '--root',
      `${place.spare}/root`,
      '--runroot',
      `${place.spare}/run`,
      '--storage-driver',
      'vfs',
    ];
    const loaded = await run('podman', [...own, 'load', '--input', `${place.work}/out.tar`]);
    assert.match(loaded.stdout, new RegExp(`Loaded image: ${name}`));
    assert.deepEqual(place.leftovers(), []);
  });

  test('is tested before it is pushed, and the pass is remembered', async (t) => {
    const place = account(t);
    const name = `${registry.host}/tested/ml-model:v1`;
    await ok(place, build(HOUSES, name, '--push'));
    assert.equal((await readRaw(name)).digest, place.tags()[name]);
    const again = JSON.parse(await ok(place, ['push', name, '--json'])) as Pushed;
    assert.equal(again.tested, true);
    assert.equal(again.blobs.sent, 0);
    // Another image of the name is not the one that passed.
    await ok(place, build(FOREST, name));
    assert.equal((await place.loadline(['push', name])).code, 6);
    assert.deepEqual(place.leftovers(), []);
  });
});

describe('an image from docker', { skip: engineMissing() ?? skip }, () => {
  test('is built and pushed by the engine; archives of the other way load into it', async (t) => {
    const engine = await startEngine(t);
    const place = account(t);
    const name = `${registry.host}/docker/ml-model:v1`;
    await ok(place, build(HOUSES, name, '--output', 'out.tar'));
    const loaded = await engine.docker(['load', '--input', join(place.work, 'out.tar')]);
    assert.equal(loaded.code, 0, loaded.stderr);
    assert.match(loaded.stdout, new RegExp(`Loaded image: ${name}`));
    const base = `${registry.host}/${BASE_NAMES.nonroot}`;
    const own = `${registry.host}/docker/own:v1`;
    const env = engine.env;
    const made = JSON.parse(
      await ok(place, ['build', HOUSES, '-t', own, '--base', base, '--engine', 'docker', '--json'], { env }),
    ) as Made;
    const pushed = JSON.parse(await ok(place, ['push', own, '--untested', '--json'], { env })) as Pushed;
    const { value, digest } = await readRaw<Manifest>(own);
    assert.equal(pushed.digest, digest);
    assert.equal(value.config.digest, made.digest);
    assert.equal((await readConfig(own)).config.User, '65532:65532');
    assert.deepEqual(place.leftovers(), []);
  });
});

describe('what is made is the same', { skip }, () => {
  test('in other folders, at other times, under other umasks and on Node 22', async (t) => {
    const place = account(t);
    const name = 'ml-model:v1';
    const digests: string[] = [];
    const node22 = await otherNode();
    assert.match((await run(node22, ['--version'])).stdout, /^v22\./);
    const ways = [{}, { umask: '077' }, { umask: '000', node: node22 }];
    for (const [i, way] of ways.entries()) {
      const root = join(place.spare, `checkout-${i}`.padEnd(20 + i, 'x'));
      for (const part of ['bin', 'src', 'tools', 'package.json', 'package-lock.json', 'LICENSE']) {
        cpSync(join(ROOT, part), join(root, part), { recursive: true, preserveTimestamps: i === 1 });
      }
      symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
      const model = join(root, `${i}.pkl`);
      copyFileSync(HOUSES, model);
      const state = join(place.spare, `state-${i}`);
      const cache = join(place.spare, `cache-${i}`);
      const made = await ok(place, build(model, name, '--json'), {
        ...way,
        root,
        cwd: root,
        env: { XDG_STATE_HOME: state, XDG_CACHE_HOME: cache },
      });
      digests.push((JSON.parse(made) as Made).digest);
    }
    assert.match(digests[0]!, /^sha256:/);
    assert.deepEqual(new Set(digests).size, 1, digests.join(' '));
  });

  test('but for the time that SOURCE_DATE_EPOCH gives', async (t) => {
    const place = account(t);
    const at = async (epoch: string): Promise<string> => {
      const name = `${registry.host}/time/ml-model:v${epoch}`;
      const env = { SOURCE_DATE_EPOCH: epoch };
      await ok(place, build(HOUSES, `${registry.host}/time/ml-model:v1`, '--push', '--untested'), { env });
      await skopeo(
        'copy',
        '--src-tls-verify=false',
        '--dest-tls-verify=false',
        `docker://${registry.host}/time/ml-model:v1`,
        `docker://${name}`,
      );
      return (await readConfig(name)).created;
    };
    assert.equal(Date.parse(await at(DAY)), Number(DAY) * 1000);
    const first = place.tags();
    assert.equal(Date.parse(await at('0')), 0);
    assert.notDeepEqual(place.tags(), first);
    await at(DAY);
    assert.deepEqual(place.tags(), first);
    const wrong = await place.loadline(build(HOUSES, 'ml-model:v1'), { env: { SOURCE_DATE_EPOCH: 'today' } });
    assert.equal(wrong.code, 3);
    assert.match(wrong.stderr, /LL1005/);
    assert.match(wrong.stderr, /"today"/);
  });
});

/** Node 22 from npm, kept beside the test base. */
async function otherNode(): Promise<string> {
  const version = '22.23.3';
  const architecture = process.arch;
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'loadline', `node-${version}`);
  const binary = join(cache, 'package/bin/node');
  if (!existsSync(binary)) {
    mkdirSync(cache, { recursive: true });
    const name = `node-linux-${architecture}`;
    await run('npm', ['pack', '--silent', '--pack-destination', cache, `${name}@${version}`]);
    await run('tar', ['-xzf', join(cache, `${name}-${version}.tgz`), '-C', cache, 'package/bin/node']);
  }
  return binary;
}

describe('what it says', { skip }, () => {
  test('--dry-run asks nobody and writes nothing', async (t) => {
    const place = account(t);
    const proxy = await startFaultProxy(t, registry.url);
    const name = `${proxy.host}/dry/ml-model:v1`;
    const base = `${proxy.host}/${BASE_NAMES.nonroot}`;
    const all = ['--base', base, '--push', '--sbom', '--compose', '--output', 'out', '--dry-run'];
    const text = await ok(place, build(HOUSES, name, ...all));
    assert.match(text, /nothing was made/);
    assert.ok(text.includes(base));
    const plan = JSON.parse(await ok(place, build(HOUSES, name, ...all, '--json'))) as {
      kind: string;
      layers: { name: string }[];
    };
    assert.equal(plan.kind, 'ImagePlan');
    assert.deepEqual(
      plan.layers.map((layer) => layer.name),
      ['server', 'model'],
    );
    assert.equal(proxy.seen.length, 0);
    assert.deepEqual(readdirSync(place.work), []);
    assert.equal(existsSync(place.state), false);
    assert.deepEqual(place.leftovers(), []);
  });

  test('--json is one object on stdout, also with a push, and nothing on stderr', async (t) => {
    const place = account(t);
    const name = `${registry.host}/json/ml-model:v1`;
    const built = await place.loadline(build(HOUSES, name, '--json'));
    assert.equal(built.stderr, '');
    const made = JSON.parse(built.stdout) as Made;
    assert.equal(made.kind, 'Image');
    assert.equal(made.digest, place.tags()[name]);
    const pushed = await place.loadline(build(HOUSES, name, '--push', '--untested', '--json'));
    assert.equal(pushed.stderr, '');
    assert.equal((JSON.parse(pushed.stdout) as Pushed).digest, made.digest);
  });

  test('--compose writes a file that names the image', async (t) => {
    const place = account(t);
    const name = `${registry.host}/compose/ml-model:v1`;
    const made = JSON.parse(await ok(place, build(HOUSES, name, '--compose', '--json'))) as {
      files: string[];
    };
    assert.deepEqual(made.files, ['compose.yaml']);
    const file = parse(readFileSync(join(place.work, 'compose.yaml'), 'utf8')) as {
      services: { model: { image: string; ports: string[] } };
    };
    assert.equal(file.services.model.image, name);
    assert.deepEqual(file.services.model.ports, ['5000:5000']);
  });

  test('off a terminal progress is plain lines on stderr', async (t) => {
    const place = account(t);
    const { code, stdout, stderr } = await place.loadline(build(HOUSES, 'ml-model:v1'));
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    assert.ok(!stderr.includes(ESCAPE) && !stderr.includes('\r'), JSON.stringify(stderr));
    for (const line of [
      /^ {2}pulling the base …$/m,
      /^ {2}writing layers: model/m,
      /^ {2}✓ built without/m,
    ]) {
      assert.match(stderr, line);
    }
  });

  test('on a terminal one line is drawn again and again, and the summary stays; NO_COLOR takes the colours', async (t) => {
    const place = account(t);
    const onTerminal = async (name: string, env: Record<string, string>): Promise<string> => {
      const command = [process.execPath, join(ROOT, 'bin/loadline.js'), ...build(HOUSES, name)].join(' ');
      const { stdout } = await run('script', ['-qec', command, '/dev/null'], {
        cwd: place.work,
        env: { ...place.env, TERM: 'xterm', ...env },
      });
      return stdout;
    };
    const drawn = `\r${ESCAPE}[K`;
    const color = new RegExp(`${ESCAPE}\\[[0-9;]*m`);
    const text = await onTerminal('ml-model:v1', {});
    const parts = text.split(drawn);
    assert.ok(parts.length > 5, JSON.stringify(text));
    // What is drawn is one line each; after the last clearing comes the summary alone.
    assert.deepEqual(
      parts.slice(0, -1).filter((part) => part.includes('\n')),
      [],
    );
    assert.match(parts.at(-1)!, /built without an engine/);
    assert.doesNotMatch(parts.at(-1)!, /pulling the base/);
    assert.match(text, color);
    const plain = await onTerminal('ml-model:v2', { NO_COLOR: '1' });
    assert.ok(plain.includes(drawn));
    assert.doesNotMatch(plain, color);
    assert.ok(!(await onTerminal('ml-model:v3', { CI: 'true' })).includes(drawn));
  });
});
