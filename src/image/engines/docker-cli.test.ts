import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../../errors.ts';
import { dockerFailure } from './docker-cli.ts';

/**
 * What docker prints when it fails. Where no version is given the words are Docker's documentation's and its users'; the
 * others came from the engine 20.10.24 and the command lines 20.10.24 and 28.2.2.
 */
const SAID: readonly (readonly [ErrorCode, string])[] = [
  // Command line 28.2.2.
  ['LL6009', 'Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?'],
  [
    'LL6009',
    'permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock: Get "http://%2Frun%2Fdocker.sock/v1.50/version": dial unix /run/docker.sock: connect: permission denied',
  ],
  [
    'LL6009',
    'Error response from daemon: client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version',
  ],
  // The classic builder of 20.10.24.
  ['LL6003', 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
  [
    'LL6003',
    'Get "https://nosuch.invalid/v2/": dial tcp: lookup nosuch.invalid on 10.0.0.53:53: no such host',
  ],
  // BuildKit of 20.10.24.
  [
    'LL6003',
    '------\n > [internal] load metadata for 127.0.0.1:1/x:y:\n------\nfailed to solve with frontend dockerfile.v0: failed to create LLB definition: failed to do request: Head "http://127.0.0.1:1/v2/x/manifests/y": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  ['LL6003', 'Get "https://registry.example/v2/": net/http: TLS handshake timeout'],
  ['LL6003', 'Get "https://registry.example/v2/": x509: certificate signed by unknown authority'],
  ['LL6003', 'Get "https://registry.example/v2/": http: server gave HTTP response to HTTPS client'],
  [
    'LL6002',
    "pull access denied for nosuch/x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  ['LL6002', 'manifest for node:nosuch not found: manifest unknown: manifest unknown'],
  [
    'LL6002',
    'ERROR: failed to solve: node:nosuch: failed to resolve source metadata for docker.io/library/node:nosuch: docker.io/library/node:nosuch: not found',
  ],
  [
    'LL6002',
    'failed to solve with frontend dockerfile.v0: failed to create LLB definition: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  ],
  // The command line 28.2.2 with the engine 20.10.24.
  ['LL6002', 'An image does not exist locally with the tag: 127.0.0.1:1/nothing'],
  ['LL6004', 'unauthorized: authentication required'],
  ['LL6004', 'no basic auth credentials'],
  ['LL6004', 'denied: requested access to the resource is denied'],
  ['LL6004', 'failed to do request: unexpected status: 403 Forbidden'],
  [
    'LL6005',
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
  ],
  ['LL6006', 'received unexpected HTTP status: 503 Service Unavailable'],
  ['LL6007', 'filesystem layer verification failed for digest sha256:0123'],
  ['LL6015', 'no matching manifest for linux/arm64/v8 in the manifest list entries'],
  [
    'LL6015',
    'image with reference x:y was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64',
  ],
  ['LL6010', 'write /var/lib/docker/tmp/GetImageBlob1: no space left on device'],
  ['LL6010', 'open /var/lib/docker/x: permission denied'],
  ['LL6010', 'Something that nobody has seen yet'],
];

for (const [code, words] of SAID) {
  test(`${code}: ${words.slice(-70)}`, () => {
    const failure = dockerFailure('build', { code: 1, stdout: 'Step 1/9\n', stderr: `${words}\n` });
    assert.equal(failure.code, code);
    assert.ok(failure.message.startsWith('Cannot build: '));
    assert.ok(failure.message.includes(words.split('\n').at(-1)!), failure.message);
  });
}

test('a failure keeps the last lines of what docker said, and a silent one its exit code', () => {
  const stderr = Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join('');
  const long = dockerFailure('push', { code: 1, stdout: '', stderr });
  assert.ok(long.message.includes('line 19') && !long.message.includes('line 9\n'));
  const silent = dockerFailure('push', { code: 3, stdout: '', stderr: '' });
  assert.equal(silent.message, 'Cannot push: docker ended with exit code 3 and said nothing');
});
