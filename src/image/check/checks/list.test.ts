/** What every check promises: it passes with a good server, fails with a bad one, and says so in a line. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Model } from '../../../model/model.ts';
import {
  colourModel,
  doublingModel,
  greaterModel,
  houseModel,
  textModel,
} from '../../../serve/fixtures/models.ts';
import type { CheckContext, Finding } from '../define.ts';
import { type Behaviour, badServer, contextOf, goodServer, targetOf } from '../fixtures/servers.ts';
import { answers } from './answers.ts';
import { confined } from './confined.ts';
import { drain } from './drain.ts';
import { healthcheck } from './healthcheck.ts';
import { limits } from './limits.ts';
import { CHECKS } from './list.ts';
import { metrics } from './metrics.ts';
import { ready } from './ready.ts';
import { badRequests, refusals } from './refusals.ts';
import { size } from './size.ts';

async function withGood<T>(model: Model, work: (context: CheckContext) => Promise<T>): Promise<T> {
  const { server, close } = await goodServer(model);
  try {
    return await work(contextOf(server, model));
  } finally {
    await close();
  }
}

/** A finding of a check with the bad server; what it throws is a failure, as it is for the test. */
async function withBad(
  check: (context: CheckContext) => Promise<Finding>,
  behaviour: Behaviour,
  over: Partial<CheckContext> = {},
): Promise<Finding> {
  const { server, close } = await badServer(behaviour);
  try {
    return await check(contextOf(server, houseModel(true), over));
  } catch (error) {
    return { ok: false, detail: (error as Error).message };
  } finally {
    await close();
  }
}

test('names are unique, in one word; titles are a line', () => {
  assert.equal(new Set(CHECKS.map(({ name }) => name)).size, CHECKS.length);
  for (const { name, title } of CHECKS) {
    assert.match(name, /^[a-z]+$/);
    assert.match(title, /^\S[^\n]{3,70}$/);
  }
});

test('who needs a server comes after the check that waits for it; who stops it comes last of them', () => {
  const asking = CHECKS.filter(({ needs }) => needs.includes('server'));
  assert.equal(CHECKS[0], ready);
  assert.ok(asking.every(({ needs }, i) => needs.includes('stop') === (i === asking.length - 1)));
});

describe('each check', () => {
  for (const check of CHECKS) {
    test(`${check.name}: passes with a good server`, async () => {
      const finding = await withGood(houseModel(true), (context) => check.run(context));
      assert.deepEqual(
        { ok: finding.ok, lines: finding.detail.split('\n').length },
        { ok: true, lines: 1 },
        finding.detail,
      );
      for (const [name, value] of Object.entries(finding.values ?? {})) {
        assert.ok(Number.isFinite(value), name);
      }
    });

    test(`${check.name}: fails with a bad one`, async () => {
      const isProbe = (path: string): boolean => path === '/healthz' || path === '/readyz';
      const finding = await withBad(
        check.run,
        { status: (path) => (isProbe(path) ? 500 : 200), exitCode: 1 },
        { readyMs: 100, maxSizeBytes: 1000 },
      );
      assert.equal(finding.ok, false, finding.detail);
      assert.match(finding.detail, /\S/);
    });
  }
});

describe('models of every input', () => {
  const models = {
    'without names': houseModel(false),
    classifier: greaterModel(['no', 'yes']),
    categories: colourModel(),
    texts: textModel(),
    transformer: doublingModel(),
  };
  for (const [name, model] of Object.entries(models)) {
    test(name, async () => {
      await withGood(model, async (context) => {
        for (const check of [answers, refusals, metrics]) {
          const finding = await check.run(context);
          assert.equal(finding.ok, true, finding.detail);
        }
      });
    });
  }
});

