/** Takes an exported archive into a store. */
import { randomBytes } from 'node:crypto';
import { createReadStream, rmSync } from 'node:fs';
import { type ArchiveEntry, untar } from '../../bytes/untar.ts';
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Work } from '../types.ts';
import { artifactWriter } from './artifacts.ts';
import { adoptBlob, type Staged, stageBlob } from './blobs.ts';
import { OWN_ARTIFACTS } from './catalog.ts';
import { MANIFEST_NAME, type Manifest, manifestSchema } from './manifest.ts';
import { checkAlias, checkArtifactPath, checkModelName } from './names.ts';
import { writing } from './transaction.ts';
import type { Store } from './types.ts';

/** Bytes; a thousand versions of a wide model take some 10 MB. */
const LARGEST_MANIFEST = 256 * 2 ** 20;

export interface Imported {
  readonly name: string;
  readonly versions: readonly string[];
  /** Those that were set, and those that are elsewhere in this store and stayed there. */
  readonly aliases: readonly string[];
  readonly aliasesKept: readonly string[];
}

/**
 * Takes all versions of an archive, under their numbers, or none. Aliases come along where this store has none of that
 * name; the history comes along too.
 *
 * @throws LoadlineError LL1006, LL1007, LL7006 for an archive that is damaged or none, LL7007, LL7010, LL7011 where a
 * number is taken
 */
export async function importModel(
  store: Store,
  file: string,
  options: { readonly by: string; readonly as?: string },
  work: Work,
): Promise<Imported> {
  const staged = new Map<string, Staged>();
  /** Of the blobs that it has to have. */
  const sizes = new Map<string, number>();
  let manifest: Manifest | null = null;
  try {
    for await (const entry of untar((push) => feed(file, push, work))) {
      if (manifest === null) {
        manifest = await readManifest(file, entry);
        for (const { sha256, size } of manifest.versions.flatMap(({ files }) => files)) {
          sizes.set(sha256, size);
        }
        continue;
      }
      const { name, size } = entry.header;
      const sha256 = name.replace('blobs/sha256/', '');
      if (sizes.get(sha256) !== size || staged.has(sha256)) {
        throw damaged(file, `${MANIFEST_NAME} does not name ${JSON.stringify(name)} with ${size} bytes`);
      }
      const blob = await stageBlob(store.folder, entry.body);
      staged.set(sha256, blob);
      if (blob.sha256 !== sha256) {
        throw damaged(file, `${name} has the sha256 ${blob.sha256}`);
      }
    }
    if (manifest === null) {
      throw damaged(file, 'it is empty');
    }
    const checked = manifest;
    checkManifest(file, checked, staged);
    return writing(store, () => insert(store, checked, options.as ?? checked.name, options.by, staged));
  } catch (error) {
    work.signal.throwIfAborted();
    throw isLoadlineError(error) ? error : damaged(file, (error as Error).message);
  } finally {
    for (const { temporary } of staged.values()) {
      rmSync(temporary, { force: true });
    }
  }
}

