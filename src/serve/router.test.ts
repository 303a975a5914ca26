import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOCOLS } from './protocols/list.ts';
import { createRouter } from './router.ts';

const router = createRouter(PROTOCOLS, { dialect: 'auto', vertex: null });

test('paths', () => {
  for (const [url, path, params] of [
    ['/predict', '/predict', []],
    ['/predict?a=/x', '/predict', []],
    ['/%70redict', '/predict', []],
    ['/v1/models/m', '/v1/models/m', ['m']],
    ['/v2/models/m/infer', '/v2/models/m/infer', ['m']],
    ['/v2/models/m/versions/1/infer', '/v2/models/m/versions/1/infer', ['m', '1']],
    ['/v1/models/my%20model%3Apredict', '/v1/models/my model:predict', ['my model']],
    ['/v1/models/a.b-c:predict?x', '/v1/models/a.b-c:predict', ['a.b-c']],
  ] as const) {
    const found = router.find(url);
    assert.deepEqual([found?.path, found?.params], [path, params], url);
  }
});

test('a verb after the name goes to the route that has it', () => {
  for (const url of ['/v1/models/m:predict', '/v1/models/m%3Apredict']) {
    assert.equal(router.find(url)?.resource.post[0]?.route.path, '/v1/models/{model}:predict');
  }
});

test('what is no path of ours', () => {
  for (const url of [
    '',
    '*',
    '/predict/',
    '//predict',
    '/v2/models//infer',
    '/v2/models/a/b/infer',
    '/%zz',
    '/v1/models/m:predict:predict',
    '/predictx',
    'http://x/predict',
  ]) {
    assert.equal(router.find(url), null, url);
  }
});

test('an unknown path is refused in the form of the protocol that owns it', () => {
  assert.equal(router.explain('/v2/x').protocol.name, 'v2');
  assert.equal(router.explain('/v1/models/m:explain').protocol.name, 'v1');
  assert.equal(router.explain('/v3').protocol.name, 'loadline');
  assert.equal(router.explain('/invocation').near, '/invocations');
});

test('every route has a label of its own, and what is unknown has one', () => {
  assert.equal(new Set(router.labels).size, router.labels.length);
  assert.equal(router.labels.at(-1), 'other');
  for (const route of router.routes) {
    assert.ok(router.labels.includes(route.path));
  }
});
