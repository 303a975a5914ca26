/**
 * One plan, made in every way there is: a Dockerfile that a person builds, the docker engine, and no engine at all. The
 * images must be equal in their files, their configuration and what they do. Docker and Python's tarfile look at them, not
 * Loadline.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { buildImage } from '../../src/image/build.ts';
import { buildWithDocker, loadArchive } from '../../src/image/engines/docker.ts';
import { exportImage } from '../../src/image/oci/export.ts';
import { openStore } from '../../src/image/oci/store.ts';
import type { ImageFile, ImagePlan } from '../../src/image/plan.ts';
import { parseReference } from '../../src/image/reference.ts';
import { createRegistryClient } from '../../src/image/registry/client.ts';
import { writeContext } from '../../src/image/write-context.ts';
import { ask, house, isClose, until } from '../serve/harness.ts';
import { BASE_PROGRAMS, loadBase, pushBase } from './base.ts';
import { dockerClis } from './docker-clis.ts';
import { type Engine, engineMissing, startEngine, toolsMissing } from './engine.ts';
import { BASE, housesPlan } from './houses-plan.ts';
import { registryMissing, startRegistry, type TestRegistry } from './registry.ts';

const skip = engineMissing() ?? toolsMissing(BASE_PROGRAMS) ?? registryMissing() ?? false;
const FLATTEN = new URL('./flatten.py', import.meta.url).pathname;
/** 2023-11-14, so that a time that was lost shows. */
const CREATED = 1_700_000_000;

interface Way {
  readonly name: string;
  readonly tag: string;
  readonly make: (plan: ImagePlan) => Promise<void>;
}

interface Entry {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly sha256: string | null;
  readonly mtime: number | null;
}

interface Config {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly StopSignal?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Volumes?: object | null;
  readonly Healthcheck?: object;
}

interface Flat {
  readonly over: readonly Entry[];
  readonly gone: readonly string[];
  readonly config: Config;
}

