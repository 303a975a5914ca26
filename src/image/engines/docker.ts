/** Builds, looks at, pushes and removes images with a docker engine, through its command line. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { LoadlineError } from '../../errors.ts';
import { type TarEntry, tarBytes } from '../oci/tar.ts';
import type { ImageConfigFile } from '../oci/types.ts';
import { type ImagePlan, MIN_NODE, type Platform } from '../plan.ts';
import { formatPlatform } from '../platform.ts';
import type { OnProgress } from '../progress.ts';
import { type Digest, familiarName, formatReference, isDigest } from '../reference.ts';
import { type ContextFile, foldersOf, renderContext } from '../render/dockerfile.ts';
import {
  type DockerOptions,
  type DockerOutcome,
  docker,
  dockerFailure,
  runDocker,
  throwIfInterrupted,
} from './docker-cli.ts';
import { buildProgress, pushProgress } from './docker-progress.ts';

export interface DockerEngine {
  /** Of the engine: `20.10.24`. */
  readonly version: string;
  /** What the command line and the engine agreed on: `1.41`. */
  readonly apiVersion: string;
}

/** Docker 20.10's: the oldest engine that the tests run on. */
const MIN_API = { major: 1, minor: 41 } as const;

/** An engine answers at once; one that does not is stuck, or its socket is somebody else's. */
const FIND_MS = 10_000;

/**
 * Asks whether a docker engine is there and new enough.
 *
 * @throws LoadlineError LL6009 with what is missing: the command line, the engine, the right to ask it, a newer API.
 */
export async function findDocker(options: DockerOptions): Promise<DockerEngine> {
  const outcome = await runWithin(
    FIND_MS,
    'ask the docker engine',
    ['version', '--format', '{{json .}}'],
    options,
    'LL6009',
  );
  const server = serverOf(outcome.stdout);
  if (outcome.code !== 0 || server === null) {
    const failure = dockerFailure('ask the docker engine', outcome);
    // Whatever docker's words are, there is no engine that can be used.
    throw failure.code === 'LL6009'
      ? failure
      : new LoadlineError('LL6009', failure.message, { cause: failure });
  }
  const [major = 0, minor = 0] = server.ApiVersion.split('.').map(Number);
  if (major < MIN_API.major || (major === MIN_API.major && minor < MIN_API.minor)) {
    throw new LoadlineError(
      'LL6009',
      `The docker engine is too old: expected API ${MIN_API.major}.${MIN_API.minor} (Docker 20.10) or newer, found API ${server.ApiVersion} (Docker ${server.Version})`,
      { fix: 'Update Docker, or build with --engine none, which needs none.' },
    );
  }
  return { version: server.Version, apiVersion: server.ApiVersion };
}

/** Runs docker, and throws `code` when it takes longer than `limitMs`. */
async function runWithin(
  limitMs: number,
  action: string,
  args: readonly string[],
  options: DockerOptions,
  code: 'LL6009' | 'LL6010' = 'LL6010',
): Promise<DockerOutcome> {
  const late = AbortSignal.timeout(limitMs);
  try {
    return await runDocker(args, { ...options, signal: AbortSignal.any([options.signal, late]) });
  } catch (error) {
    if (late.aborted && !options.signal.aborted) {
      throw new LoadlineError(code, `Cannot ${action}: no answer in ${limitMs / 1000} s`, { cause: error });
    }
    throw error;
  }
}

function serverOf(json: string): { Version: string; ApiVersion: string } | null {
  try {
    const { Server: server } = JSON.parse(json) as {
      Server?: { Version?: unknown; ApiVersion?: unknown } | null;
    };
    return typeof server?.Version === 'string' && typeof server.ApiVersion === 'string'
      ? { Version: server.Version, ApiVersion: server.ApiVersion }
      : null;
  } catch {
    return null;
  }
}

export interface DockerBuild {
  /** Digest of the image's configuration, or of its manifest where the engine keeps images as containerd does. */
  readonly id: Digest;
  /** Version of the base's Node.js. */
  readonly node: string;
}

/**
 * Builds the image from the plan's Dockerfile, the context streamed, for the plan's one platform. The name is given last, so
 * that neither a failure nor an interruption leaves anything tagged; what was built until then is removed.
 *
 * @throws LoadlineError LL6008 for a base without Node or with an old one; LL6002 to LL6006 and LL6015 when the base cannot be
 * had, as far as docker tells; LL6009; LL6010 for any other failure, with docker's words; LL6017 when interrupted.
 */
