/**
 * Versions that were downloaded, on this machine's disk: each a folder that is there whole or not at all, under the name of
 * what it holds.
 *
 *     house-price-3f2a91c0/                       a model
 *       house-price-3-5b1cbe7f0a91/               a version's files
 *       .partial/house-price-3-5b1cbe7f0a91/      files/ and parts/ of one whose download broke off
 *       .taken/<entry>@<process>@<host>@…/      the same, while a process works on it
 *       .use/<entry>@<process>@<host>             that a process serves it
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir, hostname, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { cannotWrite } from '../config/write-whole.ts';
import { LoadlineError } from '../errors.ts';

/** Versions of one model that are kept: the one before and some to go back to. */
const KEPT = 5;
/** After so long the word of a process on another machine, which may be gone, counts for nothing. */
const FOREIGN_USE_MS = 7 * 24 * 3600 * 1000;
/** What was left of a download is of no use to anybody after so long. */
const PARTIAL_MS = 7 * 24 * 3600 * 1000;
const HASH_DIGITS = 12;
/** Of this process: a container that starts again has the same host and the same process number. */
const TOKEN = randomBytes(4).toString('hex');

export interface CacheEntry {
  /** Of the model: what else is pruned with it. */
  readonly model: string;
  /** Changes whenever the bytes do. */
  readonly identity: string;
  /** For people who look into the folder: `house-price-3`. */
  readonly label: string;
}

/** Where a download is put together. */
export interface Workplace {
  /** What will be the entry. */
  readonly files: string;
  /** For files that are not whole: they are there again when the download is taken up later. */
  readonly parts: string;
}

export interface Cache {
  readonly folder: string;
  /**
   * The folder of an entry, filled by `fill` where it is not there yet. Two processes may fill the same at once: the first
   * to end is used. What `fill` leaves when it throws is there at the next try.
   *
   * @throws LoadlineError LL1007; what `fill` throws.
   */
  ensure(entry: CacheEntry, fill: (place: Workplace) => Promise<void>): Promise<string>;
  /**
   * Says which entries this process still uses, by paths of theirs or of what is in them: what else it once fetched may be
   * pruned. Who never says keeps all until it ends; who serves for months says it again and again, as processes on other
   * machines trust its word for a week. A disk that refuses is no fault.
   */
  keep(paths: readonly string[]): Promise<void>;
}

/**
 * `$XDG_CACHE_HOME/loadline/models`, by default `~/.cache/loadline/models`; where that cannot be written, as in a container
 * with a read-only root, a folder of this user's own below the temporary one. Throws LL1007.
 */
