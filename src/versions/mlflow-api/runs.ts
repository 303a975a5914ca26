/** Runs, their parameters and tags: `runs/…`. */
import { randomUUID } from 'node:crypto';
import type { Store } from '../store/types.ts';
import { artifactPathOf, uriBelow } from './artifact-uri.ts';
import { invalid, missing } from './errors.ts';
import { experimentId } from './experiment-id.ts';
import { type Experiments, stagesOf, VIEW_TYPES } from './experiments.ts';
import {
  choice,
  type Fields,
  integer,
  type KeyValue,
  keyValues,
  list,
  maxResults,
  objects,
  requiredText,
  runIdOf,
  text,
  texts,
} from './fields.ts';
import type { Inputs } from './inputs.ts';
import { type Metrics, readMetric } from './metrics.ts';
import { checkedParam, checkedTag } from './names.ts';
import { pythonJson, pythonRepr } from './python-text.ts';
import { randomName } from './random-name.ts';
import { type Routes, some } from './route.ts';
import { parseFilter } from './search/filter.ts';
import { type Order, parseOrders } from './search/order.ts';
import { pageOf } from './search/page.ts';
import { RUN_RULES } from './search/rules.ts';
import { type Columns, select } from './search/select.ts';

export interface RunRow {
  readonly id: string;
  readonly experiment: number;
  readonly name: string;
  readonly user: string;
  readonly status: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly artifact_uri: string;
  readonly lifecycle_stage: string;
}

export interface Runs {
  readonly routes: Routes;
  /** Throws RESOURCE_DOES_NOT_EXIST. */
  get(id: string): RunRow;
  /** Null where there is none. */
  tag(id: string, key: string): string | null;
  /** Folder of its artifacts in the store. Throws INVALID_PARAMETER_VALUE where they lie elsewhere. */
  artifactPath(run: RunRow): string;
}

const STATUSES = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 } as const;
const RUN_NAME = 'mlflow.runName';
/** Where mlflow 2 notes the models of a run. */
const MODEL_HISTORY = 'mlflow.log-model.history';
const BATCH_METRICS = 1000;
const BATCH_PARAMS = 100;
const BATCH = 1000;
const PAGE = 1000;
const LARGEST_PAGE = 50_000;
const BY_START: Order = { entity: 'attribute', key: 'start_time', ascending: false };
const BY_ID: Order = { entity: 'attribute', key: 'run_id', ascending: true };

