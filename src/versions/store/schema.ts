/** Tables of the catalog. A change is a new entry of MIGRATIONS, never an edit of one that was released. */

/** `LLMS`, in the header of the SQLite file: how a store's catalog is told from any other database. */
export const APPLICATION_ID = 0x4c_4c_4d_53;

/**
 * Entry i takes a catalog from schema i to i + 1; `user_version` says where one stands. `number` is a version's; `uid`
 * names a version for ever, also where a model of that name is deleted and made again. `history.model` outlives the
 * model it names, and `was` and `now` hold versions for an alias, old and new values for the rest. The files of a
 * version are listed apart from the artifacts: what is put at the same path later does not change it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    next_number INTEGER NOT NULL DEFAULT 1
  ) STRICT;
  CREATE TABLE model_tags (
    model INTEGER NOT NULL REFERENCES models ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE versions (
    model INTEGER NOT NULL REFERENCES models ON DELETE CASCADE,
    number INTEGER NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    description TEXT NOT NULL,
    source TEXT NOT NULL,
    artifact_path TEXT NOT NULL,
    run_id TEXT,
    run_link TEXT NOT NULL,
    stage TEXT NOT NULL DEFAULT 'None',
    status TEXT NOT NULL DEFAULT 'READY',
    metrics TEXT NOT NULL,
    params TEXT NOT NULL,
    sha256 TEXT,
    bytes INTEGER,
    PRIMARY KEY (model, number)
  ) STRICT;
  CREATE TABLE version_tags (
    model INTEGER NOT NULL,
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, number, key),
    FOREIGN KEY (model, number) REFERENCES versions ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE aliases (
    model INTEGER NOT NULL,
    alias TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, number) REFERENCES versions ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX aliases_by_version ON aliases (model, number);
  CREATE TABLE artifacts (
    path TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX artifacts_by_content ON artifacts (sha256);
  CREATE TABLE version_files (
    uid TEXT NOT NULL REFERENCES versions (uid) ON DELETE CASCADE,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (uid, path)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX version_files_by_content ON version_files (sha256);
  CREATE TABLE history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    model INTEGER NOT NULL,
    name TEXT NOT NULL,
    number INTEGER,
    uid TEXT,
    alias TEXT,
    was TEXT,
    now TEXT,
    rollback INTEGER NOT NULL DEFAULT 0,
    imported INTEGER NOT NULL DEFAULT 0,
    by TEXT NOT NULL,
    why TEXT NOT NULL
  ) STRICT;
  CREATE INDEX history_by_model ON history (model, alias);
  CREATE INDEX history_by_name ON history (name);
  CREATE TABLE holds (
    holder TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (holder, name, number)
  ) STRICT, WITHOUT ROWID;
  `,
];
