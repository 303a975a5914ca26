/** What is to be served, as the command line or a loadline.yaml says it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONFIG_FILE, isConfigPath } from '../../config/defaults.ts';
import { LoadlineError } from '../../errors.ts';
import type { ModelRequest } from '../../serve/watch/plan.ts';
import type { Options } from '../define.ts';
import type { Terminal } from '../output/terminal.ts';
import { PER_MODEL, readRequest } from './requests.ts';

export interface Asked {
  readonly requests: readonly ModelRequest[];
  /** The flags, with what the file says where neither they nor the environment say anything. */
  readonly options: Options;
  readonly env: Terminal['env'];
  /** What relative references start from. */
  readonly folder: string;
}

/** Throws LL1001, and LL1010 for a loadline.yaml that cannot be used. */
export async function readAsked(given: string, flags: Options, env: Terminal['env']): Promise<Asked> {
  const reference = given === '' && existsSync(CONFIG_FILE) ? CONFIG_FILE : given;
  if (reference === '') {
    throw new LoadlineError('LL1001', `serve wants a model, or a ${CONFIG_FILE} in this folder`);
  }
  if (!isConfigPath(reference)) {
    return { requests: [readRequest(reference, flags)], options: flags, env, folder: process.cwd() };
  }
  const flag = PER_MODEL.find((name) => flags[name] !== undefined);
  if (flag !== undefined) {
    throw new LoadlineError(
      'LL1001',
      `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is of one model: write it into ${reference} beside the model it means`,
    );
  }
  const { mergeOptions } = await import('../../config/merge.ts');
  const { readConfig } = await import('../../config/config.ts');
  const config = await readConfig(reference);
  // A folder that is typed or set is relative to where that was done, not to the file.
  const store = flags.store === undefined ? {} : { store: resolve(String(flags.store)) };
  const setStore = env.LOADLINE_STORE ? { LOADLINE_STORE: resolve(env.LOADLINE_STORE) } : {};
  const merged = mergeOptions(config.server, { ...flags, ...store }, { ...env, ...setStore });
  return {
    requests: config.models,
    options: merged.options as Options,
    env: merged.env,
    folder: config.folder,
  };
}
