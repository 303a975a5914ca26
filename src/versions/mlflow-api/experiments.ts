/** Experiments: `experiments/…`. */
import type { Store } from '../store/types.ts';
import { uriBelow } from './artifact-uri.ts';
import { exists, invalid, MlflowFault, missing } from './errors.ts';
import { experimentId } from './experiment-id.ts';
import {
  choice,
  type Fields,
  type KeyValue,
  keyValues,
  maxResults,
  requiredText,
  text,
  texts,
} from './fields.ts';
import { checkExperimentName, checkExperimentTag, checkLength } from './names.ts';
import { type Routes, some } from './route.ts';
import { parseFilter } from './search/filter.ts';
import { type Order, parseOrders } from './search/order.ts';
import { pageOf } from './search/page.ts';
import { EXPERIMENT_RULES } from './search/rules.ts';
import { type Columns, select } from './search/select.ts';

export interface ExperimentRow {
  readonly id: number;
  readonly name: string;
  readonly artifact_location: string;
  readonly lifecycle_stage: string;
  readonly created_at: number;
  readonly updated_at: number;
}

export interface Experiments {
  readonly routes: Routes;
  /** Throws RESOURCE_DOES_NOT_EXIST. An empty id is the default experiment's. */
  get(id: string): ExperimentRow;
  /** One that was not deleted. */
  active(id: string): ExperimentRow;
}

const LARGEST_PAGE = 50_000;
const BY_ID: Order = { entity: 'attribute', key: 'experiment_id', ascending: false };
const BY_DEFAULT: readonly Order[] = [
  { entity: 'attribute', key: 'creation_time', ascending: false },
  { entity: 'attribute', key: 'experiment_id', ascending: true },
];
const LONGEST_LOCATION = 2048;

export const VIEW_TYPES = { ACTIVE_ONLY: 1, DELETED_ONLY: 2, ALL: 3 } as const;

/** Life-cycle stages that a view shows. */
export function stagesOf(view: keyof typeof VIEW_TYPES | null): readonly string[] {
  switch (view) {
    case 'ALL':
      return ['active', 'deleted'];
    case 'DELETED_ONLY':
      return ['deleted'];
    default:
      return ['active'];
  }
}

