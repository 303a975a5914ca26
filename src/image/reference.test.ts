/** Expected values are those of Docker's own tests of its reference grammar, or follow from it by hand. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isLoadlineError } from '../errors.ts';
import { familiarName, formatReference, isDigest, parseReference } from './reference.ts';

const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;

describe('good names', () => {
  for (const [text, registry, repository, tag, digest, familiar] of [
    ['node', 'docker.io', 'library/node', 'latest', null, 'node:latest'],
    ['node:24', 'docker.io', 'library/node', '24', null, 'node:24'],
    ['team/app', 'docker.io', 'team/app', 'latest', null, 'team/app:latest'],
    ['library/node', 'docker.io', 'library/node', 'latest', null, 'node:latest'],
    ['docker.io/node', 'docker.io', 'library/node', 'latest', null, 'node:latest'],
    ['index.docker.io/team/app:1', 'docker.io', 'team/app', '1', null, 'team/app:1'],
    ['registry-1.docker.io/team/app:1', 'docker.io', 'team/app', '1', null, 'team/app:1'],
    ['ghcr.io/team/app:v1.2-rc_3', 'ghcr.io', 'team/app', 'v1.2-rc_3', null, null],
    ['gcr.io/app', 'gcr.io', 'app', 'latest', null, null],
    ['localhost/app', 'localhost', 'app', 'latest', null, null],
    ['localhost:5000/app', 'localhost:5000', 'app', 'latest', null, null],
    ['localhost:5000/a/b/c/d:x', 'localhost:5000', 'a/b/c/d', 'x', null, null],
    ['127.0.0.1:5000/app:1', '127.0.0.1:5000', 'app', '1', null, null],
    ['[::1]:5000/app:1', '[::1]:5000', 'app', '1', null, null],
    ['[2001:db8::1]/app', '[2001:db8::1]', 'app', 'latest', null, null],
    // No slash: what follows the colon is a tag, not a port.
    ['localhost:5000', 'docker.io', 'library/localhost', '5000', null, 'localhost:5000'],
    ['example.com:8080', 'docker.io', 'library/example.com', '8080', null, 'example.com:8080'],
    // Neither dot nor port: not a host.
    ['host/team/app', 'docker.io', 'host/team/app', 'latest', null, 'host/team/app:latest'],
    ['a-b--c/d_e__f/g.h', 'docker.io', 'a-b--c/d_e__f/g.h', 'latest', null, 'a-b--c/d_e__f/g.h:latest'],
    ['xn--n3h.com/app', 'xn--n3h.com', 'app', 'latest', null, null],
    ['EXAMPLE.com/app', 'EXAMPLE.com', 'app', 'latest', null, null],
    [`ghcr.io/team/app@${DIGEST}`, 'ghcr.io', 'team/app', null, DIGEST, null],
    [`ghcr.io/team/app:v1@${DIGEST}`, 'ghcr.io', 'team/app', 'v1', DIGEST, null],
    [`node@${DIGEST}`, 'docker.io', 'library/node', null, DIGEST, `node@${DIGEST}`],
    [`${HEX}:tag`, 'docker.io', `library/${HEX}`, 'tag', null, `${HEX}:tag`],
    ['app:_x', 'docker.io', 'library/app', '_x', null, 'app:_x'],
    [`app:${'x'.repeat(128)}`, 'docker.io', 'library/app', 'x'.repeat(128), null, `app:${'x'.repeat(128)}`],
    [`x.io/${'a'.repeat(250)}`, 'x.io', 'a'.repeat(250), 'latest', null, null],
  ] as const) {
    test(text, () => {
      const reference = parseReference(text);
      assert.deepEqual(reference, { registry, repository, tag, digest });
      const full = `${registry}/${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
      assert.equal(formatReference(reference), full);
      assert.equal(familiarName(reference), familiar ?? full);
      assert.deepEqual(parseReference(full), reference, 'the full name is read as the same');
    });
  }
});

describe('names that are none', () => {
  for (const [text, why] of [
    ['', /the name is missing/],
    [':v1', /the name is missing/],
    ['ghcr.io/', /the name is missing/],
    ['App', /"App" has upper-case letters; write app/],
    ['ghcr.io/Team/app', /"Team" has upper-case letters; write team/],
    ['Team/app', /"Team" has upper-case letters; write team/],
    ['-app', /"-app" may have lower-case letters and digits/],
    ['app-', /"app-"/],
    ['a..b', /"a..b"/],
    ['a___b', /"a___b"/],
    ['a._b', /"a._b"/],
    ['team//app', /""/],
    ['/app', /""/],
    ['app/', /""/],
    ['ap p', /"ap p"/],
    ['äpp', /"äpp"/],
    ['app\n', /"app\n"/],
    ['app:', /the tag ""/],
    ['app:-v1', /the tag "-v1"/],
    ['app:.v1', /the tag ".v1"/],
    ['app:v 1', /the tag "v 1"/],
    ['app:v1\n', /the tag "v1\n"/],
    ['app:v+1', /the tag "v\+1"/],
    [`app:${'x'.repeat(129)}`, /at most 128/],
    ['a:b:c', /"a:b"/],
    ['app@sha256:0123', /expected sha256: and 64 hexadecimal digits after @, found "sha256:0123"/],
    [`app@${DIGEST.toUpperCase()}`, /after @/],
    [`app@sha512:${HEX}${HEX}`, /after @/],
    ['app@', /found ""/],
    ['https://ghcr.io/team/app', /leave out http:\/\/ and https:\/\//],
    ['-host.com/app', /"-host.com" is not a host/],
    ['host.com:/app', /"host.com:" is not a host/],
    ['host.com:port/app', /"host.com:port" is not a host/],
    ['a_b.com/app', /"a_b.com" is not a host/],
    ['host.com:65536/app', /"host.com:65536" is not a host/],
    ['127.0.0.256/app', /"127.0.0.256" is not a host/],
    ['[::1/app', /"\[::1" is not a host/],
    [HEX, /64 hexadecimal digits alone are an identifier/],
    [`x.io/${'a'.repeat(251)}`, /it has 256 characters, at most 255/],
  ] as const) {
    test(JSON.stringify(text), () => {
      assert.throws(
        () => parseReference(text),
        (error) =>
          isLoadlineError(error) &&
          error.code === 'LL6001' &&
          error.message.startsWith(`"${text}" is not the name of an image: `) &&
          why.test(error.message),
      );
    });
  }
});

test('digests', () => {
  assert.ok(isDigest(DIGEST));
  for (const text of [
    '',
    HEX,
    `sha256:${HEX}0`,
    `sha256:${HEX.slice(1)}`,
    `sha256:${HEX.slice(1)}G`,
    ` ${DIGEST}`,
    `${DIGEST}\n`,
  ]) {
    assert.ok(!isDigest(text), text);
  }
});
