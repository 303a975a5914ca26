/** `LOADLINE_REGISTRY_MIRRORS`: other places to pull from. */
import { LoadlineError } from '../../errors.ts';
import { isRegistryHost } from '../reference.ts';
import type { Endpoint } from './endpoint.ts';

const VARIABLE = 'LOADLINE_REGISTRY_MIRRORS';

/**
 * Reads `gcr.io=http://127.0.0.1:5001,docker.io=https://mirror.example/prefix`: for each registry its mirrors in the order
 * written, the path of an address standing before the repository. A registry may come several times.
 *
 * @throws LoadlineError LL1005 saying which entry is wrong and why.
 */
export function parseMirrors(text: string | undefined): ReadonlyMap<string, readonly Endpoint[]> {
  const mirrors = new Map<string, Endpoint[]>();
  for (const entry of (text ?? '').split(',')) {
    const trimmed = entry.trim();
    if (trimmed === '') {
      continue;
    }
    const [registry, endpoint] = parseMirror(trimmed);
    const known = mirrors.get(registry);
    if (known === undefined) {
      mirrors.set(registry, [endpoint]);
    } else {
      known.push(endpoint);
    }
  }
  return mirrors;
}

function parseMirror(entry: string): [registry: string, endpoint: Endpoint] {
  const refuse = (why: string): never => {
    throw new LoadlineError('LL1005', `${VARIABLE}: ${why}`, {
      where: VARIABLE,
      fix: 'Write registry=address, several with commas between, as in docker.io=https://mirror.example.org/hub.',
    });
  };
  const equals = entry.indexOf('=');
  if (equals < 0) {
    return refuse(`expected registry=address, found "${entry.replace(/\/\/[^/]*@/, '//…@')}"`);
  }
  const registry = entry.slice(0, equals).trim();
  const address = entry.slice(equals + 1).trim();
  if (!isRegistryHost(registry)) {
    return refuse(`"${registry}" is not the host of a registry`);
  }
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url !== null && (url.username !== '' || url.password !== '')) {
    // Not quoted: it holds a secret.
    return refuse(`the mirror of "${registry}" has credentials in its address; use docker login ${url.host}`);
  }
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return refuse(`the mirror of "${registry}" must begin with https:// or http://, found "${address}"`);
  }
  if (url.search !== '' || url.hash !== '') {
    return refuse(`the mirror of "${registry}" must end with its path, found "${address}"`);
  }
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  const endpoint: Endpoint = {
    name: url.host,
    origins: [new URL(url.origin)],
    prefix: path === '' ? '' : `${path}/`,
  };
  return [registry, endpoint];
}
