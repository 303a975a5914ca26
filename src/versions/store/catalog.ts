/** Models, versions, aliases, tags and their history. */
import { randomBytes } from 'node:crypto';
import { LoadlineError } from '../../errors.ts';
import { previousOf } from '../previous.ts';
import type { HistoryEvent, Mark } from '../types.ts';
import { rangeBelow } from './artifacts.ts';
import { checkAlias, checkArtifactPath, checkModelName } from './names.ts';
import { type Catalogued, reading, writing } from './transaction.ts';
import type {
  Artifacts,
  Catalog,
  Holds,
  NewVersion,
  StoredModel,
  StoredVersion,
  VersionFile,
} from './types.ts';
import { SELECT_VERSION, storedVersion, type VersionRow, versionNumber } from './version-rows.ts';

/** Where `models add` puts its files: they go with their version, while those that were logged belong to their run. */
export const OWN_ARTIFACTS = 'loadline/models';

/** Names that a message lists at most. */
const LISTED = 20;

interface ModelRow {
  readonly id: number;
  readonly name: string;
  readonly description: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly next_number: number;
}

interface HistoryRow {
  readonly at: number;
  readonly kind: HistoryEvent['kind'];
  readonly name: string;
  readonly number: number | null;
  readonly alias: string | null;
  readonly was: string | null;
  readonly now: string | null;
  readonly rollback: number;
  readonly by: string;
  readonly why: string;
}

/** What a line of history says beyond its model, kind, time and mark. */
interface Happening {
  readonly number?: number | null;
  readonly uid?: string;
  readonly alias?: string;
  readonly was?: string | null;
  readonly now?: string | null;
  readonly rollback?: boolean;
}

