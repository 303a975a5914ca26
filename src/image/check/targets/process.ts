import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { IMAGE_PATHS } from '../../plan.ts';
import { modelOf, noServer, type StoredImage, storedSize, unpackOwn } from '../stored.ts';
import { type Ended, lacking, type Running, type Target } from '../target.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Lines of the log that are kept. */
const LOG_LINES = 12;

/** The image's own layers, unpacked, and its entry point run by this machine's Node. */
export function processTarget(
  name: string,
  image: StoredImage,
  { env, signal }: { readonly env: Env; readonly signal: AbortSignal },
): Target {
  const noContainer = 'no engine: the server ran on this machine without a container';
  const { Entrypoint: entrypoint, Healthcheck: health } = image.config.config ?? {};
  // Both run Node on a file of the server; anything else in their place would be another program of this machine.
  if (!runsServer(entrypoint ?? [])) {
    throw noServer(name, 'entry point of Node on the server');
  }
  const hasCheck = health?.Test[0] === 'CMD' && runsServer(health.Test.slice(1));
  let folder: string | null = null;
  let kill: (() => Promise<void>) | null = null;
  return {
    kind: 'process',
    name,
    digests: image.digests,
    platform: image.platform,
    lacks: {
      limits: noContainer,
      confinement: noContainer,
      ...(hasCheck ? {} : { healthcheck: 'the image has no health check that Node runs' }),
    },
    unchecked: [
      `base: no engine: Node.js ${process.versions.node} of this machine ran the server, not the base's`,
      ...image.otherPlatforms.map((platform) => `${platform}: only ${image.platform} was tested`),
    ],
    model: () => modelOf(image, name, signal),
    size: () => storedSize(image, signal),
    async start() {
      folder = await mkdtemp(join(tmpdir(), 'loadline-test-'));
      await unpackOwn(image, name, folder, signal);
      const { running, end } = await startProcess(image, folder, env);
      kill = end;
      return running;
    },
    async close() {
      await kill?.();
      if (folder !== null) {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function runsServer([program, file]: readonly string[]): boolean {
  return (
    program === 'node' && file !== undefined && posix.normalize(file).startsWith(`${IMAGE_PATHS.server}/`)
  );
}

async function startProcess(
  image: StoredImage,
  folder: string,
  env: Env,
): Promise<{ running: Running; end: () => Promise<void> }> {
  const port = await freePort();
  const own = Object.fromEntries(
    (image.config.config?.Env ?? []).map((entry) => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1),
    ]),
  );
  const childEnv = {
    ...own,
    // Where this machine's programs are, not the image's.
    PATH: env.PATH,
    LOADLINE_HOST: '127.0.0.1',
    LOADLINE_PORT: String(port),
    LOADLINE_MODEL: join(folder, IMAGE_PATHS.model),
  };
  const [entry = '', ...args] = (image.config.config?.Entrypoint ?? []).slice(1);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(folder, entry), ...args, ...(image.config.config?.Cmd ?? [])], {
    cwd: folder,
    env: childEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C reaches the test only, which then ends it; and its workers end with it.
    detached: true,
  });
  let lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      lines = [...lines, ...text.trimEnd().split('\n')].slice(-LOG_LINES);
    });
  }
  const ended = once(child, 'close').then(
    ([code, signal]): Ended => ({
      code: code as number | null,
      reason: signal === null ? null : `signal ${signal}`,
      outOfMemory: false,
    }),
    (error: Error): Ended => ({ code: null, reason: error.message, outOfMemory: false }),
  );
  return {
    running: {
      url: `http://127.0.0.1:${port}`,
      startedAt,
      ended,
      log: async () => lines.join('\n').trim(),
      healthcheck: () => runHealthcheck(image, folder, childEnv),
      usage: lacking,
      confinement: lacking,
      async signal(signal) {
        child.kill(signal);
      },
    },
    async end() {
      if (child.pid !== undefined) {
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has ended.
        }
        await ended;
      }
    },
  };
}

/** The image's health check with this machine's Node. */
async function runHealthcheck(
  image: StoredImage,
  folder: string,
  env: Env,
): Promise<{ code: number; output: string }> {
  const [, , script = '', ...args] = image.config.config?.Healthcheck?.Test ?? [];
  const child = spawn(process.execPath, [join(folder, script), ...args], {
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? -1, output: output.trim() };
}

/** A port that nobody holds at this moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
