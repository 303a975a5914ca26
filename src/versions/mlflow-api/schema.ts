/** Tables of runs and what was logged to them, beside those of the store's catalog. */
import { LoadlineError } from '../../errors.ts';
import { writing } from '../store/transaction.ts';
import type { Store } from '../store/types.ts';

/** Where the tracking tables stand. A change is a new step of MIGRATIONS, never an edit of one that was released. */
const VERSION_TABLE = 'CREATE TABLE IF NOT EXISTS tracking_schema (version INTEGER NOT NULL) STRICT';

/**
 * Rows keep the order they were logged in (`rowid`), because MLflow shows them so. A metric that is no number is 0 with
 * `is_nan`, and infinity the largest number: so MLflow keeps them. Every run has its latest value of a metric twice, in
 * `tracking_metrics` with the others and in `tracking_latest_metrics`.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tracking_experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    artifact_location TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL DEFAULT 'active',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE tracking_experiment_tags (
    experiment INTEGER NOT NULL REFERENCES tracking_experiments,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (experiment, key)
  ) STRICT;
  CREATE TABLE tracking_runs (
    id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES tracking_experiments,
    name TEXT NOT NULL,
    user TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'RUNNING',
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    artifact_uri TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL DEFAULT 'active'
  ) STRICT;
  CREATE INDEX tracking_runs_by_experiment ON tracking_runs (experiment, started_at);
  CREATE TABLE tracking_run_tags (
    run TEXT NOT NULL REFERENCES tracking_runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (run, key)
  ) STRICT;
  CREATE TABLE tracking_params (
    run TEXT NOT NULL REFERENCES tracking_runs (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (run, key)
  ) STRICT;
  CREATE TABLE tracking_metrics (
    run TEXT NOT NULL REFERENCES tracking_runs (id),
    key TEXT NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (run, key, timestamp, step, value, is_nan)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tracking_latest_metrics (
    run TEXT NOT NULL REFERENCES tracking_runs (id),
    key TEXT NOT NULL,
    value REAL NOT NULL,
    is_nan INTEGER NOT NULL,
    timestamp INTEGER NOT NULL,
    step INTEGER NOT NULL,
    UNIQUE (run, key)
  ) STRICT;
  CREATE TABLE tracking_datasets (
    id INTEGER PRIMARY KEY,
    experiment INTEGER NOT NULL REFERENCES tracking_experiments,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_type TEXT NOT NULL,
    source TEXT NOT NULL,
    schema TEXT,
    profile TEXT,
    UNIQUE (experiment, name, digest)
  ) STRICT;
  CREATE TABLE tracking_run_datasets (
    run TEXT NOT NULL REFERENCES tracking_runs (id),
    dataset INTEGER NOT NULL REFERENCES tracking_datasets,
    tags TEXT NOT NULL,
    UNIQUE (run, dataset)
  ) STRICT;
  CREATE TABLE tracking_logged_models (
    id TEXT NOT NULL UNIQUE,
    experiment INTEGER NOT NULL REFERENCES tracking_experiments,
    name TEXT NOT NULL,
    artifact_uri TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    status TEXT NOT NULL DEFAULT 'LOGGED_MODEL_PENDING',
    model_type TEXT NOT NULL,
    source_run TEXT NOT NULL,
    lifecycle_stage TEXT NOT NULL DEFAULT 'active'
  ) STRICT;
  CREATE INDEX tracking_logged_models_by_experiment ON tracking_logged_models (experiment);
  CREATE INDEX tracking_logged_models_by_run ON tracking_logged_models (source_run);
  CREATE TABLE tracking_logged_model_tags (
    model TEXT NOT NULL REFERENCES tracking_logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tracking_logged_model_params (
    model TEXT NOT NULL REFERENCES tracking_logged_models (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tracking_logged_model_metrics (
    model TEXT NOT NULL REFERENCES tracking_logged_models (id),
    key TEXT NOT NULL,
    value REAL NOT NULL,
    timestamp INTEGER NOT NULL,
    step INTEGER NOT NULL,
    run TEXT NOT NULL,
    dataset_name TEXT,
    dataset_digest TEXT,
    UNIQUE (model, key, timestamp, step, run)
  ) STRICT;
  CREATE TABLE tracking_run_models (
    run TEXT NOT NULL REFERENCES tracking_runs (id),
    direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
    model TEXT NOT NULL,
    step INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX tracking_run_models_by_run ON tracking_run_models (run);
  `,
];

/** Makes the tables where there are none, and the experiment that MLflow calls `Default`. Throws LL7008, LL7009. */
export function createTrackingTables(store: Store): void {
  const { database } = store;
  writing(store, () => {
    database.exec(VERSION_TABLE);
    const version = (database.prepare('SELECT version FROM tracking_schema').get()?.version ?? 0) as number;
    if (version > MIGRATIONS.length) {
      throw new LoadlineError(
        'LL7008',
        `Cannot use the model store ${store.folder}: a newer Loadline made its runs (schema ${version}, this one knows ${MIGRATIONS.length})`,
        {
          where: store.folder,
          fix: 'Use a Loadline at least as new as the one that wrote it; nothing was changed.',
        },
      );
    }
    if (version === MIGRATIONS.length) {
      return;
    }
    for (const sql of MIGRATIONS.slice(version)) {
      database.exec(sql);
    }
    if (version === 0) {
      const now = Date.now();
      database
        .prepare(
          'INSERT INTO tracking_experiments (id, name, artifact_location, created_at, updated_at) VALUES (0, ?, ?, ?, ?)',
        )
        .run('Default', 'mlflow-artifacts:/0', now, now);
    }
    database.exec('DELETE FROM tracking_schema');
    database.prepare('INSERT INTO tracking_schema (version) VALUES (?)').run(MIGRATIONS.length);
  });
}
