/** Several versions and several models in one server: who answers whom, and how the versions compare. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { commandLine } from '../cli/command-line.ts';
import { mlflowMissing } from '../mlflow/real-server.ts';
import {
  type Answer,
  ask,
  isClose,
  PROOF,
  type Server,
  series,
  startServer,
  until,
} from '../serve/harness.ts';
import { makeHouses, type V2Answer, v2Body } from './following.ts';
import { openNotebook } from './notebook.ts';

const ASKED = PROOF ? 4000 : 400;
/** Standard errors of a share within which chance stays but for 7 of a million runs. */
const SIGMAS = 4.5;
const SHARE = 0.3;
const KEY = 'ops:a-key-for-operators';

const houses = makeHouses(60);
const customers = Array.from({ length: 12 }, (_, i) => ({ months: (i * 7) % 40, calls: (i * 3) % 8 }));

/**
 * Four versions of a house's price and one model of customers that leave. The third version is the first but for two of
 * its leaves: it differs on some houses by little, on others by much, on most not at all.
 */
const MAKE = `
import pickle, numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.tree import DecisionTreeRegressor

X = pd.DataFrame(houses).astype(float)
y = 45_000 + 2_450 * X["area_m2"] + 8_200 * X["rooms"] - 610 * X["age_years"] - 3_900 * X["distance_km"]
tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, y)
other = pickle.loads(pickle.dumps(tree))
leaves = np.unique(tree.apply(X))
other.tree_.value[leaves[1]] *= 1.004
other.tree_.value[leaves[4]] *= 1.3
customers = pd.DataFrame(customers).astype(float)
churn = LogisticRegression().fit(customers, np.where(customers["calls"] > customers["months"] / 8, "leaves", "stays"))
versions = {"1": tree, "2": LinearRegression().fit(X, y), "3": other, "4": Ridge(alpha=50).fit(X, y)}
for name, model in {**versions, "churn": churn}.items():
    with open(f"{folder}/{name}.pkl", "wb") as file:
        pickle.dump(model, file)
answer = {
    "prices": {version: model.predict(X).tolist() for version, model in versions.items()},
    "churn": churn.predict(customers).tolist(),
}`;

interface Made {
  /** What scikit-learn predicts for each house, by version. */
  readonly prices: Readonly<Record<string, readonly number[]>>;
  readonly churn: readonly string[];
}

