import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isLoadlineError, type LoadlineError } from '../errors.ts';
import { type Config, parseConfig, readConfig } from './config.ts';
import { isConfigPath } from './defaults.ts';

const HEAD = 'apiVersion: loadline/v1\n';
const ONE = `${HEAD}models:\n  - source: model.pkl\n`;

function parse(text: string): Config {
  return parseConfig(text, 'loadline.yaml', '/srv/house');
}

function problem(text: string): LoadlineError {
  try {
    parse(text);
  } catch (error) {
    if (isLoadlineError(error)) {
      assert.equal(error.code, 'LL1010');
      return error;
    }
    throw error;
  }
  throw new assert.AssertionError({ message: 'nothing was thrown' });
}

test('a file says what is served and how', () => {
  const config = parse(`${HEAD}
models:
  - source: models:/house-price@champion
    watch: true
    versions: [2, "3"]
    canary: { version: 4, share: 10%, key: X-User }
    shadow: { source: "models:/house-price@next" }
  - name: churn
    source: churn/model.pkl
    watch: 500ms
    canary: { source: churn/next.pkl, share: 0.25 }
  - source: house-price@champion
    name: stored
    watch: false
    shadow: { version: "12" }
server:
  port: 8080
  workers: auto
  keysFile: keys.txt
  store: ../models
  maxBody: 1048576
  maxQueue: 20ms
  allowAnonymous: false
  limits: { ratio: 1000, fileBytes: 8Gi }
  trackingUri: https://mlflow.example
deploy:
  replicas: 2
  scale: { min: 1, max: 4, cpu: 70 }
  env: { MODE: "1" }
`);
  assert.deepEqual(config, {
    path: '/srv/house/loadline.yaml',
    folder: '/srv/house',
    models: [
      {
        name: null,
        reference: 'models:/house-price@champion',
        watch: 5000,
        versions: ['models:/house-price/2', 'models:/house-price/3'],
        canary: { version: 'models:/house-price/4', share: 0.1, keyHeader: 'x-user' },
        shadow: 'models:/house-price@next',
      },
      {
        name: 'churn',
        reference: 'churn/model.pkl',
        watch: 500,
        versions: [],
        canary: { version: 'churn/next.pkl', share: 0.25, keyHeader: 'x-loadline-key' },
        shadow: null,
      },
      {
        name: 'stored',
        reference: 'house-price@champion',
        watch: null,
        versions: [],
        canary: null,
        shadow: 'house-price/12',
      },
    ],
    server: {
      port: '8080',
      workers: 'auto',
      keysFile: '/srv/house/keys.txt',
      store: '/srv/models',
      maxBody: '1048576',
      maxQueue: '20ms',
      allowAnonymous: false,
      limits: 'fileBytes=8Gi,ratio=1000',
      trackingUri: 'https://mlflow.example',
    },
    deploy: { replicas: 2, scale: { min: 1, max: 4, cpu: 70 }, env: { MODE: '1' } },
  });
});

test('the smallest file has defaults elsewhere', () => {
  const { models, server, deploy } = parse(ONE);
  assert.deepEqual(models, [
    { name: null, reference: 'model.pkl', watch: null, versions: [], canary: null, shadow: null },
  ]);
  assert.deepEqual([server, deploy], [{}, null]);
});

test('every fault is told, in the order of the file, with its place', () => {
  const error = problem(`apiVersion: loadline/v2
models:
  - name: a
    source: a@champion
    wacth: 5s
  - source: 5
    watch: 5 seconds
    canary:
      share: 100%
  - name: a
    source: b.pkl
    shadow: { version: 3, source: c.pkl }
server:
  prot: 80
  port: "80"
  workers: 0
  dialect: MLflow
  maxBody: 16MB
  limits: { raito: 3 }
deploy:
  scale: { min: 4, max: 2 }
  env: { a-b: "1", C: 3 }
`);
  // Counted by hand in the text above.
  assert.deepEqual(error.message.split('\n'), [
    'Cannot use loadline.yaml: it has 18 faults',
    '    1:13 apiVersion: expected loadline/v1, found "loadline/v2"',
    '    5:5 models[0].wacth: unknown key, did you mean "watch"?',
    '    6:13 models[1].source: expected a model file, models:/NAME@ALIAS, NAME@ALIAS, NAME/3, runs:/RUN/PATH or a .dvc file, found 5',
    '    7:12 models[1].watch: expected true, false or a duration such as 5s, found "5 seconds"',
    '    9:7 models[1].canary: expected version or source, found neither',
    '    9:14 models[1].canary.share: expected a share above 0% and below 100%, found "100%"',
    '    10:11 models[2].name: "a" is the name of models[0] already',
    '    12:13 models[2].shadow: expected version or source, found both',
    '    12:24 models[2].shadow.version: a version\'s number belongs to a source such as NAME@ALIAS, found "b.pkl"',
    '    14:3 server.prot: unknown key, did you mean "port"?',
    '    15:9 server.port: expected a whole number from 0 to 65535, found "80"',
    '    16:12 server.workers: expected auto or a whole number from 1 to 512, found 0',
    '    17:12 server.dialect: expected one of auto, mlflow, sagemaker, found "MLflow"',
    '    18:12 server.maxBody: expected a size such as 512Ki or 16Mi, or a number of bytes, found "16MB"',
    '    19:13 server.limits.raito: unknown key, did you mean "ratio"?',
    '    21:25 deploy.scale.max: expected at least min, 4, found 2',
    '    22:10 deploy.env.a-b: expected the name of a variable',
    '    22:23 deploy.env.C: expected text in quotes, found 3',
  ]);
  assert.equal(error.detail.where, 'loadline.yaml:1:13');
});

