/** Names of images, as Docker and the OCI distribution specification spell them. */
import { LoadlineError } from '../errors.ts';

export interface Reference {
  /** Host and port of the registry: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string;
  /** Path in the registry: `library/node`, `team/ml-model`. */
  readonly repository: string;
  /** Null where the reference names a digest only. */
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

const DEFAULT_REGISTRY = 'docker.io';
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const SHA256 = /^sha256:[0-9a-f]{64}$/;
/** An engine takes such a name for the identifier of an image. */
const IDENTIFIER = /^[0-9a-f]{64}$/;
/** Longest repository with its registry, as Docker limits it. */
const MAX_NAME = 255;

/** Whether a text is a digest as Loadline uses them. */
export function isDigest(text: string): text is Digest {
  return SHA256.test(text);
}

/** Whether a text names the host of a registry, with or without a port. */
export function isRegistryHost(text: string): boolean {
  return HOST.test(text) && URL.canParse(`https://${text}`);
}

/**
 * Reads `[registry/]repository[:tag][@digest]` by Docker's rules: the first part is a registry when it has a dot or a
 * port or is `localhost`; without one it is docker.io, where a single name lies under `library/`; without tag and
 * digest the tag is `latest`.
 *
 * @throws LoadlineError LL6001 saying which part is wrong and what is allowed.
 */
export function parseReference(text: string): Reference {
  const refuse = (why: string): never => {
    throw new LoadlineError('LL6001', `"${text}" is not the name of an image: ${why}`, { where: text });
  };
  if (/^https?:\/\//i.test(text)) {
    return refuse('leave out http:// and https://');
  }
  const at = text.indexOf('@');
  const digest = at < 0 ? null : text.slice(at + 1);
  let name = at < 0 ? text : text.slice(0, at);
  if (digest !== null && !isDigest(digest)) {
    return refuse(`expected sha256: and 64 hexadecimal digits after @, found "${digest}"`);
  }
  const colon = name.lastIndexOf(':');
  let tag: string | null = null;
  if (colon > name.lastIndexOf('/')) {
    tag = name.slice(colon + 1);
    name = name.slice(0, colon);
    if (!TAG.test(tag)) {
      return refuse(
        `the tag "${tag}" may have letters, digits, "_", "." and "-", at most 128, and not begin with "." or "-"`,
      );
    }
  }
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  let registry = hasRegistry ? first : DEFAULT_REGISTRY;
  let repository = hasRegistry ? name.slice(slash + 1) : name;
  if (!isRegistryHost(registry)) {
    return refuse(`"${registry}" is not a host`);
  }
  if (registry === 'index.docker.io' || registry === 'registry-1.docker.io') {
    registry = DEFAULT_REGISTRY;
  }
  if (repository === '') {
    return refuse('the name is missing');
  }
  if (IDENTIFIER.test(text)) {
    return refuse('64 hexadecimal digits alone are an identifier');
  }
  for (const part of repository.split('/')) {
    if (!COMPONENT.test(part)) {
      return refuse(
        COMPONENT.test(part.toLowerCase())
          ? `"${part}" has upper-case letters; write ${part.toLowerCase()}`
          : `"${part}" may have lower-case letters and digits, with ".", "_" or "-" between them`,
      );
    }
  }
  if (name.length > MAX_NAME) {
    return refuse(`it has ${name.length} characters, at most ${MAX_NAME} are allowed`);
  }
  if (registry === DEFAULT_REGISTRY && !repository.includes('/')) {
    repository = `library/${repository}`;
  }
  return {
    registry,
    repository,
    tag: tag ?? (digest === null ? 'latest' : null),
    digest: digest as Digest | null,
  };
}

/** The full name: registry, repository, tag and digest. */
export function formatReference(reference: Reference): string {
  const { registry, repository, tag, digest } = reference;
  return `${registry}/${repository}${tag === null ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}

/** The name as people write it: docker.io and library/ left out. */
export function familiarName(reference: Reference): string {
  const full = formatReference(reference);
  return full.startsWith('docker.io/library/')
    ? full.slice('docker.io/library/'.length)
    : full.startsWith('docker.io/')
      ? full.slice('docker.io/'.length)
      : full;
}
