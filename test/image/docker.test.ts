/** Loadline's use of the docker command line against a real engine, failures included. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLoadlineError, type LoadlineError } from '../../src/errors.ts';
import {
  buildWithDocker,
  findDocker,
  inspectDockerImage,
  loadArchive,
  pushWithDocker,
  removeTag,
} from '../../src/image/engines/docker.ts';
import { type ExampleChoices, examplePlan, HOUSES } from '../../src/image/fixtures/plan.ts';
import type { ImagePlan } from '../../src/image/plan.ts';
import type { ProgressEvent } from '../../src/image/progress.ts';
import { BASE_PROGRAMS, loadBase } from './base.ts';
import { dockerClis } from './docker-clis.ts';
import { type Engine, engineMissing, startEngine, toolsMissing } from './engine.ts';
import { registryMissing, startRegistry } from './registry.ts';

const skip = engineMissing() ?? toolsMissing(BASE_PROGRAMS) ?? registryMissing() ?? false;
const folder = mkdtempSync(join(tmpdir(), 'loadline-docker-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Env = Readonly<Record<string, string | undefined>>;

function options(env: Env, signal = new AbortController().signal) {
  return { env, signal, onProgress: () => {} };
}

/** What `work` fails with; that it does not is the failure. */
async function failureOf(work: Promise<unknown>): Promise<LoadlineError> {
  try {
    await work;
  } catch (error) {
    assert.ok(isLoadlineError(error), String(error));
    return error;
  }
  return assert.fail('it did not fail');
}

