/** The `Authorization` of requests to one registry: basic, or tokens as the distribution specification describes them. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { LoadlineError } from '../../errors.ts';
import { type HttpRequest, readBody } from '../../net/transport.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { allowsPlain } from './endpoint.ts';
import { answerFailure, connectionFailure, type Doing, placeOf } from './failures.ts';

/** What a token is to allow: `repository:team/app:pull`. */
export type Scope = `repository:${string}:${'pull' | 'pull,push'}`;

export interface AuthorizerOptions {
  /** The registry's name, for messages. */
  readonly name: string;
  readonly insecure: boolean;
  readonly clock: Clock;
  /** Called once, when the registry first asks. */
  readonly credentials: () => Promise<Credentials | null>;
  readonly send: (request: HttpRequest) => Promise<IncomingMessage>;
}

export interface Authorizer {
  /** What to send at once, or null where the registry has not asked for anything. */
  header(scopes: readonly Scope[], doing: Doing): Promise<string | null>;
  /**
   * What to send instead of `refused`, to which the registry answered with these challenges; null when there is nothing
   * else to send.
   *
   * @throws LoadlineError LL6004 when the token server refuses, what `credentials` throws; Passing when it may work later.
   */
  answer(
    challenges: readonly Challenge[],
    scopes: readonly Scope[],
    refused: string | null,
    doing: Doing,
  ): Promise<string | null>;
  /** Who asks, for messages: `as user "ada"`. */
  readonly account: string;
}

interface Token {
  readonly header: string;
  readonly expiresMs: number;
}

/** Held from the moment it is asked for, so that requests at the same time ask once. */
interface Held {
  readonly fetched: Promise<Token>;
  /** Null while it is under way. */
  token: Token | null;
}

/** Of a token that does not say, by the specification. */
const DEFAULT_LIFE_SEC = 60;
/** A token is left so long before its end, for the way to the registry. */
const MARGIN_SEC = 5;
const MAX_TOKEN_BYTES = 1 << 20;
const CLIENT = 'loadline';

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { name, insecure, clock, send } = options;
  let known: Promise<Credentials | null> | null = null;
  let account = 'without credentials (none are set up for it)';
  /** How the registry wants to be asked. */
  let basic: string | null = null;
  let realm: { readonly url: URL; readonly service: string | undefined } | null = null;
  /** By scopes. */
  const tokens = new Map<string, Held>();

  const credentials = async (): Promise<Credentials | null> => {
    known ??= options.credentials();
    const found = await known;
    if (found !== null) {
      account = found.kind === 'password' ? `as user "${found.user}"` : 'with an identity token';
    }
    return found;
  };

  const fetchToken = async (scopes: readonly Scope[], doing: Doing): Promise<Token> => {
    const { url, service } = realm!;
    const found = await credentials();
    if (found !== null && url.protocol === 'http:' && !allowsPlain(url, insecure)) {
      throw new LoadlineError(
        'LL6004',
        `Cannot ${doing.what}: ${name} wants the credentials sent to ${url.host} without encryption`,
        { where: placeOf(doing), fix: 'Pass --insecure if that is meant so.' },
      );
    }
    const asked = clock.now();
    let body: Buffer;
    try {
      const response = await send(tokenRequest(url, service, scopes, found));
      if (response.statusCode !== 200) {
        throw await answerFailure(response, doing, url.host, account);
      }
      body = await readBody(response, MAX_TOKEN_BYTES);
    } catch (error) {
      throw connectionFailure(error, url.host, doing);
    }
    const { token, lifeSec } = parseToken(body.toString('utf8'), url.host, doing);
    return { header: `Bearer ${token}`, expiresMs: asked + (lifeSec - MARGIN_SEC) * 1000 };
  };

  const tokenFor = async (
    scopes: readonly Scope[],
    refused: string | null,
    doing: Doing,
  ): Promise<string> => {
    const key = scopes.toSorted().join(' ');
    const held = tokens.get(key);
    if (held !== undefined && isGood(held.token, refused, clock.now())) {
      return (await held.fetched).header;
    }
    const next: Held = { fetched: fetchToken(scopes, doing), token: null };
    tokens.set(key, next);
    next.fetched.then(
      (token) => {
        next.token = token;
      },
      () => tokens.delete(key),
    );
    return (await next.fetched).header;
  };

  return {
    async header(scopes, doing) {
      return realm === null ? basic : tokenFor(scopes, null, doing);
    },
    async answer(challenges, scopes, refused, doing) {
      const bearer = challenges.find(
        ({ scheme, params }) => scheme === 'bearer' && params.realm !== undefined,
      );
      if (bearer !== undefined) {
        realm = { url: realmUrl(bearer, name, doing), service: bearer.params.service };
        return tokenFor(scopes, refused, doing);
      }
      if (!challenges.some(({ scheme }) => scheme === 'basic')) {
        return null;
      }
      const found = await credentials();
      if (found?.kind !== 'password') {
        return null;
      }
      basic = basicHeader(found.user, found.password);
      return basic === refused ? null : basic;
    },
    get account() {
      return account;
    },
  };
}

function isGood(token: Token | null, refused: string | null, now: number): boolean {
  return token === null || (token.header !== refused && token.expiresMs > now);
}

function basicHeader(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** A GET with the password, or a POST with the identity token, by the specifications "token" and "oauth" of distribution. */
function tokenRequest(
  realm: URL,
  service: string | undefined,
  scopes: readonly Scope[],
  credentials: Credentials | null,
): HttpRequest {
  const headers = { Accept: 'application/json' };
  if (credentials?.kind === 'identity') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: CLIENT,
      refresh_token: credentials.token,
      scope: scopes.join(' '),
      ...(service === undefined ? {} : { service }),
    });
    const bytes = Buffer.from(form.toString());
    return {
      method: 'POST',
      url: realm,
      headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
      body: { size: bytes.length, open: () => Readable.from([bytes]) },
    };
  }
  const url = new URL(realm);
  if (service !== undefined) {
    url.searchParams.set('service', service);
  }
  for (const scope of scopes) {
    url.searchParams.append('scope', scope);
  }
  return {
    method: 'GET',
    url,
    headers:
      credentials === null
        ? headers
        : { ...headers, Authorization: basicHeader(credentials.user, credentials.password) },
  };
}

function realmUrl(challenge: Challenge, name: string, doing: Doing): URL {
  const text = challenge.params.realm ?? '';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new LoadlineError(
      'LL6006',
      `Cannot ${doing.what}: ${name} names "${text.slice(0, 200)}" as its token server`,
      { where: placeOf(doing) },
    );
  }
  return url;
}

function parseToken(body: string, host: string, doing: Doing): { token: string; lifeSec: number } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    value = null;
  }
  const { token, access_token, expires_in } = Object(value) as Record<string, unknown>;
  const found = [token, access_token].find((one) => typeof one === 'string' && one !== '');
  // Not quoted: what is there may be a secret. A line break in it would end the header.
  if (typeof found !== 'string' || !/^[\x21-\x7e]+$/.test(found)) {
    throw new LoadlineError(
      'LL6006',
      `Cannot ${doing.what}: expected a token from ${host}, found something else`,
      {
        where: placeOf(doing),
      },
    );
  }
  return { token: found, lifeSec: typeof expires_in === 'number' ? expires_in : DEFAULT_LIFE_SEC };
}
