/** `loadline test` as a person runs it: real images in a real engine, without one, and servers at a URL. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { corpusModel, house, startServer } from '../serve/harness.ts';
import { BASE_PROGRAMS, loadBase, pushBase } from './base.ts';
import { type Engine, engineMissing, type Outcome, startEngine, toolsMissing } from './engine.ts';
import { registryMissing, startRegistry, type TestRegistry } from './registry.ts';
import { HOUSES, openWorkplace, until, type Workplace } from './workplace.ts';

const skip = engineMissing() ?? registryMissing() ?? toolsMissing(BASE_PROGRAMS) ?? false;
/** A model that answers other numbers to the same columns' places. */
const OTHER = corpusModel('linear/ridge');
const CHECKS = [
  'ready',
  'answers',
  'refusals',
  'probes',
  'healthcheck',
  'metrics',
  'limits',
  'confined',
  'drain',
  'size',
];

let engine: Engine;
let registry: TestRegistry;
/** One account for all: it has the images, built once. */
let place: Workplace;
const ends: (() => unknown)[] = [];

before(async () => {
  if (skip !== false) {
    return;
  }
  const t = { after: (end: () => unknown) => ends.push(end) };
  engine = await startEngine();
  ends.push(engine.stop);
  registry = await startRegistry({}, t);
  await pushBase(registry.host, { tags: ['nonroot'] });
  await loadBase(engine);
  place = openWorkplace(t, { ...engine.env, LOADLINE_REGISTRY_MIRRORS: `gcr.io=${registry.url}` });
  const builds = [
    ['houses:docker', '--engine', 'docker'],
    ['houses:store', '--engine', 'none', '--output', 'layout'],
    ['houses:both', '--engine', 'none', '--platform', 'linux/amd64,linux/arm64'],
  ];
  for (const [name = '', ...more] of builds) {
    const { code, stderr } = await place.loadline(['build', HOUSES, '-t', name, ...more]);
    assert.equal(code, 0, stderr);
  }
  // Draining is not what most tests are about.
  await derive('houses:quick', 'FROM houses:docker\nENV LOADLINE_DRAIN=1s\n');
});

after(async () => {
  for (const end of ends.reverse()) {
    await end();
  }
});

interface Report {
  readonly apiVersion: string;
  readonly kind: string;
  readonly image: string;
  readonly target: string;
  readonly platform: string | null;
  readonly digests: readonly string[];
  readonly passed: boolean;
  readonly limits: { readonly memoryBytes: number; readonly cpus: number } | null;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean | null;
    readonly detail: string;
    readonly values?: Readonly<Record<string, number>>;
  }[];
  readonly unchecked: readonly string[];
  readonly log: string | null;
}

/** Runs the test with `--json`; the report is null where there is none. */
async function report(
  args: readonly string[],
  options: Parameters<Workplace['loadline']>[1] = {},
): Promise<Outcome & { report: Report | null }> {
  const outcome = await place.loadline(['test', ...args, '--json'], options);
  return { ...outcome, report: outcome.stdout === '' ? null : (JSON.parse(outcome.stdout) as Report) };
}

