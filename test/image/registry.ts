/** Debian's docker-registry as a process of its own on a free port of loopback, its blobs in a temporary folder. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { toolsMissing } from './engine.ts';

export interface TestRegistryOptions {
  /** Basic auth with one account. */
  readonly htpasswd?: { readonly user: string; readonly password: string };
  /** HTTPS; the certificate is for 127.0.0.1, localhost and registry.test. */
  readonly tls?: boolean;
  /** Tokens of this server are asked for (test/image/tokens.ts). */
  readonly token?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    /** PEM file of the key that signs. */
    readonly certificate: string;
  };
  /** Uploads go to an address without a host. Default false, as docker-registry's own. */
  readonly relativeUrls?: boolean;
}

export interface TestRegistry {
  /** `127.0.0.1:PORT`: the registry in names of images. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`, or https. */
  readonly url: string;
  readonly port: number;
  /** PEM file of the authority that signed its certificate; null without TLS. */
  readonly authority: string | null;
  /** Its temporary folder; blobs are under `data`. */
  readonly folder: string;
  stop(): Promise<void>;
}

const LISTENING = /listening on (?:127\.0\.0\.1:)(\d+)/;

/** Why no registry can be started here; null where one can. */
export function registryMissing(): string | null {
  return toolsMissing(['docker-registry', 'openssl', 'perl', 'setpriv']);
}

/**
 * Starts an empty registry and waits until it listens.
 *
 * @param t the test to end with; without one, call `stop`.
 */
export async function startRegistry(
  options: TestRegistryOptions = {},
  t?: Pick<TestContext, 'after'>,
): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'loadline-registry-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clean);
  const certificate = options.tls === true ? makeCertificate(folder) : null;
  const { token } = options;
  const auth =
    token !== undefined
      ? {
          token: {
            realm: token.realm,
            service: token.service,
            issuer: token.issuer,
            rootcertbundle: token.certificate,
          },
        }
      : options.htpasswd !== undefined
        ? { htpasswd: { realm: 'loadline tests', path: writeHtpasswd(folder, options.htpasswd) } }
        : undefined;
  const config = {
    version: '0.1',
    log: { level: 'info' },
    storage: {
      filesystem: { rootdirectory: join(folder, 'data') },
      delete: { enabled: true },
    },
    http: {
      addr: '127.0.0.1:0',
      relativeurls: options.relativeUrls === true,
      ...(certificate === null ? {} : { tls: { certificate: certificate.chain, key: certificate.key } }),
    },
    ...(auth === undefined ? {} : { auth }),
  };
  const path = join(folder, 'config.yml');
  writeFileSync(path, JSON.stringify(config));

  // It ends with this process, however that ends.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'docker-registry', 'serve', path], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
  });
  const ended = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    process.off('exit', clean);
    clean();
  };
  t?.after(stop);
  const port = await new Promise<number>((resolve, reject) => {
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = `${log}${text}`.slice(-65_536);
      const found = LISTENING.exec(log);
      if (found !== null) {
        resolve(Number(found[1]));
      }
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`the registry did not start: ${log}`)));
  });
  const host = `127.0.0.1:${port}`;
  return {
    host,
    url: `${options.tls === true ? 'https' : 'http'}://${host}`,
    port,
    authority: certificate?.authority ?? null,
    folder,
    stop,
  };
}

/** Bcrypt, the only kind that docker-registry takes; perl's crypt is that of the C library, which has it on Debian. */
function writeHtpasswd(
  folder: string,
  account: { readonly user: string; readonly password: string },
): string {
  const script = 'print crypt($ARGV[0], q($2y$05$abcdefghijklmnopqrstuu))';
  const hash = execFileSync('perl', ['-e', script, account.password], { encoding: 'utf8' });
  const path = join(folder, 'htpasswd');
  writeFileSync(path, `${account.user}:${hash}\n`);
  return path;
}

export interface Certificate {
  readonly key: string;
  readonly chain: string;
  /** Who signed it. */
  readonly authority: string;
}

/** Makes an authority and a certificate signed by it, good for two days; PEM files in `folder`/tls. */
export function makeCertificate(folder: string): Certificate {
  const tls = join(folder, 'tls');
  mkdirSync(tls, { recursive: true });
  const paths = {
    key: join(tls, 'server.key'),
    chain: join(tls, 'server.pem'),
    authority: join(tls, 'ca.pem'),
  };
  const authorityKey = join(tls, 'ca.key');
  const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  openssl([
    ...make,
    '-subj',
    '/CN=loadline test authority',
    '-keyout',
    authorityKey,
    '-out',
    paths.authority,
  ]);
  openssl([
    ...make,
    ...['-subj', '/CN=registry.test', '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'subjectAltName=DNS:registry.test,DNS:localhost,IP:127.0.0.1'],
    ...['-CA', paths.authority, '-CAkey', authorityKey, '-keyout', paths.key, '-out', paths.chain],
  ]);
  return paths;
}

export function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