async function feed(file: string, push: (chunk: Uint8Array) => Promise<void>, work: Work): Promise<void> {
  let done = 0;
  try {
    for await (const chunk of createReadStream(file, { signal: work.signal })) {
      done += (chunk as Buffer).length;
      work.onProgress(file, done, null);
      await push(chunk as Buffer);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES'
      ? new LoadlineError('LL1006', `Cannot read ${file}: ${message}`, { where: file, cause })
      : cause;
  }
}

async function readManifest(file: string, { header, body }: ArchiveEntry): Promise<Manifest> {
  if (header.name !== MANIFEST_NAME || (header.size ?? 0) > LARGEST_MANIFEST) {
    throw damaged(file, `expected ${MANIFEST_NAME} as its first entry, found ${JSON.stringify(header.name)}`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
  }
  const parsed = manifestSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString()));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw damaged(file, `${MANIFEST_NAME}, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  return parsed.data;
}

/** That the archive is whole, and that its names are ones that this store would have taken. */
function checkManifest(file: string, manifest: Manifest, staged: ReadonlyMap<string, Staged>): void {
  for (const { version, files } of manifest.versions) {
    for (const { path, sha256, size } of files) {
      checkArtifactPath(path);
      if (staged.get(sha256)?.size !== size) {
        throw damaged(file, `"${path}" of version ${version} is not in it as a whole`);
      }
    }
  }
  for (const [alias, version] of Object.entries(manifest.aliases)) {
    checkAlias(alias);
    if (!manifest.versions.some((one) => one.version === version)) {
      throw damaged(file, `the alias "${alias}" is at version ${version}, which is not in it`);
    }
  }
}

function insert(
  store: Store,
  manifest: Manifest,
  name: string,
  by: string,
  staged: ReadonlyMap<string, Staged>,
): Imported {
  checkModelName(name);
  const { catalog, database, folder } = store;
  const isNew = !catalog.hasModel(name);
  if (isNew) {
    const { description, tags } = manifest;
    catalog.createModel(name, { description: description === '' ? null : description, tags, by });
  }
  const model = database.prepare('SELECT id FROM models WHERE name = ?').get(name)!.id as number;
  refuseTaken(store, model, name, manifest);
  for (const blob of staged.values()) {
    adoptBlob(folder, blob);
  }
  const pointAt = artifactWriter(store);
  const note = database.prepare(
    'INSERT INTO history (at, kind, model, name, number, uid, alias, was, now, rollback, imported, by, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  for (const {
    at,
    kind,
    number,
    uid,
    alias,
    was,
    now,
    rollback,
    by: who,
    why,
    ...event
  } of manifest.history) {
    // Where the model was here before, its aliases went their own way: `rollback` goes that one.
    const called = event.name === manifest.name ? name : event.name;
    note.run(at, kind, model, called, number, uid, alias, was, now, rollback, isNew ? 0 : 1, who, why);
  }
  const versions = database.prepare(
    `INSERT INTO versions (model, number, uid, created_at, updated_at, description, source, artifact_path, run_id, run_link, stage, status, metrics, params, sha256, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const versionFiles = database.prepare(
    'INSERT INTO version_files (uid, path, sha256, size) VALUES (?, ?, ?, ?)',
  );
  const versionTags = database.prepare(
    'INSERT INTO version_tags (model, number, key, value) VALUES (?, ?, ?, ?)',
  );
  const known = database.prepare('SELECT 1 FROM versions WHERE uid = ?');
  for (const version of manifest.versions) {
    const number = Number(version.version);
    // The same version may be in this store under another name.
    const uid = known.get(version.uid) === undefined ? version.uid : randomBytes(16).toString('hex');
    const artifactPath = `${OWN_ARTIFACTS}/${randomBytes(16).toString('hex')}`;
    versions.run(
      model,
      number,
      uid,
      version.createdAt,
      version.updatedAt,
      version.description,
      `mlflow-artifacts:/${artifactPath}`,
      artifactPath,
      version.runId,
      version.runLink,
      version.stage,
      version.status,
      JSON.stringify(version.metrics),
      JSON.stringify(version.params),
      version.sha256,
      version.bytes,
    );
    for (const { path, sha256, size } of version.files) {
      pointAt(`${artifactPath}/${path}`, { sha256, size });
      versionFiles.run(uid, path, sha256, size);
    }
    for (const [key, value] of Object.entries(version.tags)) {
      versionTags.run(model, number, key, value);
    }
    const why = `imported as ${manifest.name}/${version.version} from ${version.source}`;
    note.run(Date.now(), 'model', model, name, number, uid, null, null, null, 0, 1, by, why);
  }
  const numbers = [
    ...manifest.versions.map(({ version }) => Number(version)),
    // Also of versions that are not in the archive: a number is used once in the life of a model.
    ...(isNew
      ? manifest.history.map((event) => (event.kind === 'version-added' ? (event.number ?? 0) : 0))
      : []),
  ];
  database
    .prepare('UPDATE models SET next_number = max(next_number, ? + 1) WHERE id = ?')
    .run(Math.max(...numbers), model);
  const here = catalog.model(name).aliases;
  const setAlias = database.prepare('INSERT INTO aliases (model, alias, number) VALUES (?, ?, ?)');
  const aliases: string[] = [];
  const aliasesKept: string[] = [];
  for (const [alias, version] of Object.entries(manifest.aliases)) {
    if (Object.hasOwn(here, alias)) {
      aliasesKept.push(alias);
    } else if (isNew) {
      // Its history, which came along, says how it got there.
      setAlias.run(model, alias, Number(version));
      aliases.push(alias);
    } else {
      catalog.setAlias(name, alias, version, { by, why: 'imported' });
      aliases.push(alias);
    }
  }
  return { name, versions: manifest.versions.map(({ version }) => version), aliases, aliasesKept };
}

/** A number that was ever used here stays what it was, unless the same version comes back. */
function refuseTaken({ database }: Store, model: number, name: string, { versions }: Manifest): void {
  const used = database.prepare(
    "SELECT 1 FROM history WHERE model = ? AND number = ? AND uid <> ? AND imported = 0 AND kind IN ('version-added', 'version-deleted')",
  );
  const there = database.prepare('SELECT 1 FROM versions WHERE model = ? AND number = ?');
  const taken = versions.filter(
    ({ version, uid }) =>
      there.get(model, Number(version)) !== undefined || used.get(model, Number(version), uid) !== undefined,
  );
  if (taken.length > 0) {
    throw new LoadlineError(
      'LL7011',
      `Cannot import into "${name}": ${taken.length === 1 ? 'version' : 'versions'} ${taken.map(({ version }) => version).join(', ')} ${taken.length === 1 ? 'is' : 'are'} taken in this store; nothing was imported`,
      { fix: 'Import it under another name, or into another store.' },
    );
  }
}

function damaged(file: string, why: string): LoadlineError {
  return new LoadlineError('LL7006', `Cannot import ${file}: ${why}`, {
    where: file,
    fix: 'Copy or export it again: `loadline models export` writes such a file.',
  });
}