export async function buildWithDocker(
  plan: ImagePlan,
  options: DockerOptions & { readonly onProgress: OnProgress },
): Promise<DockerBuild> {
  const { signal, onProgress } = options;
  const built = new Set<string>();
  const env = buildEnv(options.env);
  try {
    const id = await build(plan, { env, signal, onProgress }, built);
    const node = await checkNode(id, plan, { env, signal });
    const name = familiarName(plan.reference);
    throwIfInterrupted(signal);
    await docker(`tag the image as ${name}`, ['tag', id, name], unstoppable(env));
    return { id, node };
  } catch (error) {
    // What cannot be removed is not worth losing the reason for.
    await removeDangling(built, unstoppable(env)).catch(() => {});
    throw error;
  }
}

/** Short steps that an interruption must not cut in two. */
function unstoppable(env: DockerOptions['env']): DockerOptions {
  return { env, signal: new AbortController().signal };
}

/** The builder of the engine itself, which keeps what it builds, and progress as lines. */
function buildEnv(env: DockerOptions['env']): DockerOptions['env'] {
  const { BUILDX_BUILDER: _, ...rest } = env;
  return { ...rest, BUILDKIT_PROGRESS: 'plain' };
}

/**
 * An interrupted build may finish once it is past the base, which takes a second or two: then it is known what to remove.
 * A pull of the base may not; a base that is there takes no time.
 */
const FINISH_MS = 10_000;
const BASE_MS = 500;

