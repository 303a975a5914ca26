/** Makes room in a store: versions that are asked for, and files that nothing points at. */
import { type Dirent, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isLoadlineError } from '../../errors.ts';
import type { Mark } from '../types.ts';
import { blobPath } from './blobs.ts';
import { OWN_ARTIFACTS } from './catalog.ts';
import { reading, writing } from './transaction.ts';
import type { GcPlan, Store, StoredVersion } from './types.ts';

/** Bytes younger than this may belong to an upload that is not registered yet. */
const GRACE_MS = 3_600_000;

export interface GcOptions {
  /** Versions to delete. */
  readonly versions?: readonly { readonly name: string; readonly version: string }[];
  /** Delete all but this many of the newest versions of each model; those in use stay and count for nothing. */
  readonly keep?: number;
  /** Default: an hour. */
  readonly graceMs?: number;
}

interface Wanted {
  readonly version: StoredVersion;
  readonly why: string;
}

/** What `gc` would do now; only looks. Throws LL7001 for a version that is asked for and not there. */
export function planGc(store: Store, options: GcOptions = {}): GcPlan {
  const wanted = wantedVersions(store, options).map(({ version, why }) => ({
    version,
    why,
    use: useOf(store, version),
  }));
  const doomed = wanted.filter(({ use }) => use === null);
  const { blobs, bytes } = unusedBlobs(
    store,
    doomed.map(({ version }) => version),
    options.graceMs ?? GRACE_MS,
  );
  return {
    versions: doomed.map(({ version, why }) => ({ name: version.name, version: version.version, why })),
    kept: wanted
      .filter(({ use }) => use !== null)
      .map(({ version, use }) => ({ name: version.name, version: version.version, why: use ?? '' })),
    blobs: blobs.length,
    bytes,
  };
}

/**
 * Carries out a plan and says what was done: what came into use meanwhile stays. Versions go first and one by one, so that
 * whatever stops it, no version lacks a file.
 */
export function applyGc(store: Store, plan: GcPlan, mark: Mark, graceMs = GRACE_MS): GcPlan {
  const versions: { name: string; version: string; why: string }[] = [];
  const kept = [...plan.kept];
  for (const one of plan.versions) {
    try {
      store.catalog.deleteVersion(one.name, one.version, { ...mark, force: false });
      versions.push(one);
    } catch (error) {
      if (!isLoadlineError(error) || (error.code !== 'LL7011' && error.code !== 'LL7001')) {
        throw error;
      }
      kept.push({ name: one.name, version: one.version, why: error.message });
    }
  }
  const { blobs, bytes } = deleteBlobs(store, graceMs);
  sweep(store);
  return { versions, kept, blobs, bytes };
}

function wantedVersions({ catalog }: Store, { versions = [], keep }: GcOptions): readonly Wanted[] {
  const wanted = new Map<string, Wanted>();
  if (keep !== undefined) {
    for (const model of catalog.models()) {
      for (const version of model.versions.slice(keep)) {
        wanted.set(version.uid, { version, why: `older than the newest ${keep}` });
      }
    }
  }
  for (const { name, version } of versions) {
    const stored = catalog.version(name, version);
    wanted.set(stored.uid, { version: stored, why: 'asked for' });
  }
  return [...wanted.values()];
}

/** What a version is used by; null where it is not. */
function useOf({ holds }: Store, { name, version, aliases }: StoredVersion): string | null {
  if (aliases.length > 0) {
    return `the alias ${aliases.join(', ')} is at it`;
  }
  const holders = holds.holders(name, version);
  return holders.length > 0 ? `${holders.join(', ')} serves it` : null;
}

interface Unused {
  readonly blobs: readonly string[];
  readonly bytes: number;
}

/** Blobs that nothing would point at once `doomed` are gone, and that are old enough. */
function unusedBlobs({ database, folder }: Store, doomed: readonly StoredVersion[], graceMs: number): Unused {
  return reading(folder, () => {
    const uids = JSON.stringify(doomed.map(({ uid }) => uid));
    const used = database.prepare(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM version_files WHERE sha256 = ?1 AND uid NOT IN (SELECT value FROM json_each(?2)))
       OR EXISTS (SELECT 1 FROM artifacts a WHERE a.sha256 = ?1 AND NOT EXISTS (
         SELECT 1 FROM versions v WHERE v.uid IN (SELECT value FROM json_each(?2))
         AND v.artifact_path LIKE '${OWN_ARTIFACTS}/%' AND a.path > v.artifact_path || '/' AND a.path < v.artifact_path || '0'))`,
    );
    return oldBlobs(folder, graceMs, (sha256) => used.get(sha256, uids) !== undefined);
  });
}

function oldBlobs(folder: string, graceMs: number, isUsed: (sha256: string) => boolean): Unused {
  const before = Date.now() - graceMs;
  const blobs: string[] = [];
  let bytes = 0;
  const folders = entriesOf(join(folder, 'blobs/sha256')).filter((entry) => entry.isDirectory());
  for (const entry of folders) {
    for (const blob of entriesOf(join(folder, 'blobs/sha256', entry.name))) {
      const found = statSync(join(blob.parentPath, blob.name), { throwIfNoEntry: false });
      if (found !== undefined && found.mtimeMs < before && !isUsed(blob.name)) {
        blobs.push(blob.name);
        bytes += found.size;
      }
    }
  }
  return { blobs, bytes };
}

/** Blobs deleted under one lock: an upload that waits for it meanwhile is short. */
const BATCH = 100;

function deleteBlobs(store: Store, graceMs: number): { blobs: number; bytes: number } {
  const { database, folder } = store;
  const used = database.prepare(
    'SELECT 1 WHERE EXISTS (SELECT 1 FROM version_files WHERE sha256 = ?1) OR EXISTS (SELECT 1 FROM artifacts WHERE sha256 = ?1)',
  );
  const isUsed = (sha256: string): boolean => used.get(sha256) !== undefined;
  const { blobs } = reading(folder, () => oldBlobs(folder, graceMs, isUsed));
  const done = { blobs: 0, bytes: 0 };
  for (let i = 0; i < blobs.length; i += BATCH) {
    // Under the lock that adoptBlob needs: a blob is not put again between the look and the deletion.
    writing(store, () => {
      for (const sha256 of blobs.slice(i, i + BATCH)) {
        const path = blobPath(folder, sha256);
        const found = statSync(path, { throwIfNoEntry: false });
        if (found !== undefined && found.mtimeMs < Date.now() - graceMs && !isUsed(sha256)) {
          rmSync(path);
          done.blobs++;
          done.bytes += found.size;
        }
      }
    });
  }
  return done;
}

/** Uploads that nobody finished, and checkouts of versions that are no more. */
function sweep({ database, folder }: Store): void {
  const before = Date.now() - GRACE_MS;
  const known = database.prepare('SELECT 1 FROM versions WHERE uid = ?');
  const isOld = (path: string): boolean =>
    (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < before;
  for (const name of ['incoming', 'checkouts']) {
    for (const entry of entriesOf(join(folder, name))) {
      const path = join(folder, name, entry.name);
      const isUsed =
        name === 'checkouts' && known.get(entry.name.slice(0, entry.name.indexOf('-'))) !== undefined;
      if (!isUsed && isOld(path)) {
        rmSync(path, { recursive: true, force: true });
      }
    }
  }
}

function entriesOf(path: string): Dirent[] {
  return readdirSync(path, { withFileTypes: true });
}
