/** Where the model of a run lies among the artifacts. */
import { LoadlineError } from '../../errors.ts';
import { reading } from './transaction.ts';
import type { Store } from './types.ts';

/**
 * The folder of `runs:/RUN/PATH`. MLflow 2 puts it under the run, `<experiment>/<run>/artifacts/<path>`.
 *
 * @throws LoadlineError LL7001 with the models that the run has
 */
export function findRunModel({ database, folder }: Store, runId: string, path: string): string {
  const rows = reading(folder, () =>
    database
      .prepare("SELECT path FROM artifacts WHERE instr(path, ?) > 0 AND path LIKE '%/MLmodel' ORDER BY path")
      .all(`/${runId}/artifacts/`),
  );
  const folders = rows.map((row) => (row.path as string).slice(0, -'/MLmodel'.length));
  const models = new Map(
    folders.map((one) => [one.slice(one.indexOf(`/${runId}/`) + runId.length + 12), one]),
  );
  const found = models.get(path);
  if (found === undefined) {
    throw new LoadlineError(
      'LL7001',
      `No model at runs:/${runId}/${path} in the store ${folder}: the run ${models.size === 0 ? 'has none' : `has ${[...models.keys()].join(', ')}`}`,
    );
  }
  return found;
}
