import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROTOCOLS } from './protocols/list.ts';
import { createRouter } from './router.ts';

const router = createRouter(PROTOCOLS, { dialect: 'auto', vertex: null });

function found(url: string): { readonly path: string | undefined; readonly params: readonly string[] } {
  const match = router.find(url);
  const endpoint = match?.resource.post[0] ?? match?.resource.get;
  return { path: endpoint?.route.path, params: match?.params ?? [] };
}

test('of two patterns that match the one that says more of the path is taken', () => {
  assert.deepEqual(found('/v1/models/m:predict'), { path: '/v1/models/{model}:predict', params: ['m'] });
  assert.deepEqual(found('/v1/models/m%3Apredict'), { path: '/v1/models/{model}:predict', params: ['m'] });
  assert.deepEqual(found('/v1/models/m'), { path: '/v1/models/{model}', params: ['m'] });
  assert.deepEqual(found('/v2/models/m/versions/3/infer?x=1'), {
    path: '/v2/models/{model}/versions/{version}/infer',
    params: ['m', '3'],
  });
});

test('an unknown path is nobody’s, and the nearest one is named', () => {
  assert.equal(router.find('/predictions/1'), null);
  assert.equal(router.explain('/predictt').near, '/predict');
});
