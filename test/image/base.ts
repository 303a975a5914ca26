/** The base images that the tests build on: made once by tools/test-base.sh, given to a registry or an engine. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('../../tools/test-base.sh', import.meta.url));

/** What makes and copies the base images. */
export const BASE_PROGRAMS = ['skopeo', 'umoci', 'debootstrap'];

/** Tag in the layout → its name, without the registry; `gcr.io` is the registry of the first. */
export const BASE_NAMES = {
  /** An index of linux/amd64 and linux/arm64. */
  nonroot: 'distroless/nodejs24-debian12:nonroot',
  /** linux/amd64, no Node in it. */
  'no-node': 'bases/no-node:v1',
  /** linux/amd64, with Node 20. */
  'old-node': 'bases/old-node:v1',
} as const;

export type BaseTag = keyof typeof BASE_NAMES;

export interface TestBase {
  /** OCI layout; its tags are BASE_NAMES', and `nonroot-amd64` and `nonroot-arm64` for one platform each. */
  readonly layout: string;
}

/** Where the base images are; makes them where they are not. */
export async function testBase(): Promise<TestBase> {
  const given = process.env.LOADLINE_TEST_BASE;
  return { layout: given ?? (await run(SCRIPT)).stdout.trim() };
}

export interface PushOptions {
  /** Default: all three. */
  readonly tags?: readonly BaseTag[];
  /** `user:password` of a registry with basic auth. */
  readonly credentials?: string;
}

/**
 * Copies the base images, all platforms, to a registry under BASE_NAMES.
 *
 * @param registryHost host and port, as `127.0.0.1:5001`; its certificate is not checked, plain HTTP is tried.
 */
export async function pushBase(registryHost: string, options: PushOptions = {}): Promise<void> {
  const { layout } = await testBase();
  const credentials = options.credentials === undefined ? [] : ['--dest-creds', options.credentials];
  for (const tag of options.tags ?? (Object.keys(BASE_NAMES) as BaseTag[])) {
    const to = `docker://${registryHost}/${BASE_NAMES[tag]}`;
    await run('skopeo', [
      'copy',
      '--all',
      '--dest-tls-verify=false',
      ...credentials,
      `oci:${layout}:${tag}`,
      to,
    ]);
  }
}

/**
 * Loads a base image into an engine, so that `docker build` finds it without a network.
 *
 * @returns its full name: gcr.io/distroless/nodejs24-debian12:nonroot, or BASE_NAMES' under `bases.test`.
 */
export async function loadBase(engine: Engine, tag: BaseTag = 'nonroot'): Promise<string> {
  const { layout } = await testBase();
  const name = `${tag === 'nonroot' ? 'gcr.io' : 'bases.test'}/${BASE_NAMES[tag]}`;
  const archive = join(dirname(layout), `${tag}.tar`);
  if (!existsSync(archive)) {
    const folder = mkdtempSync(join(dirname(layout), 'archive-'));
    try {
      const made = join(folder, 'image.tar');
      const from = tag === 'nonroot' ? 'nonroot-amd64' : tag;
      await run('skopeo', ['copy', `oci:${layout}:${from}`, `docker-archive:${made}:${name}`]);
      renameSync(made, archive);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const loaded = await engine.docker(['load', '--input', archive]);
  if (loaded.code !== 0) {
    throw new Error(`docker load of the base failed: ${loaded.stderr}`);
  }
  return name;
}
