/** What test/image/registry.test.ts cannot arrange on loopback; tokens themselves are tested there. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { isLoadlineError } from '../../errors.ts';
import type { HttpRequest } from '../../net/transport.ts';
import { createAuthorizer } from './auth.ts';

const SCOPES = ['repository:team/app:pull'] as const;
const DOING = { what: 'read something', registry: 'registry.example', repository: 'team/app' };
const CHALLENGES = [
  { scheme: 'basic', params: { realm: 'x' } },
  { scheme: 'bearer', params: { realm: 'http://auth.example/token?kind=a', service: 'the service' } },
];

function authorizer(insecure: boolean, hasAccount: boolean) {
  const sent: HttpRequest[] = [];
  let now = 0;
  const auth = createAuthorizer({
    name: 'registry.example',
    insecure,
    clock: { now: () => now },
    credentials: async () => (hasAccount ? { kind: 'password', user: 'tester', password: 'x' } : null),
    async send(request) {
      sent.push(request);
      const body = Readable.from([Buffer.from(JSON.stringify({ token: `t${sent.length}` }))]);
      return Object.assign(body, { statusCode: 200, headers: {} }) as unknown as IncomingMessage;
    },
  });
  return { auth, sent, wait: (ms: number) => (now += ms) };
}

test('credentials do not go to a token server in plain text, unless --insecure', async () => {
  const { auth, sent } = authorizer(false, true);
  await assert.rejects(auth.answer(CHALLENGES, SCOPES, null, DOING), (error) => {
    assert.ok(isLoadlineError(error));
    assert.equal(error.code, 'LL6004');
    assert.equal(
      error.message,
      'Cannot read something: registry.example wants the credentials sent to auth.example without encryption',
    );
    return true;
  });
  assert.equal(sent.length, 0);
  const insecure = authorizer(true, true);
  assert.equal(await insecure.auth.answer(CHALLENGES, SCOPES, null, DOING), 'Bearer t1');
  // base64 of tester:x, by Python.
  assert.equal(insecure.sent[0]?.headers.Authorization, 'Basic dGVzdGVyOng=');
  const nobody = authorizer(false, false);
  assert.equal(await nobody.auth.answer(CHALLENGES, SCOPES, null, DOING), 'Bearer t1');
  assert.equal(nobody.sent[0]?.headers.Authorization, undefined);
  assert.equal(
    nobody.sent[0]?.url.href,
    'http://auth.example/token?kind=a&service=the+service&scope=repository%3Ateam%2Fapp%3Apull',
  );
});

test('a token that says nothing of its life is kept for a minute less five seconds', async () => {
  const { auth, sent, wait } = authorizer(false, false);
  assert.equal(await auth.header(SCOPES, DOING), null, 'nobody asked');
  await auth.answer(CHALLENGES, SCOPES, null, DOING);
  wait(54_999);
  assert.equal(await auth.header(SCOPES, DOING), 'Bearer t1');
  wait(1);
  assert.deepEqual(
    await Promise.all([auth.header(SCOPES, DOING), auth.header(SCOPES, DOING), auth.header(SCOPES, DOING)]),
    ['Bearer t2', 'Bearer t2', 'Bearer t2'],
  );
  assert.equal(await auth.answer(CHALLENGES, SCOPES, 'Bearer t2', DOING), 'Bearer t3', 'refused: renewed');
  assert.equal(
    await auth.answer(CHALLENGES, SCOPES, 'Bearer t2', DOING),
    'Bearer t3',
    'someone else renewed it',
  );
  assert.equal(sent.length, 3);
});