test('answers of another model differ; the first is told', async () => {
  const { server, close } = await goodServer(houseModel(true));
  try {
    const other = greaterModel(['no', 'yes']);
    // Its rows have two values where the served model wants four.
    const { ok, detail } = await answers.run(contextOf(server, other));
    assert.equal(ok, false);
    assert.match(
      detail,
      /^\d+ of \d+ answers differ: it answers 400 LL\d{4}, expected 200, for \{"features"/,
    );
  } finally {
    await close();
  }
});

test('without a row that the model takes the answers are not checked', async () => {
  await withGood(houseModel(true), async (context) => {
    const finding = await answers.run({ ...context, samples: null });
    assert.equal(finding.ok, null);
    assert.match(finding.detail, /--input/);
  });
});

test('without a model the refusals that hold for every model are asked', async () => {
  assert.ok(badRequests(null).length >= 6);
  await withGood(textModel(), async (context) => {
    const finding = await refusals.run({ ...context, signature: null, samples: null });
    assert.equal(finding.ok, true, finding.detail);
  });
});

test('a server that dies of a bad request has not refused it', async () => {
  const finding = await withBad(refusals.run, { status: () => null });
  assert.equal(finding.ok, false);
  assert.match(finding.detail, /socket hang up/);
});

test('others may ask a server that ran already, but not one of the test itself', async () => {
  await withGood(houseModel(true), async (context) => {
    const { client } = context;
    const busy: CheckContext = {
      ...context,
      client: {
        async ask(path, question) {
          if (path === '/metrics') {
            await client.ask('/predict', { body: '{}' });
          }
          return client.ask(path, question);
        },
      },
    };
    assert.equal((await metrics.run(busy)).ok, false);
    const url = { ...busy, target: targetOf(context.server, { kind: 'url' }) };
    assert.equal((await metrics.run(url)).ok, true);
  });
});

describe('drain', () => {
  /** Not ready once it stops; `status` of the requests after that, by their number. */
  const stopping = (status: (i: number) => number | null, rest: Partial<Behaviour> = {}): Behaviour => {
    let i = 0;
    return {
      status: (path, stops) => (!stops ? 200 : path === '/readyz' ? 503 : status(i++)),
      endsAfterMs: 800,
      ...rest,
    };
  };
  const cases: readonly [string, Behaviour, boolean, RegExp][] = [
    ['nothing is lost', stopping(() => 200), true, /^\d+ requests, none lost; exit code 0 \d\.\d\d s after/],
    [
      'one broken connection is a lost request',
      stopping((i) => (i === 2 ? null : 200)),
      false,
      /^1 of \d+ requests lost: (closed after 0 characters|socket hang up)/,
    ],
    ['a refusal is a lost request', stopping((i) => (i === 2 ? 503 : 200)), false, /1 of .* answered 503/],
    [
      'a refusal of a saturated server is none: it never took the request',
      stopping(() => 503, { body: '{"code":"LL5001"}' }),
      true,
      /none lost/,
    ],
    ['no answers while it drains', stopping(() => 500), false, /^\d+ of \d+ requests lost: answered 500$/],
    [
      'an exit code that is not 0',
      stopping(() => 200, { exitCode: 143 }),
      false,
      /^exit code 143, expected exit code 0/,
    ],
    ['no word of not being ready', { status: () => 200 }, false, /without first being not ready/],
  ];
  for (const [name, behaviour, ok, said] of cases) {
    test(name, async () => {
      const finding = await withBad(drain.run, behaviour);
      assert.match(finding.detail, said);
      assert.equal(finding.ok, ok);
    });
  }
});

describe('confined', () => {
  const cases: readonly [string, boolean | null, RegExp][] = [
    ['65532:65532', true, /65532/],
    ['1000', true, /1000/],
    ['', false, /root/],
    ['0', false, /root/],
    ['0:0', false, /root/],
    ['root', false, /"root"/],
    ['node', false, /"node"/],
  ];
  for (const [user, ok, said] of cases) {
    test(`user ${JSON.stringify(user)}`, async () => {
      const { server, close } = await badServer({ status: () => 200 });
      await close();
      const finding = await confined.run(
        contextOf({ ...server, confinement: async () => ({ user, readOnlyRoot: true }) }, null),
      );
      assert.equal(finding.ok, ok);
      assert.match(finding.detail, said);
    });
  }
});

test('a health check that fails says what it said', async () => {
  const finding = await withBad(healthcheck.run, { status: () => 200 });
  assert.deepEqual(finding, { ok: false, detail: 'exit code 1: no' });
});

test('a worker killed for memory fails the limits although the server goes on', async () => {
  const finding = await withBad(limits.run, { status: () => 200 });
  assert.equal(finding.ok, false);
  assert.match(finding.detail, /killed for taking more than 256\.0 MiB/);
});

describe('size', () => {
  const MIB = 2 ** 20;
  const sizes = {
    compressed: 50 * MIB,
    uncompressed: 150 * MIB,
    ownCompressed: MIB,
    ownUncompressed: 3 * MIB,
  };
  const cases: readonly [
    string,
    Partial<typeof sizes> | Record<string, null>,
    number | null,
    boolean | null,
  ][] = [
    ['informs', {}, null, true],
    ['at the limit', {}, 50 * MIB, true],
    ['over the limit', {}, 50 * MIB - 1, false],
    ['unpacked where compressed is not known', { compressed: null }, 100 * MIB, false],
    ['not known', { compressed: null, uncompressed: null }, 1, null],
  ];
  for (const [name, over, maxSizeBytes, ok] of cases) {
    test(name, async () => {
      const { server, close } = await badServer({ status: () => 200 });
      await close();
      const target = targetOf(server, { size: async () => ({ ...sizes, ...over }) });
      assert.equal((await size.run(contextOf(server, null, { target, maxSizeBytes }))).ok, ok);
    });
  }
});