describe('several versions and models', { skip: mlflowMissing(3) ?? false }, () => {
  const shell = commandLine();
  const store = join(shell.folder, 'store');
  const config = join(shell.folder, 'loadline.yaml');
  let made: Made;

  before(async () => {
    const notebook = openNotebook(3);
    made = await notebook.run<Made>(MAKE, { houses, customers, folder: shell.folder });
    await notebook.close();
    for (const version of ['1', '2', '3', '4']) {
      const alias = version === '1' ? ['--alias', 'champion'] : [];
      loadline('models', 'add', `${version}.pkl`, '--name', 'house-price', ...alias, '--store', store);
    }
    writeFileSync(
      config,
      `apiVersion: loadline/v1
models:
  - source: house-price@champion
    watch: 200ms
    canary: { version: 2, share: 30% }
    shadow: { version: 3 }
    versions: [4]
  - name: churn
    source: churn.pkl
server:
  store: store
  drain: 100ms
`,
    );
  });

  function loadline(...args: readonly string[]): string {
    const { code, stdout, stderr } = shell.loadline(args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async function serve(
    t: TestContext,
    model: string,
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Server> {
    const server = await startServer(model, ['--store', store, ...args], env);
    t.after(() => server.close());
    return server;
  }

  /** Asks for the price of a house; it has to be scikit-learn's by the version in the header, which is given. */
  async function versionFor(
    server: Server,
    house: number,
    headers: Record<string, string> = {},
  ): Promise<string> {
    const json = { features: houses[house] };
    const answer = await ask(`${server.url}/predict`, { json, headers });
    assert.equal(answer.status, 200, answer.text);
    const [, version = ''] = /^house-price\/(\d)$/.exec(String(answer.headers['x-loadline-model'])) ?? [];
    const [price] = (JSON.parse(answer.text) as { prediction: number[] }).prediction;
    assert.ok(
      isClose(price, made.prices[version]?.[house] ?? Number.NaN),
      `${price} is not what version ${version} answers to house ${house}`,
    );
    return version;
  }

  const keyed = (i: number): Record<string, string> => ({ 'x-loadline-key': `caller-${i}` });

  function assertShare(canaries: number, of: number, what: string): void {
    const bound = SIGMAS * Math.sqrt((SHARE * (1 - SHARE)) / of);
    assert.ok(
      Math.abs(canaries / of - SHARE) < bound,
      `${what}: the canary answered ${canaries} of ${of}, expected ${SHARE} ± ${bound.toFixed(3)}`,
    );
  }

  for (const workers of [1, 2]) {
    const many = workers === 1 ? 'one process' : `${workers} workers`;
    const args = ['--workers', String(workers)];

    test(`a loadline.yaml with two models, a canary and more: ${many}`, async (t) => {
      const server = await serve(t, config, args, { LOADLINE_API_KEYS: KEY });
      const headers = { authorization: `Bearer ${KEY.split(':')[1]}` };

      let canaries = 0;
      const chosen: string[] = [];
      for (let i = 0; i < ASKED; i++) {
        canaries += (await versionFor(server, i % houses.length, headers)) === '2' ? 1 : 0;
        chosen.push(await versionFor(server, i % houses.length, { ...headers, ...keyed(i) }));
      }
      assertShare(canaries, ASKED, 'by chance');
      assertShare(chosen.filter((version) => version === '2').length, ASKED, 'by key');
      // Later, on other connections, in other workers: the same.
      for (let i = 0; i < ASKED; i += 3) {
        assert.equal(await versionFor(server, 0, { ...headers, ...keyed(i) }), chosen[i], `caller-${i}`);
      }

      await assertByNumber(server, headers);
      await assertChurn(server, headers, workers);

      // What is asked for without a version follows the alias; who meets the canary stays.
      loadline('models', 'promote', 'house-price/4', '--store', store);
      await until(async () => {
        const found = new Set<string>();
        for (let i = 0; i < 12; i++) {
          found.add(await versionFor(server, 0, { ...headers, ...keyed(chosen.indexOf('1')) }));
        }
        return found.size === 1 && found.has('4');
      }, 'the promoted version to answer');
      assert.equal(await versionFor(server, 0, { ...headers, ...keyed(chosen.indexOf('2')) }), '2');
      loadline('models', 'rollback', 'house-price', '--store', store);
      await until(
        async () => (await versionFor(server, 0, { ...headers, ...keyed(chosen.indexOf('1')) })) === '1',
        'the version before to answer',
      );
    });

    test(`a shadow and what compare says of it: ${many}`, async (t) => {
      const server = await serve(t, 'house-price@champion', ['--shadow', 'house-price/3', ...args]);
      const sent: number[] = [];
      const send = async (from: number, to: number): Promise<void> => {
        const answer = await ask(`${server.url}/predict`, { json: { features: houses.slice(from, to) } });
        assert.equal(answer.headers['x-loadline-model'], 'house-price/1');
        sent.push(...[...houses.keys()].slice(from, to));
      };
      for (let i = 0; i < houses.length; i++) {
        await send(i, i + 1);
      }
      await send(0, houses.length);
      await send(10, 35);
      await assertCompared(server, sent);
    });
  }

  test('by the options of the command line, with a header of their own', async (t) => {
    const options = [
      '--canary',
      'house-price/2=30%',
      '--canary-key',
      'x-user',
      '--versions',
      'house-price/4',
    ];
    const server = await serve(t, 'house-price@champion', [...options, '--shadow', 'house-price/3']);
    await assertByNumber(server, {});
    const versions = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const version = await versionFor(server, i, { 'x-user': `${i}` });
      assert.equal(await versionFor(server, i, { 'x-user': `${i}` }), version);
      versions.add(version);
    }
    assert.deepEqual(versions, new Set(['1', '2']));
  });

  /** A version that is asked for by its number answers, and says so, in whatever seat it is. */
  async function assertByNumber(server: Server, headers: Record<string, string>): Promise<void> {
    for (const [version, prices] of Object.entries(made.prices)) {
      const url = `${server.url}/v2/models/house-price/versions/${version}/infer`;
      const { status, headers: got, text } = await ask(url, { json: v2Body(houses), headers });
      assert.equal(status, 200, text);
      assert.equal(got['x-loadline-model'], `house-price/${version}`);
      const { model_version, outputs } = JSON.parse(text) as V2Answer;
      assert.equal(model_version, version);
      assert.ok(prices.every((price, i) => isClose(outputs[0]?.data[i], price)));
    }
    const none = await ask(`${server.url}/v2/models/house-price/versions/9/infer`, {
      json: v2Body(houses),
      headers,
    });
    assert.equal(none.status, 404, none.text);
  }

  /** The second model answers by name, is unloaded and loaded by whoever has a key, and the first never notices. */
  async function assertChurn(
    server: Server,
    headers: Record<string, string>,
    workers: number,
  ): Promise<void> {
    const inputs = (['months', 'calls'] as const).map((name) => ({
      name,
      datatype: 'FP64',
      shape: [customers.length, 1],
      data: customers.map((customer) => customer[name]),
    }));
    const infer = (): Promise<Answer> =>
      ask(`${server.url}/v2/models/churn/infer`, { json: { inputs }, headers });
    const steer = (what: string, sent = headers): Promise<Answer> =>
      ask(`${server.url}/v2/repository/models/churn/${what}`, { method: 'POST', headers: sent });
    const assertAnswers = async (): Promise<void> => {
      for (let i = 0; i < 3 * workers; i++) {
        const { status, text } = await infer();
        assert.equal(status, 200, text);
        assert.deepEqual((JSON.parse(text) as V2Answer).outputs[0]?.data, made.churn);
      }
    };
    await assertAnswers();
    assert.equal((await steer('unload', {})).status, 401);
    await assertAnswers();
    assert.equal((await steer('unload')).status, 200);
    for (let i = 0; i < 3 * workers; i++) {
      const { status, text } = await infer();
      assert.ok(status === 400 || status === 503, `${status} ${text}`);
      assert.match(text, /churn/);
    }
    await versionFor(server, 0, headers);
    const ready = await ask(`${server.url}/v2/models/churn/ready`);
    assert.ok(ready.status >= 400, ready.text);
    assert.equal((await steer('load')).status, 200);
    await assertAnswers();
    assert.equal((await ask(`${server.url}/v2/models/churn/ready`)).status, 200);
    const unknown = await ask(`${server.url}/v2/repository/models/churm/load`, { method: 'POST', headers });
    assert.ok(unknown.status === 400 || unknown.status === 404, unknown.text);
  }

  /** Agreement and differences have to be those between scikit-learn's own predictions for the houses that were sent. */
  async function assertCompared(server: Server, sent: readonly number[]): Promise<void> {
    const labels = '{model="house-price",version="3",against="1"';
    const counted = async (name: string): Promise<number> =>
      series((await ask(`${server.url}/metrics`)).text, `loadline_compared_${name}_total${labels}}`);
    await until(async () => (await counted('rows')) === sent.length, 'all rows to be compared');
    const [old, next] = [made.prices['1']!, made.prices['3']!];
    const agreeing = sent.filter((house) => isClose(next[house], old[house]!)).length;
    assert.ok(agreeing > 0 && agreeing < sent.length, 'versions that always or never agree show little');
    const differences = sent
      .map((house) => (next[house] === old[house] ? 0 : Math.abs((next[house]! - old[house]!) / old[house]!)))
      .sort((a, b) => a - b);

    const { text } = await ask(`${server.url}/metrics`);
    const bounds: number[] = [];
    for (const [, le = '', count] of text.matchAll(
      /^loadline_compared_difference_bucket\{model="house-price",version="3",against="1",le="([^"]+)"\} (\d+)$/gm,
    )) {
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      bounds.push(bound);
      assert.equal(
        Number(count),
        differences.filter((one) => one <= bound).length,
        `differences up to ${le}`,
      );
    }
    assert.ok(bounds.length > 5, text);

    const said = loadline('models', 'compare', 'house-price', '--url', server.url, '--json');
    const [model] = (JSON.parse(said) as Comparison).models;
    const [shadow] = model!.compared;
    assert.deepEqual(
      [shadow?.version, shadow?.against, shadow?.rows, shadow?.agreeing, shadow?.failed, shadow?.dropped],
      ['3', '1', sent.length, agreeing, 0, 0],
    );
    // A quantile of a histogram is within the bucket of the true one (nearest rank).
    for (const [name, q] of [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const exact = differences[Math.ceil(q * differences.length) - 1]!;
      const at = bounds.findIndex((bound) => exact <= bound);
      const found = shadow!.difference![name];
      assert.ok(
        found >= (bounds[at - 1] ?? 0) && found <= bounds[at]!,
        `${name}: ${found}, scikit-learn's is ${exact}`,
      );
    }
    const people = loadline('models', 'compare', '--url', server.url);
    const share = Number(((agreeing / sent.length) * 100).toFixed(1));
    assert.match(people, new RegExp(`agreement +${share} % of ${sent.length} rows`));
    assert.match(people, new RegExp(`Shadow 3 agrees with 1 on ${share} % of ${sent.length} rows`));
  }
});

interface Comparison {
  readonly models: readonly {
    readonly compared: readonly {
      readonly version: string;
      readonly against: string;
      readonly rows: number;
      readonly agreeing: number;
      readonly failed: number;
      readonly dropped: number;
      readonly difference: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
    }[];
  }[];
}
