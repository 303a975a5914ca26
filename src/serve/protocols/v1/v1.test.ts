import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, coreOf } from '../../fixtures/ask.ts';
import { colourModel, greaterModel, houseModel, textModel, twoOutputModel } from '../../fixtures/models.ts';

// The models are made by hand (fixtures/models.ts); the shapes of answers are those of KServe's V1 protocol.
const house = coreOf(houseModel(true));
const PREDICT = '/v1/models/m:predict';

describe('predict', () => {
  const row = { area: 1, rooms: 1, age: 2, dist: 3 };
  const cases: readonly [string, typeof house, unknown, unknown][] = [
    ['instances of arrays', house, { instances: [[1, 1, 2, 3]] }, [6.9]],
    ['inputs', house, { inputs: [[1, 1, 2, 3]] }, [6.9]],
    ['inputs where both are there', house, { instances: [[0, 0, 0, 0]], inputs: [[1, 1, 2, 3]] }, [6.9]],
    ['objects', house, { instances: [row] }, [6.9]],
    [
      'objects with lists of one',
      house,
      { instances: [{ area: [1], rooms: [1], age: [2], dist: [3] }] },
      [6.9],
    ],
    ['texts', coreOf(textModel()), { instances: ['hi', 'hello'] }, ['short', 'long']],
    [
      'scalars, several outputs',
      coreOf(twoOutputModel()),
      { instances: [2, 4] },
      [
        [2, 0.5],
        [4, 0.25],
      ],
    ],
    ['missing values', coreOf(colourModel()), { instances: [{ colour: 'red', size: null }] }, [11]],
    ['labels', coreOf(greaterModel(['no', 'yes'])), { instances: [[2, 1]] }, ['yes']],
  ];
  for (const [name, core, body, predictions] of cases) {
    test(name, async () => {
      const said = await ask(core, PREDICT, body);
      assert.deepEqual(said.json, { predictions });
      assert.equal(said.status, 200);
    });
  }

  test('the colon may be percent-encoded', async () => {
    assert.equal((await ask(house, '/v1/models/m%3Apredict', { instances: [[1, 1, 2, 3]] })).status, 200);
  });

  for (const type of ['application/json', 'application/cloudevents+json', undefined]) {
    test(`content type ${type}`, async () => {
      const said = await ask(
        house,
        PREDICT,
        '{"instances": [[1, 1, 2, 3]]}',
        type === undefined ? {} : { 'content-type': type },
      );
      assert.equal(said.status, 200);
    });
  }
});

describe('refusals', () => {
  const cases: readonly [string, string, unknown, number, RegExp][] = [
    ['malformed JSON', PREDICT, '{"instances": [', 400, /^Unrecognized request format: /],
    ['instances that are no list', PREDICT, { instances: 5 }, 400, /^Expected "instances" to be a list/],
    ['neither key', PREDICT, { rows: [] }, 400, /"instances" or "inputs"/],
    ['a list', PREDICT, [[1]], 400, /found an array/],
    ['wrong width', PREDICT, { instances: [[1, 2]] }, 400, /Row 0 has 2 values/],
    ['no instances', PREDICT, { instances: [] }, 400, /no rows/],
    [
      'another model',
      '/v1/models/other:predict',
      { instances: [[1, 1, 2, 3]] },
      404,
      /^Model with name other does not exist\.$/,
    ],
    ['explain', '/v1/models/m:explain', { instances: [[1, 1, 2, 3]] }, 404, /no route/],
  ];
  for (const [name, url, body, status, message] of cases) {
    test(name, async () => {
      const said = await ask(house, url, body);
      assert.equal(said.status, status);
      assert.deepEqual(Object.keys(said.json as object), ['error']);
      assert.match((said.json as { error: string }).error, message);
    });
  }

  test('CSV is 415', async () => {
    const said = await ask(house, PREDICT, '1,2', { 'content-type': 'text/csv' });
    assert.equal(said.status, 415);
    assert.match((said.json as { error: string }).error, /text\/csv/);
  });
});

test('list, ready, not ready, unknown', async () => {
  assert.deepEqual((await ask(house, '/v1/models')).json, { models: ['m'] });
  assert.deepEqual((await ask(house, '/v1/models/m')).json, { name: 'm', ready: true });
  const loading = await ask(coreOf(null), '/v1/models/m');
  assert.deepEqual([loading.status, loading.json], [503, { error: 'Model with name m is not ready.' }]);
  const unknown = await ask(house, '/v1/models/x');
  assert.deepEqual([unknown.status, unknown.json], [404, { error: 'Model with name x does not exist.' }]);
  const predict = await ask(coreOf(null), PREDICT, { instances: [[1, 1, 2, 3]] });
  assert.deepEqual([predict.status, predict.json], [503, { error: 'Model with name m is not ready.' }]);
});
