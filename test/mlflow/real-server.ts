/** Real MLflow servers on free ports of loopback, and the real clients of the same versions. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server takes 8 to 40 s to start; only a failure takes so long. */
const START_MS = 120_000;
const POLL_MS = 100;
/** The administrator of a server with basic-auth; MLflow wants 12 characters. */
const ADMIN = { username: 'admin', password: 'correct horse battery' } as const;

export type MlflowVersion = 2 | 3;

export interface MlflowOptions {
  /** 2.22.5 or 3.17.2. */
  readonly version: MlflowVersion;
  /** With MLflow's basic-auth app; everyone who has a user may read. */
  readonly auth?: boolean;
  /** Artifacts through the server (default), or in a folder that clients read themselves. */
  readonly serveArtifacts?: boolean;
}

export interface MlflowServer {
  readonly version: MlflowVersion;
  readonly url: string;
  /** What clients need to reach it, Loadline or MLflow's: the address, and with basic-auth the administrator. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder with its database `mlflow.db` and its `artifacts`. */
  readonly folder: string;
  /** Runs a Python program with the client of the server's version; gives what it wrote to stdout. */
  python(code: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
  /** Ends the server with all its processes and removes its folder; calling it again is no fault. */
  stop(): Promise<void>;
}

const VARIABLES = { 2: 'LOADLINE_MLFLOW2_PYTHON', 3: 'LOADLINE_TEST_PYTHON' } as const;

/** Why the real MLflow of this version cannot run here; null where it can. For `test`'s `skip`. */
export function mlflowMissing(version: MlflowVersion): string | null {
  const variable = VARIABLES[version];
  const path = process.env[variable];
  if (path === undefined) {
    return `${variable} is not set: \`make test\` installs MLflow ${version} and sets it`;
  }
  try {
    accessSync(join(dirname(path), 'mlflow'), constants.X_OK);
    return null;
  } catch {
    return `${variable} is ${path}, which has no mlflow (tools/test-env.sh installs it)`;
  }
}

/** The Python that has this MLflow. */
export function mlflowPython(version: MlflowVersion): string {
  const missing = mlflowMissing(version);
  if (missing !== null) {
    throw new Error(missing);
  }
  return process.env[VARIABLES[version]]!;
}

/** Environment in which MLflow's programs find each other and phone nowhere. */
function baseEnv(version: MlflowVersion): NodeJS.ProcessEnv {
  const { MLFLOW_TRACKING_URI: _, ...inherited } = process.env;
  return {
    ...inherited,
    PATH: `${dirname(mlflowPython(version))}${delimiter}${process.env.PATH ?? ''}`,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
    GIT_PYTHON_REFRESH: 'quiet',
    // One core each: the math libraries' threads would only fight over the two that there are.
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
  };
}

/** Runs a Python program with the MLflow of this version; gives what it wrote to stdout, and fails with its stderr. */
export async function runPython(
  version: MlflowVersion,
  code: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(
    mlflowPython(version),
    ['-c', code, ...args],
    { env: { ...baseEnv(version), PYTHONWARNINGS: 'ignore', ...env }, maxBuffer: 64 * 2 ** 20 },
    (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(stderr || error.message)),
  );
  return promise;
}

/**
 * Starts a real `mlflow server` with a SQLite backend of its own and waits until it answers. Share one among the tests of
 * a file. It ends with `stop`, and with this process however that ends.
 */
export async function startMlflow(options: MlflowOptions): Promise<MlflowServer> {
  const { version, auth = false, serveArtifacts = true } = options;
  const folder = mkdtempSync(join(tmpdir(), 'loadline-mlflow-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const artifacts = join(folder, 'artifacts');
  const child = spawn(
    'sh',
    [
      '-c',
      // What watches stdin ends the whole group when this process has ended: the server leaves workers behind where only
      // its parent gets the signal (gunicorn of 2.22).
      'exec 3<&0; (cat <&3 >/dev/null; kill -9 0) & exec "$@" </dev/null 3<&-',
      'mlflow',
      join(dirname(mlflowPython(version)), 'mlflow'),
      'server',
      ...['--workers', '1', '--host', '127.0.0.1', '--port', String(port)],
      ...['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`],
      ...(serveArtifacts
        ? ['--artifacts-destination', artifacts]
        : ['--no-serve-artifacts', '--default-artifact-root', artifacts]),
      ...(auth ? ['--app-name', 'basic-auth'] : []),
    ],
    {
      cwd: folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...baseEnv(version),
        // Seven more processes for what no test asks.
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
        ...(auth ? authEnv(folder) : {}),
      },
    },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  }
  const stop = async (): Promise<void> => {
    process.removeListener('exit', killNow);
    await endGroup(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const killNow = (): void => {
    signalGroup(child);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killNow);
  const env = {
    MLFLOW_TRACKING_URI: url,
    ...(auth ? { MLFLOW_TRACKING_USERNAME: ADMIN.username, MLFLOW_TRACKING_PASSWORD: ADMIN.password } : {}),
  };
  try {
    await waitForHealth(url, child);
  } catch (cause) {
    await stop();
    throw new Error(`mlflow ${version} did not start: ${log}`, { cause });
  }
  return {
    version,
    url,
    env,
    folder,
    python: (code, args = [], more = {}) => runPython(version, code, args, { ...env, ...more }),
    stop,
  };
}

/** What the basic-auth app needs: 3.17 takes the password from the environment, 2.22 from the file. */
function authEnv(folder: string): Record<string, string> {
  const file = join(folder, 'auth.ini');
  writeFileSync(
    file,
    [
      '[mlflow]',
      'default_permission = READ',
      `database_uri = sqlite:///${join(folder, 'auth.db')}`,
      `admin_username = ${ADMIN.username}`,
      `admin_password = ${ADMIN.password}`,
      'authorization_function = mlflow.server.auth:authenticate_request_basic_auth',
      '',
    ].join('\n'),
  );
  return {
    MLFLOW_AUTH_CONFIG_PATH: file,
    MLFLOW_AUTH_ADMIN_PASSWORD: ADMIN.password,
    MLFLOW_FLASK_SERVER_SECRET_KEY: 'of this test only',
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error(`no port in ${address}`);
  }
  return address.port;
}

async function waitForHealth(url: string, child: ChildProcess): Promise<void> {
  const end = Date.now() + START_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`it ended with ${child.signalCode ?? child.exitCode}`);
    }
    const healthy = await fetch(`${url}/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) {
      return;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`no answer of /health within ${START_MS / 1000} s`);
}

async function endGroup(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  signalGroup(child);
  await ended;
}

function signalGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // Nothing of it runs any more.
  }
}