/** What the plan says must be in the image: its files, and the folders they lie in that the base lacks. */
function expectedEntries(plan: ImagePlan, isInBase: (path: string) => boolean): Entry[] {
  const files = plan.layers.flatMap((layer) => layer.files);
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      folders.add(path.slice(0, at));
    }
  }
  const owner = { uid: 0, gid: 0 };
  return [
    ...files.map((file) => ({
      path: file.path,
      type: 'file',
      mode: `0${file.mode.toString(8)}`,
      ...owner,
      size: file.size,
      sha256: createHash('sha256').update(bytesOf(file)).digest('hex'),
      mtime: plan.createdSec,
    })),
    ...[...folders]
      .filter((path) => !isInBase(path))
      .map((path) => ({ path, type: 'folder', mode: '0755', ...owner, size: 0, sha256: null, mtime: null })),
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function bytesOf({ source }: ImageFile): Uint8Array {
  return 'bytes' in source ? source.bytes : readFileSync(source.file);
}

/** An absent list and an empty one are the same to Docker. */
function comparable(config: Config) {
  return {
    User: config.User,
    Env: config.Env?.toSorted(),
    Entrypoint: config.Entrypoint,
    Cmd: config.Cmd ?? [],
    ExposedPorts: config.ExposedPorts,
    WorkingDir: config.WorkingDir,
    StopSignal: config.StopSignal,
    Labels: config.Labels,
    Volumes: config.Volumes ?? {},
    Healthcheck: config.Healthcheck,
  };
}

describe('an image is the same however it is made', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-contract-'));
  const signal = new AbortController().signal;
  const onProgress = (): void => {};
  let engine: Engine;
  let registry: TestRegistry;
  let base: {
    readonly archive: string;
    readonly entries: ReadonlySet<string>;
    readonly env: readonly string[];
  };
  const flats = new Map<string, Flat>();

  const ways: Way[] = [
    { name: 'without an engine', tag: 'contract-none:v1', make: makeWithoutEngine },
    { name: 'by the docker engine', tag: 'contract-docker:v1', make: makeWithDocker },
    ...(skip === false ? dockerClis(folder) : []).map(({ name, env }, i) => ({
      name: `from the Dockerfile with ${name}`,
      tag: `contract-file-${i}:v1`,
      make: (plan: ImagePlan) => makeFromDockerfile(plan, `contract-file-${i}:v1`, env),
    })),
  ];

  before(async () => {
    engine = await startEngine();
    registry = await startRegistry();
    await loadBase(engine);
    await pushBase(registry.host, { tags: ['nonroot'] });
    const archive = await save(BASE);
    const { over, config } = await flattenPython<Flat>(archive);
    base = { archive, entries: new Set(over.map(({ path }) => path)), env: config.Env ?? [] };
    for (const { tag, make } of ways) {
      await make(await planOf(tag));
      flats.set(tag, await flatten(tag));
    }
  });
  after(async () => {
    await engine?.stop();
    await registry?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One model, one server, one name in its labels; only the name under which the image is found differs. */
  async function planOf(tag: string): Promise<ImagePlan> {
    return { ...(await housesPlan('contract:v1', CREATED)), reference: parseReference(tag) };
  }

  async function makeWithoutEngine(plan: ImagePlan): Promise<void> {
    const env = { HOME: folder, LOADLINE_REGISTRY_MIRRORS: `gcr.io=${registry.url}` };
    const client = createRegistryClient({ insecure: false, env, signal, onProgress });
    try {
      const store = await openStore(join(folder, 'images'));
      const { root } = await buildImage(plan, { store, registry: client, signal, onProgress });
      const archive = join(folder, 'image.tar');
      await exportImage(store, root, 'docker.io/library/contract-none:v1', archive, { signal, onProgress });
      await loadArchive(archive, { env: { ...process.env, ...engine.env }, signal });
    } finally {
      client.close();
    }
  }

  async function makeWithDocker(plan: ImagePlan): Promise<void> {
    await buildWithDocker(plan, { env: { ...process.env, ...engine.env }, signal, onProgress });
  }

  async function makeFromDockerfile(
    plan: ImagePlan,
    tag: string,
    env: Readonly<Record<string, string>>,
  ): Promise<void> {
    const context = mkdtempSync(join(folder, 'context-'));
    await writeContext(plan, context);
    // Data and secrets that lie about must not get in.
    await promisify(execFile)('cp', ['-r', FLATTEN, context]);
    const built = await engine.docker(['build', '-t', tag, '.'], { cwd: context, env });
    assert.equal(built.code, 0, built.stderr);
  }

  async function docker(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await engine.docker(args);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  async function save(tag: string): Promise<string> {
    const archive = join(folder, `${tag.replaceAll(/\W/g, '-')}.saved.tar`);
    await docker('save', '--output', archive, tag);
    return archive;
  }

  async function flattenPython<T>(...archives: string[]): Promise<T> {
    const python = process.env.LOADLINE_TEST_PYTHON;
    assert.ok(python, 'LOADLINE_TEST_PYTHON is not set: run `make test`, which installs Python and sets it');
    const maxBuffer = 64 * 1024 * 1024;
    return JSON.parse((await promisify(execFile)(python, [FLATTEN, ...archives], { maxBuffer })).stdout) as T;
  }

  async function flatten(tag: string): Promise<Flat> {
    return flattenPython<Flat>(await save(tag), base.archive);
  }

  for (const { name, tag } of ways) {
    test(`${name}: the files are the plan's`, async () => {
      const flat = flats.get(tag);
      const plan = await planOf(tag);
      assert.deepEqual(
        flat?.over,
        expectedEntries(plan, (path) => base.entries.has(path)),
      );
      assert.deepEqual(flat?.gone, []);
    });

    test(`${name}: the configuration is the plan's, over the base's`, async () => {
      const { config } = await planOf(tag);
      const own = Object.entries(config.env).map(([key, value]) => `${key}=${value}`);
      const kept = base.env.filter((entry) => !(entry.split('=')[0]! in config.env));
      assert.ok(kept.length > 0, 'the base has variables that must be kept');
      const wanted = {
        User: '65532:65532',
        Env: [...own, ...kept].toSorted(),
        Entrypoint: ['node', '/opt/loadline/server.js'],
        Cmd: [],
        ExposedPorts: { '5000/tcp': {} },
        WorkingDir: '/',
        StopSignal: 'SIGTERM',
        Labels: config.labels,
        Volumes: {},
        Healthcheck: {
          Test: ['CMD', 'node', '/opt/loadline/health.js'],
          Interval: config.healthcheck.intervalSec * 1e9,
          Timeout: config.healthcheck.timeoutSec * 1e9,
          StartPeriod: config.healthcheck.startPeriodSec * 1e9,
          Retries: config.healthcheck.retries,
        },
      };
      assert.deepEqual(comparable(flats.get(tag)!.config), wanted);
      const seen = JSON.parse(
        await docker('image', 'inspect', '--format', '{{json .Config}}', tag),
      ) as Config;
      assert.deepEqual(comparable(seen), wanted);
    });
  }

  test('each answers as in the tutorial, is healthy, and ends well on docker stop', async () => {
    const { row, price } = house();
    const running = [];
    for (const { name, tag } of ways) {
      // All run at once: each has to wait for Docker's first look at its health.
      const id = await docker('run', '--detach', '--read-only', '--publish', '127.0.0.1:0:5000', tag);
      running.push({ name, id });
    }
    const answers: string[] = [];
    for (const { name, id } of running) {
      const address = (await docker('port', id, '5000/tcp')).split('\n')[0];
      await until(
        () =>
          ask(`http://${address}/readyz`).then(
            ({ status }) => status === 200,
            () => false,
          ),
        `${name}: a ready container`,
      );
      const json = { features: Object.values(row) };
      const { status, text } = await ask(`http://${address}/predict`, { json });
      assert.equal(status, 200, `${name}: ${text}`);
      const { prediction } = JSON.parse(text) as { prediction: number[] };
      assert.ok(isClose(prediction[0], price), `${name}: ${text}`);
      answers.push(text);
    }
    assert.equal(new Set(answers).size, 1, answers.join('\n'));
    for (const { name, id } of running) {
      const health = () => docker('inspect', '--format', '{{.State.Health.Status}}', id);
      await until(async () => (await health()) !== 'starting', `${name}: a look at its health`);
      assert.equal(await health(), 'healthy', name);
    }
    await docker('stop', '--time', '30', ...running.map(({ id }) => id));
    for (const { name, id } of running) {
      assert.equal(
        await docker('inspect', '--format', '{{.State.ExitCode}} {{.State.OOMKilled}}', id),
        '0 false',
        name,
      );
    }
  });
});
