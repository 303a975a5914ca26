/** Authorities that Docker's own settings name for a registry. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';

/**
 * Authorities for a host beside the usual ones (node's own list with NODE_EXTRA_CA_CERTS), where Docker looks for them:
 * every .crt of certs.d/<host>/, of the machine and of the user (rootless Docker).
 */
export function authorities(
  host: string,
  env: Readonly<Record<string, string | undefined>>,
): { ca?: string[] } {
  const own = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  const found = ['/etc', own]
    .map((folder) => join(folder, 'docker/certs.d', host))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.crt'))
        .map((name) => readFileSync(join(folder, name), 'utf8')),
    );
  return found.length === 0 ? {} : { ca: [...getCACertificates('default'), ...found] };
}
