import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLoadlineError } from '../../errors.ts';
import { readMlflowSettings } from './settings.ts';

describe('where the server is', () => {
  const rows: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'http://127.0.0.1:5001'],
    ['', 'http://127.0.0.1:5001'],
    ['http://mlflow:5000', 'http://mlflow:5000'],
    ['http://mlflow:5000/', 'http://mlflow:5000'],
    ['https://host/team/mlflow/', 'https://host/team/mlflow'],
    ['https://ada:secret@host/mlflow', 'https://host/mlflow'],
  ];
  for (const [uri, url] of rows) {
    test(String(uri), () => assert.equal(readMlflowSettings({ MLFLOW_TRACKING_URI: uri }).url, url));
  }
});

describe('what is no server says so, and how to get one', () => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ['sqlite:///mlflow.db', /mlflow server --backend-store-uri sqlite:\/\/\/mlflow\.db/],
    ['./mlruns', /mlflow server --backend-store-uri \.\/mlruns/],
    ['mlruns', /mlflow server --backend-store-uri mlruns/],
    ['/srv/mlruns', /mlflow server --backend-store-uri \/srv\/mlruns/],
    ['file:///srv/mlruns', /mlflow server --backend-store-uri file:\/\/\/srv\/mlruns/],
    ['postgresql://ada:secret@db/mlflow', /--backend-store-uri postgresql:\/\/\*\*\*@db\/mlflow/],
    ['postgresql://ada:s@x/secret@db/mlflow', /--backend-store-uri postgresql:\/\/\*\*\*@db\/mlflow/],
    ['ada:secret@host:5001', /Set it to the address of the server/],
    ['ftp://ada:secret@host', /Set it to the address of the server/],
    ['databricks', /Set it to the address of the server/],
    ['localhost:5001', /Set it to the address of the server/],
  ];
  for (const [uri, fix] of rows) {
    test(uri, () => {
      assert.throws(
        () => readMlflowSettings({ MLFLOW_TRACKING_URI: uri }),
        (error: unknown) => {
          assert.ok(isLoadlineError(error) && error.code === 'LL1005');
          assert.match(error.fix, fix);
          assert.doesNotMatch(`${error.message} ${error.fix} ${error.detail.where}`, /secret/);
          return true;
        },
      );
    });
  }
});

describe('other settings that cannot be used', () => {
  const rows: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [
      { MLFLOW_TRACKING_INSECURE_TLS: 'true', MLFLOW_TRACKING_SERVER_CERT_PATH: '/ca.pem' },
      /either checked or not/,
    ],
    [
      { MLFLOW_TRACKING_SERVER_CERT_PATH: '/no/such.pem' },
      /Cannot read \/no\/such\.pem of MLFLOW_TRACKING_SERVER_CERT_PATH/,
    ],
    [{ MLFLOW_HTTP_REQUEST_TIMEOUT: '0' }, /expected seconds above 0/],
    [{ MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' }, /MLFLOW_HTTP_REQUEST_TIMEOUT "soon"/],
  ];
  for (const [env, message] of rows) {
    test(Object.keys(env).join(' with '), () => {
      assert.throws(
        () => readMlflowSettings(env),
        (error: unknown) => isLoadlineError(error) && error.code === 'LL1005' && message.test(error.message),
      );
    });
  }
});

test('patience is 15 s, or what MLflow is told', () => {
  assert.equal(readMlflowSettings({}).idleMs, 15_000);
  assert.equal(readMlflowSettings({ MLFLOW_HTTP_REQUEST_TIMEOUT: '2.5' }).idleMs, 2500);
});
