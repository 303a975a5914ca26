/**
 * A stand-in for the token server of a registry such as Docker Hub's: it knows accounts, gives out signed tokens for what
 * they may do, and keeps what it was asked. That the tokens are right is checked by the real docker-registry that trusts
 * the key ("Token Authentication Implementation" of the distribution project).
 */
import { randomUUID, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openssl, type TestRegistryOptions } from './registry.ts';

export interface TokenServerOptions {
  /** User → password. */
  readonly accounts?: Readonly<Record<string, string>>;
  /** Identity token → user. */
  readonly identities?: Readonly<Record<string, string>>;
  /** Whether a user (null: nobody) gets an action. Default: a user all, nobody nothing. */
  readonly allows?: (user: string | null, repository: string, action: string) => boolean;
  /** GHCR refuses the whole request for a scope that is not allowed; others leave it out. Default false. */
  readonly refusesWhole?: boolean;
  /** `token` as Docker Hub, `access_token` as Azure's. Default token. */
  readonly field?: 'token' | 'access_token';
  /** What it says of a token's life. Default 300. */
  readonly lifeSec?: number;
}

export interface TokenRequest {
  readonly method: string;
  readonly scopes: readonly string[];
  readonly user: string | null;
}

export interface TokenServer {
  /** For `startRegistry`. */
  readonly token: NonNullable<TestRegistryOptions['token']>;
  readonly requests: readonly TokenRequest[];
  /** While true, tokens are signed with nothing the registry trusts. */
  isBroken: boolean;
}

const SERVICE = 'loadline tests, registry';
const ISSUER = 'loadline tests, tokens';

/** Starts it; it ends with the test. */
export async function startTokenServer(
  t: Pick<TestContext, 'after'>,
  options: TokenServerOptions = {},
): Promise<TokenServer> {
  const { accounts = {}, identities = {}, field = 'token', lifeSec = 300 } = options;
  const allows = options.allows ?? ((user) => user !== null);
  const folder = mkdtempSync(join(tmpdir(), 'loadline-tokens-'));
  const key = join(folder, 'key.pem');
  const certificate = join(folder, 'certificate.pem');
  openssl([
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=tokens'],
    ...['-keyout', key, '-out', certificate],
  ]);
  const privateKey = readFileSync(key, 'utf8');
  const der = readFileSync(certificate, 'utf8').replace(/-----[^-]+-----|\s/g, '');
  const requests: TokenRequest[] = [];

  const jwt = (user: string | null, access: readonly object[]): string => {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ typ: 'JWT', alg: 'RS256', x5c: [der] })}.${part({
      iss: ISSUER,
      sub: user ?? '',
      aud: SERVICE,
      exp: now + 300,
      nbf: now - 10,
      iat: now - 10,
      jti: randomUUID(),
      access,
    })}`;
    const signature = sign('RSA-SHA256', Buffer.from(server.isBroken ? 'other' : text), privateKey);
    return `${text}.${signature.toString('base64url')}`;
  };

  const listener = createServer(async (request, response) => {
    const answer = (status: number, value: object): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    };
    const asked = await readRequest(request);
    const user =
      asked.refreshToken !== null
        ? (identities[asked.refreshToken] ?? null)
        : asked.account !== null && accounts[asked.account.user] === asked.account.password
          ? asked.account.user
          : null;
    requests.push({ method: request.method ?? '', scopes: asked.scopes, user });
    if (user === null && (asked.account !== null || asked.refreshToken !== null)) {
      answer(401, { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] });
      return;
    }
    if (asked.service !== SERVICE) {
      answer(400, { details: 'unknown service' });
      return;
    }
    let isWhole = true;
    const access = asked.scopes.map((scope) => {
      const [type, name = '', actions = ''] = scope.split(':');
      const wanted = actions.split(',');
      const given = wanted.filter((action) => allows(user, name, action));
      isWhole &&= given.length === wanted.length;
      return { type, name, actions: given };
    });
    if (!isWhole && options.refusesWhole === true) {
      answer(403, { errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] });
      return;
    }
    answer(200, { [field]: jwt(user, access), expires_in: lifeSec, refresh_token: 'never-shown' });
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const { port } = listener.address() as AddressInfo;
  const server: TokenServer = {
    token: { realm: `http://127.0.0.1:${port}/token`, service: SERVICE, issuer: ISSUER, certificate },
    requests,
    isBroken: false,
  };
  return server;
}

interface Asked {
  readonly service: string | null;
  readonly scopes: readonly string[];
  readonly account: { readonly user: string; readonly password: string } | null;
  readonly refreshToken: string | null;
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  if (request.method === 'POST') {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
    }
    const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const isRefresh = form.get('grant_type') === 'refresh_token' && form.has('client_id');
    return {
      service: form.get('service'),
      scopes: (form.get('scope') ?? '').split(' '),
      account: null,
      refreshToken: isRefresh ? form.get('refresh_token') : '',
    };
  }
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const [user = '', ...rest] = Buffer.from(basic ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return {
    service: searchParams.get('service'),
    scopes: searchParams.getAll('scope'),
    account: basic === undefined ? null : { user, password: rest.join(':') },
    refreshToken: null,
  };
}
