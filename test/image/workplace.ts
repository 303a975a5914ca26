/** A user's account for the command line: settings, state and temporary files of its own in one folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './engine.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const HOUSES = join(ROOT, 'examples/house-price/model.pkl');
const PATIENCE_MS = 60_000;
const POLL_MS = 10;

/** What is the same for all: the server's bundle and the compiled code, so that each account need not make them. */
const shared = mkdtempSync(join(tmpdir(), 'loadline-shared-'));
process.once('exit', () => rmSync(shared, { recursive: true, force: true }));

export interface RunOptions {
  /** Over the account's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the account's folder `work`. */
  readonly cwd?: string;
  /** Default: this process's Node. */
  readonly node?: string;
  /** The checkout that is run; default: this one. */
  readonly root?: string;
  /** As the shell takes it: `077`. */
  readonly umask?: string;
  /** In a process group of its own, as a shell starts it; default false. */
  readonly ownGroup?: boolean;
}

export interface Started {
  readonly child: ChildProcess;
  /** What it has written to stderr so far. */
  stderr(): string;
  readonly ended: Promise<Outcome>;
}

export interface Workplace {
  /** Where commands run; empty at first. */
  readonly work: string;
  /** $XDG_STATE_HOME. */
  readonly state: string;
  /** The OCI layout of its images. */
  readonly store: string;
  /** A folder for whatever a test needs. */
  readonly spare: string;
  readonly env: Readonly<Record<string, string>>;
  loadline(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  start(args: readonly string[], options?: RunOptions): Started;
  /** Full name → digest. */
  tags(): Record<string, string>;
  /** Files that no run may leave behind. */
  leftovers(): string[];
  /** Blobs whose bytes are not those of their name. */
  damaged(): string[];
}

/** Makes an account; it ends with the test. Docker is not to be had there unless `env` says where. */
export function openWorkplace(
  t: Pick<TestContext, 'after'>,
  env: Readonly<Record<string, string>> = {},
): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-work-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  const [work, home, state, cache, temporary, spare] = ['work', 'home', 'state', 'cache', 'tmp', 'spare'].map(
    (name) => join(folder, name),
  ) as [string, string, string, string, string, string];
  for (const one of [work, home, temporary, spare, join(cache, 'loadline'), join(shared, 'server')]) {
    mkdirSync(one, { recursive: true });
  }
  symlinkSync(join(shared, 'server'), join(cache, 'loadline/server'));
  const store = join(state, 'loadline/images');
  const own: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    TMPDIR: temporary,
    XDG_STATE_HOME: state,
    XDG_CACHE_HOME: cache,
    NODE_COMPILE_CACHE: join(shared, 'compile'),
    DOCKER_CONFIG: join(home, '.docker'),
    DOCKER_HOST: `unix://${join(folder, 'no-engine.sock')}`,
    ...env,
  };
  const start = (args: readonly string[], options: RunOptions = {}): Started => {
    const { node = process.execPath, root = ROOT, umask } = options;
    const command = [node, join(root, 'bin/loadline.js'), ...args];
    const [program = '', ...rest] =
      umask === undefined ? command : ['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh', ...command];
    const child = spawn(program, rest, {
      cwd: options.cwd ?? work,
      env: { ...own, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.ownGroup === true,
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    }
    const ended = once(child, 'close').then(([code]) => ({ ...texts, code: (code as number | null) ?? -1 }));
    return { child, stderr: () => texts.stderr, ended };
  };
  const blobs = join(store, 'blobs/sha256');
  return {
    work,
    state,
    store,
    spare,
    env: own,
    start,
    loadline: (args, options) => start(args, options).ended,
    tags: () => readTags(store),
    leftovers: () => [
      ...list(join(store, 'tmp')),
      ...list(temporary),
      ...list(store).filter((name) => name.startsWith('index.') && name !== 'index.json'),
    ],
    damaged: () =>
      list(blobs).filter(
        (name) =>
          createHash('sha256')
            .update(readFileSync(join(blobs, name)))
            .digest('hex') !== name,
      ),
  };
}

interface LayoutIndex {
  readonly manifests: readonly {
    readonly digest: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

/** What an OCI layout names: reference → digest. */
function readTags(layout: string): Record<string, string> {
  const path = join(layout, 'index.json');
  if (!existsSync(path)) {
    return {};
  }
  const { manifests } = JSON.parse(readFileSync(path, 'utf8')) as LayoutIndex;
  return Object.fromEntries(
    manifests.map(({ digest, annotations }) => [annotations?.['org.opencontainers.image.ref.name'], digest]),
  );
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Waits for something that comes; fails where it does not. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > end) {
      throw new Error(`did not come within ${PATIENCE_MS / 1000} s: ${what}`);
    }
    await sleep(POLL_MS);
  }
}
