/** The compose file in a real docker-compose on a real engine. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { buildWithDocker } from '../../src/image/engines/docker.ts';
import { renderCompose } from '../../src/image/render/compose.ts';
import { defaultResources } from '../../src/image/resources.ts';
import { ask, house, isClose, until } from '../serve/harness.ts';
import { BASE_PROGRAMS, loadBase } from './base.ts';
import { type Engine, engineMissing, startEngine, toolsMissing } from './engine.ts';
import { housesPlan } from './houses-plan.ts';

const skip = engineMissing() ?? toolsMissing([...BASE_PROGRAMS, 'docker-compose']) ?? false;
const MIB = 1024 * 1024;

interface Inspected {
  readonly HostConfig: {
    readonly Memory: number;
    readonly NanoCpus: number;
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[];
    readonly SecurityOpt: readonly string[];
    readonly RestartPolicy: { readonly Name: string };
    readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  };
  readonly Config: { readonly StopTimeout: number; readonly Env: readonly string[] };
  readonly State: { readonly Health: { readonly Status: string }; readonly ExitCode: number };
}

describe('compose.yaml', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-compose-'));
  let engine: Engine;
  let text: string;

  before(async () => {
    engine = await startEngine();
    await loadBase(engine);
    const options = { env: { ...process.env, ...engine.env }, signal: new AbortController().signal };
    const plan = await housesPlan('composed:v1');
    await buildWithDocker(plan, { ...options, onProgress: () => {} });
    text = renderCompose(plan, { image: 'composed:v1', ...defaultResources(plan.model.sizeBytes) });
    // A free port of loopback in the place of 5000 of every address.
    writeFileSync(join(folder, 'compose.yaml'), text.replace('"5000:5000"', '"127.0.0.1::5000"'));
  });
  after(async () => {
    await compose('down').catch(() => {});
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function compose(...args: string[]): Promise<string> {
    const env: NodeJS.ProcessEnv = { ...process.env, ...engine.env };
    delete env.LOADLINE_API_KEYS;
    const { stdout } = await promisify(execFile)('docker-compose', args, { cwd: folder, env });
    return stdout.trim();
  }

  async function inspect(id: string): Promise<Inspected> {
    const { stdout } = await engine.docker(['inspect', '--format', '{{json .}}', id]);
    return JSON.parse(stdout) as Inspected;
  }

  /** Starts it and waits until it is ready. */
  async function up(): Promise<{ id: string; url: string }> {
    await compose('up', '--detach');
    const id = await compose('ps', '--quiet', 'model');
    const url = `http://${await compose('port', 'model', '5000')}`;
    await until(
      () =>
        ask(`${url}/readyz`).then(
          ({ status }) => status === 200,
          () => false,
        ),
      'a ready container',
    );
    return { id, url };
  }

  test('docker-compose reads it as it is meant', async () => {
    const path = join(folder, 'as-written.yaml');
    writeFileSync(path, text);
    const { services } = parse(await compose('--file', path, 'config')) as {
      services: Record<string, { ports: object[]; environment: object; image: string }>;
    };
    const { model } = services;
    assert.deepEqual(model?.ports, [{ published: 5000, target: 5000 }]);
    assert.deepEqual(model?.environment, { LOADLINE_API_KEYS: '' });
    assert.equal(model?.image, 'composed:v1');
  });

  test('it runs with its limits and no rights, answers everyone without keys, and stops well', async () => {
    const { id, url } = await up();
    const { HostConfig: host, Config: config } = await inspect(id);
    // The example model has 1 kB: 192 MiB and the next step of 64.
    assert.equal(host.Memory, 256 * MIB);
    assert.equal(host.NanoCpus, 1e9);
    assert.equal(host.ReadonlyRootfs, true);
    assert.deepEqual(host.CapDrop, ['ALL']);
    assert.deepEqual(host.SecurityOpt, ['no-new-privileges:true']);
    assert.equal(host.RestartPolicy.Name, 'unless-stopped');
    assert.deepEqual(host.LogConfig, { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } });
    assert.equal(config.StopTimeout, 20);
    const { row, price } = house();
    const { status, text: answer } = await ask(`${url}/predict`, { json: { features: row } });
    assert.equal(status, 200, answer);
    assert.ok(isClose((JSON.parse(answer) as { prediction: number[] }).prediction[0], price), answer);
    await until(
      async () => (await inspect(id)).State.Health.Status === 'healthy',
      'the image’s own health check',
    );
    await compose('stop');
    assert.equal((await inspect(id)).State.ExitCode, 0);
    await compose('down');
  });

  test('keys in .env are asked for', async () => {
    writeFileSync(join(folder, '.env'), 'LOADLINE_API_KEYS=web:a-long-key-for-the-web\n');
    try {
      const { url } = await up();
      const json = { features: house().row };
      assert.equal((await ask(`${url}/predict`, { json })).status, 401);
      const headers = { authorization: 'Bearer a-long-key-for-the-web' };
      assert.equal((await ask(`${url}/predict`, { json, headers })).status, 200);
    } finally {
      await compose('down');
      rmSync(join(folder, '.env'));
    }
  });
});
