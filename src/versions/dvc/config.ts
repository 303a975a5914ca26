/** DVC's configuration: where the cache is, and the remotes. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { LoadlineError } from '../../errors.ts';
import { unescaped } from '../../net/shown-uri.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Options = Readonly<Record<string, string>>;

export interface DvcConfig {
  /** `cache.dir`, by default `.dvc/cache`. */
  readonly cache: string;
  /** Throws LL7012 for a remote that is not there, or that Loadline does not read; null where there is no default. */
  remote(name: string | null): DvcRemote | null;
}

export type DvcRemote =
  | { readonly kind: 'folder'; readonly name: string; readonly folder: string }
  | {
      readonly kind: 'http';
      readonly name: string;
      /** Without a slash at its end. */
      readonly url: URL;
      /** What shows that one may read. */
      readonly headers: Readonly<Record<string, string>>;
      /** Certificates: checked against the system's authorities, those of a file, or not at all. */
      readonly authorities: string | boolean;
      /** Longest silence; null is ours. */
      readonly idleMs: number | null;
    };

/**
 * Reads the levels that DVC reads, each over the one before: the machine's, the user's, `.dvc/config`, `.dvc/config.local`.
 * Relative paths count from the file that has them. Source: dvc/config.py of DVC 3.67.
 */
export function readDvcConfig(root: string, env: Env): DvcConfig {
  const home = homedir();
  const userFolder =
    process.platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : env.XDG_CONFIG_HOME || join(home, '.config');
  const files = [
    join(env.DVC_SYSTEM_CONFIG_DIR || '/etc/xdg/dvc', 'config'),
    join(env.DVC_GLOBAL_CONFIG_DIR || join(userFolder, 'dvc'), 'config'),
    join(root, '.dvc', 'config'),
    join(root, '.dvc', 'config.local'),
  ];
  const sections = new Map<string, Record<string, string>>();
  for (const file of files) {
    for (const [name, options] of parseDvcConfig(readIfThere(file))) {
      const located = { ...options };
      for (const key of ['dir', 'url']) {
        const value = options[key];
        if (value !== undefined) {
          located[key] = locate(dirname(file), value, home);
        }
      }
      sections.set(name, { ...sections.get(name), ...located });
    }
  }
  return {
    cache: sections.get('cache')?.dir ?? join(root, '.dvc', 'cache'),
    remote(name) {
      const wanted = (name ?? sections.get('core')?.remote)?.toLowerCase();
      return wanted === undefined ? null : readRemote(wanted, remoteOptions(wanted, sections), root);
    },
  };
}

/**
 * Sections of an INI file as ConfigObj writes it, named `core` and `remote storage`. Names and keys are in lower case, as
 * DVC takes them.
 */
export function parseDvcConfig(text: string): ReadonlyMap<string, Options> {
  const sections = new Map<string, Record<string, string>>();
  let current: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[\s*(.*?)\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
    if (section !== undefined) {
      const name = unquoted(section).toLowerCase();
      const named = /^\s*(remote|machine|db)\s*"(.*)"\s*$/.exec(name);
      const key = named === null ? name : `${named[1]} ${named[2]}`;
      current = sections.get(key) ?? {};
      sections.set(key, current);
      continue;
    }
    const option = /^\s*([^#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line);
    if (option !== null) {
      current[unquoted(option[1] ?? '').toLowerCase()] = unquoted(option[2] ?? '');
    }
  }
  return sections;
}

/** A value without its quotes; without them it ends at a #. */
function unquoted(value: string): string {
  const quoted = /^(?:"""(.*?)"""|'''(.*?)'''|"([^"]*)"|'([^']*)')\s*(?:#.*)?$/.exec(value);
  return quoted === null
    ? value.replace(/\s*#.*$/, '')
    : (quoted[1] ?? quoted[2] ?? quoted[3] ?? quoted[4] ?? '');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) {
      return '';
    }
    throw new LoadlineError('LL7012', `Cannot read ${path}: ${(cause as Error).message}`, {
      where: path,
      cause,
      fix: 'Check that the file may be read.',
    });
  }
}

function locate(folder: string, value: string, home: string): string {
  if (/^\w+:\/\//.test(value) || isAbsolute(value)) {
    return value;
  }
  return value === '~' || value.startsWith('~/') ? join(home, value.slice(1)) : resolve(folder, value);
}

/** Of a remote, with those of the one that its `remote://NAME/path` stands on. */
function remoteOptions(name: string, sections: ReadonlyMap<string, Options>, depth = 0): Options {
  const options = sections.get(`remote ${name}`);
  if (options?.url === undefined) {
    const names = [...sections.keys()].filter((key) => key.startsWith('remote ')).map((key) => key.slice(7));
    throw new LoadlineError(
      'LL7012',
      `DVC has no remote "${name}" with a url: ${names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`}`,
      { fix: '`dvc remote list` shows the remotes, `dvc remote default` the one that is asked.' },
    );
  }
  const base = /^remote:\/\/([^/]+)\/*(.*)$/.exec(options.url);
  // A remote on a remote is usual, a long chain or a circle of them is not.
  if (base === null || depth > 8) {
    return options;
  }
  const under = remoteOptions((base[1] ?? '').toLowerCase(), sections, depth + 1);
  return { ...under, ...options, url: `${under.url}/${base[2]}` };
}

function readRemote(name: string, options: Options, root: string): DvcRemote {
  const { url = '' } = options;
  const scheme = /^(\w[\w+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  const refused = (found: string, fix: string) =>
    new LoadlineError('LL7012', `Cannot read the DVC remote "${name}": ${found}`, { where: root, fix });
  if (scheme === undefined) {
    return { kind: 'folder', name, folder: url };
  }
  if (scheme !== 'http' && scheme !== 'https') {
    throw refused(
      `it is on ${scheme}, which Loadline does not speak: a folder, http and https are read`,
      `Run \`dvc pull\` in ${root}: what it brings is taken from DVC's cache.`,
    );
  }
  if (!URL.canParse(url)) {
    throw refused(`its url is not an address`, 'Correct it with `dvc remote modify`.');
  }
  const address = new URL(url);
  address.pathname = address.pathname.replace(/\/+$/, '');
  const headers: Record<string, string> = {};
  const { auth = '', user, password, custom_auth_header: header } = options;
  if (/^basic$/i.test(auth)) {
    if (user === undefined || password === undefined) {
      throw refused('auth = basic wants a user and a password', passwordFix(name));
    }
    headers.Authorization = basic(user, password);
  } else if (/^custom$/i.test(auth)) {
    if (header === undefined || password === undefined) {
      throw refused('auth = custom wants custom_auth_header and a password', passwordFix(name));
    }
    headers[header] = password;
  } else if (auth !== '') {
    throw refused(
      `auth = ${auth} is not supported: basic and custom are`,
      `Run \`dvc pull\` in ${root}: what it brings is taken from DVC's cache.`,
    );
  } else if (address.username !== '') {
    headers.Authorization = basic(unescaped(address.username), unescaped(address.password));
  }
  address.username = '';
  address.password = '';
  const verify = options.ssl_verify ?? 'true';
  const idle = Number(options.read_timeout);
  return {
    kind: 'http',
    name,
    url: address,
    headers,
    authorities: /^(?:true|false)$/i.test(verify) ? verify.toLowerCase() === 'true' : verify,
    idleMs: idle > 0 ? idle * 1000 : null,
  };
}

function passwordFix(name: string): string {
  return `Set it with \`dvc remote modify --local ${name} password …\`: nobody can be asked for it here.`;
}

/** In the encoding that DVC's own client takes. */
function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;
}
