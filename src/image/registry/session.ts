/** Requests to one endpoint: over the scheme it speaks, with the authorization it wants, along its redirects. */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../clock.ts';
import { LoadlineError } from '../../errors.ts';
import { isNotTls, isRefused } from '../../net/fault.ts';
import type { Passing } from '../../net/retry.ts';
import type { Body, HttpRequest, Transport } from '../../net/transport.ts';
import { createAuthorizer, type Scope } from './auth.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { allowsPlain, type Endpoint } from './endpoint.ts';
import { answerFailure, connectionFailure, type Doing, placeOf } from './failures.ts';

export interface SessionRequest {
  readonly method: HttpRequest['method'];
  /** After `/v2/`, such as `team/app/manifests/v1`; or where an answer said to go. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly scopes: readonly Scope[];
  readonly doing: Doing;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
  /** Who answered, after redirects. */
  readonly url: URL;
}

export interface Session {
  readonly endpoint: Endpoint;
  /**
   * The answer of whatever status, redirects of GET and HEAD followed; its body is the caller's to read or to destroy.
   *
   * @throws Passing with LL6003 or what a token server's failure is; LoadlineError LL6003 and LL6004 for good.
   */
  send(request: SessionRequest): Promise<Answer>;
  /** The URL of a Location header of an answer. */
  locate(answer: Answer, doing: Doing): URL;
  /** What an answer that was not wanted stands for. */
  failure(answer: Answer, doing: Doing): Promise<LoadlineError | Passing>;
}

export interface SessionOptions {
  readonly insecure: boolean;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly credentials: (registry: string) => Promise<Credentials | null>;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export function openSession(endpoint: Endpoint, options: SessionOptions): Session {
  const { insecure, transport, clock } = options;
  const auth = createAuthorizer({
    name: endpoint.name,
    insecure,
    clock,
    credentials: () => options.credentials(endpoint.name),
    send: transport.send,
  });
  /** The one that spoke. */
  let origin: URL | null = endpoint.origins.length === 1 ? endpoint.origins[0]! : null;

  /** Sends to the registry itself, and finds out its scheme. */
  const sendHome = async (
    request: SessionRequest,
    target: string,
    authorization: string | null,
  ): Promise<Answer> => {
    const candidates = origin === null ? endpoint.origins : [origin];
    for (const [i, candidate] of candidates.entries()) {
      try {
        const answer = await sendTo(request, new URL(target, candidate), authorization);
        origin = candidate;
        return answer;
      } catch (error) {
        if (i === candidates.length - 1 || !(isNotTls(error) || isRefused(error))) {
          throw error;
        }
      }
    }
    throw new Error(`${endpoint.name} has no origin`);
  };

  const sendTo = async (request: SessionRequest, url: URL, authorization: string | null): Promise<Answer> => {
    const { method, headers, body } = request;
    const response = await transport.send({
      method,
      url,
      headers: authorization === null ? { ...headers } : { ...headers, Authorization: authorization },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.statusCode ?? 0, headers: response.headers, body: response, url };
  };

  const locate = (answer: Answer, doing: Doing): URL => {
    const { location } = answer.headers;
    if (location === undefined || !URL.canParse(location, answer.url.href)) {
      throw new LoadlineError(
        'LL6006',
        `Cannot ${doing.what}: ${answer.url.host} sends on to "${location ?? ''}", which is not an address`,
        { where: placeOf(doing) },
      );
    }
    const url = new URL(location, answer.url);
    if (url.host === answer.url.host && answer.url.protocol === 'https:') {
      // A registry behind a proxy that ends TLS may believe that it speaks plain HTTP.
      url.protocol = 'https:';
    }
    const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && allowsPlain(url, insecure));
    if (!isSafe && url.origin !== answer.url.origin) {
      throw new LoadlineError(
        'LL6006',
        `Cannot ${doing.what}: ${answer.url.host} sends on to ${url.protocol}//${url.host}, which is not encrypted`,
        { where: placeOf(doing), fix: 'Pass --insecure if that is meant so.' },
      );
    }
    return url;
  };

  const send = async (request: SessionRequest): Promise<Answer> => {
    const { method, target, scopes, doing } = request;
    let host = origin?.host ?? endpoint.origins[0]!.host;
    try {
      /** Null once another host than the registry's is asked: it never gets the authorization. */
      let home: string | null = typeof target === 'string' ? `/v2/${target}` : null;
      let url: URL | null = null;
      if (typeof target !== 'string') {
        url = target;
        home = target.origin === origin?.origin ? target.href : null;
      }
      let authorization = home === null ? null : await auth.header(scopes, doing);
      let isRenewed = false;
      for (let redirects = 0; ; ) {
        host = url?.host ?? host;
        const answer =
          home === null ? await sendTo(request, url!, null) : await sendHome(request, home, authorization);
        if (answer.status === 401 && home !== null && !isRenewed) {
          isRenewed = true;
          const challenges = parseChallenges(answer.headers['www-authenticate'] ?? '');
          const renewed = await auth.answer(challenges, scopes, authorization, doing);
          if (renewed === null) {
            return answer;
          }
          answer.body.resume();
          authorization = renewed;
          continue;
        }
        if (!REDIRECTS.has(answer.status) || (method !== 'GET' && method !== 'HEAD')) {
          return answer;
        }
        redirects += 1;
        if (redirects > MAX_REDIRECTS) {
          throw new LoadlineError(
            'LL6006',
            `Cannot ${doing.what}: ${endpoint.name} sends on more than ${MAX_REDIRECTS} times`,
            { where: placeOf(doing) },
          );
        }
        answer.body.resume();
        url = locate(answer, doing);
        home = home !== null && url.origin === origin?.origin ? url.href : null;
      }
    } catch (error) {
      throw connectionFailure(error, host, doing);
    }
  };

  return {
    endpoint,
    send,
    locate,
    failure: (answer, doing) =>
      answerFailure(
        answer.body,
        doing,
        answer.url.origin === origin?.origin ? endpoint.name : answer.url.host,
        auth.account,
      ),
  };
}
