import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import { formatReference, type ModelReference, parseReference } from './reference.ts';

const ID = 'm-4c33ce484ac14e6d822b208fcd8d30d1';
const alias = (name: string, text: string): ModelReference => ({
  kind: 'mlflow',
  name,
  pick: { kind: 'alias', alias: text },
});
const file = (path: string): ModelReference => ({ kind: 'file', path });
const FILES = [
  'model.pkl',
  'house-price/3',
  'old@best',
  'models:/there@now',
  'data/model.pkl.dvc',
  'tracked.pkl.dvc',
];
const context = { exists: (path: string) => FILES.includes(path) };

describe('what each reference means', () => {
  const rows: readonly (readonly [string, ModelReference])[] = [
    ['models:/house-price@champion', alias('house-price', 'champion')],
    ['models:/house price@champion', alias('house price', 'champion')],
    ['models:/house%20price@champion', alias('house price', 'champion')],
    ['models:/100%@champion', alias('100%', 'champion')],
    ['models:/h%C3%A4user@b%C3%A4st', alias('häuser', 'bäst')],
    ['models:house-price@champion', alias('house-price', 'champion')],
    ['MODELS:/house-price@champion', alias('house-price', 'champion')],
    // Only the last @ parts the name from the alias: MLflow allows it in names.
    ['models:/a@b@champion', alias('a@b', 'champion')],
    [
      'models:/house-price/3',
      { kind: 'mlflow', name: 'house-price', pick: { kind: 'version', version: '3' } },
    ],
    [
      'models:/house-price/003',
      { kind: 'mlflow', name: 'house-price', pick: { kind: 'version', version: '3' } },
    ],
    [
      'models:/house-price/3/',
      { kind: 'mlflow', name: 'house-price', pick: { kind: 'version', version: '3' } },
    ],
    ['models:/house-price/latest', { kind: 'mlflow', name: 'house-price', pick: { kind: 'latest' } }],
    ['models:/house-price/Latest', { kind: 'mlflow', name: 'house-price', pick: { kind: 'latest' } }],
    [
      'models:/house-price/Production',
      { kind: 'mlflow', name: 'house-price', pick: { kind: 'stage', stage: 'Production' } },
    ],
    [`models:/${ID}`, { kind: 'logged-model', modelId: ID }],
    [`models:/${ID}/3`, { kind: 'mlflow', name: ID, pick: { kind: 'version', version: '3' } }],
    ['runs:/0a1b2c3d/model', { kind: 'run', runId: '0a1b2c3d', path: 'model' }],
    ['runs:/0a1b2c3d/deep/my%20model/', { kind: 'run', runId: '0a1b2c3d', path: 'deep/my model' }],
    [
      'mlflow-artifacts:/1/abc/artifacts/model',
      { kind: 'artifacts', uri: 'mlflow-artifacts:/1/abc/artifacts/model' },
    ],
    ['mlflow-artifacts://host:5001/1/m', { kind: 'artifacts', uri: 'mlflow-artifacts://host:5001/1/m' }],
    ['mlflow-artifacts:/1/m/', { kind: 'artifacts', uri: 'mlflow-artifacts:/1/m' }],
    [
      'house-price@champion',
      { kind: 'store', name: 'house-price', pick: { kind: 'alias', alias: 'champion' } },
    ],
    ['house-price/4', { kind: 'store', name: 'house-price', pick: { kind: 'version', version: '4' } }],
    ['house-price/latest', { kind: 'store', name: 'house-price', pick: { kind: 'latest' } }],
    ['model.pkl', file('model.pkl')],
    // A file that is there comes first, whatever it is called.
    ['house-price/3', file('house-price/3')],
    ['old@best', file('old@best')],
    ['models:/there@now', file('models:/there@now')],
    // And what looks like nothing else is a file that is missing.
    ['missing.pkl', file('missing.pkl')],
    ['models/missing.pkl', file('models/missing.pkl')],
    ['me@home.pkl', file('me@home.pkl')],
    ['./house-price/4', file('./house-price/4')],
    ['../3', file('../3')],
    ['/3', file('/3')],
    ['a/b@c', file('a/b@c')],
    ['gone.pkl.dvc', file('gone.pkl.dvc')],
    ['file:///srv/my%20model.pkl', file('/srv/my model.pkl')],
    ['file:/srv/model.pkl', file('/srv/model.pkl')],
    ['file://localhost/srv/model.pkl', file('/srv/model.pkl')],
    ['file:models/model.pkl', file('models/model.pkl')],
    ['data/model.pkl.dvc', { kind: 'dvc', path: 'data/model.pkl.dvc' }],
    ['tracked.pkl', { kind: 'dvc', path: 'tracked.pkl' }],
  ];
  for (const [text, wanted] of rows) {
    test(text, () => assert.deepEqual(parseReference(text, context), wanted));
  }
});

describe('what is no reference says why', () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['', /it is empty/],
    ['models:/', /the name is missing/],
    ['models:/house-price', /it names no version, expected models:\/NAME@ALIAS/],
    ['models:/house-price@', /"" is no alias/],
    ['models:/house-price@v 1', /"v 1" is no alias/],
    ['models:/house-price/', /it names no version/],
    ['models:/@champion', /the name is ""/],
    ['models:/a:b@champion', /the name is "a:b"/],
    ['models:/house-price/3/MLmodel', /"3\/MLmodel" is no version/],
    ['models:/house-price/3.5', /"3.5" is no version/],
    ['models:/house-price/-3!', /is no version/],
    ['models:/house/price@champion', /both "@" and "\/"/],
    ['models://profile@databricks/house-price/3', /another registry/],
    ['models:/house%00price@champion', /control character/],
    ['runs:/', /"" is no run/],
    ['runs:/0a1b2c3d', /the path of the model in the run is missing/],
    ['runs:/0a1b2c3d/', /the path of the model in the run is missing/],
    ['runs:/0a1b2c3d/../other', /leaves the run/],
    ['runs:/0a1b2c3d/%2e%2e/other', /leaves the run/],
    ['runs:/a b/model', /"a b" is no run/],
    ['mlflow-artifacts:/', /the path is missing/],
    ['mlflow-artifacts:/1/../../etc', /leaves the artifacts/],
    ['mlflow-artifacts:/1/%2e%2e/x', /leaves the artifacts/],
    ['mlflow-artifacts://ada:secret@host:5001/1/m', /credentials/],
    ['https://ada:se/cr@secret@host/model.pkl', /begins with "https:"/],
    ['file://other/model.pkl', /another machine/],
    ['file:///srv/a%00b', /control character/],
    ['s3://bucket/model.pkl', /begins with "s3:", expected one of models:, runs:, mlflow-artifacts:, file:/],
    ['https://host/model.pkl', /begins with "https:"/],
  ];
  for (const [text, wanted] of rows) {
    test(JSON.stringify(text), () => {
      assert.throws(
        () => parseReference(text, context),
        (error: unknown) =>
          isLoadlineError(error) &&
          error.code === 'LL7016' &&
          wanted.test(error.message) &&
          !`${error.message} ${error.detail.where}`.includes('secret'),
      );
    });
  }
});

test('what was read is written as it means', () => {
  for (const text of [
    'models:/house price@champion',
    'models:/house-price/3',
    'models:/house-price/latest',
    `models:/${ID}`,
    'runs:/0a1b2c3d/model',
    'mlflow-artifacts:/1/m',
    'house-price@champion',
    'model.pkl',
  ]) {
    assert.equal(formatReference(parseReference(text, context)), text);
  }
});
