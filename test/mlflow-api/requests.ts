/** Requests as clients of any kind might send them, in an order that makes sense; the answers to some name the rest. */

export interface Request {
  readonly name: string;
  /** `POST runs/create`, below `/api/2.0/mlflow/`; from the root where the path starts with a slash. */
  readonly ask: string;
  readonly body?: unknown;
  /** Default: JSON for a body, none without. */
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Names a part of the answer: `$run` stands for it in later requests. */
  readonly keep?: Readonly<Record<string, string>>;
}

const LONG = 'k'.repeat(251);

/** Both servers must answer these alike: status, fields that are there and that are not, types, messages. */
export const SAME: readonly Request[] = [
  { name: 'health', ask: 'GET /health' },
  { name: 'version', ask: 'GET /version' },
  // Experiments.
  { name: 'default experiment', ask: 'GET experiments/get?experiment_id=0' },
  { name: 'no such experiment', ask: 'GET experiments/get?experiment_id=99' },
  { name: 'an id that is no number', ask: 'GET experiments/get?experiment_id=abc' },
  { name: 'no id', ask: 'GET experiments/get' },
  { name: 'no such name', ask: 'GET experiments/get-by-name?experiment_name=nope' },
  {
    name: 'create an experiment',
    ask: 'POST experiments/create',
    body: { name: 'e', tags: [{ key: 'a', value: '1' }] },
    keep: { experiment: 'experiment_id' },
  },
  { name: 'unknown fields are ignored', ask: 'POST experiments/create', body: { name: 'e2', zzz: 1 } },
  { name: 'its name again', ask: 'POST experiments/create', body: { name: 'e' } },
  { name: 'a name that is a number', ask: 'POST experiments/create', body: { name: 5 } },
  { name: 'a name that is null', ask: 'POST experiments/create', body: { name: null } },
  { name: 'tags that are no list', ask: 'POST experiments/create', body: { name: 'e3', tags: 'x' } },
  { name: 'a name too long', ask: 'POST experiments/create', body: { name: 'n'.repeat(501) } },
  {
    name: 'a location with a fragment',
    ask: 'POST experiments/create',
    body: { name: 'e4', artifact_location: 'mlflow-artifacts:/x#y' },
  },
  { name: 'no content type', ask: 'POST experiments/create', body: { name: 'x1' }, contentType: null },
  {
    name: 'text as content type',
    ask: 'POST experiments/create',
    body: { name: 'x2' },
    contentType: 'text/plain',
  },
  {
    name: 'content type with a charset',
    ask: 'POST experiments/create',
    body: { name: 'x3' },
    contentType: 'application/json; charset=utf-8',
  },
  { name: 'by ajax', ask: 'GET /ajax-api/2.0/mlflow/experiments/get?experiment_id=$experiment' },
  { name: 'search without a size', ask: 'POST experiments/search', body: {} },
  { name: 'search', ask: 'POST experiments/search', body: { max_results: 2, order_by: ['name'] } },
  {
    name: 'search by GET',
    ask: 'GET experiments/search?max_results=1&order_by=experiment_id%20DESC',
    keep: { page: 'next_page_token' },
  },
  {
    name: 'next page',
    ask: 'GET experiments/search?max_results=1&order_by=experiment_id%20DESC&page_token=$page',
  },
  { name: 'size as a text', ask: 'POST experiments/search', body: { max_results: '1' } },
  { name: 'size that is no number', ask: 'POST experiments/search', body: { max_results: 'many' } },
  { name: 'search by tag', ask: 'POST experiments/search', body: { max_results: 5, filter: "tags.a = '1'" } },
  {
    name: 'search by a tag that is not there',
    ask: 'POST experiments/search',
    body: { max_results: 5, filter: "tags.a IS NOT NULL AND name != 'x'" },
  },
  {
    name: 'search by ids',
    ask: 'POST experiments/search',
    body: { max_results: 5, filter: "experiment_id IN ('0', '1')", order_by: ['experiment_id'] },
  },
  {
    name: 'an operator that does not fit',
    ask: 'POST experiments/search',
    body: { max_results: 5, filter: "name > 'a'" },
  },
  {
    name: 'an unknown entity',
    ask: 'POST experiments/search',
    body: { max_results: 5, filter: "metrics.a = 'a'" },
  },
  { name: 'an unknown key', ask: 'POST experiments/search', body: { max_results: 5, filter: "foo = 'a'" } },
  { name: 'a clause that is none', ask: 'POST experiments/search', body: { max_results: 5, filter: 'foo' } },
  { name: 'an unknown view', ask: 'POST experiments/search', body: { max_results: 5, view_type: 'ALL' } },
  { name: 'rename without a name', ask: 'POST experiments/update', body: { experiment_id: '$experiment' } },
  // Runs.
  {
    name: 'create a run',
    ask: 'POST runs/create',
    body: {
      experiment_id: '$experiment',
      start_time: '1700000000000',
      run_name: 'r',
      tags: [{ key: 't', value: 'v' }],
    },
    keep: { run: 'run.info.run_id' },
  },
  {
    name: 'two names',
    ask: 'POST runs/create',
    body: { experiment_id: '0', run_name: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] },
  },
  { name: 'in no such experiment', ask: 'POST runs/create', body: { experiment_id: '99' } },
  {
    name: 'a start that is no number',
    ask: 'POST runs/create',
    body: { experiment_id: '0', start_time: 'now' },
  },
  { name: 'by run_uuid', ask: 'GET runs/get?run_uuid=$run' },
  { name: 'no run', ask: 'GET runs/get' },
  { name: 'no such run', ask: 'GET runs/get?run_id=nope' },
  { name: 'log a parameter', ask: 'POST runs/log-parameter', body: { run_id: '$run', key: 'p', value: '1' } },
  { name: 'the same again', ask: 'POST runs/log-parameter', body: { run_id: '$run', key: 'p', value: '1' } },
  { name: 'another value', ask: 'POST runs/log-parameter', body: { run_id: '$run', key: 'p', value: '2' } },
  {
    name: 'an empty value',
    ask: 'POST runs/log-parameter',
    body: { run_id: '$run', key: 'empty', value: '' },
  },
  {
    name: 'a value too long is cut',
    ask: 'POST runs/log-parameter',
    body: { run_id: '$run', key: 'long', value: 'x'.repeat(6001) },
  },
  { name: 'a key too long', ask: 'POST runs/log-parameter', body: { run_id: '$run', key: LONG, value: 'x' } },
  { name: 'no key', ask: 'POST runs/log-parameter', body: { run_id: '$run', value: 'x' } },
  {
    name: 'a value that is a number',
    ask: 'POST runs/log-parameter',
    body: { run_id: '$run', key: 'q', value: 1 },
  },
  {
    name: 'a key with a bad character',
    ask: 'POST runs/log-parameter',
    body: { run_id: '$run', key: 'a?é', value: '1' },
  },
  {
    name: 'a key that is a path',
    ask: 'POST runs/log-parameter',
    body: { run_id: '$run', key: 'a//b', value: '1' },
  },
  {
    name: 'log a metric',
    ask: 'POST runs/log-metric',
    body: { run_id: '$run', key: 'm', value: 0.5, timestamp: 5, step: 1 },
  },
  {
    name: 'an older step',
    ask: 'POST runs/log-metric',
    body: { run_id: '$run', key: 'm', value: 9, timestamp: 6, step: 0 },
  },
  {
    name: 'NaN',
    ask: 'POST runs/log-metric',
    body: { run_id: '$run', key: 'nan', value: 'NaN', timestamp: 1 },
  },
  {
    name: 'infinity',
    ask: 'POST runs/log-metric',
    body: { run_id: '$run', key: 'inf', value: '-Infinity', timestamp: '2', step: '3' },
  },
  { name: 'no value', ask: 'POST runs/log-metric', body: { run_id: '$run', key: 'm', timestamp: 1 } },
  { name: 'no time', ask: 'POST runs/log-metric', body: { run_id: '$run', key: 'm', value: 1 } },
  {
    name: 'a value that is a word',
    ask: 'POST runs/log-metric',
    body: { run_id: '$run', key: 'm', value: 'high', timestamp: 1 },
  },
  {
    name: 'a time before all time',
    ask: 'POST runs/log-metric',
    body: { run_id: '$run', key: 'm', value: 1, timestamp: -1 },
  },
  { name: 'history', ask: 'GET metrics/get-history?run_id=$run&metric_key=m' },
  { name: 'history of NaN', ask: 'GET metrics/get-history?run_id=$run&metric_key=nan' },
  { name: 'history of infinity', ask: 'GET metrics/get-history?run_id=$run&metric_key=inf' },
  { name: 'history of nothing', ask: 'GET metrics/get-history?run_id=$run&metric_key=none' },
  {
    name: 'first page of it',
    ask: 'GET metrics/get-history?run_id=$run&metric_key=m&max_results=1',
    keep: { page: 'next_page_token' },
  },
  {
    name: 'second page of it',
    ask: 'GET metrics/get-history?run_id=$run&metric_key=m&max_results=1&page_token=$page',
  },
  { name: 'a page of nothing', ask: 'GET metrics/get-history?run_id=$run&metric_key=m&max_results=0' },
  {
    name: 'a batch',
    ask: 'POST runs/log-batch',
    body: {
      run_id: '$run',
      metrics: [
        { key: 'b', value: 1, timestamp: 1, step: 0 },
        { key: 'b', value: 2, timestamp: 2, step: 1 },
      ],
      params: [{ key: 'bp', value: 'x' }],
      tags: [
        { key: 'bt', value: 'y' },
        { key: 'mlflow.runName', value: 'renamed' },
      ],
    },
  },
  {
    name: 'a batch that changes a parameter',
    ask: 'POST runs/log-batch',
    body: { run_id: '$run', params: [{ key: 'p', value: "it's" }] },
  },
  {
    name: 'a batch with a key twice',
    ask: 'POST runs/log-batch',
    body: {
      run_id: '$run',
      params: [
        { key: 'z', value: '1' },
        { key: 'z', value: '2' },
      ],
    },
  },
  {
    name: 'a batch too large',
    ask: 'POST runs/log-batch',
    body: { run_id: '$run', tags: Array.from({ length: 101 }, (_, i) => ({ key: `t${i}`, value: '' })) },
  },
  {
    name: 'a batch with a bad key',
    ask: 'POST runs/log-batch',
    body: { run_id: '$run', metrics: [{ key: 'a!b', value: 1, timestamp: 1 }] },
  },
  { name: 'set a tag', ask: 'POST runs/set-tag', body: { run_id: '$run', key: 'a', value: 'b' } },
  { name: 'delete a tag', ask: 'POST runs/delete-tag', body: { run_id: '$run', key: 'a' } },
  { name: 'delete it again', ask: 'POST runs/delete-tag', body: { run_id: '$run', key: 'a' } },
  {
    name: 'log a dataset',
    ask: 'POST runs/log-inputs',
    body: {
      run_id: '$run',
      datasets: [
        {
          tags: [{ key: 'mlflow.data.context', value: 'train' }],
          dataset: { name: 'd', digest: 'abc', source_type: 'code', source: '{}' },
        },
      ],
    },
  },
  { name: 'the run', ask: 'GET runs/get?run_id=$run' },
  {
    name: 'end it',
    ask: 'POST runs/update',
    body: { run_id: '$run', status: 'FINISHED', end_time: 1_700_000_001_000 },
  },
  {
    name: 'search',
    ask: 'POST runs/search',
    body: { experiment_ids: ['$experiment'], filter: "params.p = '1' and metrics.m > 0.1" },
  },
  {
    name: 'search by dataset',
    ask: 'POST runs/search',
    body: { experiment_ids: ['$experiment'], filter: "dataset.name = 'd' AND dataset.context IN ('train')" },
  },
  {
    name: 'search by what it has not',
    ask: 'POST runs/search',
    body: { experiment_ids: ['$experiment'], filter: 'tags.nothing IS NULL AND params.p IS NOT NULL' },
  },
  {
    name: 'search that finds nothing',
    ask: 'POST runs/search',
    body: { experiment_ids: ['$experiment'], filter: "status = 'FAILED'" },
  },
  {
    name: 'search of too many',
    ask: 'POST runs/search',
    body: { experiment_ids: ['$experiment'], max_results: 50_001 },
  },
  {
    name: 'search by a list that no list fits',
    ask: 'POST runs/search',
    body: { experiment_ids: ['0'], filter: "status IN ('FAILED')" },
  },
  {
    name: 'search by a number that is none',
    ask: 'POST runs/search',
    body: { experiment_ids: ['0'], filter: "start_time > 'now'" },
  },
  {
    name: 'search with a parenthesis left open',
    ask: 'POST runs/search',
    body: { experiment_ids: ['0'], filter: "run_id IN ('a'" },
  },
  {
    name: 'search by an entity that is none',
    ask: 'POST runs/search',
    body: { experiment_ids: ['0'], filter: "thing.a = 'b'" },
  },
  {
    name: 'search by an attribute that is none',
    ask: 'POST runs/search',
    body: { experiment_ids: ['0'], filter: "attributes.colour = 'b'" },
  },
  {
    name: 'order that is none',
    ask: 'POST runs/search',
    body: { experiment_ids: ['0'], order_by: ['metrics.m up'] },
  },
  { name: 'a status that is none', ask: 'POST runs/search', body: { experiment_ids: ['abc'] } },
  { name: 'delete a run', ask: 'POST runs/delete', body: { run_id: '$run' } },
  { name: 'log to it', ask: 'POST runs/set-tag', body: { run_id: '$run', key: 'a', value: 'b' } },
  { name: 'restore it', ask: 'POST runs/restore', body: { run_id: '$run' } },
  {
    name: 'a model of mlflow 2',
    ask: 'POST runs/log-model',
    body: { run_id: '$run', model_json: '{"run_id": "x"}' },
  },
  { name: 'a model that is no JSON', ask: 'POST runs/log-model', body: { run_id: '$run', model_json: '{' } },
  // Artifacts.
  {
    name: 'put a file',
    ask: 'PUT /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/docs/a%20b.txt',
    body: 'hello',
    contentType: 'text/plain',
  },
  { name: 'list a folder', ask: 'GET /api/2.0/mlflow-artifacts/artifacts?path=$experiment/$run/artifacts' },
  { name: 'list a folder that is not there', ask: 'GET /api/2.0/mlflow-artifacts/artifacts?path=zzz' },
  {
    name: 'list a file',
    ask: 'GET /api/2.0/mlflow-artifacts/artifacts?path=$experiment/$run/artifacts/docs/a%20b.txt',
  },
  { name: 'list of the run', ask: 'GET artifacts/list?run_id=$run' },
  { name: 'list in a folder of the run', ask: 'GET artifacts/list?run_id=$run&path=docs' },
  { name: 'list out of the run', ask: 'GET artifacts/list?run_id=$run&path=../..' },
  { name: 'list from the root', ask: 'GET artifacts/list?run_id=$run&path=/etc' },
  {
    name: 'a file',
    ask: 'GET /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/docs/a%20b.txt',
  },
  {
    name: 'a part of a file',
    ask: 'GET /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/docs/a%20b.txt',
    headers: { range: 'bytes=1-2' },
  },
  {
    name: 'the rest of a file',
    ask: 'GET /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/docs/a%20b.txt',
    headers: { range: 'bytes=3-' },
  },
  {
    name: 'a file that is not there',
    ask: 'GET /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/nope',
  },
  { name: 'a path out of the store', ask: 'GET /api/2.0/mlflow-artifacts/artifacts/..%2f..%2fmlflow.db' },
  { name: 'a path encoded twice', ask: 'GET /api/2.0/mlflow-artifacts/artifacts/%252e%252e/x' },
  {
    name: 'put out of the store',
    ask: 'PUT /api/2.0/mlflow-artifacts/artifacts/1/..%2f..%2fx',
    body: 'x',
    contentType: 'text/plain',
  },
  { name: 'file of a run', ask: 'GET /get-artifact?run_id=$run&path=docs/a%20b.txt' },
  { name: 'no such file of a run', ask: 'GET /get-artifact?run_id=$run&path=nope' },
  { name: 'file out of a run', ask: 'GET /get-artifact?run_id=$run&path=../x' },
  {
    name: 'delete a file',
    ask: 'DELETE /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/docs/a%20b.txt',
  },
  {
    name: 'delete it again',
    ask: 'DELETE /api/2.0/mlflow-artifacts/artifacts/$experiment/$run/artifacts/docs/a%20b.txt',
  },
  // Logged models.
  {
    name: 'create a logged model',
    ask: 'POST logged-models',
    body: {
      experiment_id: '$experiment',
      name: 'lm',
      source_run_id: '$run',
      params: [{ key: 'p', value: '1' }],
      tags: [
        { key: 'z', value: '1' },
        { key: 'a', value: '2' },
      ],
    },
    keep: { model: 'model.info.model_id' },
  },
  { name: 'a bad name', ask: 'POST logged-models', body: { experiment_id: '$experiment', name: 'a.b' } },
  {
    name: 'a metric of it',
    ask: 'POST runs/log-metric',
    body: {
      run_id: '$run',
      key: 'acc',
      value: 0.5,
      timestamp: 1,
      model_id: '$model',
      dataset_name: 'd',
      dataset_digest: 'abc',
    },
  },
  {
    name: 'ready',
    ask: 'PATCH logged-models/$model',
    body: { model_id: '$model', status: 'LOGGED_MODEL_READY' },
  },
  { name: 'the logged model', ask: 'GET logged-models/$model' },
  {
    name: 'more parameters',
    ask: 'POST logged-models/$model/params',
    body: { model_id: '$model', params: [{ key: 'q', value: '2' }] },
  },
  { name: 'tags', ask: 'PATCH logged-models/$model/tags', body: { tags: [{ key: 'a', value: '3' }] } },
  { name: 'delete a tag', ask: 'DELETE logged-models/$model/tags/z' },
  { name: 'delete it again', ask: 'DELETE logged-models/$model/tags/z' },
  { name: 'no such logged model', ask: 'GET logged-models/m-nope' },
  { name: 'its files', ask: 'GET logged-models/$model/artifacts/directories' },
  {
    name: 'search them',
    ask: 'POST logged-models/search',
    body: {
      experiment_ids: ['$experiment'],
      filter: "name = 'lm' AND metrics.acc >= 0.5 AND params.p = '1'",
      order_by: [{ field_name: 'metrics.acc', ascending: false }],
    },
  },
  {
    name: 'search them by dataset',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], datasets: [{ dataset_name: 'd', dataset_digest: 'abc' }] },
  },
  {
    name: 'search them by dataset without a name',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], datasets: [{ dataset_digest: 'abc' }] },
  },
  {
    name: 'search them in vain',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], filter: "tags.a = 'x'" },
  },
  {
    name: 'search them with words',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], filter: 'hello' },
  },
  {
    name: 'search them by a bad operator',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], filter: "metrics.acc LIKE '5'" },
  },
  {
    name: 'search them by a bad entity',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], filter: "things.acc = '5'" },
  },
  {
    name: 'order them by a parameter',
    ask: 'POST logged-models/search',
    body: { experiment_ids: ['$experiment'], order_by: [{ field_name: 'params.p' }] },
  },
  {
    name: 'the output of a run',
    ask: 'POST runs/outputs',
    body: { run_id: '$run', models: [{ model_id: '$model', step: 2 }] },
  },
  { name: 'the run with both', ask: 'GET runs/get?run_id=$run' },
  // The registry.
  {
    name: 'create a model',
    ask: 'POST registered-models/create',
    body: { name: 'm', description: 'd', tags: [{ key: 'k', value: 'v' }] },
  },
  { name: 'the same again', ask: 'POST registered-models/create', body: { name: 'm' } },
  { name: 'a name with a colon', ask: 'POST registered-models/create', body: { name: 'a:b' } },
  { name: 'a name that is a path', ask: 'POST registered-models/create', body: { name: '..' } },
  { name: 'no name', ask: 'POST registered-models/create', body: {} },
  { name: 'the model', ask: 'GET registered-models/get?name=m' },
  { name: 'no such model', ask: 'GET registered-models/get?name=nope' },
  {
    name: 'a version',
    ask: 'POST model-versions/create',
    body: {
      name: 'm',
      source: 'models:/$model',
      model_id: '$model',
      tags: [{ key: 'k', value: 'v' }],
      description: 'first',
    },
  },
  {
    name: 'a version of no such model',
    ask: 'POST model-versions/create',
    body: { name: 'nope', source: 'models:/$model', model_id: '$model' },
  },
  {
    name: 'without saying which logged model',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'models:/$model' },
  },
  {
    name: 'of another logged model',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'models:/$model', model_id: 'm-other' },
  },
  {
    name: 'of a run',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'mlflow-artifacts:/$experiment/$run/artifacts/x', run_id: '$run' },
  },
  {
    name: 'of a run that is not said',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'mlflow-artifacts:/$experiment/$run/artifacts/x' },
  },
  {
    name: 'of a place beside the run',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'mlflow-artifacts:/$experiment/other/artifacts/x', run_id: '$run' },
  },
  {
    name: 'of a path with steps',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'mlflow-artifacts:/$experiment/$run/artifacts/../../x', run_id: '$run' },
  },
  {
    name: 'of a path with encoded steps',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'mlflow-artifacts:/$experiment/$run/artifacts/%2e%2e/x', run_id: '$run' },
  },
  { name: 'of this machine', ask: 'POST model-versions/create', body: { name: 'm', source: 'file:///etc' } },
  {
    name: 'of this machine, by path',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: '/etc', model_id: '$model' },
  },
  {
    name: 'of another registry',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'models://other/m/1' },
  },
  {
    name: 'of another version',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'models:/m/1' },
  },
  {
    name: 'of another version and a run',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'models:/m/1', run_id: 'x' },
  },
  {
    name: 'of a version that is not there',
    ask: 'POST model-versions/create',
    body: { name: 'm', source: 'models:/m/77' },
  },
  { name: 'without a source', ask: 'POST model-versions/create', body: { name: 'm' } },
  { name: 'that is what the tag says', ask: 'GET logged-models/$model' },
  { name: 'version 1', ask: 'GET model-versions/get?name=m&version=1' },
  { name: 'version 01', ask: 'GET model-versions/get?name=m&version=01' },
  { name: 'version 77', ask: 'GET model-versions/get?name=m&version=77' },
  { name: 'version that is no number', ask: 'GET model-versions/get?name=m&version=abc' },
  { name: 'no version', ask: 'GET model-versions/get?name=m' },
  { name: 'a version of no model', ask: 'GET model-versions/get?name=nope&version=1' },
  { name: 'download uri', ask: 'GET model-versions/get-download-uri?name=m&version=1' },
  { name: 'download uri of what is not there', ask: 'GET model-versions/get-download-uri?name=m&version=77' },
  {
    name: 'set an alias',
    ask: 'POST registered-models/alias',
    body: { name: 'm', alias: 'champion', version: '1' },
  },
  {
    name: 'version as a number',
    ask: 'POST registered-models/alias',
    body: { name: 'm', alias: 'champion', version: 1 },
  },
  { name: 'alias without a name', ask: 'POST registered-models/alias', body: { name: 'm', version: '1' } },
  {
    name: 'alias of nothing',
    ask: 'POST registered-models/alias',
    body: { name: 'm', alias: 'x', version: '77' },
  },
  { name: 'by alias', ask: 'GET registered-models/alias?name=m&alias=champion' },
  { name: 'by alias, fields in the body', ask: 'GET registered-models/alias?name=m&alias=Champion' },
  { name: 'by alias latest', ask: 'GET registered-models/alias?name=m&alias=latest' },
  { name: 'by alias without one', ask: 'GET registered-models/alias?name=m' },
  { name: 'by alias of no model', ask: 'GET registered-models/alias?name=nope&alias=champion' },
  {
    name: 'latest versions by GET',
    ask: 'GET registered-models/get-latest-versions?name=m&stages=None&stages=Production',
  },
  {
    name: 'latest versions by POST',
    ask: 'POST registered-models/get-latest-versions',
    body: { name: 'm', stages: ['None'] },
  },
  {
    name: 'latest versions of a stage that is none',
    ask: 'POST registered-models/get-latest-versions',
    body: { name: 'm', stages: ['x'] },
  },
  {
    name: 'a stage',
    ask: 'POST model-versions/transition-stage',
    body: { name: 'm', version: '1', stage: 'staging', archive_existing_versions: false },
  },
  {
    name: 'a stage that is none',
    ask: 'POST model-versions/transition-stage',
    body: { name: 'm', version: '1', stage: 'x', archive_existing_versions: false },
  },
  {
    name: 'describe',
    ask: 'PATCH model-versions/update',
    body: { name: 'm', version: '1', description: 'other' },
  },
  { name: 'describe the model', ask: 'PATCH registered-models/update', body: { name: 'm', description: '' } },
  {
    name: 'tag of a version',
    ask: 'POST model-versions/set-tag',
    body: { name: 'm', version: '1', key: 'x', value: 'y' },
  },
  {
    name: 'tag without a key',
    ask: 'POST model-versions/set-tag',
    body: { name: 'm', version: '1', value: 'y' },
  },
  {
    name: 'tag of a model',
    ask: 'POST registered-models/set-tag',
    body: { name: 'm', key: 'x', value: 'y' },
  },
  {
    name: 'tag with a bad key',
    ask: 'POST registered-models/set-tag',
    body: { name: 'm', key: 'a?', value: 'y' },
  },
  {
    name: 'delete a tag of a model',
    ask: 'DELETE registered-models/delete-tag',
    body: { name: 'm', key: 'x' },
  },
  {
    name: 'delete a tag that is not there',
    ask: 'DELETE registered-models/delete-tag',
    body: { name: 'm', key: 'x' },
  },
  {
    name: 'delete a tag of a version',
    ask: 'DELETE model-versions/delete-tag',
    body: { name: 'm', version: '1', key: 'x' },
  },
  { name: 'the model with all', ask: 'GET registered-models/get?name=m' },
  { name: 'search models', ask: 'GET registered-models/search?max_results=1' },
  {
    name: 'search models that are no prompts',
    ask: "GET registered-models/search?filter=tag.%60mlflow.prompt.is_prompt%60%20!=%20'true'",
  },
  { name: 'search too many models', ask: 'GET registered-models/search?max_results=100000' },
  { name: 'search models by a bad key', ask: "GET registered-models/search?filter=colour='x'" },
  { name: 'search models by a bad operator', ask: "GET registered-models/search?filter=name>'x'" },
  { name: 'search models in a bad order', ask: 'GET registered-models/search?order_by=name%20sideways' },
  {
    name: 'search versions',
    ask: "GET model-versions/search?filter=name='m'%20and%20version_number>0&order_by=version_number%20DESC",
  },
  { name: 'search versions by tag', ask: "GET model-versions/search?filter=tags.k='v'" },
  {
    name: 'search versions by source',
    ask: "GET model-versions/search?filter=source_path%20LIKE%20'models:/m-%25'",
  },
  { name: 'search versions by a bad key', ask: "GET model-versions/search?filter=foo='x'" },
  { name: 'search versions by a number', ask: 'GET model-versions/search?filter=name=5' },
  { name: 'search too many versions', ask: 'GET model-versions/search?max_results=1000000' },
  { name: 'rename', ask: 'POST registered-models/rename', body: { name: 'm', new_name: 'n' } },
  { name: 'rename to nothing', ask: 'POST registered-models/rename', body: { name: 'n' } },
  {
    name: 'rename what is not there',
    ask: 'POST registered-models/rename',
    body: { name: 'm', new_name: 'o' },
  },
  { name: 'by alias under the new name', ask: 'GET registered-models/alias?name=n&alias=champion' },
  { name: 'delete an alias', ask: 'DELETE registered-models/alias', body: { name: 'n', alias: 'champion' } },
  { name: 'delete a version', ask: 'DELETE model-versions/delete', body: { name: 'n', version: '1' } },
  { name: 'delete it again', ask: 'DELETE model-versions/delete', body: { name: 'n', version: '1' } },
  { name: 'delete a logged model', ask: 'DELETE logged-models/$model' },
  { name: 'it is gone', ask: 'GET logged-models/$model' },
  { name: 'it can still be seen', ask: 'GET logged-models/$model?allow_deleted=true' },
  { name: 'delete a model', ask: 'DELETE registered-models/delete', body: { name: 'n' } },
  { name: 'delete it again', ask: 'DELETE registered-models/delete', body: { name: 'n' } },
  {
    name: 'a host of somebody',
    ask: 'GET experiments/get?experiment_id=0',
    headers: { host: 'evil.example' },
  },
  { name: 'health by any host', ask: 'GET /health', headers: { host: 'evil.example' } },
  {
    name: 'a page of somebody',
    ask: 'POST experiments/create',
    body: { name: 'cors' },
    headers: { origin: 'http://evil.example' },
  },
  {
    name: 'a page of somebody that reads',
    ask: 'GET experiments/get?experiment_id=0',
    headers: { origin: 'http://evil.example' },
  },
];
