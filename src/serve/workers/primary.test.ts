import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TEST_SETTINGS } from '../fixtures/settings.ts';
import type { RosterPlan } from '../roster/plan.ts';
import type { Running } from '../run.ts';
import type { ServeSettings } from '../settings.ts';
import { startPrimary } from './primary.ts';

const settings: ServeSettings = { ...TEST_SETTINGS, maxBodyBytes: 1024, workers: 2 };

function plan(version: string): RosterPlan {
  const champion = { version, path: version, identity: version };
  return { models: [{ name: 'm', champion, canary: null, shadow: null, warm: [] }] };
}

interface Scene {
  readonly running: Running;
  readonly logs: readonly string[];
  /** Makes or removes what a worker looks for. */
  flag(name: string, on: boolean): void;
  read(name: string): string;
  until(met: () => boolean, what: string): Promise<void>;
}

/** Two scripted workers that serve version 1. */
async function scene(t: TestContext): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-primary-'));
  const logs: string[] = [];
  const { running } = await startPrimary({
    settings,
    plan: plan('1'),
    exec: fileURLToPath(new URL('./fixtures/scripted-worker.ts', import.meta.url)),
    args: [folder],
    repository: { load: async () => {}, unload: async () => {} },
    log: (message) => logs.push(message),
  });
  t.after(async () => {
    await running.stop(0);
    rmSync(folder, { recursive: true });
  });
  const read = (name: string): string =>
    existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
  return {
    running,
    logs,
    read,
    flag(name, on) {
      const path = join(folder, name);
      if (on) {
        writeFileSync(path, '');
      } else {
        rmSync(path);
      }
    },
    async until(met, what) {
      const deadline = Date.now() + 20_000;
      while (!met()) {
        assert.ok(Date.now() < deadline, `${what} did not come: ${logs.join('; ')}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}

test('a worker that dies of the commit does not undo a change that the others made', async (t) => {
  const { running, logs, flag, read, until } = await scene(t);
  flag('die-1', true);
  await running.apply(plan('2'));
  assert.equal(running.plan().models[0]?.champion?.version, '2');
  assert.equal(read('serves-0'), '2');
  flag('die-1', false);
  await until(() => logs.includes('worker 1 is back'), 'its successor');
  assert.equal(read('serves-1'), '2');
});

test('a worker that started during a change makes it too', async (t) => {
  const { running, logs, flag, read, until } = await scene(t);
  const pid = read('pid-1');
  flag('wait-1', true);
  process.kill(Number(pid), 'SIGKILL');
  await until(() => read('pid-1') !== pid && read('serves-1') === '1' && logs.length > 0, 'its successor');
  await running.apply(plan('2'));
  assert.equal(read('serves-1'), '1');
  flag('wait-1', false);
  await until(() => read('serves-1') === '2', 'the change');
});

test('a worker that cannot make the change of the others is replaced', async (t) => {
  const { running, logs, flag, read, until } = await scene(t);
  const pid = read('pid-1');
  flag('wait-1', true);
  process.kill(Number(pid), 'SIGKILL');
  await until(() => read('pid-1') !== pid && logs.length > 0, 'its successor');
  const second = read('pid-1');
  await running.apply(plan('2'));
  flag('refuse-1', true);
  flag('wait-1', false);
  await until(() => read('pid-1') !== second && read('serves-1') === '2', 'a worker with the new plan');
  assert.ok(logs.includes('worker 1 cannot serve what the others do and is replaced: refused'));
});

test('a change that one worker refuses is made by none', async (t) => {
  const { running, flag, read } = await scene(t);
  flag('refuse-1', true);
  await assert.rejects(running.apply(plan('2')), { code: 'LL7013' });
  assert.equal(running.plan().models[0]?.champion?.version, '1');
  flag('refuse-1', false);
  await running.apply(plan('3'));
  assert.deepEqual([read('serves-0'), read('serves-1')], ['3', '3']);
});
