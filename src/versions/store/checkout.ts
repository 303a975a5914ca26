/** A version's files as a folder on disk. */
import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import type { Work } from '../types.ts';
import { blobPath, incomingPath, syncFolder } from './blobs.ts';
import { storeError } from './transaction.ts';
import type { Store, StoredVersion, VersionFile } from './types.ts';

/** Names a version's bytes for ever: its own name, and where its files are not settled yet, what they are now. */
export function contentName({ uid }: Pick<StoredVersion, 'uid'>, files: readonly VersionFile[]): string {
  const hash = createHash('sha256');
  for (const { path, sha256 } of files) {
    hash.update(`${path}\0${sha256}\0`);
  }
  return `${uid}-${hash.digest('hex').slice(0, 16)}`;
}

/**
 * The folder of a version's files, made at the first call: whole or not at all, each file checked against its name.
 * Files are links to blobs where the disk can, else copies, and not to be written to.
 *
 * @throws LoadlineError LL1007, LL7005 where it has no files, LL7006 for a damaged one
 */
export async function checkOut(store: Store, version: StoredVersion, work: Work): Promise<string> {
  const files = store.catalog.files(version);
  return checkOutFiles(store, contentName(version, files), files, `${version.name}/${version.version}`, work);
}

/** As `checkOut`, of any files. `label` is what messages and progress call them. */
export async function checkOutFiles(
  { folder }: Pick<Store, 'folder'>,
  name: string,
  files: readonly VersionFile[],
  label: string,
  work: Work,
): Promise<string> {
  if (files.length === 0) {
    throw new LoadlineError('LL7005', `Cannot open ${label}: it has no files`);
  }
  const target = join(folder, 'checkouts', name);
  if (existsSync(target)) {
    touch(target);
    return target;
  }
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const file of files) {
    await checkBlob(folder, file, label, work, (bytes) => {
      done += bytes;
      work.onProgress(label, done, total);
    });
  }
  // From here on nothing waits: a checkout is made between two turns of everything else.
  const temporary = incomingPath(folder);
  try {
    for (const { path, sha256 } of files) {
      mkdirSync(dirname(join(temporary, path)), { recursive: true });
      linkOrCopy(blobPath(folder, sha256), join(temporary, path));
    }
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another process was as far first: its folder is the same.
    if (!existsSync(target)) {
      throw (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? new LoadlineError('LL7001', `Cannot open ${label}: it was deleted meanwhile`)
        : storeError(folder, error);
    }
  }
  return target;
}

/** `gc` takes an old checkout away whose version is gone, but whoever asked for it may be about to open it. */
function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // Another user's, who shares the store.
  }
}

/** Reads a blob and compares it with its name. Throws LL7006, and the signal's reason. */
export async function checkBlob(
  folder: string,
  { path, sha256, size }: VersionFile,
  label: string,
  work: Work,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const damaged = (found: string) =>
    new LoadlineError(
      'LL7006',
      `Cannot use "${path}" of ${label}: expected ${size} bytes with sha256 ${sha256}, found ${found}`,
      {
        where: blobPath(folder, sha256),
        fix: 'The disk lost or changed it: restore it from a backup, or add the same file again, which mends it.',
      },
    );
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(blobPath(folder, sha256), { signal: work.signal })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      onBytes((chunk as Buffer).length);
    }
  } catch (error) {
    work.signal.throwIfAborted();
    throw damaged((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : (error as Error).message);
  }
  const found = hash.digest('hex');
  if (found !== sha256) {
    throw damaged(`${bytes} bytes with sha256 ${found}`);
  }
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Some file systems have no links, or no more for this file.
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}
