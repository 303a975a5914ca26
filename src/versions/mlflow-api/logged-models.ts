/** Logged models of MLflow 3: `logged-models/…`. */
import { own } from '../../bytes/own.ts';
import type { Store } from '../store/types.ts';
import { artifactPathOf, uriBelow } from './artifact-uri.ts';
import { invalid, missing } from './errors.ts';
import { experimentId } from './experiment-id.ts';
import type { Experiments } from './experiments.ts';
import {
  choice,
  type Fields,
  flag,
  type KeyValue,
  keyValues,
  maxResults,
  objects,
  requiredText,
  text,
  texts,
} from './fields.ts';
import type { Metrics } from './metrics.ts';
import { checkLoggedModelName } from './names.ts';
import { pythonJson, pythonRepr } from './python-text.ts';
import { randomName } from './random-name.ts';
import { type Routes, some } from './route.ts';
import { newId } from './runs.ts';
import { parseFilter } from './search/filter.ts';
import type { Order } from './search/order.ts';
import { pageOf } from './search/page.ts';
import { LOGGED_MODEL_RULES } from './search/rules.ts';
import { type Columns, select } from './search/select.ts';

export interface LoggedModelRow {
  readonly id: string;
  readonly experiment: number;
  readonly name: string;
  readonly artifact_uri: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly status: string;
  readonly model_type: string;
  readonly source_run: string;
  readonly lifecycle_stage: string;
}

export interface LoggedModels {
  readonly routes: Routes;
  /** One that was not deleted. Throws RESOURCE_DOES_NOT_EXIST. */
  get(id: string): LoggedModelRow;
  /** The newest that a run logged under a name; null where there is none. */
  ofRun(run: string, name: string): LoggedModelRow | null;
  /** Folder of its files in the store. Throws INVALID_PARAMETER_VALUE where they lie elsewhere. */
  artifactPath(model: LoggedModelRow): string;
  tag(id: string, key: string): string | null;
  /** Notes on it that it is a version of a registered model now. */
  noteVersion(id: string, name: string, version: string): void;
}

interface MetricRow {
  readonly model: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
  readonly run: string;
  readonly dataset_name: string | null;
  readonly dataset_digest: string | null;
}

interface DatasetFilter {
  readonly name: string;
  /** Empty for any. */
  readonly digest: string;
}

const STATUSES = {
  LOGGED_MODEL_STATUS_UNSPECIFIED: 0,
  LOGGED_MODEL_PENDING: 1,
  LOGGED_MODEL_READY: 2,
  LOGGED_MODEL_UPLOAD_FAILED: 3,
} as const;
const VERSIONS = 'mlflow.modelVersions';
const PAGE = 50;
const LARGEST_PAGE = 50_000;
const BY_CREATION: Order = { entity: 'attribute', key: 'creation_timestamp_ms', ascending: false };
const BY_ID: Order = { entity: 'attribute', key: 'model_id', ascending: true };

