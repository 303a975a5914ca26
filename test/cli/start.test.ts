/**
 * What a start loads: the time of `--version` and `--help` is that of their modules, and a number of modules, unlike a
 * time, is the same on every machine.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ROOT } from './command-line.ts';

/** Writes the address of every module that is loaded to stderr when the process ends. */
const RECORDER = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const seen = [];
  registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
  process.on('exit', () => process.stderr.write(seen.join('\\n')));
`)}`;

/** Folders of src/ and packages whose modules a command loads; files at the root of src/ by their name. */
function loaded(...args: string[]): readonly string[] {
  const run = spawnSync(process.execPath, ['--import', RECORDER, `${ROOT}bin/loadline.js`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  const paths = run.stderr.split('\n').filter((url) => url.startsWith(`file://${ROOT}`));
  assert.ok(paths.length > 10, run.stderr);
  return [
    ...new Set(
      paths
        .map((url) => url.slice(`file://${ROOT}`.length).split('/'))
        .filter(([top]) => top === 'src' || top === 'node_modules')
        .map(([, name = '']) => name),
    ),
  ].sort();
}

for (const args of [['--version'], ['--help'], ['models', '--help'], ['models'], ['models', 'lst']]) {
  test(`${args.join(' ')} loads the command line and nothing of what commands do`, () => {
    const few = ['bytes', 'cli', 'commander', 'config', 'errors.ts', 'model', 'picocolors'];
    assert.deepEqual(
      loaded(...args).filter((name) => !few.includes(name)),
      [],
    );
  });
}

test('completion loads no model, no server and no image', () => {
  const names = loaded('complete', '--', 'models', 'promote', '');
  assert.deepEqual(
    names.filter((name) => ['formats', 'estimators', 'serve', 'image', 'monitor', 'pickle'].includes(name)),
    [],
  );
});