describe('finding an engine', () => {
  test('no docker in PATH', async () => {
    const empty = mkdtempSync(join(folder, 'path-'));
    const failure = await failureOf(findDocker(options({ PATH: empty })));
    assert.equal(failure.code, 'LL6009');
    assert.equal(failure.message, 'Cannot run docker: it is not in PATH');
    assert.match(failure.fix, /--engine none/);
  });

  test('a docker that cannot be run', async () => {
    const bin = mkdtempSync(join(folder, 'path-'));
    writeFileSync(join(bin, 'docker'), '#!/no/such/shell\n', { mode: 0o755 });
    const failure = await failureOf(findDocker(options({ PATH: bin })));
    assert.equal(failure.code, 'LL6009');
  });

  test('an engine that is not running', { skip }, async () => {
    const env = { ...process.env, DOCKER_HOST: `unix://${folder}/none.sock` };
    const failure = await failureOf(findDocker(options(env)));
    assert.equal(failure.code, 'LL6009');
    assert.match(failure.message, /Cannot connect to the Docker daemon/);
    assert.match(failure.fix, /Start Docker/);
  });

  test('an engine whose API is too old (a stand-in for Docker 1.13)', { skip }, async (t) => {
    const socket = join(folder, 'old.sock');
    const version = {
      Version: '1.13.1',
      ApiVersion: '1.26',
      MinAPIVersion: '1.12',
      Os: 'linux',
      Arch: 'amd64',
    };
    const server = createServer((request, response) => {
      response.setHeader('Api-Version', version.ApiVersion);
      response.end(request.url?.endsWith('/version') ? JSON.stringify(version) : 'OK');
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    t.after(() => server.close());
    const failure = await failureOf(findDocker(options({ ...process.env, DOCKER_HOST: `unix://${socket}` })));
    assert.equal(failure.code, 'LL6009');
    assert.match(failure.message, /expected API 1\.41 .*found API 1\.26 \(Docker 1\.13\.1\)/);
  });

  test('an engine that does not answer', { skip }, async (t) => {
    const socket = join(folder, 'silent.sock');
    const server = createSocketServer(() => {});
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    t.after(() => server.close());
    const failure = await failureOf(findDocker(options({ ...process.env, DOCKER_HOST: `unix://${socket}` })));
    assert.equal(failure.code, 'LL6009');
    assert.match(failure.message, /no answer in 10 s/);
  });
});

describe('with an engine', { skip }, () => {
  let engine: Engine;
  let env: Env;

  before(async () => {
    engine = await startEngine();
    env = { ...process.env, ...engine.env };
    await loadBase(engine);
  });
  after(() => engine?.stop());

  async function docker(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await engine.docker(args);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  /** Names, images without a name, and containers of the engine. */
  async function contents() {
    return {
      names: (await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}')).split('\n').toSorted(),
      dangling: await docker('image', 'ls', '--quiet', '--filter', 'dangling=true'),
      containers: await docker('ps', '--all', '--quiet'),
    };
  }

  /** The engine goes on for a moment after a command line has ended: what it leaves must be gone by itself. */
  async function assertUnchanged(expected: Awaited<ReturnType<typeof contents>>): Promise<void> {
    assert.deepEqual(await contents(), expected);
    await sleep(1000);
    assert.deepEqual(await contents(), expected);
  }

  function build(plan: ImagePlan, signal?: AbortSignal) {
    return buildWithDocker(plan, options(env, signal));
  }

  async function buildFailure(choices: ExampleChoices): Promise<LoadlineError> {
    const before = await contents();
    const failure = await failureOf(build(await examplePlan(choices)));
    await assertUnchanged(before);
    return failure;
  }

  test('is found', async () => {
    assert.deepEqual(await findDocker(options(env)), {
      version: await docker('version', '--format', '{{.Server.Version}}'),
      apiVersion: await docker('version', '--format', '{{.Server.APIVersion}}'),
    });
  });

  test('but one may not ask it', async () => {
    // The real docker, run as a user who is not in its group.
    const bin = mkdtempSync(join(folder, 'path-'));
    const real = `export PATH='${process.env.PATH}'\nexec setpriv --reuid=65534 --clear-groups docker "$@"\n`;
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\n${real}`, { mode: 0o755 });
    const failure = await failureOf(
      findDocker(options({ ...env, PATH: `${bin}${delimiter}${process.env.PATH}` })),
    );
    assert.equal(failure.code, 'LL6009');
    assert.match(failure.message, /permission denied while trying to connect/);
    assert.match(failure.fix, /group docker/);
  });

  for (const { name, env: cli } of skip === false ? dockerClis(folder) : []) {
    test(`builds with ${name}`, async () => {
      const tag = `built-${name.replaceAll(/[^a-z0-9.]+/gi, '-').toLowerCase()}:v1`;
      const plan = await examplePlan({ tag });
      const labels = {
        quote: `a "b" 'c'`,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Docker's variables
        dollar: '$HOME ${PATH} $$',
        slash: 'a\\b\\\\ \\n \\',
        text: 'é ☃ # \t=\r.',
      };
      const odd: ImagePlan = {
        ...plan,
        config: {
          ...plan.config,
          labels,
          env: { ...plan.config.env, ODD: labels.quote, ODD2: labels.dollar, ODD3: labels.slash },
        },
      };
      const events: ProgressEvent[] = [];
      const { id, node } = await buildWithDocker(odd, {
        ...options({ ...env, ...cli }),
        onProgress: (event) => events.push(event),
      });
      assert.equal(id, await docker('image', 'inspect', '--format', '{{.Id}}', tag));
      const base = plan.base;
      const nodeOfBase = ['run', '--rm', `${base.registry}/${base.repository}:${base.tag}`, '--version'];
      assert.equal(`v${node}`, await docker(...nodeOfBase));
      const config = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config}}', tag)) as {
        Labels: Record<string, string>;
        Env: string[];
      };
      assert.deepEqual(config.Labels, labels);
      for (const [key, value] of Object.entries(odd.config.env)) {
        assert.ok(config.Env.includes(`${key}=${value}`), `${key} in ${config.Env}`);
      }
      const copied = events.filter(({ item }) => /COPY loadline\/model/.test(item));
      assert.deepEqual(
        copied.map(({ phase, state }) => [phase, state]),
        [
          ['engine', 'start'],
          ['engine', 'done'],
        ],
      );
      const { dangling, containers } = await contents();
      assert.deepEqual([dangling, containers], ['', '']);
    });
  }

  test('a base without Node.js', async () => {
    const base = await loadBase(engine, 'no-node');
    const failure = await buildFailure({ tag: 'no-node:v1', base });
    assert.equal(failure.code, 'LL6008');
    assert.match(failure.message, /bases\.test\/bases\/no-node:v1 has no Node\.js/);
    assert.match(failure.message, /executable file not found/);
  });

  test('a base whose Node.js is too old', async () => {
    const base = await loadBase(engine, 'old-node');
    const failure = await buildFailure({ tag: 'old-node:v1', base });
    assert.equal(failure.code, 'LL6008');
    assert.match(failure.message, /expected 22\.18 or newer, found 20\.\d+\.\d+$/);
  });

  test('a base for another processor', async () => {
    const before = await contents();
    const plan = await examplePlan({ tag: 'foreign:v1' });
    const failure = await failureOf(build({ ...plan, platforms: [{ os: 'linux', architecture: 'arm64' }] }));
    assert.equal(failure.code, 'LL6015');
    await assertUnchanged(before);
  });

  test('a base that its registry does not have', async (t) => {
    const { host } = await startRegistry({}, t);
    const failure = await buildFailure({ base: `${host}/team/base:v1` });
    assert.equal(failure.code, 'LL6002');
    assert.equal(failure.detail.where, `${host}/team/base:v1`);
  });

  test('a base whose registry is down', async () => {
    const registry = await startRegistry();
    await registry.stop();
    const failure = await buildFailure({ base: `${registry.host}/team/base:v1` });
    assert.equal(failure.code, 'LL6003');
    assert.match(failure.message, /connection refused/);
  });

  test('a base whose registry wants an account', async (t) => {
    const { host } = await startRegistry({ htpasswd: { user: 'ada', password: 'secret' } }, t);
    const failure = await buildFailure({ base: `${host}/team/base:v1` });
    assert.equal(failure.code, 'LL6004');
  });

  test('a model that is gone', async () => {
    const before = await contents();
    const plan = await examplePlan({ tag: 'gone:v1' });
    const [server, model] = plan.layers;
    const files = [{ ...model!.files[0]!, source: { file: join(folder, 'gone.pkl') } }];
    const failure = await failureOf(build({ ...plan, layers: [server!, { name: 'model', files }] }));
    assert.equal(failure.code, 'LL1006');
    assert.match(failure.message, /gone\.pkl/);
    await assertUnchanged(before);
  });

  test('an interruption at any step leaves the old image under its name, and nothing else', async () => {
    const tag = 'interrupted:v1';
    const { id: old } = await build(await examplePlan({ tag }));
    const before = await contents();
    const moments = [
      ['start', 'FROM'],
      ['start', 'COPY loadline/server'],
      ['start', 'ENV'],
      ['start', 'COPY loadline/model'],
      ['start', 'LABEL'],
      // From here on the image is there, and its Node.js is looked at.
      ['done', 'LABEL'],
    ] as const;
    for (const [i, [moment, step]] of moments.entries()) {
      const abort = new AbortController();
      // Other times in the files: none of it comes from the builder's cache.
      const plan = await examplePlan({ tag, createdSec: i + 1 });
      const failure = await failureOf(
        buildWithDocker(plan, {
          ...options(env, abort.signal),
          onProgress: ({ item, state }) => {
            if (state === moment && item.includes(` ${step}`)) {
              abort.abort();
            }
          },
        }),
      );
      assert.ok(abort.signal.aborted, `there was no step ${step}`);
      assert.equal(failure.code, 'LL6017', step);
      await assertUnchanged(before);
    }
    assert.equal((await inspectDockerImage(tag, options(env)))?.id, old);
  });

  test('an interruption before anything began', async () => {
    const before = await contents();
    assert.equal((await failureOf(build(await examplePlan(), AbortSignal.abort()))).code, 'LL6017');
    await assertUnchanged(before);
  });

  test('an image is looked up, and its name taken away', async () => {
    const tag = 'looked-up:v1';
    assert.equal(await inspectDockerImage(tag, options(env)), null);
    const { id } = await build(await examplePlan({ tag }));
    const image = await inspectDockerImage(tag, options(env));
    assert.equal(image?.id, id);
    assert.deepEqual(image?.names, [tag]);
    assert.deepEqual(image?.platform, { os: 'linux', architecture: 'amd64' });
    assert.equal(String(image?.sizeBytes), await docker('image', 'inspect', '--format', '{{.Size}}', tag));
    assert.equal(image?.config.User, '65532:65532');
    await removeTag(tag, options(env));
    assert.equal(await inspectDockerImage(tag, options(env)), null);
    await removeTag(tag, options(env));
  });

  test('an image is pushed, and the digest is the registry’s', async (t) => {
    const { host, url } = await startRegistry({}, t);
    const tag = `${host}/team/ml-model:v1`;
    await build(await examplePlan({ tag }));
    const events: ProgressEvent[] = [];
    const digest = await pushWithDocker(tag, {
      ...options(env),
      onProgress: (event) => events.push(event),
    });
    const accept = 'application/vnd.docker.distribution.manifest.v2+json';
    const answer = await fetch(`${url}/v2/team/ml-model/manifests/v1`, { headers: { accept } });
    assert.equal(digest, answer.headers.get('docker-content-digest'));
    const { layers } = (await answer.json()) as { layers: unknown[] };
    assert.equal(
      events.filter(({ phase, state }) => phase === 'push' && state === 'done').length,
      layers.length,
    );
    await removeTag(tag, options(env));
  });

  test('a push that a registry refuses', async (t) => {
    const registry = await startRegistry({ htpasswd: { user: 'ada', password: 'secret' } }, t);
    const tag = `${registry.host}/team/ml-model:v1`;
    await build(await examplePlan({ tag }));
    assert.equal((await failureOf(pushWithDocker(tag, options(env)))).code, 'LL6004');
    await registry.stop();
    assert.equal((await failureOf(pushWithDocker(tag, options(env)))).code, 'LL6003');
    await removeTag(tag, options(env));
  });

  test('a push of a name that is not there', async () => {
    const failure = await failureOf(pushWithDocker('127.0.0.1:1/nothing:v1', options(env)));
    assert.equal(failure.code, 'LL6002');
  });

  test('an archive is loaded, and something else is not', async () => {
    const tag = 'archived:v1';
    const { id } = await build(await examplePlan({ tag }));
    const file = join(folder, 'archived.tar');
    await docker('save', '--output', file, tag);
    chmodSync(file, 0o644);
    await removeTag(tag, options(env));
    assert.deepEqual(await loadArchive(file, options(env)), [tag]);
    assert.equal((await inspectDockerImage(tag, options(env)))?.id, id);
    const failure = await failureOf(loadArchive(HOUSES, options(env)));
    assert.equal(failure.code, 'LL6010');
    assert.ok(failure.message.includes(`Cannot load ${HOUSES} into docker: `));
  });
});
