/** What the runs of a store have for its versions: the tables of the MLflow API, where it was ever used. */
import { LoadlineError } from '../../errors.ts';
import type { ModelVersion } from '../types.ts';
import { reading } from './transaction.ts';
import type { Store } from './types.ts';

const SCHEME = 'mlflow-artifacts:/';

/**
 * The folder of `runs:/RUN/PATH` among the artifacts. MLflow 2 puts a model under its run,
 * `<experiment>/<run>/artifacts/<path>`; MLflow 3 in a logged model of that name.
 *
 * @throws LoadlineError LL7001 with the models that the run has
 */
export function findRunModel(store: Store, runId: string, path: string): string {
  const { database, folder } = store;
  const models = reading(folder, () => {
    const under = database
      .prepare("SELECT path FROM artifacts WHERE instr(path, ?) > 0 AND path LIKE '%/MLmodel' ORDER BY path")
      .all(`/${runId}/artifacts/`)
      .map((row) => (row.path as string).slice(0, -'/MLmodel'.length))
      .map((found): [string, string] => [found.split('/').slice(3).join('/'), found]);
    const logged = hasRuns(store)
      ? database
          .prepare(
            'SELECT name, artifact_uri AS uri FROM tracking_logged_models WHERE source_run = ? ORDER BY created_at',
          )
          .all(runId)
          .map((row): [string, string] => [row.name as string, (row.uri as string).replace(SCHEME, '')])
      : [];
    return new Map([...under, ...logged]);
  });
  const found = models.get(path);
  if (found === undefined) {
    throw new LoadlineError(
      'LL7001',
      `No model at runs:/${runId}/${path} in the store ${folder}: the run ${models.size === 0 ? 'has none' : `has ${[...models.keys()].join(', ')}`}`,
    );
  }
  return found;
}

/** A version with the metrics and parameters of its run, under those that it was added with. */
export function withRun<T extends ModelVersion>(store: Store, version: T): T {
  const { database, folder } = store;
  if (version.runId === null || !hasRuns(store)) {
    return version;
  }
  return reading(folder, () => {
    const metrics = database
      .prepare('SELECT key, value, is_nan FROM tracking_latest_metrics WHERE run = ? ORDER BY key')
      .all(version.runId)
      .map((row) => [row.key as string, row.is_nan === 1 ? Number.NaN : (row.value as number)]);
    const params = database
      .prepare('SELECT key, value FROM tracking_params WHERE run = ? ORDER BY key')
      .all(version.runId)
      .map((row) => [row.key as string, row.value as string]);
    return {
      ...version,
      metrics: { ...Object.fromEntries(metrics), ...version.metrics },
      params: { ...Object.fromEntries(params), ...version.params },
    };
  });
}

function hasRuns({ database }: Store): boolean {
  return (
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'tracking_logged_models'").get() !== undefined
  );
}
