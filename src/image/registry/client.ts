/** A client of registries that speak the OCI distribution specification 1.1. */
import { systemClock } from '../../clock.ts';
import { TIMING, type Timing } from '../../net/retry.ts';
import { createTransport } from '../../net/transport.ts';
import type { OnProgress } from '../progress.ts';
import type { Reference } from '../reference.ts';
import { authorities } from './authorities.ts';
import { findCredentials } from './credentials.ts';
import { allowsPlain, type Endpoint, registryEndpoint } from './endpoint.ts';
import { parseMirrors } from './mirrors.ts';
import { openRepository, type Repository } from './repository.ts';
import { openSession, type Session } from './session.ts';

export interface RegistryOptions {
  /** HTTP instead of HTTPS, and certificates that cannot be checked, are accepted. Loopback hosts always get HTTP tried. */
  readonly insecure: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  /** Patience and pauses; tests have other ones. */
  readonly timing?: Partial<Timing>;
}

/** Opens repositories and keeps tokens between them. */
export interface RegistryClient {
  repository(reference: Pick<Reference, 'registry' | 'repository'>): Repository;
  /** Bytes of request bodies sent so far. */
  readonly sentBytes: number;
  /** Ends idle connections. */
  close(): void;
}

/**
 * A client that has not connected to anything yet. Everything it opens ends when `signal` fires.
 *
 * @throws LoadlineError LL1005 when LOADLINE_REGISTRY_MIRRORS is malformed.
 */
export function createRegistryClient(options: RegistryOptions): RegistryClient {
  const { insecure, env, onProgress, signal } = options;
  const timing = { ...TIMING, ...options.timing };
  const mirrors = parseMirrors(env.LOADLINE_REGISTRY_MIRRORS);
  const transport = createTransport({
    tls: (url) => ({ ...authorities(url.host, env), rejectUnauthorized: !allowsPlain(url, insecure) }),
    env,
    idleMs: timing.idleMs,
    signal,
  });
  const sessions = new Map<Endpoint, Session>();
  const endpoints = new Map<string, Endpoint>();
  const dead = new Set<Session>();

  const sessionOf = (endpoint: Endpoint): Session => {
    let session = sessions.get(endpoint);
    if (session === undefined) {
      session = openSession(endpoint, {
        insecure,
        transport,
        clock: systemClock,
        credentials: (registry) => findCredentials(registry, env, signal),
      });
      sessions.set(endpoint, session);
    }
    return session;
  };

  return {
    repository({ registry, repository }) {
      const endpoint = endpoints.get(registry) ?? registryEndpoint(registry, insecure);
      endpoints.set(registry, endpoint);
      return openRepository({
        repository,
        home: sessionOf(endpoint),
        mirrors: (mirrors.get(registry) ?? []).map(sessionOf),
        dead,
        timing,
        onProgress,
        signal,
      });
    },
    get sentBytes() {
      return transport.sentBytes;
    },
    close: transport.close,
  };
}
