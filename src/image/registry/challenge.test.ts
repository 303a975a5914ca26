/** Headers as registries send them, and the examples of RFC 9110 §11.6.1. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from './challenge.ts';

for (const [name, header, expected] of [
  ['nothing', '', []],
  [
    'Docker Hub',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/node:pull"',
    [
      {
        scheme: 'bearer',
        params: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/node:pull',
        },
      },
    ],
  ],
  [
    'ECR',
    'Basic realm="https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/",service="ecr.amazonaws.com"',
    [
      {
        scheme: 'basic',
        params: {
          realm: 'https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/',
          service: 'ecr.amazonaws.com',
        },
      },
    ],
  ],
  [
    'two in a row, with a comma in a value',
    'Basic realm="simple, with \\"quotes\\"", Bearer realm="https://a.example/t?x=1", service=plain , scope=""',
    [
      { scheme: 'basic', params: { realm: 'simple, with "quotes"' } },
      { scheme: 'bearer', params: { realm: 'https://a.example/t?x=1', service: 'plain', scope: '' } },
    ],
  ],
  [
    'a scheme alone, and one with a token',
    'Negotiate, NTLM abcd==, BASIC Realm = "x"',
    [
      { scheme: 'negotiate', params: {} },
      { scheme: 'ntlm', params: { abcd: '=' } },
      { scheme: 'basic', params: { realm: 'x' } },
    ],
  ],
  ['no end of the quotes', 'Bearer realm="https://a.example', [{ scheme: 'bearer', params: { realm: '' } }]],
  [
    'what is no challenge ends the list',
    'Basic realm="x", "y", Bearer realm="z"',
    [{ scheme: 'basic', params: { realm: 'x' } }],
  ],
] as const) {
  test(name, () => assert.deepEqual(parseChallenges(header), expected));
}
