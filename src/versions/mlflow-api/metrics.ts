/** Metrics of runs and of logged models: `runs/log-metric`, `metrics/get-history`. */
import type { Store } from '../store/types.ts';
import { invalid } from './errors.ts';
import { type Fields, integer, requiredInteger, requiredNumber, requiredText, text } from './fields.ts';
import { checkMetricKey } from './names.ts';
import { pythonFloat } from './python-text.ts';
import { some } from './route.ts';
import { pageOf } from './search/page.ts';

/** A metric that was logged. */
export interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly modelId: string | null;
  readonly datasetName: string | null;
  readonly datasetDigest: string | null;
}

interface MetricRow {
  readonly key: string;
  readonly value: number;
  readonly is_nan: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface Metrics {
  /** Within a transaction. A value that was logged before, with its time and step, is kept once. */
  log(run: string, metrics: readonly Metric[]): void;
  /** The newest value of each, in the order in which they were logged first. */
  latest(run: string): readonly object[];
  history(run: string, fields: Fields): object;
  ofModel(model: string): readonly object[];
  /** Latest values of one metric, NaN included, by run. */
  column(key: string): ReadonlyMap<string, number>;
}

/** Reads a metric. `path` is where messages say its name was. Throws INVALID_PARAMETER_VALUE. */
export function readMetric(fields: Fields, path = ''): Metric {
  const metric = {
    key: requiredText(fields, 'key'),
    value: requiredNumber(fields, 'value'),
    timestamp: requiredInteger(fields, 'timestamp'),
    step: integer(fields, 'step') ?? 0,
    modelId: text(fields, 'model_id') || null,
    datasetName: text(fields, 'dataset_name') || null,
    datasetDigest: text(fields, 'dataset_digest') || null,
  };
  checkMetricKey(metric.key, path);
  if (metric.timestamp < 0) {
    throw invalid(
      `Invalid value ${metric.timestamp} for parameter '${path}timestamp' supplied: metric '${metric.key}' (value=${pythonFloat(metric.value)}). Timestamp must be a nonnegative long (64-bit integer) `,
    );
  }
  return metric;
}

export function openMetrics({ database }: Store): Metrics {
  const sql = {
    insert: database.prepare(
      'INSERT OR IGNORE INTO tracking_metrics (run, key, value, is_nan, timestamp, step) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    // Newer is by step, then by time, then by value (mlflow 3.17 _update_latest_metrics_if_necessary).
    setLatest: database.prepare(
      `INSERT INTO tracking_latest_metrics (run, key, value, is_nan, timestamp, step) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, timestamp = excluded.timestamp, step = excluded.step
       WHERE (excluded.step, excluded.timestamp, excluded.value) > (step, timestamp, value)`,
    ),
    insertOfModel: database.prepare(
      'INSERT OR IGNORE INTO tracking_logged_model_metrics (model, key, value, timestamp, step, run, dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    latest: database.prepare(
      'SELECT key, value, is_nan, timestamp, step FROM tracking_latest_metrics WHERE run = ? ORDER BY rowid',
    ),
    history: database.prepare(
      'SELECT key, value, is_nan, timestamp, step FROM tracking_metrics WHERE run = ? AND key = ? ORDER BY timestamp, step, value',
    ),
    ofModel: database.prepare(
      'SELECT key, value, timestamp, step, run, dataset_name, dataset_digest FROM tracking_logged_model_metrics WHERE model = ? ORDER BY rowid',
    ),
    column: database.prepare('SELECT run, value, is_nan FROM tracking_latest_metrics WHERE key = ?'),
  };
  return {
    log(run, metrics) {
      for (const { key, value, timestamp, step, modelId, datasetName, datasetDigest } of metrics) {
        const kept = keptValue(value);
        const noNumber = Number.isNaN(value) ? 1 : 0;
        if (modelId !== null) {
          sql.insertOfModel.run(modelId, key, kept, timestamp, step, run, datasetName, datasetDigest);
        }
        sql.insert.run(run, key, kept, noNumber, timestamp, step);
        sql.setLatest.run(run, key, kept, noNumber, timestamp, step);
      }
    },
    latest: (run) => (sql.latest.all(run) as unknown as MetricRow[]).map(entity),
    history(run, fields) {
      const key = requiredText(fields, 'metric_key');
      const size = integer(fields, 'max_results');
      if (size !== null && size < 1) {
        throw invalid(
          `Invalid value ${size} for parameter 'max_results' supplied. It must be a positive integer.`,
        );
      }
      const rows = sql.history.all(run, key) as unknown as MetricRow[];
      const { rows: page, next } = pageOf(rows, size ?? Number.MAX_SAFE_INTEGER, text(fields, 'page_token'));
      return { metrics: some(page.map(entity)), next_page_token: next };
    },
    ofModel: (model) =>
      sql.ofModel.all(model).map((row) => ({
        key: row.key,
        value: row.value,
        timestamp: row.timestamp,
        step: row.step,
        dataset_name: row.dataset_name ?? undefined,
        dataset_digest: row.dataset_digest ?? undefined,
        model_id: model,
        run_id: row.run,
      })),
    column: (key) =>
      new Map(
        sql.column
          .all(key)
          .map((row) => [row.run as string, row.is_nan === 1 ? Number.NaN : (row.value as number)]),
      ),
  };
}

function entity({ key, value, is_nan, timestamp, step }: MetricRow): object {
  return { key, value: is_nan === 1 ? 'NaN' : value, timestamp, step };
}

/** What MLflow's SQL store keeps: neither NaN nor infinity can be written as such. */
function keptValue(value: number): number {
  if (Number.isNaN(value)) {
    return 0;
  }
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
