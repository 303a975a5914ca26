/** Datasets that runs read and models that they read or made: `runs/log-inputs`, `runs/outputs`. */
import type { Store } from '../store/types.ts';
import { type Fields, integer, type KeyValue, keyValues, objects, text } from './fields.ts';
import { checkLength } from './names.ts';
import { some } from './route.ts';

export interface Inputs {
  /** Within a transaction. */
  logInputs(run: string, experiment: number, fields: Fields): void;
  logOutputs(run: string, fields: Fields): void;
  datasets(run: string): readonly object[] | undefined;
  models(run: string, direction: 'input' | 'output'): readonly object[] | undefined;
  /** Values of an attribute of their datasets, by run. */
  column(key: string): ReadonlyMap<string, readonly string[]>;
}

const LIMITS = { name: 500, digest: 36, source: 65_535, schema: 1_048_575, profile: 16_777_215 } as const;
const LONGEST_TAG_KEY = 255;
const LONGEST_TAG = 500;
const CONTEXT = 'mlflow.data.context';

interface DatasetRow {
  readonly run: string;
  readonly tags: string;
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
}

export function openInputs({ database }: Store): Inputs {
  const select =
    'SELECT r.run, r.tags, d.* FROM tracking_run_datasets r JOIN tracking_datasets d ON d.id = r.dataset';
  const sql = {
    // What is there stays as it is; the update only makes the row's id come back.
    dataset: database.prepare(
      `INSERT INTO tracking_datasets (experiment, name, digest, source_type, source, schema, profile) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id`,
    ),
    addDataset: database.prepare(
      'INSERT OR IGNORE INTO tracking_run_datasets (run, dataset, tags) VALUES (?, ?, ?)',
    ),
    datasets: database.prepare(`${select} WHERE r.run = ? ORDER BY r.rowid`),
    allDatasets: database.prepare(select),
    addModel: database.prepare(
      'INSERT INTO tracking_run_models (run, direction, model, step) VALUES (?, ?, ?, ?)',
    ),
    models: database.prepare(
      'SELECT model, step FROM tracking_run_models WHERE run = ? AND direction = ? ORDER BY rowid',
    ),
  };
  return {
    logInputs(run, experiment, fields) {
      for (const input of objects(fields, 'datasets')) {
        const dataset: Fields = {
          values: (input.values.dataset ?? {}) as Record<string, unknown>,
          fromQuery: false,
        };
        const [name, digest, source, schema, profile] = (
          ['name', 'digest', 'source', 'schema', 'profile'] as const
        ).map((key) => {
          const value = text(dataset, key);
          checkLength(key, LIMITS[key], value ?? '');
          return value;
        });
        const tags = keyValues(input, 'tags');
        for (const { key, value } of tags) {
          checkLength('key', LONGEST_TAG_KEY, key);
          checkLength('value', LONGEST_TAG, value);
        }
        const row = sql.dataset.get(
          experiment,
          name ?? '',
          digest ?? '',
          text(dataset, 'source_type') ?? '',
          source ?? '',
          schema ?? null,
          profile ?? null,
        );
        sql.addDataset.run(run, row!.id as number, JSON.stringify(tags));
      }
      for (const model of objects(fields, 'models')) {
        sql.addModel.run(run, 'input', text(model, 'model_id') ?? '', 0);
      }
    },
    logOutputs(run, fields) {
      for (const model of objects(fields, 'models')) {
        sql.addModel.run(run, 'output', text(model, 'model_id') ?? '', integer(model, 'step') ?? 0);
      }
    },
    datasets: (run) =>
      some(
        (sql.datasets.all(run) as unknown as DatasetRow[]).map((row) => ({
          tags: some(JSON.parse(row.tags) as KeyValue[]),
          dataset: {
            name: row.name,
            digest: row.digest,
            source_type: row.source_type,
            source: row.source,
            schema: row.schema ?? undefined,
            profile: row.profile ?? undefined,
          },
        })),
      ),
    models: (run, direction) =>
      some(
        sql.models
          .all(run, direction)
          .map(({ model, step }) =>
            direction === 'input' ? { model_id: model } : { model_id: model, step },
          ),
      ),
    column(key) {
      const values = new Map<string, string[]>();
      for (const row of sql.allDatasets.all() as unknown as DatasetRow[]) {
        const found =
          key === 'context'
            ? (JSON.parse(row.tags) as KeyValue[])
                .filter((tag) => tag.key === CONTEXT)
                .map((tag) => tag.value)
            : [key === 'name' ? row.name : row.digest];
        values.set(row.run, [...(values.get(row.run) ?? []), ...found]);
      }
      return values;
    },
  };
}