export function openLoggedModels(
  { database }: Store,
  experiments: Experiments,
  metrics: Metrics,
): LoggedModels {
  const sql = {
    get: database.prepare('SELECT * FROM tracking_logged_models WHERE id = ?'),
    inExperiments: database.prepare(
      "SELECT * FROM tracking_logged_models WHERE experiment IN (SELECT value FROM json_each(?)) AND lifecycle_stage = 'active'",
    ),
    ofRun: database.prepare(
      "SELECT * FROM tracking_logged_models WHERE source_run = ? AND name = ? AND lifecycle_stage = 'active' ORDER BY created_at DESC, rowid DESC LIMIT 1",
    ),
    insert: database.prepare(
      'INSERT INTO tracking_logged_models (id, experiment, name, artifact_uri, created_at, updated_at, model_type, source_run) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    setStatus: database.prepare('UPDATE tracking_logged_models SET status = ?, updated_at = ? WHERE id = ?'),
    setStage: database.prepare(
      'UPDATE tracking_logged_models SET lifecycle_stage = ?, updated_at = ? WHERE id = ?',
    ),
    tags: database.prepare('SELECT key, value FROM tracking_logged_model_tags WHERE model = ? ORDER BY key'),
    tag: database.prepare('SELECT value FROM tracking_logged_model_tags WHERE model = ? AND key = ?'),
    tagColumn: database.prepare('SELECT model, value FROM tracking_logged_model_tags WHERE key = ?'),
    setTag: database.prepare(
      'INSERT INTO tracking_logged_model_tags (model, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    deleteTag: database.prepare('DELETE FROM tracking_logged_model_tags WHERE model = ? AND key = ?'),
    params: database.prepare(
      'SELECT key, value FROM tracking_logged_model_params WHERE model = ? ORDER BY key',
    ),
    paramColumn: database.prepare('SELECT model, value FROM tracking_logged_model_params WHERE key = ?'),
    insertParam: database.prepare(
      'INSERT OR IGNORE INTO tracking_logged_model_params (model, key, value) VALUES (?, ?, ?)',
    ),
    metricColumn: database.prepare(
      'SELECT * FROM tracking_logged_model_metrics WHERE key = ? ORDER BY timestamp DESC, step DESC, run',
    ),
    allMetrics: database.prepare('SELECT * FROM tracking_logged_model_metrics'),
  };

  /** Also one that was deleted. */
  function anyOf(id: string): LoggedModelRow {
    const row = sql.get.get(id) as LoggedModelRow | undefined;
    if (row === undefined) {
      throw missing(`Logged model with ID '${id}' not found.`);
    }
    return row;
  }

  function get(id: string): LoggedModelRow {
    const row = anyOf(id);
    if (row.lifecycle_stage === 'deleted') {
      throw missing(`Logged model with ID '${id}' not found.`);
    }
    return row;
  }

  function entity(row: LoggedModelRow): object {
    return {
      info: {
        model_id: row.id,
        experiment_id: String(row.experiment),
        name: row.name,
        creation_timestamp_ms: row.created_at,
        last_updated_timestamp_ms: row.updated_at,
        artifact_uri: row.artifact_uri,
        status: row.status,
        model_type: row.model_type,
        source_run_id: row.source_run,
        tags: some(sql.tags.all(row.id) as unknown as KeyValue[]),
      },
      data: {
        params: some(sql.params.all(row.id) as unknown as KeyValue[]),
        metrics: some(metrics.ofModel(row.id)),
      },
    };
  }

  function create(fields: Fields): object {
    const experiment = experiments.active(requiredText(fields, 'experiment_id'));
    const name = text(fields, 'name') ?? '';
    const sourceRun = text(fields, 'source_run_id') ?? '';
    const params = keyValues(fields, 'params');
    const tags = keyValues(fields, 'tags');
    checkLoggedModelName(name);
    const id = `m-${newId()}`;
    const now = Date.now();
    sql.insert.run(
      id,
      experiment.id,
      name || randomName(),
      uriBelow(experiment.artifact_location, 'models', id, 'artifacts'),
      now,
      now,
      text(fields, 'model_type') ?? '',
      sourceRun,
    );
    for (const { key, value } of params) {
      sql.insertParam.run(id, key, value);
    }
    for (const { key, value } of tags) {
      sql.setTag.run(id, key, value);
    }
    return { model: entity(anyOf(id)) };
  }

  function search(fields: Fields): object {
    const ids = texts(fields, 'experiment_ids');
    const filter = text(fields, 'filter') || null;
    const clauses = parseFilter(filter ?? '', LOGGED_MODEL_RULES);
    const datasets = objects(fields, 'datasets').map((one) => readDataset(one));
    if (datasets.some(({ name }) => name === '')) {
      throw invalid('`dataset_name` in the `datasets` clause must be specified.');
    }
    const orders = objects(fields, 'order_by').map(readOrder);
    const size = maxResults(fields, PAGE, LARGEST_PAGE);
    const numbers = JSON.stringify(ids.map(experimentId));
    const rows = sql.inExperiments.all(numbers) as unknown as LoggedModelRow[];
    const onDatasets = (metric: MetricRow) =>
      datasets.length === 0 || datasets.some((dataset) => isOf(metric, dataset));

    const columns: Columns<LoggedModelRow> = (entity, key) => {
      switch (entity) {
        case 'attribute':
          return attributeOf(key);
        case 'metric': {
          const found = Map.groupBy(metricsOf(key).filter(onDatasets), ({ model }) => model);
          return ({ id }) => found.get(id)?.map(({ value }) => value) ?? null;
        }
        default: {
          const found = new Map(
            (entity === 'tag' ? sql.tagColumn : sql.paramColumn)
              .all(key)
              .map(({ model, value }) => [model as string, value as string]),
          );
          return ({ id }) => found.get(id) ?? null;
        }
      }
    };
    const orderColumns: Columns<LoggedModelRow> = (entity, key) => {
      if (entity === 'attribute') {
        return attributeOf(key);
      }
      const wanted = orders.find(({ order }) => order.key === key)!.dataset;
      const newest = new Map<string, number>();
      for (const metric of metricsOf(key).filter((one) => isOf(one, wanted))) {
        if (!newest.has(metric.model)) {
          newest.set(metric.model, metric.value);
        }
      }
      return ({ id }) => newest.get(id) ?? null;
    };

    const measured =
      datasets.length === 0 || clauses.some(({ entity }) => entity === 'metric')
        ? null
        : new Set(
            (sql.allMetrics.all() as unknown as MetricRow[]).filter(onDatasets).map(({ model }) => model),
          );
    const sorted = select(
      measured === null ? rows : rows.filter(({ id }) => measured.has(id)),
      clauses,
      [...orders.map(({ order }) => order), BY_CREATION, BY_ID],
      columns,
      orderColumns,
    );
    const { rows: page, next } = pageOf(sorted, size, text(fields, 'page_token'), {
      experiment_ids: ids,
      filter_string: filter,
      order_by: orders.length === 0 ? null : orders.map(({ token }) => token),
    });
    return { models: some(page.map(entity)), next_page_token: next };
  }

  function metricsOf(key: string): MetricRow[] {
    return sql.metricColumn.all(key) as unknown as MetricRow[];
  }

  return {
    get,
    ofRun: (run, name) => (sql.ofRun.get(run, name) as LoggedModelRow | undefined) ?? null,
    artifactPath(model) {
      const path = artifactPathOf(model.artifact_uri);
      if (path === null) {
        throw invalid(
          `The files of logged model ${model.id} are not in this store but at ${model.artifact_uri}`,
        );
      }
      return path;
    },
    tag: (id, key) => (sql.tag.get(id, key)?.value as string | undefined) ?? null,
    noteVersion(id, name, version) {
      const kept = JSON.parse((sql.tag.get(id, VERSIONS)?.value as string | undefined) ?? '[]') as object[];
      const note = { name, version: Number(version) };
      if (!kept.some((one) => pythonJson(one, true) === pythonJson(note, true))) {
        sql.setTag.run(id, VERSIONS, pythonJson([...kept, note], true));
      }
    },
    routes: {
      'POST logged-models': create,
      'POST logged-models/search': search,
      'GET logged-models/:id': (fields, { params: [id] }) => ({
        model: entity(flag(fields, 'allow_deleted') ? anyOf(id!) : get(id!)),
      }),
      'PATCH logged-models/:id': (fields, { params: [id] }) => {
        requiredText(fields, 'model_id');
        const status = choice(fields, 'status', STATUSES);
        if (status === null) {
          requiredText(fields, 'status');
        }
        sql.setStatus.run(status, Date.now(), anyOf(id!).id);
        return { model: entity(anyOf(id!)) };
      },
      'DELETE logged-models/:id': (_, { params: [id] }) => {
        sql.setStage.run('deleted', Date.now(), anyOf(id!).id);
        return {};
      },
      'PATCH logged-models/:id/tags': (fields, { params: [id] }) => {
        const tags = keyValues(fields, 'tags');
        const { id: model } = anyOf(id!);
        for (const { key, value } of tags) {
          sql.setTag.run(model, key, value);
        }
        return {};
      },
      'DELETE logged-models/:id/tags/:key': (_, { params: [id, key] }) => {
        if (sql.deleteTag.run(anyOf(id!).id, key!).changes === 0) {
          throw missing(`No tag with key ${pythonRepr(key!)} found for model with ID ${pythonRepr(id!)}.`);
        }
        return {};
      },
      'POST logged-models/:id/params': (fields, { params: [id] }) => {
        const params = keyValues(fields, 'params');
        const { id: model } = anyOf(id!);
        for (const { key, value } of params) {
          sql.insertParam.run(model, key, value);
        }
        return {};
      },
    },
  };
}

function readDataset(fields: Fields): DatasetFilter {
  return { name: text(fields, 'dataset_name') ?? '', digest: text(fields, 'dataset_digest') ?? '' };
}

function isOf(metric: MetricRow, { name, digest }: DatasetFilter): boolean {
  return (name === '' || metric.dataset_name === name) && (digest === '' || metric.dataset_digest === digest);
}

interface ModelOrder {
  readonly order: Order;
  readonly dataset: DatasetFilter;
  /** As page tokens hold it. */
  readonly token: object;
}

function readOrder(fields: Fields): ModelOrder {
  const name = text(fields, 'field_name') ?? '';
  const ascending = fields.values.ascending === undefined || flag(fields, 'ascending');
  const dataset = readDataset(fields);
  const token = {
    field_name: name,
    ascending,
    dataset_name: dataset.name || null,
    dataset_digest: dataset.digest || null,
  };
  const dot = name.indexOf('.');
  if (dot >= 0) {
    if (name.slice(0, dot) !== 'metrics') {
      throw invalid(`Invalid order by field name: ${name}. Only metrics are supported.`);
    }
    return { order: { entity: 'metric', key: name.slice(dot + 1), ascending }, dataset, token };
  }
  const key = own(LOGGED_MODEL_RULES.aliases, name) ?? name;
  if (!LOGGED_MODEL_RULES.orders.includes(key)) {
    throw invalid(`Invalid order by field name: ${name}`);
  }
  return { order: { entity: 'attribute', key, ascending }, dataset, token };
}

function attributeOf(key: string): (row: LoggedModelRow) => string | number {
  switch (key) {
    case 'experiment_id':
      return ({ experiment }) => experiment;
    case 'name':
      return ({ name }) => name;
    case 'model_type':
      return ({ model_type }) => model_type;
    case 'source_run_id':
      return ({ source_run }) => source_run;
    case 'artifact_location':
      return ({ artifact_uri }) => artifact_uri;
    case 'creation_timestamp_ms':
      return ({ created_at }) => created_at;
    case 'last_updated_timestamp_ms':
      return ({ updated_at }) => updated_at;
    default:
      return ({ id }) => id;
  }
}
