/** Limits of the reader as they are raised on the command line: `--limits ratio=1000,fileBytes=8Gi`. */
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts';
import { LoadlineError } from '../errors.ts';
import { type CommandOption, type Options, text } from './define.ts';
import { size } from './units.ts';

/** The option, for every command that opens a model. */
export const LIMITS_OPTION: CommandOption = {
  flags: '--limits <list>',
  help: 'raise limits of the reader for a file you trust: ratio=1000,fileBytes=8Gi',
};

/** Reads `NAME=VALUE,…`. Throws LL1001 for a name that is no limit, listing them. */
export function readLimits(options: Options): Partial<Limits> {
  const list = text(options, 'limits');
  if (list === undefined) {
    return {};
  }
  const limits: Record<string, number> = {};
  for (const entry of list.split(',')) {
    const [name = '', value = ''] = entry.split('=');
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      const known = Object.keys(DEFAULT_LIMITS).join(', ');
      throw new LoadlineError('LL1001', `--limits knows no "${name}": expected NAME=VALUE of ${known}`);
    }
    limits[name] = size(`limits ${name}`, value);
  }
  return limits;
}
