/** Who one is at a registry: what `docker login` and `podman login` left, and Docker's credential helpers. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import { oneLine } from '../../net/fault.ts';

export type Credentials =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** An OAuth2 refresh token. */
  | { readonly kind: 'identity'; readonly token: string };

type Env = Readonly<Record<string, string | undefined>>;

/** The key of Docker Hub, from the days of its first protocol. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HUB_NAMES = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);
/** What a helper says as its user when its secret is an identity token. */
const TOKEN_USER = '<token>';
/** A helper may ask a person to unlock a key ring. */
const HELPER_MS = 60_000;
const MAX_HELPER_BYTES = 1 << 20;

interface AuthEntry {
  readonly auth?: unknown;
  readonly username?: unknown;
  readonly password?: unknown;
  readonly identitytoken?: unknown;
}

interface ConfigFile {
  readonly path: string;
  readonly auths: Readonly<Record<string, AuthEntry>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: unknown;
}

/**
 * What is known for a registry, or null. Asked are $REGISTRY_AUTH_FILE, then config.json of $DOCKER_CONFIG or ~/.docker:
 * in each the registry's own helper, the helper for all, the entries of the file. Podman's entries for a part of a
 * registry (`quay.io/team`) are not looked at.
 *
 * @throws LoadlineError LL1005 for a file that cannot be read, LL1002 for a helper that is not installed, LL6004 for one
 * that fails.
 */
export async function findCredentials(
  registry: string,
  env: Env,
  signal: AbortSignal,
): Promise<Credentials | null> {
  for (const path of configPaths(env)) {
    const file = await readConfig(path);
    const found = file === null ? null : await lookUp(registry, file, env, signal);
    if (found !== null) {
      return found;
    }
  }
  return null;
}

/** The files asked, in their order. */
export function configPaths(env: Env): readonly string[] {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const own = join(folder, 'config.json');
  return env.REGISTRY_AUTH_FILE ? [env.REGISTRY_AUTH_FILE, own] : [own];
}

async function readConfig(path: string): Promise<ConfigFile | null> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new LoadlineError('LL1005', `Cannot read the registry credentials of "${path}": ${why}`, {
      where: path,
      cause,
    });
  };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : refuse(message, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // No cause: the parser quotes what it stumbled over.
    return refuse('it is not JSON');
  }
  if (!isRecord(value)) {
    return refuse('expected an object');
  }
  const { auths = {}, credHelpers = {}, credsStore } = value;
  if (!isRecord(auths) || !Object.values(auths).every(isRecord)) {
    return refuse('expected "auths" to hold an object for each registry');
  }
  if (!isRecord(credHelpers)) {
    return refuse('expected "credHelpers" to be an object');
  }
  return { path, auths: auths as Record<string, AuthEntry>, credHelpers, credsStore };
}

async function lookUp(
  registry: string,
  file: ConfigFile,
  env: Env,
  signal: AbortSignal,
): Promise<Credentials | null> {
  const key = HUB_NAMES.has(registry) ? HUB_KEY : registry;
  const own = Object.entries(file.credHelpers).find(([name]) => isKeyOf(name, registry))?.[1];
  for (const helper of [own, file.credsStore]) {
    if (typeof helper === 'string' && helper !== '') {
      const found = await askHelper(helper, key, file.path, env, signal);
      if (found !== null) {
        return found;
      }
    }
  }
  // The exact key goes before its other spellings.
  const names = Object.keys(file.auths).filter((name) => isKeyOf(name, registry));
  for (const name of names.sort((a, b) => Number(b === key) - Number(a === key))) {
    const found = decodeEntry(file.auths[name] ?? {}, name, file.path);
    if (found !== null) {
      return found;
    }
  }
  return null;
}

/** Whether an entry is for a registry: written with or without https:// and the path of the protocol. */
function isKeyOf(key: string, registry: string): boolean {
  const host = key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
  return host === registry || (HUB_NAMES.has(registry) && HUB_NAMES.has(host));
}

/** An empty entry is what `docker login` leaves when a helper keeps the secret. */
function decodeEntry(entry: AuthEntry, name: string, path: string): Credentials | null {
  if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') {
    return { kind: 'identity', token: entry.identitytoken };
  }
  if (typeof entry.auth === 'string' && entry.auth !== '') {
    const text = Buffer.from(entry.auth, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 1) {
      throw new LoadlineError(
        'LL1005',
        `Cannot read the registry credentials of "${path}": "auth" of "${name}" is not user:password in base64`,
        { where: path, fix: `Log in again with docker login ${name}.` },
      );
    }
    // Docker pads with zero bytes.
    return {
      kind: 'password',
      user: text.slice(0, colon),
      password: text.slice(colon + 1).replace(/\0+$/, ''),
    };
  }
  if (typeof entry.username === 'string' && typeof entry.password === 'string' && entry.username !== '') {
    return { kind: 'password', user: entry.username, password: entry.password };
  }
  return null;
}

/** Runs `docker-credential-<name> get` with the registry on its stdin, by Docker's helper protocol. */
async function askHelper(
  name: string,
  key: string,
  path: string,
  env: Env,
  signal: AbortSignal,
): Promise<Credentials | null> {
  const program = `docker-credential-${name}`;
  const fail = (why: string): never => {
    throw new LoadlineError('LL6004', `${program} gives no credentials for ${key}: ${why}`, {
      where: path,
      fix: `Run \`echo ${key} | ${program} get\` to see for yourself, or take the helper out of the file.`,
    });
  };
  if (!/^[\w.-]+$/.test(name)) {
    return fail(`"${name}" is not the name of a helper`);
  }
  const { failure, stdout, stderr } = await run(program, key, path, env, signal);
  if (failure !== null) {
    // Helpers complain on stdout.
    const words = stdout.trim() === '' ? stderr : stdout;
    return /credentials not found/i.test(words) ? null : fail(oneLine(words) || failure);
  }
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    answer = null;
  }
  // Not quoted: it may hold a secret.
  if (!isRecord(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string') {
    return fail('expected an object with Username and Secret');
  }
  const { Username: user, Secret: secret } = answer;
  if (secret === '') {
    return null;
  }
  return user === TOKEN_USER
    ? { kind: 'identity', token: secret }
    : { kind: 'password', user, password: secret };
}

interface Run {
  /** Null for success. */
  readonly failure: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, input: string, path: string, env: Env, signal: AbortSignal): Promise<Run> {
  return new Promise((resolve, reject) => {
    // Not spawn's own time-out, which keeps the process alive after a program that could not be started.
    const either = AbortSignal.any([signal, AbortSignal.timeout(HELPER_MS)]);
    const child = spawn(program, ['get'], { env, signal: either, stdio: 'pipe' });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
        if (texts[name].length > MAX_HELPER_BYTES) {
          child.kill();
        }
      });
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      // What it started itself may hold them open.
      child.stdout.destroy();
      child.stderr.destroy();
      if (either.aborted && !signal.aborted) {
        resolve({ failure: `it did not answer in ${HELPER_MS / 1000} s`, stdout: '', stderr: '' });
        return;
      }
      reject(
        error.code === 'ENOENT' || error.code === 'EACCES'
          ? new LoadlineError(
              'LL1002',
              `${program} is not on the PATH, but "${path}" names it for the credentials of ${input}`,
              { where: path, fix: `Install ${program}, or take it out of the file.` },
            )
          : error,
      );
    });
    child.once('close', (code, killed) =>
      resolve({ failure: code === 0 ? null : `it ended with ${code ?? killed}`, ...texts }),
    );
    // A helper may end before it has read its input.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
