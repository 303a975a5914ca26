import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DockerImage } from '../../engines/docker.ts';
import { type DockerOptions, docker, runDocker, throwIfInterrupted } from '../../engines/docker-cli.ts';
import { IMAGE_PATHS, IMAGE_PORT } from '../../plan.ts';
import { formatPlatform } from '../../platform.ts';
import { noServer } from '../stored.ts';
import type { Ended, ImageSize, RunLimits, Running, Target } from '../target.ts';

/** What is known of the image beside what the engine says: it came from Loadline's store, a layout or an archive. */
export interface DockerExtras extends Partial<Pick<Target, 'digests' | 'unchecked' | 'model' | 'size'>> {
  /** A name to take away at the end. */
  readonly temporaryName?: string;
}

/** An image of a docker engine, run in a container as a careful operator would. */
export function dockerTarget(
  name: string,
  image: DockerImage,
  options: DockerOptions,
  extras: DockerExtras = {},
): Target {
  const always: DockerOptions = { env: options.env, signal: new AbortController().signal };
  const containers: string[] = [];
  const closing = new AbortController();
  const newName = (): string => {
    const container = `loadline-test-${randomUUID()}`;
    containers.push(container);
    return container;
  };
  // Not ended by an interruption: docker could still be at making a container that nobody would then remove.
  const create = async (args: readonly string[]): Promise<string> => {
    throwIfInterrupted(options.signal);
    const container = newName();
    await docker(
      `make a container of ${name}`,
      ['create', '--name', container, '--pull', 'never', ...args, image.id],
      always,
    );
    throwIfInterrupted(options.signal);
    return container;
  };
  const test = image.config.Healthcheck?.Test ?? [];
  return {
    kind: 'docker',
    name,
    digests: extras.digests ?? [image.id],
    platform: formatPlatform(image.platform),
    lacks:
      test[0] === undefined || test[0] === 'NONE' ? { healthcheck: 'the image has no health check' } : {},
    unchecked: extras.unchecked ?? [],
    model: extras.model ?? (() => copyFrom(name, create, options, readModel)),
    size: extras.size ?? (() => copyFrom(name, create, options, (copy) => sizeByFiles(image, copy))),
    async start(limits) {
      const container = await create([...runFlags(limits)]);
      return startContainer(container, test, { options, always, closing: closing.signal });
    },
    async close() {
      closing.abort();
      for (const container of containers.splice(0)) {
        await runDocker(['rm', '--force', '--volumes', container], always).catch(() => {});
      }
      if (extras.temporaryName !== undefined) {
        await runDocker(['image', 'rm', extras.temporaryName], always).catch(() => {});
      }
    },
  };
}

/** As strict as an operator can be: what then works, works anywhere. Swap would hide a limit that is too low. */
function runFlags({ memoryBytes, cpus }: RunLimits): string[] {
  return [
    `--memory=${memoryBytes}`,
    `--memory-swap=${memoryBytes}`,
    `--cpus=${cpus}`,
    '--read-only',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    `--publish=127.0.0.1:0:${IMAGE_PORT}`,
  ];
}

type Copy = (from: string) => Promise<string>;

