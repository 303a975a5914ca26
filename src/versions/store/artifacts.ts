/** Files by path: rows that point at blobs. */
import { rmSync } from 'node:fs';
import { LoadlineError } from '../../errors.ts';
import { adoptBlob, blobPath, type Staged, stageBlob } from './blobs.ts';
import { checkArtifactPath } from './names.ts';
import { type Catalogued, reading, writing } from './transaction.ts';
import type { ArtifactEntry, ArtifactFile, Artifacts, VersionFile } from './types.ts';

interface ArtifactRow {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** The artifacts of a store whose catalog is open. */
export function openArtifacts(catalogued: Catalogued): Artifacts {
  const { database, folder } = catalogued;
  const below = database.prepare(
    'SELECT path, size FROM artifacts WHERE path > ? AND path < ? ORDER BY path',
  );
  // substr counts from 1, and one more for the slash.
  const files = database.prepare(
    'SELECT substr(path, length(?) + 2) AS path, sha256, size FROM artifacts WHERE path > ? AND path < ? ORDER BY path',
  );
  const at = database.prepare('SELECT path, sha256, size FROM artifacts WHERE path = ?');
  const forget = database.prepare('DELETE FROM artifacts WHERE path = ? OR (path > ? AND path < ?)');
  const pointAt = artifactWriter(catalogued);
  return {
    async put(path, body) {
      checkArtifactPath(path);
      const staged = await stageBlob(folder, body);
      try {
        writing(catalogued, () => {
          adoptBlob(folder, staged);
          pointAt(path, staged);
        });
      } catch (error) {
        rmSync(staged.temporary, { force: true });
        throw error;
      }
      return fileOf(folder, staged);
    },
    list(path) {
      if (path !== '') {
        checkArtifactPath(path);
      }
      const prefix = path === '' ? '' : `${path}/`;
      const rows = reading(folder, () => below.all(...rangeBelow(path))) as unknown as ArtifactRow[];
      const entries = new Map<string, ArtifactEntry>();
      for (const row of rows) {
        const rest = row.path.slice(prefix.length);
        const slash = rest.indexOf('/');
        const name = slash < 0 ? rest : rest.slice(0, slash);
        entries.set(name, { path: name, isFolder: slash >= 0, size: slash < 0 ? row.size : null });
      }
      return [...entries.values()];
    },
    files(path) {
      checkArtifactPath(path);
      return reading(folder, () => files.all(path, ...rangeBelow(path)) as unknown as VersionFile[]);
    },
    open(path) {
      checkArtifactPath(path);
      const row = reading(folder, () => at.get(path)) as ArtifactRow | undefined;
      return row === undefined ? null : fileOf(folder, row);
    },
    remove(path) {
      checkArtifactPath(path);
      return writing(catalogued, () => Number(forget.run(path, ...rangeBelow(path)).changes));
    },
  };
}

/**
 * Points a path at a blob, within a transaction. Throws LL7010 where the path is a folder, or goes through a file: no
 * folder on disk could hold both.
 */
export function artifactWriter({
  database,
}: Catalogued): (path: string, blob: Pick<Staged, 'sha256' | 'size'>) => void {
  const upsert = database.prepare(
    'INSERT INTO artifacts (path, sha256, size) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sha256 = excluded.sha256, size = excluded.size',
  );
  const at = database.prepare('SELECT 1 FROM artifacts WHERE path = ?');
  const below = database.prepare('SELECT 1 FROM artifacts WHERE path > ? AND path < ? LIMIT 1');
  return (path, { sha256, size }) => {
    const parts = path.split('/');
    for (let n = 1; n < parts.length; n++) {
      const parent = parts.slice(0, n).join('/');
      if (at.get(parent) !== undefined) {
        throw clash(path, `"${parent}" is a file`);
      }
    }
    if (below.get(...rangeBelow(path)) !== undefined) {
      throw clash(path, 'it is a folder');
    }
    upsert.run(path, sha256, size);
  };
}

function clash(path: string, why: string): LoadlineError {
  return new LoadlineError('LL7010', `Cannot put the artifact "${path}": ${why}`, {
    fix: 'Use another path, or remove what is there first.',
  });
}

/** Bounds of the paths below a folder, both excluded: `0` is what follows `/` in ASCII. */
export function rangeBelow(path: string): [string, string] {
  return path === '' ? ['', '\u{10ffff}'] : [`${path}/`, `${path}0`];
}

function fileOf(folder: string, { sha256, size }: Pick<ArtifactRow, 'sha256' | 'size'>): ArtifactFile {
  return { file: blobPath(folder, sha256), sha256, size };
}
