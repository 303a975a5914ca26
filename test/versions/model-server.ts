/** `loadline models server`, as a person starts it: it may be killed and started again at the same address. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { ROOT } from '../cli/command-line.ts';
import { within } from '../serve/harness.ts';

export interface ModelServer {
  readonly url: string;
  readonly port: number;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same port and store. */
  start(): Promise<void>;
}

/** Starts it on a free port of loopback over this store; it ends with this process. */
export async function startModelServer(
  store: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ModelServer> {
  let child: ChildProcess | null = null;
  const start = async (port: number): Promise<{ readonly url: string; readonly port: number }> => {
    const args = ['models', 'server', '--port', String(port), '--store', store, '--json'];
    child = spawn(process.execPath, [`${ROOT}bin/loadline.js`, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    const lines = createInterface({ input: child.stdout! });
    const [line] = (await within(once(lines, 'line'), 'the model server')) as [string];
    return JSON.parse(line) as { url: string; port: number };
  };
  process.once('exit', () => child?.kill('SIGKILL'));
  const { url, port } = await start(0);
  return {
    url,
    port,
    async kill() {
      if (child !== null && child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
    },
    async start() {
      await start(port);
    },
  };
}
