/** Where a registry or a mirror of it listens. */
import { isLoopback } from '../../config/keys.ts';

export interface Endpoint {
  /** What people call it: `docker.io`, `ghcr.io`, `localhost:5000`. Credentials are looked up by it. */
  readonly name: string;
  /** Tried in this order until one speaks. */
  readonly origins: readonly URL[];
  /** Before the repository in every path: empty, or `mirrors/hub/`. */
  readonly prefix: string;
}

/** Docker Hub answers under another name than its images carry. */
const HUB = { name: 'docker.io', host: 'registry-1.docker.io' } as const;

/**
 * Where the registry of an image is. HTTPS comes first everywhere, because a server of plain HTTP refuses it at once and
 * for certain, while a server of HTTPS may say anything to plain HTTP. As for Docker, loopback is taken for safe.
 */
export function registryEndpoint(registry: string, insecure: boolean): Endpoint {
  const host = registry === HUB.name ? HUB.host : registry;
  const secure = new URL(`https://${host}`);
  const origins = allowsPlain(secure, insecure) ? [secure, new URL(`http://${host}`)] : [secure];
  return { name: registry, origins, prefix: '' };
}

/** Whether plain HTTP, or HTTPS with a certificate nobody vouches for, is good enough for a host. */
export function allowsPlain(url: URL, insecure: boolean): boolean {
  return insecure || isLoopback(url.hostname);
}
