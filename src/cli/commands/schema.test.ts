import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConfig } from '../../config/config.ts';
import { configJsonSchema } from '../../config/schema.ts';
import { DIALECTS } from '../../serve/protocols/define.ts';
import { serve } from './serve.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
}

const root = new URL('../../../', import.meta.url).pathname;
const schema = configJsonSchema() as Schema;
const server = schema.properties?.server?.properties ?? {};

/** Long name of an option as the file has it: `--max-body <size>` is maxBody. */
const options = new Map(
  serve.options.map(({ flags, help }) => [
    (/--([\w-]+)/.exec(flags)?.[1] ?? '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    help,
  ]),
);

/** What the file says of each model, or of the command itself. */
const NOT_OF_THE_SERVER = ['name', 'asVersion', 'watch', 'canary', 'canaryKey', 'shadow', 'versions', 'json'];

test('the server has the options of serve', () => {
  assert.deepEqual(
    Object.keys(server).sort(),
    // MLflow's own variable is the only way to say it on a command line.
    [...[...options.keys()].filter((name) => !NOT_OF_THE_SERVER.includes(name)), 'trackingUri'].sort(),
  );
  assert.deepEqual(server.dialect?.enum, DIALECTS);
});

test('defaults are those that serve shows', () => {
  for (const [name, help] of options) {
    // In brackets at the end, where it is a value and no sentence.
    const shown = /\(([\w.]+)\)$/.exec(help)?.[1];
    if (shown !== undefined && server[name] !== undefined) {
      assert.equal(String(server[name].default), shown, name);
    }
  }
});

test('docs/configuration.md has every key and its default', () => {
  const page = readFileSync(`${root}docs/configuration.md`, 'utf8');
  const missing: string[] = [];
  const look = (path: string, { properties = {}, items }: Schema): void => {
    if (items !== undefined) {
      look(path, items);
    }
    for (const [key, part] of Object.entries(properties)) {
      const full = path === '' ? key : `${path}.${key}`;
      if (part.properties === undefined && part.items?.properties === undefined) {
        if (!page.includes(`\`${full}\``)) {
          missing.push(full);
        }
        if (part.default !== undefined && !page.includes(`\`${part.default}\``)) {
          missing.push(`${full} = ${part.default}`);
        }
      } else {
        look(full, part);
      }
    }
  };
  look('', schema.properties?.models ?? {});
  look('', { properties: { ...server, limits: {} } });
  const { resources, ...deploy } = schema.properties?.deploy?.properties ?? {};
  assert.notEqual(resources, undefined);
  look('', { properties: deploy });
  assert.deepEqual(missing, []);
});

test('the example is read', async () => {
  const config = await readConfig(`${root}examples/loadline.yaml`);
  assert.deepEqual(config.models, [
    {
      name: 'house-price',
      reference: 'house-price/model.pkl',
      watch: 5000,
      versions: [],
      canary: null,
      shadow: null,
    },
  ]);
  assert.deepEqual(config.server, { port: '5000', workers: '1', maxBody: '16Mi' });
  assert.equal(config.folder, `${root}examples`);
});
