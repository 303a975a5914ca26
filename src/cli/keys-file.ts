/** API keys as a server is given them: in a file, or in LOADLINE_API_KEYS. Never on a command line, which everybody sees. */
import type { ApiKey } from '../config/keys.ts';
import { LoadlineError } from '../errors.ts';
import { type Options, text } from './define.ts';
import type { Terminal } from './output/terminal.ts';

/** Reads the keys of --keys-file or the environment. Throws LL1006 and LL1005. */
export async function readKeys(options: Options, env: Terminal['env']): Promise<readonly ApiKey[]> {
  const { parseKeys } = await import('../config/keys.ts');
  const path = text(options, 'keysFile') ?? env.LOADLINE_API_KEYS_FILE;
  if (path !== undefined) {
    const { readFile } = await import('node:fs/promises');
    const content = await readFile(path, 'utf8').catch((cause: unknown) => {
      throw new LoadlineError('LL1006', `Cannot read the keys in ${path}`, { where: path, cause });
    });
    const keys = parseKeys(content, path);
    if (keys.length === 0) {
      throw new LoadlineError('LL1005', `${path} holds no keys`, { where: path });
    }
    return keys;
  }
  return parseKeys(env.LOADLINE_API_KEYS ?? '', 'LOADLINE_API_KEYS');
}