export function openRuns(store: Store, experiments: Experiments, metrics: Metrics, inputs: Inputs): Runs {
  const { database } = store;
  const sql = {
    get: database.prepare('SELECT * FROM tracking_runs WHERE id = ?'),
    inExperiments: database.prepare(
      `SELECT * FROM tracking_runs WHERE experiment IN (SELECT value FROM json_each(?))
       AND lifecycle_stage IN (SELECT value FROM json_each(?))`,
    ),
    insert: database.prepare(
      'INSERT INTO tracking_runs (id, experiment, name, user, started_at, artifact_uri) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    update: database.prepare('UPDATE tracking_runs SET name = ?, status = ?, ended_at = ? WHERE id = ?'),
    setStage: database.prepare('UPDATE tracking_runs SET lifecycle_stage = ? WHERE id = ?'),
    tags: database.prepare('SELECT key, value FROM tracking_run_tags WHERE run = ? ORDER BY rowid'),
    tag: database.prepare('SELECT value FROM tracking_run_tags WHERE run = ? AND key = ?'),
    tagColumn: database.prepare('SELECT run, value FROM tracking_run_tags WHERE key = ?'),
    setTag: database.prepare(
      'INSERT INTO tracking_run_tags (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    deleteTag: database.prepare('DELETE FROM tracking_run_tags WHERE run = ? AND key = ?'),
    params: database.prepare('SELECT key, value FROM tracking_params WHERE run = ? ORDER BY rowid'),
    param: database.prepare('SELECT value FROM tracking_params WHERE run = ? AND key = ?'),
    paramColumn: database.prepare('SELECT run, value FROM tracking_params WHERE key = ?'),
    insertParam: database.prepare('INSERT INTO tracking_params (run, key, value) VALUES (?, ?, ?)'),
  };

  function get(id: string): RunRow {
    const row = sql.get.get(id) as RunRow | undefined;
    if (row === undefined) {
      throw missing(`Run with id=${id} not found`);
    }
    return row;
  }

  function active(id: string): RunRow {
    const row = get(id);
    if (row.lifecycle_stage !== 'active') {
      throw invalid(`The run ${id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`);
    }
    return row;
  }

  function tagOf(id: string, key: string): string | null {
    return (sql.tag.get(id, key)?.value as string | undefined) ?? null;
  }

  function info(row: RunRow): object {
    return {
      run_uuid: row.id,
      experiment_id: String(row.experiment),
      run_name: row.name,
      user_id: row.user,
      status: row.status,
      start_time: row.started_at,
      end_time: row.ended_at ?? undefined,
      artifact_uri: row.artifact_uri,
      lifecycle_stage: row.lifecycle_stage,
      run_id: row.id,
    };
  }

  function data(row: RunRow): object {
    return {
      metrics: some(metrics.latest(row.id)),
      params: some(sql.params.all(row.id) as unknown as KeyValue[]),
      tags: some(sql.tags.all(row.id) as unknown as KeyValue[]),
    };
  }

  function setTag(run: RunRow, { key, value }: KeyValue): void {
    if (key === RUN_NAME) {
      rename(run.id, value);
    }
    sql.setTag.run(run.id, key, value);
  }

  function rename(id: string, name: string): void {
    const { status, ended_at } = get(id);
    sql.update.run(name, status, ended_at, id);
    sql.setTag.run(id, RUN_NAME, name);
  }

  function logParam(run: RunRow, { key, value }: KeyValue): void {
    const kept = sql.param.get(run.id, key)?.value;
    if (kept === undefined) {
      sql.insertParam.run(run.id, key, value);
    } else if (kept !== value) {
      throw invalid(
        `Changing param values is not allowed. Param with key='${key}' was already logged with value='${kept}' for run ID='${run.id}'. Attempted logging new value '${value}'.`,
      );
    }
  }

  function logParams(run: RunRow, params: readonly KeyValue[]): void {
    const changed = params.flatMap(({ key, value }) => {
      const kept = sql.param.get(run.id, key)?.value as string | undefined;
      return kept === undefined || kept === value
        ? []
        : [
            `{'key': ${pythonRepr(key)}, 'old_value': ${pythonRepr(kept)}, 'new_value': ${pythonRepr(value)}}`,
          ];
    });
    if (changed.length > 0) {
      throw invalid(
        `Changing param values is not allowed. Params were already logged='[${changed.join(', ')}]' for run ID='${run.id}'.`,
      );
    }
    for (const param of params) {
      logParam(run, param);
    }
  }

  function logBatch(fields: Fields): object {
    const id = requiredText(fields, 'run_id');
    const batch = {
      metrics: objects(fields, 'metrics').map((one, i) => readMetric(one, `metrics[${i}].`)),
      params: keyValues(fields, 'params').map((one, i) => checkedParam(one, `params[${i}].`)),
      tags: keyValues(fields, 'tags').map((one, i) => checkedTag(one, `tags[${i}].`)),
    };
    checkBatch('metrics', BATCH_METRICS, batch.metrics.length);
    checkBatch('params', BATCH_PARAMS, batch.params.length);
    checkBatch('tags', BATCH_PARAMS, batch.tags.length);
    checkBatch(
      'metrics, params, and tags',
      BATCH,
      batch.metrics.length + batch.params.length + batch.tags.length,
    );
    const keys = batch.params.map(({ key }) => key);
    const twice = keys.filter((key, i) => keys.indexOf(key) < i);
    if (twice.length > 0) {
      throw invalid(
        `Duplicate parameter keys have been submitted: [${twice.map(pythonRepr).join(', ')}]. Please ensure the request contains only one param value per param key.`,
      );
    }
    const run = active(id);
    logParams(run, batch.params);
    metrics.log(run.id, batch.metrics);
    for (const tag of batch.tags) {
      setTag(run, tag);
    }
    return {};
  }

  function create(fields: Fields): object {
    const experiment = experiments.active(text(fields, 'experiment_id') ?? '');
    const startedAt = integer(fields, 'start_time') ?? 0;
    const givenName = text(fields, 'run_name') ?? '';
    const tags = keyValues(fields, 'tags');
    const taggedName = tags.find(({ key }) => key === RUN_NAME)?.value ?? '';
    if (givenName !== '' && taggedName !== '' && givenName !== taggedName) {
      throw invalid(
        `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${givenName}', mlflow.runName='${taggedName}').`,
      );
    }
    const id = newId();
    const name = givenName || taggedName || randomName();
    const uri = uriBelow(experiment.artifact_location, id, 'artifacts');
    sql.insert.run(id, experiment.id, name, text(fields, 'user_id') ?? '', startedAt, uri);
    for (const { key, value } of [...tags, { key: RUN_NAME, value: name }]) {
      sql.setTag.run(id, key, value);
    }
    const row = get(id);
    return { run: { info: info(row), data: data(row), inputs: {} } };
  }

  function update(fields: Fields): object {
    const id = runIdOf(fields);
    const endedAt = integer(fields, 'end_time');
    const status = choice(fields, 'status', STATUSES);
    const name = text(fields, 'run_name') ?? '';
    const row = active(id);
    sql.update.run(row.name, status ?? row.status, endedAt ?? row.ended_at, id);
    if (name !== '') {
      rename(id, name);
    }
    return { run_info: info(get(id)) };
  }

  function search(fields: Fields): object {
    const ids = texts(fields, 'experiment_ids').map(experimentId);
    const size = maxResults(fields, PAGE, LARGEST_PAGE);
    const clauses = parseFilter(text(fields, 'filter') ?? '', RUN_RULES);
    const orders = parseOrders(texts(fields, 'order_by'), RUN_RULES);
    const stages = stagesOf(choice(fields, 'run_view_type', VIEW_TYPES));
    const rows = sql.inExperiments.all(JSON.stringify(ids), JSON.stringify(stages)) as unknown as RunRow[];
    const sorted = select(rows, clauses, [...orders, BY_START, BY_ID], columns);
    const { rows: page, next } = pageOf(sorted, size, text(fields, 'page_token'));
    return {
      runs: some(
        page.map((row) => ({
          info: info(row),
          data: data(row),
          inputs: { dataset_inputs: inputs.datasets(row.id) },
          outputs: { model_outputs: inputs.models(row.id, 'output') },
        })),
      ),
      next_page_token: next,
    };
  }

  const columns: Columns<RunRow> = (entity, key) => {
    if (entity === 'attribute') {
      return attributeOf(key);
    }
    const values: ReadonlyMap<string, string | number | readonly string[]> =
      entity === 'metric'
        ? metrics.column(key)
        : entity === 'dataset'
          ? inputs.column(key)
          : new Map(
              (entity === 'tag' ? sql.tagColumn : sql.paramColumn)
                .all(key)
                .map(({ run, value }) => [run as string, value as string]),
            );
    return ({ id }) => values.get(id) ?? null;
  };

  return {
    get,
    tag: tagOf,
    artifactPath(run) {
      const path = artifactPathOf(run.artifact_uri);
      if (path === null) {
        throw invalid(`The artifacts of run ${run.id} are not in this store but at ${run.artifact_uri}`);
      }
      return path;
    },
    routes: {
      'POST runs/create': create,
      'GET runs/get': (fields) => {
        const row = get(runIdOf(fields));
        return {
          run: {
            info: info(row),
            data: data(row),
            inputs: {
              dataset_inputs: inputs.datasets(row.id),
              model_inputs: inputs.models(row.id, 'input'),
            },
            outputs: { model_outputs: inputs.models(row.id, 'output') },
          },
        };
      },
      'POST runs/update': update,
      'POST runs/delete': (fields) => {
        sql.setStage.run('deleted', get(requiredText(fields, 'run_id')).id);
        return {};
      },
      'POST runs/restore': (fields) => {
        sql.setStage.run('active', get(requiredText(fields, 'run_id')).id);
        return {};
      },
      'POST runs/log-parameter': (fields) => {
        const id = runIdOf(fields);
        const param = { key: requiredText(fields, 'key'), value: text(fields, 'value') ?? '' };
        const checked = checkedParam(param);
        logParam(active(id), checked);
        return {};
      },
      'POST runs/log-metric': (fields) => {
        const id = runIdOf(fields);
        const metric = readMetric(fields);
        metrics.log(active(id).id, [metric]);
        return {};
      },
      'POST runs/log-batch': logBatch,
      'POST runs/set-tag': (fields) => {
        const id = runIdOf(fields);
        const tag = checkedTag({ key: requiredText(fields, 'key'), value: text(fields, 'value') ?? '' });
        setTag(active(id), tag);
        return {};
      },
      'POST runs/delete-tag': (fields) => {
        const id = requiredText(fields, 'run_id');
        const key = requiredText(fields, 'key');
        if (sql.deleteTag.run(active(id).id, key).changes === 0) {
          throw missing(`No tag with name: ${key} in run with id ${id}`);
        }
        return {};
      },
      'POST runs/log-inputs': (fields) => {
        const run = active(requiredText(fields, 'run_id'));
        inputs.logInputs(run.id, run.experiment, fields);
        return {};
      },
      'POST runs/outputs': (fields) => {
        const id = requiredText(fields, 'run_id');
        list(fields, 'models');
        inputs.logOutputs(active(id).id, fields);
        return {};
      },
      'POST runs/log-model': (fields) => {
        const id = requiredText(fields, 'run_id');
        const model = readModel(requiredText(fields, 'model_json'));
        const run = active(id);
        const before = JSON.parse(tagOf(run.id, MODEL_HISTORY) ?? '[]') as unknown[];
        sql.setTag.run(run.id, MODEL_HISTORY, pythonJson([...before, model], true));
        return {};
      },
      'POST runs/search': search,
      'GET metrics/get-history': (fields) => metrics.history(get(runIdOf(fields)).id, fields),
    },
  };
}

/** As MLflow makes ids: hexadecimal digits of a random UUID. */
export function newId(): string {
  return randomUUID().replaceAll('-', '');
}

function checkBatch(what: string, limit: number, found: number): void {
  if (found > limit) {
    throw invalid(
      `A batch logging request can contain at most ${limit} ${what}. Got ${found} ${what}. Please split up ${what} across multiple requests and try again.`,
    );
  }
}

function attributeOf(key: string): (row: RunRow) => string | number | null {
  switch (key) {
    case 'run_name':
      return ({ name }) => name;
    case 'user_id':
      return ({ user }) => user;
    case 'status':
      return ({ status }) => status;
    case 'artifact_uri':
      return ({ artifact_uri }) => artifact_uri;
    case 'start_time':
      return ({ started_at }) => started_at;
    case 'end_time':
      return ({ ended_at }) => ended_at;
    default:
      return ({ id }) => id;
  }
}

/** What is kept of a model that mlflow 2 logged (mlflow 3.17 Model.get_tags_dict). Throws INVALID_PARAMETER_VALUE. */
function readModel(json: string): object {
  let model: Record<string, unknown>;
  try {
    model = JSON.parse(json) as Record<string, unknown>;
  } catch {
    throw invalid(`Malformed model info. \n ${json} \n is not a valid JSON.`);
  }
  const absent = ['artifact_path', 'flavors', 'utc_time_created', 'run_id'].filter(
    (key) => model?.[key] === undefined,
  );
  if (absent.length > 0) {
    throw invalid(`Model json is missing mandatory fields: {${absent.map((key) => `'${key}'`).join(', ')}}`);
  }
  const { run_id, artifact_path, utc_time_created, model_uuid, flavors } = model;
  return {
    run_id,
    artifact_path,
    utc_time_created,
    ...(model_uuid !== undefined && { model_uuid }),
    flavors: Object.fromEntries(
      Object.entries(flavors as Record<string, unknown>).map(([name, flavor]) => {
        if (typeof flavor !== 'object' || flavor === null) {
          return [name, flavor];
        }
        const { config: _, ...rest } = flavor as Record<string, unknown>;
        return [name, rest];
      }),
    ),
  };
}
