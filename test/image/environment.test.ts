/** Proves the real parts that the image tests stand on: the engine, its taking down, and the base images. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { BASE_PROGRAMS, loadBase, testBase } from './base.ts';
import { type Engine, engineMissing, startEngine, toolsMissing } from './engine.ts';

const skip = engineMissing() ?? toolsMissing(BASE_PROGRAMS) ?? false;
const PATIENCE_MS = 60_000;
/** Answers every request with its argument. */
const SERVER =
  "require('http').createServer((request, response) => response.end(process.argv[1])).listen(5000, () => console.log('up'))";

interface OciIndex {
  readonly manifests: readonly {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly platform?: { readonly architecture: string };
  }[];
}

/** Starts SERVER in a container; its address here. */
async function serve(engine: Engine, image: string, text: string): Promise<string> {
  const run = ['run', '--detach', '--publish', '127.0.0.1:0:5000', image, '-e', SERVER, text];
  const started = await engine.docker(run);
  assert.equal(started.code, 0, started.stderr);
  const port = await engine.docker(['port', started.stdout.trim(), '5000/tcp']);
  assert.match(port.stdout, /^127\.0\.0\.1:\d+\n$/);
  return `http://${port.stdout.trim()}/`;
}

async function ask(url: string): Promise<string> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (Date.now() > until) {
        throw error;
      }
      await sleep(50);
    }
  }
}

/**
 * Processes, mounts and files of an engine's folder: its programs name it in their arguments, what runs in its containers
 * has a root file system there. Processes that have ended and wait for their parent do not count.
 */