function find(given: Report | null, name: string): Report['checks'][number] {
  const found = given?.checks.find((check) => check.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

function namesOf(given: Report | null, ok: boolean | null): string[] {
  return (given?.checks ?? []).filter((check) => check.ok === ok).map(({ name }) => name);
}

function passFiles(): string[] {
  const folder = join(place.state, 'loadline/tests');
  return existsSync(folder) ? readdirSync(folder) : [];
}

function forgetPasses(): void {
  rmSync(join(place.state, 'loadline/tests'), { recursive: true, force: true });
}

/** Containers and images that the engine has. */
async function held(): Promise<{ containers: string[]; images: string[] }> {
  const lines = async (args: string[]): Promise<string[]> =>
    (await engine.docker(args)).stdout
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  return {
    containers: await lines(['ps', '--all', '--format', '{{.Names}}']),
    images: await lines(['images', '--format', '{{.Repository}}:{{.Tag}}']),
  };
}

/** An image of the engine made from another one's by a Dockerfile. */
async function derive(
  name: string,
  dockerfile: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = mkdtempSync(join(place.spare, 'derived-'));
  for (const [file, text] of Object.entries({ Dockerfile: dockerfile, ...files })) {
    writeFileSync(join(folder, file), text);
  }
  const { code, stderr } = await engine.docker(['build', '--quiet', '--tag', name, folder]);
  assert.equal(code, 0, stderr);
}

describe('with an engine', { skip }, () => {
  test('an image of docker passes every check, is recorded by its id, and leaves nothing behind', async () => {
    forgetPasses();
    const before = await held();
    const { code, stderr, report: found } = await report(['houses:docker']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(namesOf(found, true), CHECKS, JSON.stringify(found));
    const { stdout } = await engine.docker(['image', 'inspect', '--format', '{{.Id}}', 'houses:docker']);
    assert.deepEqual(found?.digests, [stdout.trim()]);
    assert.deepEqual(passFiles(), [`${stdout.trim().replace(':', '-')}.json`]);
    assert.deepEqual(
      { ...found, checks: null, digests: null, when: null },
      {
        apiVersion: 'loadline/v1',
        kind: 'Test',
        image: 'houses:docker',
        target: 'docker',
        platform: `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
        passed: true,
        limits: { memoryBytes: 256 * 2 ** 20, cpus: 1 },
        unchecked: [],
        log: null,
        checks: null,
        digests: null,
        when: null,
      },
    );
    const { values: limits = {} } = find(found, 'limits');
    assert.ok(limits.memoryBytes! > 10 * 2 ** 20 && limits.memoryBytes! < limits.limitBytes!, String(limits));
    const { values: drain = {} } = find(found, 'drain');
    assert.ok(drain.requests! > 100 && drain.lost === 0, JSON.stringify(drain));
    assert.ok(find(found, 'ready').values!.readyMs! > 0);
    assert.deepEqual(await held(), before);
    assert.deepEqual(place.leftovers(), []);
  });

  test('the table is for people: a line per check on stdout, progress on stderr', async () => {
    const { code, stdout, stderr } = await place.loadline([
      'test',
      'houses:docker',
      '--memory',
      '300Mi',
      '--cpus',
      '0.5',
    ]);
    assert.equal(code, 0, stderr);
    const lines = stdout.split('\n');
    assert.match(lines[0]!, /^houses:docker {3}in a container · linux\/\w+ · 300\.0 MiB, 0\.5 CPU$/);
    for (const [i, name] of CHECKS.entries()) {
      assert.match(lines[i + 1]!, new RegExp(`^ {2}✓ {2}${name} +\\S`));
    }
    assert.match(stdout, /✓ 10 checks passed · recorded for sha256:[0-9a-f]{12}\n$/);
    assert.match(stderr, /^ {2}testing …\n {2}testing: starts and is ready {2}\d+\.\d\d s after its start\n/);
  });

  test('an image of the store is loaded into docker under a name that goes with the test', async () => {
    forgetPasses();
    const before = await held();
    const { code, stderr, report: found } = await report(['houses:store']);
    assert.equal(code, 0, stderr);
    assert.equal(found?.target, 'docker');
    assert.deepEqual(namesOf(found, true), CHECKS, JSON.stringify(found));
    assert.deepEqual(await held(), before);
    assert.deepEqual(place.leftovers(), []);
    const manifest = place.tags()['docker.io/library/houses:store'];
    assert.ok(manifest !== undefined && found.digests.includes(manifest));
    assert.deepEqual(
      passFiles().sort(),
      found.digests.map((digest) => `${digest.replace(':', '-')}.json`).sort(),
    );
    const size = find(found, 'size').values!;
    assert.ok(
      size.ownCompressedBytes! < size.compressedBytes! && size.compressedBytes! < size.uncompressedBytes!,
    );
  });

  test("of several platforms this machine's is tested and the other named; the index is recorded", async () => {
    const { code, stderr, report: found } = await report(['houses:both']);
    assert.equal(code, 0, stderr);
    const [here, other] = process.arch === 'x64' ? ['amd64', 'arm64'] : ['arm64', 'amd64'];
    assert.equal(found?.platform, `linux/${here}`);
    assert.deepEqual(found.unchecked, [`linux/${other}: only linux/${here} was tested`]);
    assert.ok(found.digests.includes(place.tags()['docker.io/library/houses:both']!));
  });

  test('rows of a file are asked, those that the model refuses too', async () => {
    const rows = join(place.spare, 'rows.json');
    writeFileSync(rows, JSON.stringify([house().row, { ...house().row, rooms: 'four' }]));
    const { code, stderr, report: found } = await report(['houses:quick', '--input', rows]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(find(found, 'answers').values, { rows: 2, batchRows: 1, different: 0 });
  });

  test('answers of another model fail it: the first is told, nothing is recorded, exit 6', async () => {
    forgetPasses();
    const { code, stderr, report: found } = await report(['houses:quick', '--model', OTHER.path]);
    assert.equal(code, 6);
    assert.equal(find(found, 'answers').ok, false);
    assert.match(find(found, 'answers').detail, /^\d+ of \d+ answers differ: .* for \{"features"/);
    assert.equal((JSON.parse(stderr) as { error: { code: string } }).error.code, 'LL6012');
    assert.equal(found?.passed, false);
    assert.deepEqual(passFiles(), []);
  });

  test('a limit that is too low: killed for memory, with the number', async () => {
    const before = await held();
    const { code, report: found } = await report(['houses:docker', '--memory', '16Mi']);
    assert.equal(code, 6);
    assert.equal(
      find(found, 'ready').detail,
      'ended before it was ready: the server was killed: it took more memory than its limit of 16.0 MiB',
    );
    assert.deepEqual(namesOf(found, false), ['ready']);
    assert.deepEqual(await held(), before);
  });

  test('a server that crashes at its start: exit code and log are shown', async () => {
    await derive('houses:crash', 'FROM houses:docker\nENV LOADLINE_WORKERS=many\n');
    const { code, stdout } = await place.loadline(['test', 'houses:crash']);
    assert.equal(code, 6);
    assert.match(stdout, /✗ {2}ready .*ended before it was ready: the server ended with exit code 2\n/);
    assert.match(
      stdout,
      /last lines of its log\n.*LL1001.*--workers wants a whole number from 1 to 512, found "many"/s,
    );
  });

  test('a server that is never ready: the time is over, its log is shown', async () => {
    await derive(
      'houses:hung',
      'FROM houses:docker\nCOPY hung.js /opt/hung.js\nENTRYPOINT ["node", "/opt/hung.js"]\n',
      { 'hung.js': "console.log('waiting for a licence server'); setInterval(() => {}, 1000);\n" },
    );
    const before = await held();
    const { code, stdout } = await place.loadline(['test', 'houses:hung', '--timeout', '2s']);
    assert.equal(code, 6);
    assert.match(stdout, /✗ {2}ready .*not ready within 2\.00 s: GET \/readyz: /);
    assert.match(stdout, /last lines of its log\n {4}waiting for a licence server\n/);
    assert.match(stdout, /- {2}answers +not checked +not asked: the server was never ready\n/);
    assert.deepEqual(await held(), before);
  });

  test("an entry point that is not there is docker's to tell", async () => {
    await derive('houses:nothing', 'FROM houses:docker\nENTRYPOINT ["/no/such/program"]\n');
    const { code, report: found } = await report(['houses:nothing']);
    assert.equal(code, 6);
    assert.match(find(found, 'ready').detail, /\/no\/such\/program.*no such file or directory/s);
  });

  test('root, and a user by name, are refused; a health check that fails too', async () => {
    await derive(
      'houses:root',
      'FROM houses:quick\nUSER root\nHEALTHCHECK CMD ["node", "-e", "process.exit(3)"]\n',
    );
    const { code, report: found } = await report(['houses:root']);
    assert.equal(code, 6);
    assert.deepEqual(namesOf(found, false), ['healthcheck', 'confined']);
    assert.match(find(found, 'healthcheck').detail, /^exit code 3/);
  });

  test('an entry point that keeps SIGTERM from the server', async () => {
    const wrapper = [
      "process.on('SIGTERM', () => {});",
      "require('child_process').spawn('node', ['/opt/loadline/server.js'], { stdio: 'inherit' });",
    ].join('\n');
    await derive(
      'houses:wrapped',
      'FROM houses:quick\nCOPY wrapper.js /opt/wrapper.js\nENTRYPOINT ["node", "/opt/wrapper.js"]\n',
      { 'wrapper.js': wrapper },
    );
    const { code, report: found } = await report(['houses:wrapped']);
    assert.equal(code, 6);
    assert.deepEqual(namesOf(found, false), ['drain']);
    assert.match(find(found, 'drain').detail, /^SIGTERM did not reach it: still ready after 10\.0 s/);
  });

  test('a size above the one that was allowed fails it', async () => {
    const { code, report: found } = await report(['houses:quick', '--max-size', '20Mi']);
    assert.equal(code, 6);
    assert.deepEqual(namesOf(found, false), ['size']);
    assert.match(find(found, 'size').detail, /expected at most 20\.0 MiB$/);
  });

  test('an image that Loadline did not make is not one to test', async () => {
    await derive('nginx:v1', 'FROM scratch\nCOPY hello /hello\nCMD ["/hello"]\n', { hello: 'hi' });
    const before = await held();
    const { code, stderr } = await place.loadline(['test', 'nginx:v1']);
    assert.equal(code, 3);
    assert.match(stderr, /LL6014.*Cannot test nginx:v1: it has no \/model\/model\.pkl/s);
    assert.deepEqual(await held(), before);
  });

  for (const [name, ms] of [
    ['while the image is loaded', 700],
    ['while it is asked', 4000],
  ] as const) {
    test(`Ctrl-C ${name} leaves no container, name or file`, async () => {
      const before = await held();
      const run = place.start(['test', 'houses:store']);
      await sleep(ms);
      run.child.kill('SIGINT');
      const { code, stderr } = await run.ended;
      assert.equal(code, 130, stderr);
      assert.match(stderr, /LL6017/);
      assert.deepEqual(await held(), before);
      assert.deepEqual(place.leftovers(), []);
    });
  }

  test('docker is wanted and is not there', async () => {
    const { code, stderr } = await place.loadline(['test', 'houses:store', '--engine', 'docker'], {
      env: { DOCKER_HOST: 'unix:///nowhere.sock' },
    });
    assert.equal(code, 8);
    assert.match(stderr, /LL6009/);
  });
});

describe('without an engine', { skip }, () => {
  const env = { DOCKER_HOST: 'unix:///nowhere.sock' };
  const left = ['limits', 'confined'];

  test("the image's layers run on this machine; what cannot be checked then is named", async () => {
    forgetPasses();
    const { code, stdout, stderr } = await place.loadline(['test', 'houses:store'], { env });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^houses:store {3}on this machine, without a container · linux\/\w+\n/);
    for (const name of CHECKS) {
      assert.match(
        stdout,
        new RegExp(left.includes(name) ? `- {2}${name} +not checked` : `✓ {2}${name} `),
        name,
      );
    }
    assert.match(
      stdout,
      /base: no engine: Node\.js \d+\.\d+\.\d+ of this machine ran the server, not the base's\n/,
    );
    assert.match(stderr, /no container engine: the image's server runs on this machine\n/);
    assert.deepEqual(place.leftovers(), []);
    const digest = place.tags()['docker.io/library/houses:store']!;
    assert.ok(passFiles().includes(`${digest.replace(':', '-')}.json`));
  });

  test('a layout folder, and an archive', async () => {
    const archive = join(place.spare, 'houses.tar');
    const built = await place.loadline([
      'build',
      HOUSES,
      '-t',
      'houses:store',
      '--engine',
      'none',
      '--output',
      archive,
    ]);
    assert.equal(built.code, 0, built.stderr);
    for (const path of ['layout', archive]) {
      const { code, stderr, report: found } = await report([path, '--engine', 'none']);
      assert.equal(code, 0, stderr);
      assert.equal(found?.image, path);
      assert.deepEqual(namesOf(found, null), left);
      assert.deepEqual(namesOf(found, false), []);
    }
    assert.deepEqual(place.leftovers(), []);
  });

  test('Ctrl-C ends the server and leaves no file', async () => {
    const run = place.start(['test', 'layout', '--engine', 'none']);
    await until('the drain', () => run.stderr().includes('counts what it is asked'));
    run.child.kill('SIGINT');
    const { code } = await run.ended;
    assert.equal(code, 130);
    assert.deepEqual(place.leftovers(), []);
  });

  test('nothing of the name: where was looked is told', async () => {
    const { code, stderr } = await place.loadline(['test', 'nowhere:v1', '--engine', 'none']);
    assert.equal(code, 4);
    assert.match(
      stderr,
      new RegExp(`There is no image nowhere:v1: looked in the images in ${place.store}\\n`),
    );
    const both = await place.loadline(['test', 'nowhere:v1']);
    assert.match(both.stderr, /looked in the images in \S+ and the docker engine\n/);
  });

  test('a path that is no image', async () => {
    mkdirSync(join(place.work, 'empty'), { recursive: true });
    for (const [path, code, said] of [
      ['empty', 3, /LL6014.*without the files oci-layout/s],
      ['./missing', 4, /LL1006/],
      [HOUSES, 3, /LL6014.*is a pickle, expected a tar archive/s],
    ] as const) {
      const outcome = await place.loadline(['test', path]);
      assert.equal(outcome.code, code, outcome.stderr);
      assert.match(outcome.stderr, said);
    }
  });

  test('options that are wrong are refused before anything starts', async () => {
    for (const args of [
      ['--cpus', 'many'],
      ['--cpus', '0'],
      ['--memory', 'much'],
      ['--timeout', 'soon'],
      ['--max-size', 'big'],
    ]) {
      const { code, stderr } = await place.loadline(['test', 'houses:store', ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, new RegExp(`LL1001.*${args[0]}`, 's'));
    }
  });
});

describe('a server at a URL', { skip }, () => {
  const serve = async (t: TestContext, env: Record<string, string> = {}): Promise<string> => {
    const server = await startServer(HOUSES, [], env);
    t.after(server.close);
    return server.url;
  };

  test('is asked and compared with the model that is named; it goes on running', async (t) => {
    const url = await serve(t);
    const { code, stderr, report: found } = await report([url, '--model', HOUSES]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(namesOf(found, true), ['ready', 'answers', 'refusals', 'probes', 'metrics']);
    assert.deepEqual(namesOf(found, null), ['healthcheck', 'limits', 'confined', 'drain', 'size']);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  });

  test('without a model the answers are not checked; nothing is recorded', async (t) => {
    forgetPasses();
    const { code, stderr, report: found } = await report([await serve(t)]);
    assert.equal(code, 0, stderr);
    assert.equal(find(found, 'answers').ok, null);
    assert.match(find(found, 'answers').detail, /name it with --model/);
    assert.deepEqual(passFiles(), []);
  });

  test('another model is found out', async (t) => {
    const { code, report: found } = await report([await serve(t), '--model', OTHER.path]);
    assert.equal(code, 6);
    assert.equal(find(found, 'answers').ok, false);
  });

  test('one with keys is asked with the key of the environment', async (t) => {
    const url = await serve(t, { LOADLINE_API_KEYS: 'web:a-long-key-for-the-web' });
    const without = await report([url, '--model', HOUSES]);
    assert.equal(without.code, 6);
    assert.match(find(without.report, 'answers').detail, /401 LL2016/);
    const env = { LOADLINE_API_KEY: 'a-long-key-for-the-web' };
    const { code, stderr } = await report([url, '--model', HOUSES], { env });
    assert.equal(code, 0, stderr);
  });

  test('one that is down fails at once, with why', async () => {
    const { code, report: found } = await report(['http://127.0.0.1:1', '--timeout', '300ms']);
    assert.equal(code, 6);
    assert.match(find(found, 'ready').detail, /^not ready within 0\.30 s: GET \/readyz: .*ECONNREFUSED/);
  });
});
