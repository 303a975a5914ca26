/** Loadline as a person runs it: a process in a folder of its own, its output, its exit code. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

export const ROOT = new URL('../..', import.meta.url).pathname;
/** The example of the README: a pipeline of four named columns. */
export const HOUSES = `${ROOT}examples/house-price/model.pkl`;

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLine {
  readonly folder: string;
  /** Runs `loadline` with these arguments in the folder. */
  loadline(args: readonly string[], input?: string, env?: Record<string, string>): Outcome;
  /** The same, for a test that has to answer meanwhile. */
  loadlineBeside(args: readonly string[], env?: Record<string, string>): Promise<Outcome>;
  /** Writes a file into the folder; gives its path. */
  file(name: string, content: string | Uint8Array): string;
}

/** A folder to work in; `env` is added to every command's. */
export function commandLine(env: Record<string, string> = {}): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-cli-'));
  const script = `${ROOT}bin/loadline.js`;
  const all = { ...process.env, NO_COLOR: '1', LANG: 'C.UTF-8', ...env };
  return {
    folder,
    loadline(args, input = '', more = {}) {
      const run = spawnSync(process.execPath, [script, ...args], {
        encoding: 'utf8',
        input,
        cwd: folder,
        env: { ...all, ...more },
      });
      return { code: run.status, stdout: run.stdout, stderr: run.stderr };
    },
    async loadlineBeside(args, more = {}) {
      const child = spawn(process.execPath, [script, ...args], { cwd: folder, env: { ...all, ...more } });
      child.stdin.end();
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'close') as Promise<[number | null]>,
      ]);
      return { code, stdout, stderr };
    },
    file(name, content) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
  };
}