/** Copies out of a container that is never started. */
async function copyFrom<T>(
  name: string,
  create: (args: readonly string[]) => Promise<string>,
  options: DockerOptions,
  work: (copy: Copy) => Promise<T>,
): Promise<T> {
  const container = await create([]);
  const folder = await mkdtemp(join(tmpdir(), 'loadline-test-'));
  try {
    return await work(async (from) => {
      const to = join(folder, String((await readdir(folder)).length));
      const outcome = await runDocker(['cp', '--follow-link', `${container}:${from}`, to], options);
      if (outcome.code !== 0) {
        throw noServer(name, from);
      }
      return to;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readModel(copy: Copy): Promise<Buffer> {
  return readFile(await copy(IMAGE_PATHS.model));
}

async function sizeByFiles(image: DockerImage, copy: Copy): Promise<ImageSize> {
  const server = await copy(IMAGE_PATHS.server);
  let own = (await stat(await copy(IMAGE_PATHS.model))).size;
  for (const entry of await readdir(server, { recursive: true, withFileTypes: true })) {
    own += entry.isFile() ? (await stat(join(entry.parentPath, entry.name))).size : 0;
  }
  // An engine keeps layers unpacked.
  return { compressed: null, uncompressed: image.sizeBytes, ownCompressed: null, ownUncompressed: own };
}

interface Engine {
  readonly options: DockerOptions;
  readonly always: DockerOptions;
  readonly closing: AbortSignal;
}

async function startContainer(
  container: string,
  healthTest: readonly string[],
  engine: Engine,
): Promise<Running> {
  const { options, always } = engine;
  const startedAt = performance.now();
  const started = await runDocker(['start', container], always);
  throwIfInterrupted(options.signal);
  const failure: Ended | null =
    started.code === 0
      ? null
      : { code: null, reason: `docker's words: ${started.stderr.trim()}`, outOfMemory: false };
  // Empty where the container has ended already.
  const port = await runDocker(['port', container, `${IMAGE_PORT}/tcp`], options);
  return {
    url: `http://127.0.0.1:${/^127\.0\.0\.1:(\d+)$/m.exec(port.stdout)?.[1] ?? '0'}`,
    startedAt,
    ended: failure === null ? endOf(container, engine) : Promise.resolve(failure),
    async log() {
      const { stdout, stderr } = await runDocker(['logs', '--tail', '12', container], options);
      return `${stderr}${stdout}`.trim();
    },
    async healthcheck() {
      const [kind = '', ...args] = healthTest;
      const command = kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...args] : args;
      const { code, stdout, stderr } = await runDocker(['exec', container, ...command], options);
      return { code, output: `${stdout}${stderr}`.trim() };
    },
    async usage() {
      const stats = await docker(
        'read the memory of the container',
        ['stats', '--no-stream', '--format', '{{.MemUsage}}', container],
        options,
      );
      const { State: state } = await inspectContainer(container, options);
      return { memoryBytes: readSize(stats), outOfMemory: state.OOMKilled };
    },
    async confinement() {
      const { Config: config, HostConfig: host } = await inspectContainer(container, options);
      return { user: config.User, readOnlyRoot: host.ReadonlyRootfs };
    },
    async signal(signal) {
      await docker(`send ${signal} to the container`, ['kill', `--signal=${signal}`, container], options);
    },
  };
}

/** Waits for the container's end; for ever once the test closes. */
async function endOf(container: string, { always, closing }: Engine): Promise<Ended> {
  try {
    await runDocker(['wait', container], { env: always.env, signal: closing });
    const { State: state } = await inspectContainer(container, always);
    return { code: state.ExitCode, reason: state.Error || null, outOfMemory: state.OOMKilled };
  } catch (error) {
    if (closing.aborted) {
      return new Promise<never>(() => {});
    }
    return { code: null, reason: error instanceof Error ? error.message : String(error), outOfMemory: false };
  }
}

interface ContainerState {
  readonly State: { readonly ExitCode: number; readonly Error: string; readonly OOMKilled: boolean };
  readonly Config: { readonly User: string };
  readonly HostConfig: { readonly ReadonlyRootfs: boolean };
}

async function inspectContainer(container: string, options: DockerOptions): Promise<ContainerState> {
  const text = await docker(
    'look at the container',
    ['container', 'inspect', '--format', '{{json .}}', container],
    options,
  );
  return JSON.parse(text) as ContainerState;
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Bytes of the first size in `23.57MiB / 128MiB`, as `docker stats` writes it. */
export function readSize(text: string): number {
  const [, number = '0', unit = 'B'] = /^([\d.]+)\s*([KMGT]?i?B)/.exec(text.trim()) ?? [];
  return Math.round(Number(number) * (UNITS[unit] ?? 1));
}
