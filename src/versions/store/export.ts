/** A model's versions as one file: a tar archive of what the catalog says and the blobs. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Pack, pack } from 'tar-stream';
import { cannotWrite } from '../../config/write-whole.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Work } from '../types.ts';
import { blobPath, syncFolder } from './blobs.ts';
import { checkBlob } from './checkout.ts';
import { EXPORT_KIND, type ExportedEvent, MANIFEST_NAME, type Manifest } from './manifest.ts';
import { reading } from './transaction.ts';
import type { Store, StoredVersion, VersionFile } from './types.ts';

export interface Exported {
  readonly name: string;
  readonly versions: readonly string[];
  /** Blobs and their bytes. */
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes versions of a model into `file`, which is there as a whole or not at all; all of them by default. Damaged files
 * are found out before anything is written.
 *
 * @throws LoadlineError LL1007, LL7001, LL7005 for a version without files, LL7006
 */
export async function exportModel(
  store: Store,
  name: string,
  options: { readonly versions?: readonly string[]; readonly file: string },
  work: Work,
): Promise<Exported> {
  const { file } = options;
  const { manifest, blobs } = describe(store, name, options.versions);
  const total = [...blobs.values()].reduce((sum, { size }) => sum + size, 0);
  for (const blob of blobs.values()) {
    await checkBlob(store.folder, blob, name, work, () => {});
  }
  const temporary = `${file}.partial-${process.pid}`;
  const archive = pack();
  // Whatever fails, the writing fails with it: it reads what is filled in.
  const filling = fill(archive, store.folder, manifest, blobs, total, work).catch((error: Error) =>
    archive.destroy(error),
  );
  try {
    await write(archive, temporary, file);
  } catch (error) {
    archive.destroy();
    await filling;
    await rm(temporary, { force: true }).catch(() => {});
    throw isLoadlineError(error) || work.signal.aborted ? error : cannotWrite(file, error);
  }
  return { name, versions: manifest.versions.map(({ version }) => version), files: blobs.size, bytes: total };
}

/** What is exported, in one look at the catalog. Blobs by sha256. */
function describe(
  store: Store,
  name: string,
  picked?: readonly string[],
): { manifest: Manifest; blobs: Map<string, VersionFile> } {
  const { catalog, database, folder } = store;
  const model = catalog.model(name);
  const versions = picked?.map((version) => catalog.version(name, version)) ?? model.versions;
  if (versions.length === 0) {
    throw new LoadlineError('LL7001', `Cannot export "${name}": it has no versions`);
  }
  const blobs = new Map<string, VersionFile>();
  const exported = versions
    .toSorted((a, b) => Number(a.version) - Number(b.version))
    .map((version) => {
      const files = filesOf(store, version);
      for (const file of files) {
        blobs.set(file.sha256, file);
      }
      const { name: _, aliases: __, artifactPath: ___, ...rest } = version;
      return { ...rest, files };
    });
  const history = reading(folder, () =>
    database
      .prepare(
        'SELECT h.at, h.kind, h.name, h.number, h.uid, h.alias, h.was, h.now, h.rollback, h.by, h.why FROM history h JOIN models m ON m.id = h.model WHERE m.name = ? ORDER BY h.id',
      )
      .all(name),
  ) as unknown as ExportedEvent[];
  const numbers = new Set(exported.map(({ version }) => version));
  return {
    blobs,
    manifest: {
      kind: EXPORT_KIND,
      exportedAt: Date.now(),
      name,
      description: model.description,
      tags: model.tags,
      aliases: Object.fromEntries(
        Object.entries(model.aliases).filter(([, version]) => numbers.has(version)),
      ),
      versions: exported,
      history: history.map((event) => ({ ...event })),
    },
  };
}

function filesOf({ catalog }: Store, version: StoredVersion): VersionFile[] {
  const files = catalog.files(version).map((file) => ({ ...file }));
  if (files.length === 0) {
    throw new LoadlineError('LL7005', `Cannot export ${version.name}/${version.version}: it has no files`);
  }
  return files;
}

async function fill(
  archive: Pack,
  folder: string,
  manifest: Manifest,
  blobs: ReadonlyMap<string, VersionFile>,
  total: number,
  work: Work,
): Promise<void> {
  // One time for all: the same versions make the same archive but for `exportedAt`.
  const mtime = new Date(0);
  archive.entry({ name: MANIFEST_NAME, mtime }, JSON.stringify(manifest));
  let done = 0;
  for (const { sha256, size } of blobs.values()) {
    const ended = Promise.withResolvers<void>();
    // It may fail while nobody waits for it yet; whoever does later still hears of it.
    ended.promise.catch(() => {});
    const entry = archive.entry({ name: `blobs/sha256/${sha256}`, size, mtime }, (error) =>
      error ? ended.reject(error) : ended.resolve(),
    );
    for await (const chunk of createReadStream(blobPath(folder, sha256), { signal: work.signal })) {
      done += (chunk as Buffer).length;
      work.onProgress(manifest.name, done, total);
      if (!entry.write(chunk)) {
        await Promise.race([once(entry, 'drain'), ended.promise]);
      }
    }
    entry.end(null);
    await ended.promise;
  }
  archive.finalize();
}

async function write(archive: Pack, temporary: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const out = await open(temporary, 'wx');
  try {
    for await (const chunk of archive) {
      await out.writeFile(chunk as Uint8Array);
    }
    await out.sync();
  } finally {
    await out.close();
  }
  await rename(temporary, file);
  syncFolder(dirname(file));
}
