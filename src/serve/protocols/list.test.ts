/** What every protocol promises, whatever it speaks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ERRORS, type ErrorCode, LoadlineError } from '../../errors.ts';
import { ask, coreOf } from '../fixtures/ask.ts';
import { houseModel } from '../fixtures/models.ts';
import { PROTOCOLS } from './list.ts';

const OPTIONS = { dialect: 'auto', vertex: { health: '/h', predict: '/p' } } as const;
const keys = [{ name: 'k', key: 'a-long-key' }];

test('names are unique', () => {
  assert.equal(new Set(PROTOCOLS.map(({ name }) => name)).size, PROTOCOLS.length);
});

test('a path that nobody has is refused by the protocol that owns it, and by one in any case', () => {
  for (const path of ['/v1/x', '/v2/x', '/x', '/']) {
    assert.ok(PROTOCOLS.some((protocol) => protocol.owns(path)));
  }
  assert.ok(PROTOCOLS.at(-1)?.owns('/anything'));
});

for (const protocol of PROTOCOLS) {
  describe(protocol.name, () => {
    test('every error of the table has its status and says something', () => {
      for (const code of Object.keys(ERRORS) as ErrorCode[]) {
        const answer = protocol.encodeError(new LoadlineError(code, 'what is wrong'));
        assert.equal(answer.status, ERRORS[code].http);
        assert.ok(answer.body.length > 0, code);
        if (answer.type.includes('json')) {
          JSON.parse(String(answer.body));
        }
        // MLflow's own words for a method that is not allowed have no room for ours.
        if (!(protocol.name === 'mlflow' && code === 'LL2013')) {
          assert.match(String(answer.body), /what is wrong/);
        }
      }
    });

    const routes = protocol.routes(OPTIONS);

    test('a path with a name in it has known names only', () => {
      for (const { path } of routes) {
        assert.match(path, /^\//);
        for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
          assert.ok(name === 'model' || name === 'version', path);
        }
      }
    });

    for (const route of routes.filter(({ kind }) => kind === 'predict')) {
      const url = route.path.replace('{model}', 'm').replace('{version}', '3');
      const core = coreOf(houseModel(true), { version: '3', ...OPTIONS });

      test(`${route.path}: what is no request of it is a refusal, never a defect`, async () => {
        for (const body of [
          '',
          ' ',
          'null',
          '5',
          '"x"',
          '[]',
          '{}',
          '[[]]',
          '{"inputs":[{}]}',
          '{"__proto__":1}',
          '[[[[1]]]]',
          '{',
          '\u0000',
        ]) {
          const said = await ask(core, url, body, { 'content-type': 'application/json' });
          assert.ok(said.status >= 400 && said.status < 500, `${body}: ${said.status} ${said.body}`);
          assert.ok(said.headers.has('x-loadline-code'), body);
        }
      });

      test(`${route.path}: without a key 401, without a model 503, over the limit 413, another type 415`, async () => {
        const json = { 'content-type': 'application/json' };
        const statuses = [
          await ask(coreOf(houseModel(true), { version: '3', keys, ...OPTIONS }), url, '{}', json),
          await ask(coreOf(null, { version: '3', ...OPTIONS }), url, '{}', json),
          await ask(coreOf(houseModel(true), { version: '3', maxBodyBytes: 1, ...OPTIONS }), url, '{}', json),
          await ask(core, url, '{}', { 'content-type': 'application/x-unknown' }),
        ].map(({ status }) => status);
        assert.deepEqual(statuses, [401, 503, 413, 415]);
      });
    }
  });
}