describe('refused is', () => {
  for (const [what, text, message] of [
    ['an empty file', '', /1:1 the file: expected a mapping with apiVersion and models$/],
    ['a comment alone', '# nothing\n', /1:1 the file: expected a mapping/],
    ['a list', '- a\n', /1:1 the file: expected a mapping/],
    ['a word', 'model.pkl', /1:1 the file: expected a mapping/],
    ['no apiVersion', 'models: [{ source: m.pkl }]', /1:1 apiVersion: expected loadline\/v1, found nothing$/],
    ['no models', HEAD, /1:1 models: expected a list of models, found nothing$/],
    [
      'an empty list of models',
      `${HEAD}models: []`,
      /2:9 models: expected at least one model, found a list$/,
    ],
    ['a model without a source', `${HEAD}models:\n  - name: a`, /3:5 models\[0\]\.source: .*found nothing$/],
    [
      'a model that is a word',
      `${HEAD}models:\n  - m.pkl`,
      /3:5 models\[0\]: expected a mapping, found "m\.pkl"$/,
    ],
    [
      'a key far from any',
      `${ONE}zzzzzz: 1`,
      /4:1 zzzzzz: unknown key, expected one of apiVersion, models, server, deploy$/,
    ],
    ['a key twice', `${ONE}server: {}\nserver: {}`, /5:1 not YAML: Map keys must be unique/],
    ['a tab', `${ONE}server:\n\tport: 1`, /5:1 not YAML: /],
    ['a quote that does not end', `${ONE}server:\n  host: "a`, /5:\d+ not YAML: /],
    ['two documents', `${ONE}---\n${ONE}`, /4:1 not YAML: /],
    [
      'a watch that is too quick',
      `${ONE}    watch: 99ms`,
      /4:12 models\[0\]\.watch: expected at least 100ms, found "99ms"$/,
    ],
    [
      'a share of 0',
      `${ONE}    canary: { source: b.pkl, share: 0% }`,
      /4:37 .*above 0% and below 100%, found "0%"$/,
    ],
    ['a share of 1', `${ONE}    canary: { source: b.pkl, share: 1 }`, /4:37 .*such as 10% or 0\.1, found 1$/],
    [
      'the version of a file',
      `${ONE}    versions: [2]`,
      /4:15 models\[0\]\.versions: a version's number belongs to/,
    ],
    [
      'version 0',
      `${HEAD}models: [{ source: a@b, versions: [0] }]`,
      /2:36 models\[0\]\.versions\[0\]: expected the number of a version, found 0$/,
    ],
    [
      'null for a value',
      `${ONE}server:\n  port:\n`,
      /5:8 server\.port: expected a whole number from 0 to 65535, found nothing$/,
    ],
    ['a server that is null', `${ONE}server:\n`, /4:8 server: expected a mapping, found nothing$/],
    ['a name of dots', `${ONE}    name: ".."`, /4:11 models\[0\]\.name: expected letters, digits, spaces/],
    ['a path as a name', `${ONE}    name: a/b`, /4:11 models\[0\]\.name: expected letters, digits, spaces/],
    ['a merge key', `${ONE}server:\n  <<: { port: 1 }`, /5:3 server\.<<: unknown key/],
    [
      'a prototype',
      `${ONE}server:\n  __proto__: { port: 1 }`,
      /server: unknown key|5:3 server\.__proto__: unknown key/,
    ],
  ] as const) {
    test(what, () => {
      assert.match(problem(text).message, message);
    });
  }

  test('what names stand for beyond measure', () => {
    let text = `${ONE}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n`;
    for (let i = 1; i < 10; i++) {
      text += `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]\n`;
    }
    assert.match(problem(text).message, /1:1 not usable: Excessive alias count/);
  });

  test('more faults than can be read, with their number', () => {
    const { message } = problem(
      `${ONE}${Array.from({ length: 30 }, (_, i) => `zzzzzzzz${i}: 1\n`).join('')}`,
    );
    assert.match(message, /it has 30 faults\n/);
    assert.match(message, /\n {4}and 10 more$/);
  });
});

test('names may stand for a part that is used twice', () => {
  const { server } = parse(`${ONE}deploy:\n  env: { PORT: &port "81" }\nserver:\n  host: *port\n`);
  assert.equal(server.host, '81');
});

test('a fault behind a name is placed at the name', () => {
  assert.match(
    problem(`${ONE}deploy:\n  env: { P: &p "x" }\nserver:\n  port: *p\n`).message,
    /7:9 server\.port: /,
  );
});

test('a file is read from disk, and its folder is where paths start', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'serve.yml');
  writeFileSync(path, `${ONE}server: { keysFile: keys }\n`);
  const config = await readConfig(path);
  assert.equal(config.path, path);
  assert.equal(config.server.keysFile, join(folder, 'keys'));
  await assert.rejects(readConfig(join(folder, 'none.yaml')), { code: 'LL1006' });
  writeFileSync(path, ONE + '#'.repeat(2 ** 20));
  await assert.rejects(readConfig(path), { code: 'LL1010' });
});

test('a configuration is known by its ending', () => {
  assert.deepEqual(
    ['loadline.yaml', 'a/b.YML', 'model.pkl', 'yaml', 'model.yaml.dvc', 'house@yaml'].map(isConfigPath),
    [true, true, false, false, false, false],
  );
});
