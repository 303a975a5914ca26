/** Runs the docker command line, and reads what it says when it fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ErrorCode, type ErrorDetail, LoadlineError } from '../../errors.ts';

export interface DockerOptions {
  /** Of the command line: PATH finds it; DOCKER_HOST, contexts and credentials are its own business. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

export interface DockerRun extends DockerOptions {
  /** Standard input; none by default. */
  readonly input?: Readable;
  /** Called for each line of stdout and of stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /**
   * Milliseconds that an interruption leaves docker to finish by itself once it has its input, asked for when it comes and
   * again when they are over; 0 by default. The engine goes on for a while with what a command line was ended in the
   * middle of, and nobody sees what it makes.
   */
  readonly graceMs?: () => number;
}

export interface DockerOutcome {
  /** Exit code; −1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long docker may take to end after it was asked to. */
const END_MS = 5_000;

/** What writing to a program that has ended gives; its own words say why it did. */
const ENDED_EARLY = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']);

/**
 * Runs `docker ARGS` and gives how it ended, a failure too. An abort ends docker; this rejects once it has ended.
 *
 * @throws LoadlineError LL6009 where there is no docker; LL6017 when interrupted; what `input` throws.
 */
export async function runDocker(args: readonly string[], options: DockerRun): Promise<DockerOutcome> {
  const { env, signal, input, onLine, graceMs } = options;
  throwIfInterrupted(signal);
  const child = spawn('docker', args, {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own: Ctrl-C at a terminal reaches Loadline only, which then ends docker in order.
    detached: true,
  });
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    child.kill('SIGTERM');
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  };
  let isFed = false;
  const wait = (waitedMs: number): void => {
    const leftMs = isFed ? (graceMs?.() ?? 0) - waitedMs : 0;
    if (leftMs <= 0) {
      end();
    } else {
      timer = setTimeout(() => wait(waitedMs + leftMs), leftMs);
    }
  };
  const interrupted = (): void => wait(0);
  signal.addEventListener('abort', interrupted, { once: true });
  let fault: unknown = null;
  const fed = pipeline(input ?? [], child.stdin).then(
    () => {
      isFed = true;
    },
    (error: NodeJS.ErrnoException) => {
      if (!ENDED_EARLY.has(error.code ?? '')) {
        fault = error;
        end();
      }
    },
  );
  const texts = { stdout: '', stderr: '' };
  const read = async (name: 'stdout' | 'stderr'): Promise<void> => {
    for await (const line of createInterface({ input: child[name], crlfDelay: Number.POSITIVE_INFINITY })) {
      texts[name] += `${line}\n`;
      onLine?.(line);
    }
  };
  try {
    const [[code]] = await Promise.all([
      once(child, 'close') as Promise<[number | null]>,
      read('stdout'),
      read('stderr'),
      fed,
    ]);
    throwIfInterrupted(signal);
    if (fault !== null) {
      throw fault;
    }
    return { code: code ?? -1, ...texts };
  } catch (error) {
    if (child.pid === undefined) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new LoadlineError(
        'LL6009',
        `Cannot run docker: ${code === 'ENOENT' ? 'it is not in PATH' : message}`,
        {
          cause: error,
        },
      );
    }
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupted);
  }
}

/**
 * Runs `docker ARGS` and gives its stdout.
 *
 * @param action what fails when it fails, as in `Cannot ${action}`.
 * @throws LoadlineError what `runDocker` throws, and what `dockerFailure` makes of a failure.
 */
export async function docker(action: string, args: readonly string[], options: DockerRun): Promise<string> {
  const outcome = await runDocker(args, options);
  if (outcome.code !== 0) {
    throw dockerFailure(action, outcome);
  }
  return outcome.stdout;
}

/** Throws LL6017 once `signal` has fired. */
export function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new LoadlineError('LL6017', 'Interrupted');
  }
}

const START_ENGINE =
  'Start Docker (on Linux: sudo systemctl start docker), or build with --engine none, which needs none.';
const JOIN_GROUP =
  'Add yourself to the group docker (sudo usermod -aG docker "$USER") and log in again, or build with --engine none.';

const UPDATE_DOCKER =
  'Update the docker command line or the engine, or build with --engine none, which needs none.';

/**
 * What the engine and its registries say, and which error it is; the first that fits. The words are those of Docker 20.10
 * to 28, of the classic builder and of BuildKit.
 */
const WORDS: readonly (readonly [RegExp, ErrorCode, ErrorDetail?])[] = [
  [/permission denied while trying to connect/i, 'LL6009', { fix: JOIN_GROUP }],
  [
    /cannot connect to the docker daemon|error during connect|is the docker daemon running/i,
    'LL6009',
    { fix: START_ENGINE },
  ],
  [/client version \S+ is too (?:old|new)/i, 'LL6009', { fix: UPDATE_DOCKER }],
  [/toomanyrequests|too many requests/i, 'LL6005'],
  // Before "denied": Docker Hub says both of an image that is not there.
  [
    /repository does not exist|manifest unknown|manifest for \S+ not found|name unknown|does not exist locally/i,
    'LL6002',
  ],
  [/(?:source metadata|metadata for|manifests\/)[\s\S]*: not found/i, 'LL6002'],
  [/no matching manifest for|no match for platform|does not match the specified platform/i, 'LL6015'],
  [/unauthorized|authentication required|no basic auth credentials|authorization failed/i, 'LL6004'],
  [/access (?:to the resource is )?denied|\bdenied: |\b403 forbidden|\bHTTP 403\b/i, 'LL6004'],
  [/unexpected (?:HTTP )?status.*\b5\d\d\b/i, 'LL6006'],
  [/filesystem layer verification failed|unexpected commit digest|failed precondition.*digest/i, 'LL6007'],
  [/dial tcp|no such host|connection re(?:fused|set)|network is unreachable/i, 'LL6003'],
  [/timeout|deadline exceeded|\bEOF\b|tls: |x509: |server gave HTTP response/i, 'LL6003'],
];

/** The last lines of a failure say why. */
const LAST_LINES = 6;

/** What a failed docker means, its last lines of stderr in the message. */
export function dockerFailure(action: string, outcome: DockerOutcome, where?: string): LoadlineError {
  const words = lastWords(outcome);
  const [, code, detail] = WORDS.find(([pattern]) => pattern.test(words)) ?? [null, 'LL6010' as const];
  return new LoadlineError(code, `Cannot ${action}: ${words}`, {
    ...(where === undefined ? {} : { where }),
    ...detail,
  });
}

function lastWords({ code, stdout, stderr }: DockerOutcome): string {
  const lines = (stderr.trim() === '' ? stdout : stderr)
    .split('\n')
    .map((line) => line.trim())
    // BuildKit frames what it quotes with dashes.
    .filter((line) => line !== '' && !/^-+$/.test(line));
  return lines.slice(-LAST_LINES).join('\n') || `docker ended with exit code ${code} and said nothing`;
}
