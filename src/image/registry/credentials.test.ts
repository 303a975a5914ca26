/** Files as `docker login`, `podman login` and their documentation leave them; helpers are scripts on a PATH of the test's. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { isLoadlineError } from '../../errors.ts';
import { configPaths, findCredentials } from './credentials.ts';

const root = mkdtempSync(join(tmpdir(), 'loadline-credentials-'));
after(() => rmSync(root, { recursive: true, force: true }));
const never = new AbortController().signal;
const ADA = { kind: 'password', user: 'tester', password: 'se:cret' };
const AUTH = Buffer.from('tester:se:cret').toString('base64');

let folders = 0;
/** A home with a config.json, and its environment. */
function home(config: unknown): { readonly folder: string; readonly env: Record<string, string> } {
  folders += 1;
  const folder = join(root, String(folders));
  mkdirSync(join(folder, '.docker'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  if (config !== undefined) {
    const text = typeof config === 'string' ? config : JSON.stringify(config);
    writeFileSync(join(folder, '.docker/config.json'), text);
  }
  return { folder, env: { HOME: folder, PATH: `${join(folder, 'bin')}:/usr/bin:/bin` } };
}

/** Puts a helper on the PATH that keeps its input and arguments in the file `asked` and then runs a script. */
function helper(folder: string, name: string, script: string): void {
  const path = join(folder, 'bin', `docker-credential-${name}`);
  const asked = join(folder, 'asked');
  writeFileSync(path, `#!/bin/sh\necho "$(basename $0) $* <$(cat)>" >> '${asked}'\n${script}\n`);
  chmodSync(path, 0o755);
}

async function refused(config: unknown, registry = 'ghcr.io', prepare?: (folder: string) => void) {
  const { folder, env } = home(config);
  prepare?.(folder);
  try {
    await findCredentials(registry, env, never);
  } catch (error) {
    assert.ok(isLoadlineError(error), String(error));
    assert.ok(!`${error.message}${error.fix}${error.cause}`.includes('se:cret'), 'a secret is shown');
    return error;
  }
  throw new Error('expected a failure, found none');
}

describe('entries of config.json', () => {
  for (const [name, auths, registry, expected] of [
    ['nothing', {}, 'ghcr.io', null],
    ['another host', { 'ghcr.io': { auth: AUTH } }, 'gcr.io', null],
    ['the host', { 'ghcr.io': { auth: AUTH } }, 'ghcr.io', ADA],
    ['with a port', { 'localhost:5000': { auth: AUTH } }, 'localhost:5000', ADA],
    ['another port', { 'localhost:5000': { auth: AUTH } }, 'localhost:5001', null],
    ['with https://', { 'https://ghcr.io': { auth: AUTH } }, 'ghcr.io', ADA],
    ['with http://', { 'http://localhost:5000': { auth: AUTH } }, 'localhost:5000', ADA],
    ['with /v1/', { 'https://ghcr.io/v1/': { auth: AUTH } }, 'ghcr.io', ADA],
    ['with /v2', { 'ghcr.io/v2': { auth: AUTH } }, 'ghcr.io', ADA],
    ['with /', { 'ghcr.io/': { auth: AUTH } }, 'ghcr.io', ADA],
    ['of a part of the registry', { 'ghcr.io/team': { auth: AUTH } }, 'ghcr.io', null],
    ['a longer host', { 'ghcr.io.example.org': { auth: AUTH } }, 'ghcr.io', null],
    ['Docker Hub', { 'https://index.docker.io/v1/': { auth: AUTH } }, 'docker.io', ADA],
    ['Docker Hub, by its short name', { 'docker.io': { auth: AUTH } }, 'docker.io', ADA],
    [
      'the exact key first',
      { 'https://ghcr.io': { auth: 'eDp5' }, 'ghcr.io': { auth: AUTH } },
      'ghcr.io',
      ADA,
    ],
    ['an empty entry', { 'ghcr.io': {} }, 'ghcr.io', null],
    ['user and password apart', { 'ghcr.io': { username: 'tester', password: 'se:cret' } }, 'ghcr.io', ADA],
    [
      'padded with zero bytes',
      { 'ghcr.io': { auth: Buffer.from('tester:se:cret\0\0').toString('base64') } },
      'ghcr.io',
      ADA,
    ],
    [
      'an identity token',
      { 'ghcr.io': { auth: AUTH, identitytoken: 'refresh' } },
      'ghcr.io',
      { kind: 'identity', token: 'refresh' },
    ],
  ] as const) {
    test(name, async () => {
      const { env } = home({ auths, HttpHeaders: { 'User-Agent': 'x' } });
      assert.deepEqual(await findCredentials(registry, env, never), expected);
    });
  }

  test('no file is no credentials', async () => {
    assert.equal(await findCredentials('ghcr.io', home(undefined).env, never), null);
    assert.equal(await findCredentials('ghcr.io', home({}).env, never), null);
  });

  test('DOCKER_CONFIG moves the folder; REGISTRY_AUTH_FILE is asked before', async () => {
    const docker = home({ auths: { 'ghcr.io': { auth: AUTH }, 'gcr.io': { auth: AUTH } } });
    const podman = home({ auths: { 'ghcr.io': { auth: Buffer.from('other:x').toString('base64') } } });
    const env = {
      HOME: root,
      DOCKER_CONFIG: join(docker.folder, '.docker'),
      REGISTRY_AUTH_FILE: join(podman.folder, '.docker/config.json'),
    };
    assert.deepEqual(configPaths(env), [env.REGISTRY_AUTH_FILE, join(env.DOCKER_CONFIG, 'config.json')]);
    assert.deepEqual(await findCredentials('ghcr.io', env, never), {
      kind: 'password',
      user: 'other',
      password: 'x',
    });
    assert.deepEqual(await findCredentials('gcr.io', env, never), ADA);
  });

  for (const [name, config, message] of [
    ['not JSON', '{"auths": {"ghcr.io": {"auth": se:cret}}}', /it is not JSON$/],
    ['not an object', '[]', /expected an object$/],
    ['auths of another kind', { auths: [] }, /expected "auths" to hold an object for each registry$/],
    [
      'an entry of another kind',
      { auths: { x: 'se:cret' } },
      /expected "auths" to hold an object for each registry$/,
    ],
    ['credHelpers of another kind', { credHelpers: 'x' }, /expected "credHelpers" to be an object$/],
    [
      'auth without a colon',
      { auths: { 'ghcr.io': { auth: 'c2VjcmV0' } } },
      /"auth" of "ghcr\.io" is not user:password in base64$/,
    ],
  ] as const) {
    test(`refused: ${name}`, async () => {
      const error = await refused(config);
      assert.equal(error.code, 'LL1005');
      assert.match(error.message, message);
      assert.match(error.message, /^Cannot read the registry credentials of "\/.*config\.json": /);
    });
  }
});

describe('helpers', () => {
  const answer = (user: string, secret: string): string =>
    `echo '${JSON.stringify({ ServerURL: 'x', Username: user, Secret: secret })}'`;

  test('the registry’s own goes before the one for all, and both before the entries', async () => {
    const { folder, env } = home({
      auths: { 'ghcr.io': { auth: AUTH }, 'gcr.io': {}, 'other.io': { auth: AUTH } },
      credHelpers: { 'ghcr.io': 'own' },
      credsStore: 'all',
    });
    helper(folder, 'own', answer('own', 'x'));
    helper(
      folder,
      'all',
      `case "$(tail -n 1 '${folder}/asked')" in *other.io*) echo 'credentials not found in native keychain'; exit 1;; esac\n${answer('all', 'y')}`,
    );
    assert.deepEqual(await findCredentials('ghcr.io', env, never), {
      kind: 'password',
      user: 'own',
      password: 'x',
    });
    assert.deepEqual(await findCredentials('gcr.io', env, never), {
      kind: 'password',
      user: 'all',
      password: 'y',
    });
    assert.deepEqual(await findCredentials('docker.io', env, never), {
      kind: 'password',
      user: 'all',
      password: 'y',
    });
    assert.deepEqual(await findCredentials('other.io', env, never), ADA, 'not found there: the entry');
    assert.deepEqual(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n'), [
      'docker-credential-own get <ghcr.io>',
      'docker-credential-all get <gcr.io>',
      'docker-credential-all get <https://index.docker.io/v1/>',
      'docker-credential-all get <other.io>',
    ]);
  });

  test('an identity token comes with the user <token>; an empty secret is none', async () => {
    const { folder, env } = home({ credHelpers: { 'ghcr.io': 'token', 'gcr.io': 'empty' } });
    helper(folder, 'token', answer('<token>', 'refresh'));
    helper(folder, 'empty', answer('', ''));
    assert.deepEqual(await findCredentials('ghcr.io', env, never), { kind: 'identity', token: 'refresh' });
    assert.equal(await findCredentials('gcr.io', env, never), null);
  });

  test('one that is not installed: LL1002', async () => {
    const error = await refused({ credsStore: 'desktop' });
    assert.equal(error.code, 'LL1002');
    assert.match(
      error.message,
      /^docker-credential-desktop is not on the PATH, but "\/.*config\.json" names it for the credentials of ghcr\.io$/,
    );
  });

  test('one that may not be run: LL1002', async () => {
    const error = await refused({ credsStore: 'x' }, 'ghcr.io', (folder) => {
      helper(folder, 'x', '');
      chmodSync(join(folder, 'bin/docker-credential-x'), 0o644);
    });
    assert.equal(error.code, 'LL1002');
  });

  for (const [name, script, message] of [
    [
      'its complaint on stdout',
      "printf 'the \\033[31mkey ring is locked\\nmore\\n'; exit 1",
      /^docker-credential-x gives no credentials for ghcr\.io: the {1,2}\[31mkey ring is locked$/,
    ],
    ['its complaint on stderr', 'echo "no bus" >&2; exit 3', /: no bus$/],
    ['no complaint', 'exit 3', /: it ended with 3$/],
    ['killed', 'kill -9 $$', /: it ended with SIGKILL$/],
    ['another answer', 'echo "tester se:cret"', /: expected an object with Username and Secret$/],
    [
      'half an answer',
      `echo '{"Username": "tester", "Password": "se:cret"}'`,
      /: expected an object with Username and Secret$/,
    ],
  ] as const) {
    test(`one that fails: ${name}: LL6004`, async () => {
      const error = await refused({ credsStore: 'x' }, 'ghcr.io', (folder) => helper(folder, 'x', script));
      assert.equal(error.code, 'LL6004');
      assert.match(error.message, message);
    });
  }

  test('a name that would leave the PATH is refused', async () => {
    const error = await refused({ credsStore: '../../evil' });
    assert.equal(error.code, 'LL6004');
    assert.match(error.message, /"\.\.\/\.\.\/evil" is not the name of a helper/);
  });

  test('the signal ends one that hangs', async () => {
    const { folder, env } = home({ credsStore: 'slow' });
    helper(folder, 'slow', 'exec sleep 60');
    const controller = new AbortController();
    const asked = findCredentials('ghcr.io', env, controller.signal);
    while (!existsSync(join(folder, 'asked'))) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    controller.abort();
    await assert.rejects(asked, { name: 'AbortError' });
  });
});
