import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryEndpoint } from './endpoint.ts';

for (const [registry, insecure, origins] of [
  ['docker.io', false, ['https://registry-1.docker.io']],
  ['ghcr.io', false, ['https://ghcr.io']],
  ['registry.example.org:5000', false, ['https://registry.example.org:5000']],
  [
    'registry.example.org:5000',
    true,
    ['https://registry.example.org:5000', 'http://registry.example.org:5000'],
  ],
  ['localhost:5000', false, ['https://localhost:5000', 'http://localhost:5000']],
  ['127.0.0.2:5000', false, ['https://127.0.0.2:5000', 'http://127.0.0.2:5000']],
  ['[::1]:5000', false, ['https://[::1]:5000', 'http://[::1]:5000']],
  ['10.0.0.1:5000', false, ['https://10.0.0.1:5000']],
] as const) {
  test(`${registry}${insecure ? ' with --insecure' : ''}`, () => {
    const endpoint = registryEndpoint(registry, insecure);
    assert.equal(endpoint.name, registry);
    assert.equal(endpoint.prefix, '');
    assert.deepEqual(
      endpoint.origins.map(({ origin }) => origin),
      origins,
    );
  });
}
