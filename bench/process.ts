/** Servers and load generators as child processes, each on a core of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Core of the server and core of the load generator. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

/** Starts a server pinned to the server's core, in a process group of its own. */
export function startServer(
  name: string,
  port: number,
  command: readonly string[],
  env: Record<string, string> = {},
): Server {
  const child = spawn('taskset', ['-c', String(SERVER_CORE), ...command], {
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  return { name, port, child };
}

/** Waits until the server answers one prediction with 200; gives its body. */
export async function firstAnswer(server: Server, body: string, patienceMs = 60_000): Promise<string> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    if (server.child.exitCode !== null) {
      throw new Error(`${server.name} ended with ${server.child.exitCode} before its first answer`);
    }
    try {
      const response = await fetch(`http://127.0.0.1:${server.port}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      const text = await response.text();
      if (response.status === 200) {
        return text;
      }
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`${server.name} gave no answer within ${patienceMs} ms`);
}

/** Ends a server and all it started. */
export async function stopServer(server: Server): Promise<void> {
  const { child } = server;
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid!, 'SIGTERM');
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
}

/** Proportional set size of a process and of all its descendants, in bytes. */
export function treePss(pid: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (/^\d+$/.test(name) && existsSync(`/proc/${name}/stat`)) {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    }
  }
  const isBelow = (id: number): boolean => id === pid || (id > 1 && isBelow(parents.get(id) ?? 0));
  let total = 0;
  for (const id of parents.keys()) {
    if (isBelow(id)) {
      const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, 'utf8'));
      total += Number(pss?.[1] ?? 0) * 1024;
    }
  }
  return total;
}

/** Requests per second that wrk gets from one server over so many connections, from the load's core. */
export function wrk(
  port: number,
  script: string,
  seconds: number,
  connections = 16,
): { rps: number; errors: number } {
  const out = execFileSync(
    'taskset',
    [
      '-c',
      String(LOAD_CORE),
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      script,
      `http://127.0.0.1:${port}/predict`,
    ],
    { encoding: 'utf8' },
  );
  return {
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? 0),
    errors: Number(/Non-2xx or 3xx responses: (\d+)/.exec(out)?.[1] ?? 0),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Reads a setting that tools/bench-env.sh wrote. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set: run \`make bench\`, which installs what is compared and sets it`);
  }
  return value;
}
