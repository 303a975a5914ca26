import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, coreOf } from '../../fixtures/ask.ts';
import { houseModel } from '../../fixtures/models.ts';
import { vertexEnvironment } from './routes.ts';

const predict = '/v1/endpoints/7/deployedModels/9:predict';
const vertex = { health: '/v1/endpoints/7/deployedModels/9', predict };

test('the routes of the environment answer as KServe V1', async () => {
  const core = coreOf(houseModel(true), { vertex });
  const body = { instances: [[1, 1, 2, 3]], parameters: { anything: 1 } };
  assert.deepEqual((await ask(core, predict, body)).json, { predictions: [6.9] });
  assert.equal((await ask(core, vertex.health)).status, 200);
  assert.equal((await ask(coreOf(null, { vertex }), vertex.health)).status, 503);
  assert.equal((await ask(core, predict, { instances: 1 })).status, 400);
});

test('without the environment there is no such route', async () => {
  assert.equal((await ask(coreOf(houseModel(true)), predict, { instances: [] })).status, 404);
});

test('a route of the environment goes before one of ours at the same path', async () => {
  const core = coreOf(houseModel(true), { vertex: { health: '/health', predict: '/predict' } });
  assert.deepEqual((await ask(core, '/predict', { instances: [[1, 1, 2, 3]] })).json, { predictions: [6.9] });
  assert.deepEqual((await ask(core, '/health')).json, { name: 'm', ready: true });
});

test('the environment is read', () => {
  assert.equal(vertexEnvironment({}), null);
  assert.equal(vertexEnvironment({ AIP_HTTP_PORT: '8080' }), null);
  assert.deepEqual(
    vertexEnvironment({ AIP_HTTP_PORT: '8080', AIP_HEALTH_ROUTE: '/h', AIP_PREDICT_ROUTE: '/p' }),
    { routes: { health: '/h', predict: '/p' }, port: 8080 },
  );
  for (const [name, value] of [
    ['AIP_HTTP_PORT', '0'],
    ['AIP_HTTP_PORT', 'http'],
    ['AIP_HEALTH_ROUTE', 'h'],
    ['AIP_PREDICT_ROUTE', '/a b'],
    ['AIP_PREDICT_ROUTE', '/{model}'],
  ] as const) {
    assert.throws(
      () => vertexEnvironment({ AIP_HEALTH_ROUTE: '/h', AIP_PREDICT_ROUTE: '/p', [name]: value }),
      { code: 'LL1005' },
      value,
    );
  }
});