async function build(
  plan: ImagePlan,
  options: DockerOptions & { readonly onProgress: OnProgress },
  built: Set<string>,
): Promise<Digest> {
  const { env, signal, onProgress } = options;
  const [platform] = plan.platforms;
  const base = familiarName(plan.base);
  const folder = await mkdtemp(join(tmpdir(), 'loadline-docker-'));
  const idFile = join(folder, 'id');
  const progress = buildProgress(onProgress);
  try {
    let id = '';
    const outcome = await runDocker(
      [
        'build',
        '--force-rm',
        `--iidfile=${idFile}`,
        ...(platform === undefined ? [] : [`--platform=${formatPlatform(platform)}`]),
        '-',
      ],
      {
        env,
        signal,
        input: contextTar(renderContext(plan).files, plan.createdSec),
        onLine: (line) => {
          const id = progress.line(line);
          if (id !== null) {
            built.add(`sha256:${id}`);
          }
        },
        graceMs: () => (progress.isPastBase() ? FINISH_MS : BASE_MS),
      },
    ).finally(async () => {
      // An interrupted build may have finished too.
      id = (await readFile(idFile, 'utf8').catch(() => '')).trim();
      if (isDigest(id)) {
        built.add(id);
      }
    });
    if (outcome.code !== 0) {
      throw dockerFailure(`build on ${base} with docker`, outcome, formatReference(plan.base));
    }
    progress.end();
    if (!isDigest(id)) {
      throw new LoadlineError(
        'LL6010',
        `Cannot use what docker built: expected its sha256 id, found "${id}"`,
      );
    }
    return id;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The context as a tar on its way to the engine: nothing of it is written to a disk. */
function contextTar(files: readonly ContextFile[], createdSec: number): Readable {
  const entries: TarEntry[] = [
    ...foldersOf(files).map((folder) => ({ name: `${folder}/`, mode: 0o755, size: 0 })),
    ...files.map(({ path, mode, size, source }) => ({ name: path, mode, size, body: bodyOf(source) })),
  ];
  return Readable.from(tarBytes(entries, createdSec), { objectMode: false });
}

async function* bodyOf(source: ContextFile['source']): AsyncGenerator<Uint8Array> {
  if ('bytes' in source) {
    yield source.bytes;
    return;
  }
  try {
    yield* createReadStream(source.file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LoadlineError('LL1006', `Cannot read ${source.file}: ${reason}`, { where: source.file, cause });
  }
}

/** `node --version` takes milliseconds; a container may have to wait for a busy machine. */
const NODE_MS = 60_000;

/** docker's exit code when not the program but docker failed. */
const DOCKER_FAILED = 125;

/** The version of Node.js that the image would run on. Throws LL6008 when it has none or it is too old. */
async function checkNode(id: Digest, plan: ImagePlan, options: DockerOptions): Promise<string> {
  const { env, signal } = options;
  const base = familiarName(plan.base);
  const container = `loadline-node-${randomUUID()}`;
  const args = ['run', '--rm', '--network=none', `--name=${container}`, '--entrypoint=node', id, '--version'];
  let outcome: DockerOutcome;
  try {
    // Not ended by an interruption: docker could still be at making a container that nobody would then remove.
    outcome = await runWithin(NODE_MS, `run ${base} to see its Node.js`, args, unstoppable(env));
  } finally {
    // Without a program to run `--rm` may leave the container.
    await runDocker(['rm', '--force', '--volumes', container], unstoppable(env));
  }
  throwIfInterrupted(signal);
  const where = formatReference(plan.base);
  if (/exec format error/i.test(outcome.stderr)) {
    throw new LoadlineError(
      'LL6010',
      `Cannot see which Node.js ${base} has: this engine cannot run ${plan.platforms.map(formatPlatform).join(', ')}`,
      {
        where,
        fix: 'Build with --engine none, which makes images for other processors without running them.',
      },
    );
  }
  const version = /^v(\d+)\.(\d+)\.\d+\S*$/m.exec(outcome.stdout);
  if (version === null) {
    const words = `${outcome.stderr}${outcome.stdout}`.trim();
    if (outcome.code === DOCKER_FAILED) {
      throw dockerFailure(`run ${base} to see its Node.js`, outcome, where);
    }
    throw new LoadlineError('LL6008', `${base} has no Node.js: \`node --version\` gave ${words}`, { where });
  }
  const [text, major, minor] = version;
  const found = { major: Number(major), minor: Number(minor) };
  if (found.major < MIN_NODE.major || (found.major === MIN_NODE.major && found.minor < MIN_NODE.minor)) {
    throw new LoadlineError(
      'LL6008',
      `The Node.js of ${base} is too old: expected ${MIN_NODE.major}.${MIN_NODE.minor} or newer, found ${text.slice(1)}`,
      { where },
    );
  }
  return text.slice(1);
}

/** Removes those images of a build that no name and no other image needs: their ids in full, or the beginnings of them. */
async function removeDangling(built: ReadonlySet<string>, options: DockerOptions): Promise<void> {
  if (built.size === 0) {
    return;
  }
  const list = ['image', 'ls', '--quiet', '--no-trunc', '--filter=dangling=true'];
  const { stdout } = await runDocker(list, options);
  for (const id of stdout.split('\n').filter((line) => [...built].some((ours) => line.startsWith(ours)))) {
    await runDocker(['image', 'rm', id], options);
  }
}

/** An image as the engine has it. */
export interface DockerImage {
  readonly id: Digest;
  /** `ml-model:v1` and the like, as the engine spells them. */
  readonly names: readonly string[];
  readonly platform: Platform;
  /** Of all layers, uncompressed. */
  readonly sizeBytes: number;
  readonly config: NonNullable<ImageConfigFile['config']>;
}

/** Looks an image up by name or id; null when the engine has none. Throws LL6009, LL6010, LL6017. */
export async function inspectDockerImage(name: string, options: DockerOptions): Promise<DockerImage | null> {
  const outcome = await runDocker(['image', 'inspect', '--format', '{{json .}}', name], options);
  if (outcome.code !== 0) {
    if (/no such image/i.test(outcome.stderr)) {
      return null;
    }
    throw dockerFailure(`look up ${name} in docker`, outcome, name);
  }
  const image = JSON.parse(outcome.stdout) as {
    Id: Digest;
    RepoTags: string[] | null;
    Os: string;
    Architecture: string;
    Variant?: string;
    Size: number;
    Config: DockerImage['config'] | null;
  };
  const { Os: os, Architecture: architecture, Variant: variant } = image;
  return {
    id: image.Id,
    names: image.RepoTags ?? [],
    platform: variant ? { os, architecture, variant } : { os, architecture },
    sizeBytes: image.Size,
    config: image.Config ?? {},
  };
}

/** Takes a name away, and with an image's last name the image. No fault when there is none. Throws LL6009, LL6010, LL6017. */
export async function removeTag(name: string, options: DockerOptions): Promise<void> {
  const outcome = await runDocker(['image', 'rm', name], options);
  if (outcome.code !== 0 && !/no such image/i.test(outcome.stderr)) {
    throw dockerFailure(`remove ${name} from docker`, outcome, name);
  }
}

/**
 * Pushes a tagged image with docker and its credentials; gives the digest of the pushed manifest.
 *
 * @throws LoadlineError LL6002 to LL6006 as far as docker tells what its registry said; LL6009; LL6010; LL6017.
 */
export async function pushWithDocker(
  name: string,
  options: DockerOptions & { readonly onProgress: OnProgress },
): Promise<Digest> {
  const { env, signal, onProgress } = options;
  const progress = pushProgress(onProgress);
  const outcome = await runDocker(['push', name], { env, signal, onLine: progress.line });
  if (outcome.code !== 0) {
    throw dockerFailure(`push ${name} with docker`, outcome, name);
  }
  const digest = progress.digest();
  if (digest === null || !isDigest(digest)) {
    throw new LoadlineError('LL6010', `Cannot tell what docker pushed as ${name}: it named no digest`);
  }
  return digest;
}

/**
 * Loads an archive of `docker save` or of Loadline into the engine; gives the names and ids it had in it.
 *
 * @throws LoadlineError LL6009; LL6010 with docker's words, such as that the file is not an archive; LL6017.
 */
export async function loadArchive(file: string, options: DockerOptions): Promise<readonly string[]> {
  const stdout = await docker(`load ${file} into docker`, ['load', '--input', file], options);
  return [...stdout.matchAll(/^Loaded image(?: ID)?: (\S+)$/gm)].map((match) => match[1]!);
}
