/** Writes the Dockerfile and its context into a folder of the user's. */
import { constants } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cannotWrite } from '../config/write-whole.ts';
import { LoadlineError } from '../errors.ts';
import type { ImagePlan } from './plan.ts';
import {
  CONTEXT_FOLDER,
  CONTEXT_MARKER,
  type ContextFile,
  foldersOf,
  renderContext,
} from './render/dockerfile.ts';
import { checkOwn, notOurs } from './write-own.ts';

export interface WriteContextOptions {
  /** Replace a Dockerfile and a .dockerignore of someone else's too. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Writes what `renderContext` lays out; gives the files' paths below the folder, which is made where it is not there. All is
 * written beside its place first and then renamed, so that a full disk or an abort leaves what was there.
 *
 * Modes are set whatever the umask, since COPY keeps them; times are `plan.createdSec`.
 *
 * @throws LoadlineError LL1007 when something there is not Loadline's own, or when it cannot be written; LL1005 as
 * `renderContext` does; LL6017 when interrupted.
 */
export async function writeContext(
  plan: ImagePlan,
  path: string,
  options: WriteContextOptions = {},
): Promise<readonly string[]> {
  const { files } = renderContext(plan);
  const folder = resolve(path);
  const made = await makeFolder(folder);
  try {
    const tops = [...new Set(files.map(({ path }) => path.split('/')[0]!))];
    await checkOwnership(folder, tops, options.force === true);
    const written = await mkdtemp(join(folder, '.loadline-partial-'));
    try {
      await writeFiles(files, written, plan.createdSec, options.signal);
      await swap(tops, written, folder);
    } finally {
      await rm(written, { recursive: true, force: true });
    }
  } catch (error) {
    if (made !== undefined) {
      await removeEmpty(folder, made);
    }
    throw error instanceof LoadlineError ? error : cannotWrite(folder, error);
  }
  return files.map((file) => file.path);
}

/** The outermost folder that had to be made, if any. */
async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw cannotWrite(folder, cause);
  }
}

async function checkOwnership(folder: string, tops: readonly string[], force: boolean): Promise<void> {
  for (const top of tops) {
    const path = join(folder, top);
    if (top !== CONTEXT_FOLDER) {
      if (!force) {
        await checkOwn(path, CONTEXT_MARKER);
      }
      continue;
    }
    // Even with force: a folder can be a whole project, of this very name.
    const foreign = await foreignEntry(path);
    if (foreign !== null) {
      throw notOurs(path, foreign);
    }
  }
}

/** What makes a folder not one that Loadline wrote; null when it is one, or not there. */
async function foreignEntry(path: string): Promise<string | null> {
  try {
    if (!(await stat(path)).isDirectory()) {
      return 'it is not a folder';
    }
    const others = (await readdir(path)).filter((name) => name !== 'server' && name !== 'model');
    return others.length === 0 ? null : `it holds "${others[0]}"`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function writeFiles(
  files: readonly ContextFile[],
  root: string,
  createdSec: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const folders = foldersOf(files);
  for (const folder of folders) {
    await mkdir(join(root, folder));
  }
  for (const { path, mode, source } of files) {
    if (signal?.aborted) {
      throw new LoadlineError('LL6017', 'Interrupted while writing the Dockerfile');
    }
    const target = join(root, path);
    if ('bytes' in source) {
      await writeFile(target, source.bytes);
    } else {
      // Takes no room where the file system can share the blocks.
      await copyFile(source.file, target, constants.COPYFILE_FICLONE);
    }
    await chmod(target, mode);
    await utimes(target, createdSec, createdSec);
  }
  // Last and from the inside out: a file that comes into a folder sets the folder's time.
  for (const folder of folders.toReversed()) {
    const target = join(root, folder);
    await chmod(target, 0o755);
    await utimes(target, createdSec, createdSec);
  }
}

/** Puts every written entry in its place; a failure puts the old ones back. */
async function swap(tops: readonly string[], written: string, folder: string): Promise<void> {
  const old = join(written, '.old');
  await mkdir(old);
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const top of tops) {
      const place = join(folder, top);
      if (await exists(place)) {
        await rename(place, join(old, top));
        undo.push(() => rename(join(old, top), place));
      }
      await rename(join(written, top), place);
      undo.push(() => rename(place, join(written, top)));
    }
  } catch (error) {
    for (const step of undo.toReversed()) {
      await step();
    }
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** Removes `folder` and those above it that are empty, up to `outermost`. */
async function removeEmpty(folder: string, outermost: string): Promise<void> {
  try {
    for (let path = folder; path.length >= outermost.length; path = join(path, '..')) {
      await rmdir(path);
    }
  } catch {
    // Something is in it by now: it stays.
  }
}
