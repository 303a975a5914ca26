/** The server's files as they go into an image: from the published package, or bundled from a checkout's source. */
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LoadlineError } from '../errors.ts';
import { IMAGE_PATHS, type ImageFile } from './plan.ts';
import type { OnProgress } from './progress.ts';

/** An npm package that is part of the server. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly license: string;
}

export interface ServerBundle {
  /** Below `/opt/loadline`, sorted by path. */
  readonly files: readonly ImageFile[];
  readonly packages: readonly BundledPackage[];
}

export interface BundleOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

/**
 * The server's files. A published package carries them. A checkout bundles its source, and keeps what it made under the
 * cache folder by the hash of the source, so that an unchanged one is not bundled again.
 *
 * @throws LoadlineError LL1002 when a checkout has not what it takes to bundle.
 */
export async function serverBundle(options: BundleOptions): Promise<ServerBundle> {
  const root = packageRoot();
  const source = join(root, 'src/cli/container.ts');
  return readBundle(existsSync(source) ? await bundleSource(root, options) : join(root, 'dist/image'));
}

/** The folder of the package this file is part of. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    folder = dirname(folder);
  }
  return folder;
}

async function readBundle(folder: string): Promise<ServerBundle> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile() && entry.name !== 'packages.json')
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
    .map((name): ImageFile => {
      const bytes = readFileSync(join(folder, name));
      return {
        path: `${IMAGE_PATHS.server}/${name.replaceAll('\\', '/')}`,
        mode: 0o644,
        size: bytes.length,
        source: { bytes },
      };
    });
  const packages = JSON.parse(await readFile(join(folder, 'packages.json'), 'utf8')) as BundledPackage[];
  return { files, packages };
}

async function bundleSource(root: string, options: BundleOptions): Promise<string> {
  const { env, signal, onProgress } = options;
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'loadline', 'server');
  const folder = join(cache, sourceHash(root));
  if (existsSync(folder)) {
    return folder;
  }
  onProgress({ phase: 'bundle', item: 'server', state: 'start' });
  const made = join(cache, `.${randomUUID()}`);
  await mkdir(cache, { recursive: true });
  try {
    await promisify(execFile)(process.execPath, [join(root, 'tools/build.ts'), '--server', made], { signal });
    await rename(made, folder).catch((error: NodeJS.ErrnoException) => {
      // Another build was quicker: the same source gives the same files.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') {
        throw error;
      }
    });
  } catch (cause) {
    if (signal.aborted) {
      throw new LoadlineError('LL6017', 'Interrupted while bundling the server');
    }
    throw new LoadlineError('LL1002', `Cannot bundle the server from ${root}: ${lastLine(cause)}`, {
      fix: 'Run `npm ci` in the checkout; it installs the bundler.',
      cause,
    });
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  onProgress({ phase: 'bundle', item: 'server', state: 'done' });
  return folder;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message?: string };
  return (stderr || message || String(error)).trim().split('\n').at(-1) ?? '';
}

/** Hash of everything a bundle depends on. */
function sourceHash(root: string): string {
  const hash = createHash('sha256');
  const files = globSync(['src/**/*.ts', 'src/image/server/*.js'], { cwd: root })
    .filter((name) => !name.endsWith('.test.ts'))
    .sort();
  for (const name of [...files, 'tools/build.ts', 'package.json', 'package-lock.json', 'LICENSE']) {
    const bytes = readFileSync(join(root, name));
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}