function leftOf(folder: string): string[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter(
      (name) =>
        read(`/proc/${name}/cmdline`).includes(folder) ||
        read(`/proc/${name}/mountinfo`)
          .split('\n')
          .some((line) => line.includes(' / / ') && line.includes(folder)),
    )
    .map((name) => read(`/proc/${name}/cmdline`).replaceAll('\0', ' '));
  const mounts = read('/proc/mounts')
    .split('\n')
    .filter((line) => line.includes(folder));
  return [...processes, ...mounts, ...(existsSync(folder) ? [folder] : [])];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The bridge that an engine's dockerd was started with: its index, since another engine may take the name later. */
function bridgeOf(folder: string): string {
  for (const name of readdirSync('/proc')) {
    const words = /^\d+$/.test(name) ? read(`/proc/${name}/cmdline`).split('\0') : [];
    if (words[0] === 'dockerd' && words.includes(`${folder}/daemon.json`)) {
      return indexOf(words[words.indexOf('--bridge') + 1] ?? '');
    }
  }
  return '';
}

function indexOf(link: string): string {
  return read(`/sys/class/net/${link}/ifindex`).trim();
}

/** Indexes of the network interfaces of this machine. */
function links(): string[] {
  return readdirSync('/sys/class/net').map(indexOf);
}

describe('the engine and the base images', { skip }, () => {
  let engine: Engine;
  let base: string;
  before(async () => {
    engine = await startEngine();
    base = await loadBase(engine);
  });
  after(() => engine.stop());

  test('a container of the base runs Node as 65532, limited and read-only', async () => {
    const limits = ['--memory', '128m', '--memory-swap', '128m', '--cpus', '0.5', '--read-only'];
    const script = `
      const fs = require('fs');
      const first = (...paths) => paths.filter((path) => fs.existsSync(path)).map((path) => fs.readFileSync(path, 'utf8').trim())[0];
      const refusal = (path) => { try { fs.writeFileSync(path, ''); } catch (error) { return error.code; } };
      console.log(JSON.stringify({
        node: process.version.split('.')[0],
        user: [process.getuid(), process.getgid()],
        folder: process.cwd(),
        memory: first('/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max'),
        cpu: first('/sys/fs/cgroup/cpu/cpu.cfs_quota_us', '/sys/fs/cgroup/cpu.max').split(' ')[0],
        written: refusal('/tmp/file'),
        certificates: fs.readFileSync(process.env.SSL_CERT_FILE, 'utf8').split('BEGIN CERTIFICATE').length > 100,
        zone: new Date(0).toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin' }),
        home: fs.statSync('/home/nonroot').uid,
        tmp: (fs.statSync('/tmp').mode & 0o7777).toString(8),
      }));`;
    const outcome = await engine.docker(['run', '--rm', ...limits, base, '-e', script]);
    assert.equal(outcome.stderr, '');
    assert.deepEqual(JSON.parse(outcome.stdout), {
      node: 'v24',
      user: [65532, 65532],
      folder: '/home/nonroot',
      memory: String(128 * 1024 * 1024),
      cpu: '50000',
      written: 'EROFS',
      certificates: true,
      zone: '01:00:00',
      home: 65532,
      tmp: '1777',
    });
  });

  test('there is no shell in the base', async () => {
    const outcome = await engine.docker(['run', '--rm', '--entrypoint', '/bin/sh', base, '-c', 'true']);
    assert.equal(outcome.code, 127);
    assert.match(outcome.stderr, /no such file or directory/);
  });

  test('a port published on 127.0.0.1 answers here', async () => {
    assert.equal(await ask(await serve(engine, base, 'published')), 'published');
  });

  test('a classic docker build finds the base without a network', async () => {
    const built = await engine.docker(['build', '--tag', 'built:v1', '-'], {
      input: `FROM ${base}\nLABEL made=here\n`,
      env: { DOCKER_BUILDKIT: '0' },
    });
    assert.equal(built.code, 0, built.stderr);
    const label = await engine.docker([
      'inspect',
      '--format',
      '{{.Config.Labels.made}} {{.Config.User}}',
      'built:v1',
    ]);
    assert.equal(label.stdout, 'here 65532\n');
  });

  test('the bad bases are bad', async () => {
    const none = await loadBase(engine, 'no-node');
    const without = await engine.docker(['run', '--rm', none, '/nodejs/bin/node', '--version']);
    assert.equal(without.code, 127);
    const old = await loadBase(engine, 'old-node');
    const outcome = await engine.docker(['run', '--rm', old, '--version']);
    assert.match(outcome.stdout, /^v20\./);
  });

  test('the base is an index of two platforms, each with its own Node', async () => {
    const { layout } = await testBase();
    const blob = (digest: string) => readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
    const json = (digest: string) => JSON.parse(blob(digest).toString());
    const named = (JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as OciIndex).manifests;
    const index = named.find(
      (entry) => entry.annotations?.['org.opencontainers.image.ref.name'] === 'nonroot',
    );
    const platforms = (json(index!.digest) as OciIndex).manifests.map((entry) => {
      const manifest = json(entry.digest) as { config: { digest: string }; layers: { digest: string }[] };
      const node = gunzipSync(blob(manifest.layers.at(-1)!.digest));
      // ELF's e_machine: 62 is x86-64, 183 is AArch64.
      const machine = node.readUInt16LE(node.indexOf('\x7fELF') + 18);
      return [
        entry.platform?.architecture,
        json(manifest.config.digest).architecture,
        machine,
        manifest.layers.length,
      ];
    });
    assert.deepEqual(platforms, [
      ['amd64', 'amd64', 62, 4],
      ['arm64', 'arm64', 183, 4],
    ]);
  });

  test('an engine that cannot start says why and leaves nothing', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'loadline-long-'));
    // Longer than a socket's path may be.
    const long = join(temporary, 'x'.repeat(100));
    mkdirSync(long);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = long;
    try {
      await assert.rejects(startEngine(), /did not start: [\s\S]*(too long|invalid argument)/);
      assert.deepEqual(readdirSync(long), []);
    } finally {
      if (TMPDIR === undefined) {
        delete process.env.TMPDIR;
      } else {
        process.env.TMPDIR = TMPDIR;
      }
      rmSync(temporary, { recursive: true });
    }
  });

  test('two engines at once do not see each other, and what is left of one is nothing', async () => {
    const [one, other] = await Promise.all([startEngine(), startEngine()]);
    const folders = [one, other].map((each) => dirname(each.socket));
    const bridges = folders.map(bridgeOf);
    try {
      assert.equal(new Set(bridges).size, 2);
      assert.ok(bridges.every((index) => links().includes(index)));
      const [first, second] = await Promise.all([one, other].map((each) => loadBase(each)));
      const [url, otherUrl] = await Promise.all([serve(one, first!, 'one'), serve(other, second!, 'other')]);
      assert.deepEqual(await Promise.all([ask(url), ask(otherUrl)]), ['one', 'other']);
      const made = await one.docker(['network', 'create', 'own']);
      assert.equal(made.code, 0, made.stderr);
      const network = indexOf(`br-${made.stdout.slice(0, 12)}`);
      assert.ok(links().includes(network));
      assert.ok(leftOf(folders[0]!).some((command) => command.includes('/nodejs/bin/node')));
      const running = await other.docker(['ps', '--quiet']);
      assert.equal(running.stdout.trim().split('\n').length, 1);

      await one.stop();
      assert.deepEqual(leftOf(folders[0]!), []);
      assert.ok(!links().includes(network) && !links().includes(bridges[0]!));
      assert.equal(await ask(otherUrl), 'other');
    } finally {
      await Promise.all([one.stop(), other.stop()]);
    }
    assert.deepEqual(leftOf(folders[1]!), []);
    assert.ok(!links().includes(bridges[1]!));
  });

  test('an engine ends with the process that started it, even when that is killed', async () => {
    const script = `
      import { startEngine } from ${JSON.stringify(new URL('./engine.ts', import.meta.url).href)};
      import { loadBase } from ${JSON.stringify(new URL('./base.ts', import.meta.url).href)};
      const engine = await startEngine();
      const image = await loadBase(engine);
      await engine.docker(['run', '--detach', image, '-e', 'setInterval(() => {}, 1000)']);
      console.log(engine.socket);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    const folder = dirname(said.toString().trim());
    const bridge = bridgeOf(folder);
    assert.ok(leftOf(folder).length > 3 && links().includes(bridge));
    child.kill('SIGKILL');
    const until = Date.now() + PATIENCE_MS;
    while ((leftOf(folder).length > 0 || links().includes(bridge)) && Date.now() < until) {
      await sleep(100);
    }
    assert.deepEqual(leftOf(folder), []);
    assert.ok(!links().includes(bridge));
  });
});
