import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import type { ModelVersion, RegisteredModel } from '../versions/types.ts';
import { formatTarget, parseTarget, pickVersion } from './target.ts';

const ways: readonly (readonly [string, ReturnType<typeof parseTarget>])[] = [
  ['house-price', { where: 'store', name: 'house-price', pick: null }],
  ['house price.v2/3', { where: 'store', name: 'house price.v2', pick: { kind: 'version', version: '3' } }],
  ['models:/house-price', { where: 'mlflow', name: 'house-price', pick: null }],
  ['models:/h@champion', { where: 'mlflow', name: 'h', pick: { kind: 'alias', alias: 'champion' } }],
  ['h/latest', { where: 'store', name: 'h', pick: { kind: 'latest' } }],
  ['models:/h/Production', { where: 'mlflow', name: 'h', pick: { kind: 'stage', stage: 'Production' } }],
];

for (const [text, wanted] of ways) {
  test(`a target: ${text}`, () => {
    assert.deepEqual(parseTarget(text), wanted);
  });
}

for (const text of ['', 'runs:/abc/model', 'a/b/c', 'models:/', '@champion', 'a@', 'a/', 'http://x/y']) {
  test(`no target: "${text}"`, () => {
    assert.throws(
      () => parseTarget(text),
      (error) => isLoadlineError(error) && error.code === 'LL7016' && error.message.includes(`"${text}"`),
    );
  });
}

test('a target is written as it was read', () => {
  assert.equal(formatTarget(parseTarget('models:/h@champion'), '3'), 'models:/h/3');
  assert.equal(formatTarget(parseTarget('h')), 'h');
});

function version(number: string, stage = 'None'): ModelVersion {
  return {
    name: 'h',
    version: number,
    createdAt: 0,
    description: '',
    tags: {},
    metrics: {},
    params: {},
    source: '',
    runId: null,
    stage,
    status: 'READY',
    aliases: [],
    sha256: null,
    bytes: null,
  };
}

const model: RegisteredModel = {
  name: 'h',
  description: '',
  createdAt: 0,
  tags: {},
  aliases: { champion: '2' },
  versions: [version('10'), version('2', 'Production'), version('1')],
};

test('a version is picked by number, alias, stage, or as the newest', () => {
  const picked = ['h', 'h/latest', 'h/2', 'h@champion', 'models:/h/production'].map(
    (text) => pickVersion(model, parseTarget(text).pick).version,
  );
  assert.deepEqual(picked, ['10', '10', '2', '2', '2']);
});

const missing: readonly (readonly [string, RegExp])[] = [
  ['h/3', /h has no version 3: it has 1, 2, 10$/],
  ['h@champoin', /h has no alias "champoin", perhaps champion: it has champion → 2$/],
  ['models:/h/Staging', /no version in the stage "Staging"/],
];

for (const [text, message] of missing) {
  test(`a version that is not there: ${text}`, () => {
    assert.throws(
      () => pickVersion(model, parseTarget(text).pick),
      (error) => isLoadlineError(error) && error.code === 'LL7001' && message.test(error.message),
    );
  });
}