export async function openCache(env: Readonly<Record<string, string | undefined>>): Promise<Cache> {
  const usual = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'loadline', 'models');
  const folder = (await isWritable(usual)) ? usual : await temporaryCache(usual);
  return {
    folder,
    ensure: (entry, fill) => ensure(folder, entry, fill),
    keep: (paths) => keep(folder, paths).catch(() => {}),
  };
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The temporary folder is everyone's: a folder there is used only where it is this user's and nobody else may write it. */
async function temporaryCache(usual: string): Promise<string> {
  const own = process.getuid?.() ?? 0;
  const folder = join(tmpdir(), `loadline-${own}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const entry = await lstat(folder);
    if (!entry.isDirectory() || entry.uid !== own || (entry.mode & 0o022) !== 0) {
      throw new Error(`${folder} belongs to somebody else`);
    }
    const models = join(folder, 'models');
    await mkdir(models, { recursive: true });
    await access(models, constants.W_OK | constants.X_OK);
    return models;
  } catch (cause) {
    throw new LoadlineError(
      'LL1007',
      `Cannot write ${usual}, where versions are kept, nor ${folder} in its place`,
      {
        where: usual,
        cause,
        fix: 'Set XDG_CACHE_HOME to a folder that may be written; in a container with a read-only root mount one: `docker run --tmpfs /tmp`.',
      },
    );
  }
}

async function ensure(
  root: string,
  { model, identity, label }: CacheEntry,
  fill: (place: Workplace) => Promise<void>,
): Promise<string> {
  const folder = join(root, model);
  const name = `${fileName(label)}-${digest(identity)}`;
  const path = join(folder, name);
  try {
    for (const below of ['.partial', '.taken', '.use']) {
      await mkdir(join(folder, below), { recursive: true });
    }
    // Before it is looked for: who prunes sees the mark or has removed it already.
    await writeFile(join(folder, '.use', ownMark(name)), '');
    if (!(await isThere(path))) {
      await make(folder, name, fill);
    }
    const now = new Date();
    await utimes(path, now, now);
    await prune(folder);
  } catch (cause) {
    throw isSystemFault(cause) ? cannotWrite(path, cause) : cause;
  }
  return path;
}

async function keep(root: string, paths: readonly string[]): Promise<void> {
  const used = new Set<string>();
  for (const path of paths) {
    const [model, name] = relative(root, path).split(sep);
    if (model !== undefined && model !== '..' && name !== undefined) {
      used.add(join(root, model, '.use', ownMark(name)));
    }
  }
  for (const mark of used) {
    await writeFile(mark, '');
  }
  for (const model of await readdir(root)) {
    const folder = join(root, model, '.use');
    const marks = await readdir(folder).catch(() => []);
    for (const mark of marks) {
      if (mark.endsWith(ownMark('')) && !used.has(join(folder, mark))) {
        await rm(join(folder, mark), { force: true });
      }
    }
  }
}

function ownMark(name: string): string {
  return `${name}@${process.pid}@${host()}`;
}

async function make(folder: string, name: string, fill: (place: Workplace) => Promise<void>): Promise<void> {
  const partial = join(folder, '.partial', name);
  const taken = await take(folder, name, partial);
  const place = { files: join(taken, 'files'), parts: join(taken, 'parts') };
  try {
    await mkdir(place.files, { recursive: true });
    await mkdir(place.parts, { recursive: true });
    await fill(place);
    await moveOnce(place.files, join(folder, name));
    await rm(taken, { recursive: true, force: true });
  } catch (error) {
    // On a disk that is full the room is worth more than the start of a file.
    const keep = !isFull(error) && (await moveOnce(taken, partial).catch(() => false));
    if (!keep) {
      await rm(taken, { recursive: true, force: true }).catch(() => {});
    }
    throw error;
  }
}

/** A folder of this process alone to work in: what was left of the last try, where nobody else has taken it. */
async function take(folder: string, name: string, partial: string): Promise<string> {
  const taken = join(folder, '.taken', takenName(name));
  const left = [partial, ...(await orphans(folder, name))];
  for (const candidate of left) {
    try {
      await rename(candidate, taken);
      return taken;
    } catch {
      // Not there, or another process was first.
    }
  }
  await mkdir(taken, { recursive: true });
  return taken;
}

let counter = 0;

function takenName(name: string): string {
  counter += 1;
  return `${name}@${process.pid}@${host()}@${TOKEN}@${counter}`;
}

/** Whether it is of a process of this machine that is no more. */
function isOrphan(taken: string): boolean {
  const [, pid, where, token] = taken.split('@');
  return where === host() && (Number(pid) === process.pid ? token !== TOKEN : !isAlive(Number(pid)));
}

/** What processes of this machine that are no more were working on. */
async function orphans(folder: string, name: string): Promise<readonly string[]> {
  const found = await readdir(join(folder, '.taken'));
  return found
    .filter((entry) => entry.startsWith(`${name}@`) && isOrphan(entry))
    .map((entry) => join(folder, '.taken', entry));
}

/** Moves a folder to its place; false where there is one already, which then stays. */
async function moveOnce(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** Removes all but the newest entries of a model and those in use; a fault here is no reason not to serve. */
async function prune(folder: string): Promise<void> {
  try {
    const used = await usedEntries(folder);
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
    const entries = await Promise.all(
      names.map(async (name) => ({ name, time: (await stat(join(folder, name))).mtimeMs })),
    );
    const old = entries.sort((a, b) => b.time - a.time).slice(KEPT);
    for (const { name } of old.filter((entry) => !used.has(entry.name))) {
      // Aside first, so that nobody finds half of it; who marked it meanwhile gets it back.
      const aside = join(folder, '.taken', takenName('pruned'));
      await rename(join(folder, name), aside);
      if ((await usedEntries(folder)).has(name)) {
        await moveOnce(aside, join(folder, name));
      }
      await rm(aside, { recursive: true, force: true });
    }
    const left = [
      ...(await readdir(join(folder, '.partial'))).map((name) => join(folder, '.partial', name)),
      ...(await readdir(join(folder, '.taken'))).filter(isOrphan).map((name) => join(folder, '.taken', name)),
    ];
    for (const path of left) {
      if (Date.now() - (await stat(path)).mtimeMs > PARTIAL_MS) {
        await rm(path, { recursive: true, force: true });
      }
    }
  } catch {
    // Another process prunes as well, or the disk fails: the next one tries again.
  }
}

/** Entries that a living process uses; marks of dead ones are removed. */
async function usedEntries(folder: string): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for (const mark of await readdir(join(folder, '.use'))) {
    const [name = '', pid, where] = mark.split('@');
    const path = join(folder, '.use', mark);
    const isUsed =
      where === host()
        ? isAlive(Number(pid))
        : Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0) < FOREIGN_USE_MS;
    if (isUsed) {
      used.add(name);
    } else {
      await rm(path, { force: true });
    }
  }
  return used;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function host(): string {
  return fileName(hostname());
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

/** Only what is harmless in a name on every disk. */
export function fileName(text: string): string {
  return (
    text
      .replace(/[^\w.-]+/g, '-')
      .slice(0, 80)
      .replace(/^\.+/, '') || 'model'
  );
}

/** The first digits of a text's sha256, for names. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS);
}

function isSystemFault(error: unknown): boolean {
  return (
    typeof (error as NodeJS.ErrnoException).errno === 'number' &&
    error instanceof Error &&
    error.name === 'Error'
  );
}

function isFull(error: unknown): boolean {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || (cause !== undefined && isFull(cause));
}
