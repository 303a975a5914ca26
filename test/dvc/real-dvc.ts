/** Repositories made by the real DVC, and an HTTP server that it pushes to. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** Why the real DVC cannot run here; null where it can. For `test`'s `skip`. */
export function dvcMissing(): string | null {
  const path = process.env.LOADLINE_DVC_PYTHON;
  if (path === undefined) {
    return 'LOADLINE_DVC_PYTHON is not set: `make test` installs DVC and sets it';
  }
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch {
    return `LOADLINE_DVC_PYTHON is ${path}, which is not there (tools/test-env.sh installs it)`;
  }
}

/** A folder of the test's own with DVC's machine-wide folders in it. */
export interface Workplace {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** A new Git and DVC repository. */
  repository(name: string): Promise<Repository>;
  /** Runs a program in DVC's Python; gives what it wrote to stdout. */
  python(cwd: string, code: string, args?: readonly string[]): Promise<string>;
  remove(): void;
}

export interface Repository {
  readonly folder: string;
  readonly cache: string;
  /** Runs commands of DVC one after the other, as in `dvc('add model.pkl', 'push')`; gives what they wrote to stdout. */
  dvc(...commands: string[]): Promise<string>;
}

const RUN = `
import shlex, sys
from dvc.cli import main
for command in sys.argv[1:]:
    code = main(shlex.split(command))
    if code != 0:
        sys.exit(f"dvc {command}: exit {code}")
`;

export function openWorkplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-dvc-'));
  const env = {
    ...process.env,
    DVC_NO_ANALYTICS: '1',
    DVC_GLOBAL_CONFIG_DIR: join(folder, 'user'),
    DVC_SYSTEM_CONFIG_DIR: join(folder, 'machine'),
    DVC_SITE_CACHE_DIR: join(folder, 'site'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    // A test's own server is not behind a proxy.
    NO_PROXY: '127.0.0.1',
  } as Record<string, string>;
  const run = (cwd: string, program: string, args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(program, args, { cwd, env, timeout: 120_000 }, (error, stdout, stderr) => {
        error === null ? resolve(stdout) : reject(new Error(`${error.message}\n${stdout}${stderr}`));
      });
    });
  const python = (cwd: string, code: string, args: readonly string[] = []): Promise<string> =>
    run(cwd, process.env.LOADLINE_DVC_PYTHON ?? '', ['-c', code, ...args]);
  return {
    folder,
    env,
    python,
    async repository(name) {
      const root = join(folder, name);
      mkdirSync(root);
      await run(root, 'git', ['init', '--quiet']);
      const dvc = (...commands: string[]): Promise<string> => python(root, RUN, commands);
      await dvc('init --quiet');
      return { folder: root, cache: join(root, '.dvc', 'cache'), dvc };
    },
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every file below a folder with its content's sha256, as lines. */
export function listing(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => `${path} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`)
    .join('\n');
}

export interface FileServer {
  readonly url: string;
  /** What was put, by path. */
  readonly files: Map<string, Buffer>;
  /** Method, path and headers of each request. */
  readonly asked: { readonly what: string; readonly headers: IncomingHttpHeaders }[];
  /** Answers in the place of the server where it gives true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** What an HTTP remote of DVC is: GET and HEAD of files, PUT to make them. */
export async function openFileServer(): Promise<FileServer> {
  const files = new Map<string, Buffer>();
  const asked: FileServer['asked'] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    asked.push({ what: `${request.method} ${path}`, headers: request.headers });
    if (opened.intercept(request, response)) {
      return;
    }
    if (request.method === 'PUT') {
      files.set(path, await buffer(request));
      response.writeHead(201).end();
      return;
    }
    const content = files.get(path);
    if (content === undefined) {
      response.writeHead(404).end('not here');
      return;
    }
    response.writeHead(200, { 'Content-Length': content.length });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const opened: FileServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    asked,
    intercept: () => false,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return opened;
}
