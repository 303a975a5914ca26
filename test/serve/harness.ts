/** A Loadline server as a process of its own, and what the tests need to ask it, load it and kill it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { type Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { modelPath } from '../corpus/cases.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const HOUSES = join(ROOT, 'examples/house-price/model.pkl');

/** Full counts instead of the reduced ones of `make test`. */
export const PROOF = process.env.LOADLINE_PROOF === '1';

/** Patience with anything a process does: only a hang takes so long. */
export const PATIENCE_MS = 60_000;

interface Houses {
  readonly row: { readonly [name: string]: number };
  /** scikit-learn's answer. */
  readonly price: number;
}

/** A row for the example model, and scikit-learn 1.9.1's answer to it. */
export function house(): Houses {
  const prices = readJson(join(ROOT, 'test/cli/house-price-expected.json')) as readonly number[];
  return { row: { area_m2: 120, rooms: 4, age_years: 12, distance_km: 5.5 }, price: prices[0]! };
}

export interface CorpusModel {
  readonly path: string;
  readonly rows: readonly unknown[];
  /** scikit-learn's `predict` of each row. */
  readonly predict: readonly (number | string)[];
  readonly probabilities: readonly (readonly number[])[] | null;
}

/** A model of the corpus as scikit-learn 1.7 wrote it, with its answers. */
export function corpusModel(name: string): CorpusModel {
  const folder = join(ROOT, 'corpus', name);
  const { input } = readJson(join(folder, 'case.json')) as { input: readonly unknown[] };
  const { expected } = readJson(join(folder, '1.7.json')) as {
    expected: { predict: readonly (number | string)[]; predict_proba?: readonly (readonly number[])[] };
  };
  return {
    path: modelPath({ case: name, folder }, '1.7'),
    rows: input,
    predict: expected.predict,
    probabilities: expected.predict_proba ?? null,
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The published contract for values that are not computed to the last bit. */
export function isClose(found: unknown, wanted: number | string): boolean {
  return typeof found !== 'number' || typeof wanted !== 'number'
    ? found === wanted
    : Math.abs(found - wanted) <= 1e-9 * Math.max(Math.abs(found), Math.abs(wanted)) + 1e-12;
}

/** A folder that is removed when the test process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-serve-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Server {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Messages of its log so far. */
  readonly logs: readonly string[];
  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Waits for a log message that matches, from the `from`th on; gives its place. */
  logged(pattern: RegExp, from?: number): Promise<number>;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<Outcome>;
  /** Ends it at once and waits for that; no fault when it has ended. */
  close(): Promise<void>;
}

interface Event {
  readonly event: string;
  readonly url?: string;
  readonly port?: number;
  readonly message?: string;
}

function launch(args: readonly string[], env: Record<string, string>): ChildProcess {
  const { LOADLINE_API_KEYS: _, ...inherited } = process.env;
  return spawn(process.execPath, [join(ROOT, 'bin/loadline.js'), 'serve', ...args], {
    env: { ...inherited, NO_COLOR: '1', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts `loadline serve` on a free port of loopback and waits until it is ready. */
export async function startServer(
  model: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Server> {
  const child = launch([model, '--port', '0', '--json', ...args], env);
  const logs: string[] = [];
  const listeners = new Set<() => void>();
  const ready = Promise.withResolvers<Event>();
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = JSON.parse(line) as Event;
    if (event.event === 'ready') {
      ready.resolve(event);
    } else {
      logs.push(event.message ?? line);
      for (const listener of listeners) {
        listener();
      }
    }
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }) as Outcome);
  void ended.then(({ code, signal }) =>
    ready.reject(new Error(`serve ended before it was ready (${signal ?? code}): ${errors}`)),
  );
  const kill = (): void => {
    // Children first: they are no longer found once their parent is gone.
    for (const pid of [...childrenOf(child.pid!), child.pid!]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  };
  process.once('exit', kill);
  const { url = '', port = 0 } = await within(ready.promise, 'the server to be ready');
  return {
    url,
    port,
    pid: child.pid!,
    logs,
    signal: (signal) => {
      child.kill(signal);
    },
    logged: (pattern, from = 0) =>
      within(
        new Promise((resolve) => {
          const look = (): void => {
            const at = logs.findIndex((message, i) => i >= from && pattern.test(message));
            if (at >= 0) {
              listeners.delete(look);
              resolve(at);
            }
          };
          listeners.add(look);
          look();
        }),
        `the log message ${pattern}`,
      ),
    ended,
    async close() {
      kill();
      await ended;
      process.off('exit', kill);
    },
  };
}

export interface Refused extends Outcome {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a `serve` that is expected to end by itself. */
export async function refusedServer(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Refused> {
  const child = launch(args, env);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return { code, signal, stdout, stderr };
}

/** Fails with what was waited for when it takes longer than any working process does. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`waited ${PATIENCE_MS / 1000} s in vain for ${what}`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `done` says so, asking every few milliseconds. */
export async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const latest = performance.now() + PATIENCE_MS;
  while (!(await done())) {
    assert.ok(performance.now() < latest, `waited ${PATIENCE_MS / 1000} s in vain for ${what}`);
    await pause(10);
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Sent as JSON; the method is then POST. */
  readonly json?: unknown;
  /** JSON text, in its place. */
  readonly body?: string;
  readonly agent?: Agent;
}

/** One request on a connection of its own, unless an agent is given. Rejects when the connection fails. */
export function ask(url: string, question: Question = {}): Promise<Answer> {
  const { json, agent = false, headers = {} } = question;
  const body = question.body ?? (json === undefined ? '' : JSON.stringify(json));
  return within(
    new Promise<Answer>((resolve, reject) => {
      const sent = request(
        url,
        {
          method: question.method ?? (body === '' ? 'GET' : 'POST'),
          agent,
          headers: {
            ...(body === '' ? {} : { 'content-type': 'application/json' }),
            'content-length': String(Buffer.byteLength(body)),
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    }),
    `an answer of ${url}`,
  );
}

/** Asks until the code of every worker is compiled: what a machine under load makes of a cold start is no part of a test. */
export async function warmUp(server: Server, row: unknown): Promise<void> {
  for (let i = 0; i < 80; i++) {
    const { status, text } = await ask(`${server.url}/predict`, { json: { features: row } });
    assert.equal(status, 200, text);
  }
}

/** The value of one series in a text of metrics, with all its labels as they are written; 0 when it is not there. */
export function series(text: string, name: string): number {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** Processes that a process started. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

/** Ports at the clients' end of the connections to `port` that a process holds. */
export function clientPorts(pid: number, port: number): Set<number> {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) {
        inodes.add(inode);
      }
    } catch {
      // It was closed meanwhile.
    }
  }
  const ports = new Set<number>();
  // Columns: number, local address, remote address, state (01 is established), …, inode at the tenth place.
  for (const line of readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [local, remote] = [columns[1]!, columns[2]!].map((address) =>
      Number.parseInt(address.split(':')[1]!, 16),
    );
    if (local === port && columns[3] === '01' && inodes.has(columns[9]!)) {
      ports.add(remote!);
    }
  }
  return ports;
}
