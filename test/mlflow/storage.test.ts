/**
 * A real server that hands out no artifacts (--no-serve-artifacts): its folder is read where this machine has it, else
 * through the routes of its pages.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { assertClose, bring, predictions, type Seeded, seed, sourcesOf, WORK } from './fixtures.ts';
import { type MlflowServer, mlflowMissing, startMlflow } from './real-server.ts';

const HOUSES = fileURLToPath(new URL('../../examples/house-price/model.pkl', import.meta.url));

for (const version of [3, 2] as const) {
  describe(`MLflow ${version} without artifacts`, { skip: mlflowMissing(version) ?? false }, () => {
    let server: MlflowServer;
    let logged: Seeded;

    before(async () => {
      server = await startMlflow({ version, serveArtifacts: false });
      logged = await seed(server);
    });
    after(() => server?.stop());

    const references = (): readonly (readonly [string, number])[] => [
      ['models:/house-price@champion', 1],
      ['models:/house-price/3', 2],
      ['models:/häuser & co@prod', 0],
      [`runs:/${logged.versions[0]!.run}/model`, 0],
      [`runs:/${logged.versions[2]!.run}/${logged.versions[2]!.path}`, 2],
    ];

    test('its folder is on this machine', async () => {
      const sources = sourcesOf(server.env);
      for (const [reference, index] of references()) {
        const { path } = await bring(sources, reference);
        assertClose(await predictions(path, logged.rows), logged.versions[index]!.predictions);
      }
      sources.close();
    });

    test('its folder is elsewhere', async () => {
      const elsewhere = await fromElsewhere(server.url, join(server.folder, 'artifacts'));
      const sources = sourcesOf({ MLFLOW_TRACKING_URI: elsewhere.url });
      for (const [reference, index] of references()) {
        const { path } = await bring(sources, reference);
        assertClose(await predictions(path, logged.rows), logged.versions[index]!.predictions);
      }
      assert.ok(elsewhere.hidden() > 0, 'no answer named the folder: nothing was tested');
      sources.close();
      await elsewhere.close();
    });

    test('a model that is added lies in its folder, and MLflow loads it', async () => {
      const sources = sourcesOf(server.env);
      const registry = await sources.registry('mlflow');
      const facts = { metrics: {}, params: {}, tags: {}, description: '', data: null, by: 'ada' };
      await registry.add({ name: 'added', from: { path: HOUSES }, ...facts }, WORK);
      const loaded = await server.python(
        `import mlflow; print(type(mlflow.sklearn.load_model("models:/added/1")).__name__)`,
      );
      assert.match(loaded, /^\w+\n$/);
      sources.close();
    });
  });
}

/** The same server as a machine sees it that has not its folder: every answer names another one. */
async function fromElsewhere(
  url: string,
  folder: string,
): Promise<{ readonly url: string; hidden(): number; close(): Promise<void> }> {
  let hidden = 0;
  const server = createServer((incoming, response) => {
    const { host: _, ...headers } = incoming.headers;
    const onward = request(
      new URL(incoming.url ?? '/', url),
      { method: incoming.method, headers },
      async (answer) => {
        const chunks: Buffer[] = [];
        for await (const chunk of answer) {
          chunks.push(chunk as Buffer);
        }
        let body = Buffer.concat(chunks);
        if (answer.headers['content-type'] === 'application/json' && body.includes(folder)) {
          hidden += 1;
          body = Buffer.from(body.toString().replaceAll(folder, '/elsewhere'));
        }
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, 'content-length': body.length });
        response.end(body);
      },
    );
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : null}`,
    hidden: () => hidden,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
