/** What the builder and `push` need of a registry that speaks the OCI distribution specification 1.1. */
import type { OnProgress } from '../progress.ts';
import type { Reference } from '../reference.ts';
import type { Repository } from './repository.ts';

export interface RegistryOptions {
  /** HTTP instead of HTTPS, and certificates that cannot be checked, are accepted. Loopback hosts always get HTTP tried. */
  readonly insecure: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/** Opens repositories and keeps tokens between them. */
export interface RegistryClient {
  repository(reference: Pick<Reference, 'registry' | 'repository'>): Repository;
  /** Bytes of request bodies sent so far. */
  readonly sentBytes: number;
  /** Ends idle connections. */
  close(): void;
}
