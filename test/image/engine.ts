/** A Docker engine of the test's own: Debian's dockerd in a temporary folder, beside any other that runs here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, realpathSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const KEEPER = fileURLToPath(new URL('./engine-keeper.sh', import.meta.url));
const PROGRAMS = ['bash', 'docker', 'dockerd', 'containerd', 'runc', 'ip', 'setpriv'];
/** Up within a second or two where the machine is quiet; only a failure takes so long. */
const START_MS = 60_000;
const POLL_MS = 50;

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; -1 where a signal ended it. */
  readonly code: number;
}

export interface DockerOptions {
  /** Standard input. */
  readonly input?: string | Uint8Array;
  /** Over this engine's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Engine {
  /** What makes a docker command line speak to this engine and not read the user's settings. */
  readonly env: { readonly DOCKER_HOST: string; readonly DOCKER_CONFIG: string };
  /** The engine's socket. */
  readonly socket: string;
  /** Runs the docker command line; a failure is an outcome too. */
  docker(args: readonly string[], options?: DockerOptions): Promise<Outcome>;
  /** Ends the containers and the engine, and leaves no process, mount, bridge or file of theirs. */
  stop(): Promise<void>;
}

/** Why no engine can be started here; null where one can. */
export function engineMissing(): string | null {
  if (process.platform !== 'linux') {
    return `a Docker engine of the test's own needs Linux, found ${process.platform}`;
  }
  if (process.getuid?.() !== 0) {
    return "a Docker engine of the test's own needs root";
  }
  return toolsMissing(PROGRAMS);
}

/** Which of these programs are not installed, as a sentence; null where all are. */
export function toolsMissing(programs: readonly string[]): string | null {
  const missing = programs.filter((program) => !isInstalled(program));
  return missing.length === 0
    ? null
    : `not installed: ${missing.join(', ')} (tools/test-env.sh installs them)`;
}

function isInstalled(program: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Starts an engine that is empty: no image, no container. Ports published on 127.0.0.1 are reached from here; nothing
 * else is reached from a container. It ends with the test, and with this process however that ends.
 *
 * @param t the test to end with; without one, call `stop`.
 */
export async function startEngine(t?: Pick<TestContext, 'after'>): Promise<Engine> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'loadline-engine-'));
  const socket = join(folder, 'docker.sock');
  // Its standard input is the tie to this process: it closes with it, and the keeper then takes everything down.
  const keeper = spawn('bash', [KEEPER, folder], { detached: true, stdio: ['pipe', 'ignore', 'pipe'] });
  const log: string[] = [];
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  keeper.stdin.on('error', () => {});
  const ended = once(keeper, 'close');
  const stop = async (): Promise<void> => {
    keeper.ref();
    keeper.stdin.end();
    await ended;
  };
  t?.after(stop);
  const until = Date.now() + START_MS;
  while (!(await answers(socket))) {
    if (keeper.exitCode !== null || Date.now() > until) {
      await stop();
      throw new Error(`the Docker engine did not start: ${log.join('')}`);
    }
    await sleep(POLL_MS);
  }
  untie(keeper);
  const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: join(folder, 'config') };
  return { env, socket, docker: (args, options = {}) => runDocker(args, env, options), stop };
}

/** A test file that forgets to stop its engine ends all the same, and the engine with it. */
function untie(keeper: ChildProcess): void {
  keeper.unref();
  for (const stream of [keeper.stdin, keeper.stderr]) {
    (stream as unknown as { unref?: () => void } | null)?.unref?.();
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.on('timeout', () => asked.destroy());
    asked.end();
  });
}

async function runDocker(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: DockerOptions,
): Promise<Outcome> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('DOCKER_'));
  const child = spawn('docker', args, {
    env: { ...Object.fromEntries(inherited), ...env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  // docker may fail before it has read all of it.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { ...texts, code: code ?? -1 };
}
