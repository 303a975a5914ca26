/**
 * Loadline's store against a real MLflow server of the newest version: both real clients do the same with each, and so do
 * requests of any kind. What comes of it must be the same, errors included. Nothing is replayed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import {
  type MlflowServer,
  type MlflowVersion,
  mlflowMissing,
  runPython,
  startMlflow,
} from '../mlflow/real-server.ts';
import { askAll } from './ask.ts';
import { type LoadlineServer, startLoadline } from './loadline.ts';
import { SAME } from './requests.ts';

const skip = mlflowMissing(3) ?? mlflowMissing(2) ?? false;
const FLOW = readFileSync(new URL('flow.py', import.meta.url), 'utf8');
/** Steps of the flow that both clients have; the client of 3.x has some more. */
const STEPS = 120;

type Outcome = readonly [step: string, came: unknown];

describe('the same as a real MLflow server', { skip }, () => {
  let real: MlflowServer;
  let ours: LoadlineServer;
  before(async () => {
    [real, ours] = await Promise.all([startMlflow({ version: 3 }), startLoadline()]);
  });
  after(async () => {
    await Promise.all([real?.stop(), ours?.stop()]);
  });

  /** Nothing a real server stumbles over may hang the client: it would repeat a 5xx for minutes. */
  const flow = async (version: MlflowVersion, url: string): Promise<readonly Outcome[]> => {
    const env = { MLFLOW_TRACKING_URI: url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const written = await runPython(version, FLOW, [`_${version}`], env);
    return (JSON.parse(written.trim().split('\n').at(-1)!) as { outcomes: readonly Outcome[] }).outcomes;
  };

  test('requests', async (context) => {
    const [wanted, found] = await Promise.all([askAll(real.url, SAME), askAll(ours.url, SAME)]);
    for (const [i, { name, ask }] of SAME.entries()) {
      await context.test(`${name}: ${ask.slice(0, 80)}`, () => assert.deepEqual(found[i], wanted[i]));
    }
  });

  for (const version of [3, 2] as const) {
    test(`what a person does, with the client of ${version}.x`, async (context) => {
      const [wanted, found] = await Promise.all([flow(version, real.url), flow(version, ours.url)]);
      assert.ok(wanted.length >= STEPS, `${wanted.length} steps`);
      assert.deepEqual(
        found.map(([step]) => step),
        wanted.map(([step]) => step),
      );
      for (const [i, [step, came]] of wanted.entries()) {
        await context.test(step, () => {
          const { raises, code } = (came ?? {}) as { readonly raises?: string; readonly code?: string };
          assert.equal(raises === undefined, code === undefined, `the flow itself is wrong: ${raises}`);
          assert.deepEqual(found[i]![1], came);
        });
      }
    });
  }
});
