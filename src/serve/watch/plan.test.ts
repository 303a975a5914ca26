import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelReference } from '../../versions/reference.ts';
import type { Source } from '../../versions/types.ts';
import { type ModelRequest, preparePlan, type Sources } from './plan.ts';

/** What may be named in these tests, and what it leads to. */
const KNOWN: Readonly<Record<string, ModelReference>> = {
  'models:/house-price@champion': {
    kind: 'mlflow',
    name: 'house-price',
    pick: { kind: 'alias', alias: 'champion' },
  },
  'models:/house-price/4': { kind: 'mlflow', name: 'house-price', pick: { kind: 'version', version: '4' } },
  'house-price/4': { kind: 'store', name: 'house-price', pick: { kind: 'version', version: '4' } },
  'churn@champion': { kind: 'store', name: 'churn', pick: { kind: 'alias', alias: 'champion' } },
  'model.pkl': { kind: 'file', path: 'model.pkl' },
  'other.pkl': { kind: 'file', path: 'other.pkl' },
};

function sources(): Sources & { readonly opened: ModelReference[] } {
  const opened: ModelReference[] = [];
  return {
    opened,
    parse: (text) => KNOWN[text] ?? assert.fail(`${text} was read`),
    open(reference): Source {
      opened.push(reference);
      const registered = reference.kind === 'mlflow' || reference.kind === 'store';
      const name = registered ? reference.name : 'model';
      const version = registered
        ? reference.pick.kind === 'version'
          ? reference.pick.version
          : '3'
        : 'path' in reference
          ? reference.path.slice(0, 2)
          : '';
      return {
        reference,
        moves: !(registered && reference.pick.kind === 'version'),
        find: async () => ({ name, version, identity: `${name}-${version}`, uri: `${name}/${version}` }),
        fetch: async (found) => ({ ...found, path: `/cache/${found.identity}` }),
      };
    },
  };
}

const work = { signal: new AbortController().signal, onProgress() {} };

function request(reference: string, more: Partial<ModelRequest> = {}): ModelRequest {
  return { name: null, reference, watch: null, canary: null, shadow: null, versions: [], ...more };
}

const seat = (name: string, version: string) => ({
  version,
  identity: `${name}-${version}`,
  path: `/cache/${name}-${version}`,
});

test('models in their order, each followed by the reference it was given', async () => {
  const { plan, followed } = await preparePlan(
    [request('models:/house-price@champion', { watch: 5000 }), request('model.pkl', { name: 'mine' })],
    sources(),
    work,
  );
  assert.deepEqual(plan.models, [
    { name: 'house-price', champion: seat('house-price', '3'), canary: null, shadow: null, warm: [] },
    { name: 'mine', champion: seat('model', 'mo'), canary: null, shadow: null, warm: [] },
  ]);
  assert.deepEqual(
    followed.map(({ name, reference, intervalMs, pinned, source }) => [
      name,
      reference,
      intervalMs,
      pinned,
      source.moves,
    ]),
    [
      ['house-price', 'models:/house-price@champion', 5000, [], true],
      ['mine', 'model.pkl', null, [], true],
    ],
  );
});

test('NAME/4 is a version of the model and registry that the champion is of', async () => {
  const all = sources();
  const { plan, followed } = await preparePlan(
    [
      request('models:/house-price@champion', {
        name: 'prices',
        canary: { version: 'house-price/4', share: 0.1, keyHeader: 'x-user' },
        // By the name it is served by, and by the whole reference.
        shadow: 'prices/5',
        versions: ['house-price@challenger', 'house-price/1', 'models:/house-price/4'],
      }),
    ],
    all,
    work,
  );
  assert.deepEqual(plan.models, [
    {
      name: 'prices',
      champion: seat('house-price', '3'),
      canary: { ...seat('house-price', '4'), share: 0.1, keyHeader: 'x-user' },
      shadow: seat('house-price', '5'),
      // The challenger is version 3, which is the champion.
      warm: [seat('house-price', '1'), seat('house-price', '4')],
    },
  ]);
  assert.deepEqual(followed[0]?.pinned, ['3', '1', '4']);
  assert.ok(all.opened.every(({ kind }) => kind === 'mlflow'));
});

test('a canary or shadow that is the champion already has no seat, which is said', async () => {
  const notes: string[] = [];
  const { plan } = await preparePlan(
    [
      request('models:/house-price@champion', {
        canary: { version: 'house-price/3', share: 0.1, keyHeader: 'x-user' },
        shadow: 'house-price@challenger',
      }),
    ],
    sources(),
    { ...work, note: (text) => notes.push(text) },
  );
  assert.deepEqual(plan.models, [
    { name: 'house-price', champion: seat('house-price', '3'), canary: null, shadow: null, warm: [] },
  ]);
  assert.deepEqual(notes, [
    'the canary house-price/3 is the version that answers already: there is nothing to compare',
    'the shadow house-price@challenger is the version that answers already: there is nothing to compare',
  ]);
});

test('beside a file, a canary or shadow is another file', async () => {
  const { plan } = await preparePlan([request('model.pkl', { shadow: 'other.pkl' })], sources(), work);
  assert.deepEqual(plan.models[0]?.shadow, seat('model', 'ot'));
});

test('a version of another model or registry is refused', async () => {
  for (const shadow of ['churn@champion', 'model.pkl', 'house-price/4']) {
    const first = shadow === 'house-price/4' ? 'churn@champion' : 'models:/house-price@champion';
    await assert.rejects(preparePlan([request(first, { shadow })], sources(), work), {
      code: 'LL7016',
      message: new RegExp(`^The shadow "${shadow}" is no version of "`),
    });
  }
});

test('two models of one name are refused', async () => {
  await assert.rejects(
    preparePlan([request('churn@champion'), request('model.pkl', { name: 'churn' })], sources(), work),
    { code: 'LL1005' },
  );
});

test('a file answers as the version it is given until it changes; what is registered keeps its own', async () => {
  const { plan, followed } = await preparePlan([request('model.pkl', { asVersion: 'v7' })], sources(), work);
  assert.equal(plan.models[0]?.champion?.version, 'v7');
  assert.equal((await followed[0]!.source.find(work)).version, 'v7');
  await assert.rejects(
    preparePlan([request('models:/house-price@champion', { asVersion: 'v7' })], sources(), work),
    { code: 'LL1001' },
  );
});