/** @param by who did what no one is named for */
export function openCatalog(catalogued: Catalogued, artifacts: Artifacts, holds: Holds, by: string): Catalog {
  const { database, folder } = catalogued;
  const sql = {
    models: database.prepare('SELECT * FROM models ORDER BY name'),
    names: database.prepare(`SELECT name FROM models ORDER BY name LIMIT ${LISTED + 1}`),
    model: database.prepare('SELECT * FROM models WHERE name = ?'),
    modelTags: database.prepare('SELECT key, value FROM model_tags WHERE model = ? ORDER BY key'),
    modelAliases: database.prepare('SELECT alias, number FROM aliases WHERE model = ? ORDER BY alias'),
    insertModel: database.prepare(
      'INSERT INTO models (name, description, created_at, updated_at) VALUES (?, ?, ?, ?)',
    ),
    describeModel: database.prepare('UPDATE models SET description = ?, updated_at = ? WHERE id = ?'),
    touchModel: database.prepare('UPDATE models SET updated_at = ? WHERE id = ?'),
    renameModel: database.prepare('UPDATE models SET name = ?, updated_at = ? WHERE id = ?'),
    renameHolds: database.prepare('UPDATE holds SET name = ? WHERE name = ?'),
    deleteModel: database.prepare('DELETE FROM models WHERE id = ?'),
    versions: database.prepare(`${SELECT_VERSION} WHERE v.model = ? ORDER BY v.number DESC`),
    version: database.prepare(`${SELECT_VERSION} WHERE m.name = ? AND v.number = ?`),
    latest: database.prepare(`${SELECT_VERSION} WHERE m.name = ? ORDER BY v.number DESC LIMIT 1`),
    byAlias: database.prepare(
      `${SELECT_VERSION} JOIN aliases x ON x.model = v.model AND x.number = v.number WHERE m.name = ? AND x.alias = ?`,
    ),
    aliasNumber: database.prepare(
      'SELECT a.number FROM aliases a JOIN models m ON m.id = a.model WHERE m.name = ? AND a.alias = ?',
    ),
    takeNumber: database.prepare(
      'UPDATE models SET next_number = next_number + 1, updated_at = ? WHERE id = ? RETURNING next_number - 1 AS number',
    ),
    insertVersion: database.prepare(
      `INSERT INTO versions (model, number, uid, created_at, updated_at, description, source, artifact_path, run_id, run_link, metrics, params, sha256, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    // substr counts from 1, and one more for the slash.
    keepFiles: database.prepare(
      'INSERT INTO version_files (uid, path, sha256, size) SELECT ?, substr(path, length(?) + 2), sha256, size FROM artifacts WHERE path > ? AND path < ?',
    ),
    keptFiles: database.prepare('SELECT path, sha256, size FROM version_files WHERE uid = ? ORDER BY path'),
    updateVersion: database.prepare(
      'UPDATE versions SET description = ?, stage = ?, status = ?, updated_at = ? WHERE model = ? AND number = ?',
    ),
    deleteVersion: database.prepare('DELETE FROM versions WHERE model = ? AND number = ?'),
    sharesFiles: database.prepare('SELECT 1 FROM versions WHERE artifact_path = ? LIMIT 1'),
    forgetFiles: database.prepare('DELETE FROM artifacts WHERE path > ? AND path < ?'),
    setAlias: database.prepare(
      'INSERT INTO aliases (model, alias, number) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number',
    ),
    deleteAlias: database.prepare('DELETE FROM aliases WHERE model = ? AND alias = ?'),
    modelTag: database.prepare('SELECT value FROM model_tags WHERE model = ? AND key = ?'),
    setModelTag: database.prepare(
      'INSERT INTO model_tags (model, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    deleteModelTag: database.prepare('DELETE FROM model_tags WHERE model = ? AND key = ?'),
    versionTag: database.prepare('SELECT value FROM version_tags WHERE model = ? AND number = ? AND key = ?'),
    setVersionTag: database.prepare(
      'INSERT INTO version_tags (model, number, key, value) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    deleteVersionTag: database.prepare('DELETE FROM version_tags WHERE model = ? AND number = ? AND key = ?'),
    note: database.prepare(
      'INSERT INTO history (at, kind, model, name, number, uid, alias, was, now, rollback, by, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    history: database.prepare('SELECT * FROM history ORDER BY at DESC, id DESC'),
    historyOf: database.prepare(
      'SELECT * FROM history WHERE name = ?1 OR model = (SELECT id FROM models WHERE name = ?1) ORDER BY at DESC, id DESC',
    ),
    moves: database.prepare(
      'SELECT * FROM history WHERE model = ? AND alias = ? AND imported = 0 ORDER BY id DESC',
    ),
  };

  function note(
    model: Pick<ModelRow, 'id' | 'name'>,
    kind: HistoryEvent['kind'],
    mark: Mark,
    what: Happening,
  ): void {
    const { number = null, uid = null, alias = null, was = null, now = null, rollback = false } = what;
    sql.note.run(
      Date.now(),
      kind,
      model.id,
      model.name,
      number,
      uid,
      alias,
      was,
      now,
      rollback ? 1 : 0,
      mark.by,
      mark.why,
    );
  }

  function modelRow(name: string): ModelRow {
    const row = sql.model.get(name) as ModelRow | undefined;
    if (row === undefined) {
      const names = sql.names.all().map((other) => other.name as string);
      throw new LoadlineError(
        'LL7001',
        names.length === 0
          ? `No model "${name}": the store ${folder} is empty`
          : `No model "${name}" in the store ${folder}: it has ${listed(names)}`,
        names.length === 0 ? { fix: '`loadline models add model.pkl --name NAME` adds one.' } : {},
      );
    }
    return row;
  }

  function versionRow(name: string, version: string): VersionRow {
    const number = versionNumber(version);
    const row = number === null ? undefined : (sql.version.get(name, number) as VersionRow | undefined);
    if (row === undefined) {
      const there = (sql.versions.all(modelRow(name).id) as unknown as VersionRow[]).map(
        ({ number }) => number,
      );
      throw new LoadlineError(
        'LL7001',
        `No version ${version} of "${name}" in the store ${folder}: ${there.length === 0 ? 'it has none' : `it has ${listed(there.toReversed())}`}`,
      );
    }
    return row;
  }

  function storedModel(row: ModelRow): StoredModel {
    return {
      name: row.name,
      description: row.description ?? '',
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      tags: Object.fromEntries(
        sql.modelTags.all(row.id).map(({ key, value }) => [key as string, value as string]),
      ),
      aliases: Object.fromEntries(
        sql.modelAliases.all(row.id).map(({ alias, number }) => [alias as string, String(number)]),
      ),
      versions: (sql.versions.all(row.id) as unknown as VersionRow[]).map(storedVersion),
    };
  }

  function insertModel(name: string, description: string | null, mark: Mark): ModelRow {
    checkModelName(name);
    const now = Date.now();
    sql.insertModel.run(name, description, now, now);
    const row = sql.model.get(name) as unknown as ModelRow;
    note(row, 'model', mark, {});
    return row;
  }

  function writeTag(
    model: ModelRow,
    number: number | null,
    key: string,
    value: string | null,
    who: string,
  ): void {
    const at: [number] | [number, number] = number === null ? [model.id] : [model.id, number];
    const [read, set, remove] =
      number === null
        ? [sql.modelTag, sql.setModelTag, sql.deleteModelTag]
        : [sql.versionTag, sql.setVersionTag, sql.deleteVersionTag];
    const was = (read.get(...at, key)?.value ?? null) as string | null;
    if (was === value) {
      return;
    }
    if (value === null) {
      remove.run(...at, key);
    } else {
      set.run(...at, key, value);
    }
    note(model, 'tag', { by: who, why: key }, { number, was, now: value });
  }

  function removeAlias(model: ModelRow, alias: string, number: number, mark: Mark): void {
    sql.deleteAlias.run(model.id, alias);
    note(model, 'alias-deleted', mark, { number, alias, was: String(number) });
  }

  /** With its aliases and its own files; what a server holds stays. */
  function removeVersion(model: ModelRow, version: StoredVersion, mark: Mark): void {
    const holders = holds.holders(model.name, version.version);
    if (holders.length > 0) {
      throw new LoadlineError(
        'LL7011',
        `Cannot delete version ${version.version} of "${model.name}": ${listed(holders)} serves it`,
      );
    }
    const number = Number(version.version);
    for (const alias of version.aliases) {
      removeAlias(model, alias, number, mark);
    }
    sql.deleteVersion.run(model.id, number);
    const { artifactPath } = version;
    if (artifactPath.startsWith(`${OWN_ARTIFACTS}/`) && sql.sharesFiles.get(artifactPath) === undefined) {
      sql.forgetFiles.run(...rangeBelow(artifactPath));
    }
    note(model, 'version-deleted', mark, { number, uid: version.uid });
  }

  return {
    models: () => reading(folder, () => (sql.models.all() as unknown as ModelRow[]).map(storedModel)),
    model: (name) => reading(folder, () => storedModel(modelRow(name))),
    hasModel: (name) => reading(folder, () => sql.model.get(name) !== undefined),
    version: (name, version) => reading(folder, () => storedVersion(versionRow(name, version))),
    byAlias: (name, alias) =>
      reading(folder, () => {
        const row = sql.byAlias.get(name, alias) as VersionRow | undefined;
        if (row === undefined) {
          const there = sql.modelAliases.all(modelRow(name).id).map((other) => other.alias as string);
          throw new LoadlineError(
            'LL7001',
            `No alias "${alias}" of "${name}" in the store ${folder}: ${there.length === 0 ? 'it has none' : `it has ${listed(there)}`}`,
          );
        }
        return storedVersion(row);
      }),
    latest: (name) =>
      reading(folder, () => {
        const row = sql.latest.get(name) as VersionRow | undefined;
        if (row === undefined) {
          modelRow(name);
          throw new LoadlineError('LL7001', `No version of "${name}" in the store ${folder}: it has none`);
        }
        return storedVersion(row);
      }),
    aliasVersion: (name, alias) =>
      reading(folder, () => {
        const row = sql.aliasNumber.get(name, alias);
        return row === undefined ? null : String(row.number);
      }),
    files({ uid, artifactPath }) {
      const kept = reading(folder, () => sql.keptFiles.all(uid)) as unknown as VersionFile[];
      return kept.length > 0 || artifactPath === '' ? kept : artifacts.files(artifactPath);
    },
    createModel: (name, { description, tags, by: who }) =>
      writing(catalogued, () => {
        if (sql.model.get(name) !== undefined) {
          throw new LoadlineError('LL7011', `Cannot make the model "${name}": it exists already`, {
            fix: 'Choose another name, or add a version to it.',
          });
        }
        const row = insertModel(name, description, { by: who, why: 'created' });
        for (const [key, value] of Object.entries(tags)) {
          writeTag(row, null, key, value, who);
        }
        return storedModel(row);
      }),
    updateModel: (name, description) =>
      writing(catalogued, () => {
        const row = modelRow(name);
        sql.describeModel.run(description, Date.now(), row.id);
        note(row, 'model', { by, why: 'description' }, { was: row.description, now: description });
        return storedModel(modelRow(name));
      }),
    renameModel: (name, to, who) =>
      writing(catalogued, () => {
        const row = modelRow(name);
        checkModelName(to);
        if (to !== name && sql.model.get(to) !== undefined) {
          throw new LoadlineError(
            'LL7011',
            `Cannot rename "${name}" to "${to}": a model of that name exists`,
            {
              fix: 'Choose another name.',
            },
          );
        }
        sql.renameModel.run(to, Date.now(), row.id);
        sql.renameHolds.run(to, name);
        note({ ...row, name: to }, 'model', { by: who, why: 'renamed' }, { was: name, now: to });
        return storedModel(modelRow(to));
      }),
    deleteModel: (name, mark) =>
      writing(catalogued, () => {
        const row = modelRow(name);
        for (const version of storedModel(row).versions) {
          removeVersion(row, version, mark);
        }
        sql.deleteModel.run(row.id);
        note(row, 'model', { ...mark, why: mark.why === '' ? 'deleted' : `deleted: ${mark.why}` }, {});
      }),
    createVersion: (version) =>
      writing(catalogued, () => {
        checkVersion(version);
        const { name, by: who, why = '' } = version;
        const model =
          (sql.model.get(name) as ModelRow | undefined) ??
          insertModel(name, null, { by: who, why: 'created' });
        const now = Date.now();
        const number = sql.takeNumber.get(now, model.id)!.number as number;
        const uid = randomBytes(16).toString('hex');
        sql.insertVersion.run(
          model.id,
          number,
          uid,
          now,
          now,
          version.description,
          version.source,
          version.artifactPath,
          version.runId,
          version.runLink ?? '',
          JSON.stringify(version.metrics ?? {}),
          JSON.stringify(version.params ?? {}),
          version.sha256 ?? null,
          version.bytes ?? null,
        );
        if (version.artifactPath !== '') {
          sql.keepFiles.run(uid, version.artifactPath, ...rangeBelow(version.artifactPath));
        }
        note(model, 'version-added', { by: who, why }, { number, uid });
        for (const [key, value] of Object.entries(version.tags)) {
          sql.setVersionTag.run(model.id, number, key, value);
        }
        return storedVersion(versionRow(name, String(number)));
      }),
    updateVersion: (name, version, change, who) =>
      writing(catalogued, () => {
        const row = versionRow(name, version);
        const { description = row.description, stage = row.stage, status = row.status } = change;
        sql.updateVersion.run(description, stage, status, Date.now(), row.model, row.number);
        const model = { id: row.model, name };
        const { number } = row;
        if (stage !== row.stage) {
          note(model, 'stage', { by: who, why: '' }, { number, was: row.stage, now: stage });
        }
        for (const [what, was, now] of [
          ['description', row.description, description],
          ['status', row.status, status],
        ] as const) {
          if (was !== now) {
            note(model, 'model', { by: who, why: what }, { number, was, now });
          }
        }
        return storedVersion(versionRow(name, version));
      }),
    deleteVersion: (name, version, { force, ...mark }) =>
      writing(catalogued, () => {
        const row = versionRow(name, version);
        const stored = storedVersion(row);
        if (!force && stored.aliases.length > 0) {
          throw new LoadlineError(
            'LL7011',
            `Cannot delete version ${version} of "${name}": the alias ${listed(stored.aliases)} is at it`,
          );
        }
        const model = modelRow(name);
        removeVersion(model, stored, mark);
        sql.touchModel.run(Date.now(), model.id);
      }),
    setAlias: (name, alias, version, { expected, rollback = false, ...mark }) =>
      writing(catalogued, () => {
        checkAlias(alias);
        const model = modelRow(name);
        const { number } = versionRow(name, version);
        const from = aliasAt(name, alias);
        if (expected !== undefined && expected !== from) {
          throw new LoadlineError(
            'LL7015',
            `Cannot move "${alias}" of "${name}" to version ${version}: expected it at ${placed(expected)}, found it at ${placed(from)}`,
          );
        }
        const to = String(number);
        if (from !== to) {
          sql.setAlias.run(model.id, alias, number);
          note(model, 'alias-moved', mark, { number, alias, was: from, now: to, rollback });
        }
        return { name, alias, from, to };
      }),
    deleteAlias: (name, alias, mark) =>
      writing(catalogued, () => {
        const model = modelRow(name);
        const at = aliasAt(name, alias);
        if (at !== null) {
          removeAlias(model, alias, Number(at), mark);
        }
        return at !== null;
      }),
    setTag: (name, version, key, value, who = by) =>
      writing(catalogued, () => {
        const number = version === null ? null : versionRow(name, version).number;
        writeTag(modelRow(name), number, key, value, who);
      }),
    history: (name) =>
      reading(folder, () => {
        const rows = (name === undefined
          ? sql.history.all()
          : sql.historyOf.all(name)) as unknown as HistoryRow[];
        if (name !== undefined && rows.length === 0) {
          modelRow(name);
        }
        return rows.map(historyEvent);
      }),
    previous: (name, alias) =>
      reading(folder, () => {
        const { id } = modelRow(name);
        const events = (sql.moves.all(id, alias) as unknown as HistoryRow[]).map(historyEvent);
        const version = previousOf(events, (one) => sql.version.get(name, versionNumber(one)) !== undefined);
        if (version === null) {
          throw new LoadlineError(
            'LL7014',
            events.length === 0
              ? `Cannot roll back "${alias}" of "${name}": there is no such alias, and never was`
              : `Cannot roll back "${alias}" of "${name}": it was at no version before ${placed(aliasAt(name, alias))} that still exists`,
          );
        }
        return version;
      }),
  };

  function aliasAt(name: string, alias: string): string | null {
    const row = sql.aliasNumber.get(name, alias);
    return row === undefined ? null : String(row.number);
  }
}

function checkVersion({ artifactPath, metrics }: NewVersion): void {
  if (artifactPath !== '') {
    checkArtifactPath(artifactPath);
  }
  for (const [key, value] of Object.entries(metrics ?? {})) {
    if (!Number.isFinite(value)) {
      throw new LoadlineError(
        'LL1001',
        `Cannot keep the metric "${key}": expected a finite number, found ${value}`,
      );
    }
  }
}

function historyEvent(row: HistoryRow): HistoryEvent {
  return {
    at: row.at,
    kind: row.kind,
    name: row.name,
    version: row.number === null ? null : String(row.number),
    alias: row.alias,
    from: row.was,
    to: row.now,
    ...(row.rollback === 1 && { rollback: true }),
    by: row.by,
    why: row.why,
  };
}

function placed(version: string | null): string {
  return version === null ? 'no version' : `version ${version}`;
}

/** `a, b, c` or `a, b, … (more)`. */
function listed(names: readonly (string | number)[]): string {
  return names.length <= LISTED ? names.join(', ') : `${names.slice(0, LISTED).join(', ')}, …`;
}