export function openExperiments({ database }: Store): Experiments {
  const sql = {
    all: database.prepare(
      'SELECT * FROM tracking_experiments WHERE lifecycle_stage IN (SELECT value FROM json_each(?))',
    ),
    byId: database.prepare('SELECT * FROM tracking_experiments WHERE id = ?'),
    byName: database.prepare('SELECT * FROM tracking_experiments WHERE name = ?'),
    insert: database.prepare(
      'INSERT INTO tracking_experiments (name, artifact_location, created_at, updated_at) VALUES (?, ?, ?, ?)',
    ),
    locate: database.prepare('UPDATE tracking_experiments SET artifact_location = ? WHERE id = ?'),
    rename: database.prepare('UPDATE tracking_experiments SET name = ?, updated_at = ? WHERE id = ?'),
    setStage: database.prepare(
      'UPDATE tracking_experiments SET lifecycle_stage = ?, updated_at = ? WHERE id = ?',
    ),
    setRunStages: database.prepare('UPDATE tracking_runs SET lifecycle_stage = ? WHERE experiment = ?'),
    tags: database.prepare(
      'SELECT key, value FROM tracking_experiment_tags WHERE experiment = ? ORDER BY rowid',
    ),
    tagOfAll: database.prepare('SELECT experiment, value FROM tracking_experiment_tags WHERE key = ?'),
    setTag: database.prepare(
      'INSERT INTO tracking_experiment_tags (experiment, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    ),
    deleteTag: database.prepare('DELETE FROM tracking_experiment_tags WHERE experiment = ? AND key = ?'),
  };

  function find(id: string, stages: readonly string[]): ExperimentRow {
    const number = experimentId(id === '' ? '0' : id);
    const row = sql.byId.get(number) as ExperimentRow | undefined;
    if (row === undefined || !stages.includes(row.lifecycle_stage)) {
      throw missing(`No Experiment with id=${number} exists`);
    }
    return row;
  }

  const get = (id: string): ExperimentRow => find(id, ['active', 'deleted']);

  function active(id: string): ExperimentRow {
    const row = get(id);
    if (row.lifecycle_stage !== 'active') {
      throw invalid(
        `The experiment ${row.id} must be in the 'active' state. Current state is ${row.lifecycle_stage}.`,
      );
    }
    return row;
  }

  function entity(row: ExperimentRow): object {
    return {
      experiment_id: String(row.id),
      name: row.name,
      artifact_location: row.artifact_location,
      lifecycle_stage: row.lifecycle_stage,
      last_update_time: row.updated_at,
      creation_time: row.created_at,
      tags: some(sql.tags.all(row.id) as unknown as KeyValue[]),
      workspace: 'default',
    };
  }

  function setStage(id: string, from: string, to: string): object {
    const { id: number } = find(id, [from]);
    sql.setStage.run(to, Date.now(), number);
    sql.setRunStages.run(to, number);
    return {};
  }

  function search(fields: Fields): object {
    const view = choice(fields, 'view_type', VIEW_TYPES);
    const size = maxResults(fields, 0, LARGEST_PAGE);
    const orders = parseOrders(texts(fields, 'order_by'), EXPERIMENT_RULES);
    const clauses = parseFilter(text(fields, 'filter') ?? '', EXPERIMENT_RULES);
    const rows = sql.all.all(JSON.stringify(stagesOf(view))) as unknown as ExperimentRow[];
    const columns: Columns<ExperimentRow> = (entity, key) => {
      if (entity === 'tag') {
        const values = new Map(
          sql.tagOfAll.all(key).map(({ experiment, value }) => [experiment as number, value as string]),
        );
        return ({ id }) => values.get(id) ?? null;
      }
      switch (key) {
        case 'name':
          return ({ name }) => name;
        case 'creation_time':
          return ({ created_at }) => created_at;
        case 'last_update_time':
          return ({ updated_at }) => updated_at;
        default:
          return ({ id }) => id;
      }
    };
    const sorted = select(rows, clauses, orders.length === 0 ? BY_DEFAULT : [...orders, BY_ID], columns);
    const { rows: page, next } = pageOf(sorted, size, text(fields, 'page_token'));
    return { experiments: some(page.map(entity)), next_page_token: next };
  }

  return {
    get,
    active,
    routes: {
      'POST experiments/create': (fields) => {
        const name = requiredText(fields, 'name');
        const location = text(fields, 'artifact_location') ?? '';
        const tags = keyValues(fields, 'tags');
        checkLocation(location);
        checkExperimentName(name);
        for (const tag of tags) {
          checkExperimentTag(tag);
        }
        if (sql.byName.get(name) !== undefined) {
          throw exists(`Experiment(name=${name}) already exists.`);
        }
        const now = Date.now();
        const id = Number(sql.insert.run(name, location, now, now).lastInsertRowid);
        if (location === '') {
          sql.locate.run(uriBelow('mlflow-artifacts:/', String(id)), id);
        }
        for (const { key, value } of tags) {
          sql.setTag.run(id, key, value);
        }
        return { experiment_id: String(id) };
      },
      'GET experiments/get': (fields) => ({ experiment: entity(get(requiredText(fields, 'experiment_id'))) }),
      'GET experiments/get-by-name': (fields) => {
        const name = requiredText(fields, 'experiment_name');
        const row = sql.byName.get(name) as ExperimentRow | undefined;
        if (row === undefined) {
          throw missing(`Could not find experiment with name '${name}'`);
        }
        return { experiment: entity(row) };
      },
      'GET experiments/search': search,
      'POST experiments/search': search,
      'POST experiments/update': (fields) => {
        const id = requiredText(fields, 'experiment_id');
        const name = requiredText(fields, 'new_name');
        checkExperimentName(name);
        const row = get(id);
        if (row.lifecycle_stage !== 'active') {
          throw new MlflowFault('INVALID_STATE', 'Cannot rename a non-active experiment.');
        }
        if (name !== row.name && sql.byName.get(name) !== undefined) {
          throw exists(`Experiment(name=${name}) already exists.`);
        }
        sql.rename.run(name, Date.now(), row.id);
        return {};
      },
      'POST experiments/delete': (fields) =>
        setStage(requiredText(fields, 'experiment_id'), 'active', 'deleted'),
      'POST experiments/restore': (fields) =>
        setStage(requiredText(fields, 'experiment_id'), 'deleted', 'active'),
      'POST experiments/set-experiment-tag': (fields) => {
        const id = requiredText(fields, 'experiment_id');
        const tag = { key: requiredText(fields, 'key'), value: text(fields, 'value') ?? '' };
        checkExperimentTag(tag);
        sql.setTag.run(active(id).id, tag.key, tag.value);
        return {};
      },
      'POST experiments/delete-experiment-tag': (fields) => {
        const id = requiredText(fields, 'experiment_id');
        const key = requiredText(fields, 'key');
        if (sql.deleteTag.run(active(id).id, key).changes === 0) {
          throw missing(`No tag with name: ${key} in experiment with id ${id}`);
        }
        return {};
      },
    },
  };
}

function checkLocation(location: string): void {
  if (/[#;]/.test(location)) {
    throw invalid("'artifact_location' URL can't include fragments or params.");
  }
  if (location.startsWith('runs:')) {
    throw invalid(`Artifact location cannot be a runs:/ URI. Given: '${location}'`);
  }
  checkLength('artifact_location', LONGEST_LOCATION, location);
}
