/** What a server is told by its options, as plain data. */
import { LoadlineError } from '../../errors.ts';
import type { ServeSettings } from '../../serve/settings.ts';
import { type Options, text } from '../define.ts';
import { readKeys } from '../keys-file.ts';
import { readLimits } from '../limits.ts';
import type { Terminal } from '../output/terminal.ts';
import { duration, size, wholeNumber } from '../units.ts';
import { version } from '../version.ts';

/** Reads the options of `serve`; what is not given has its default here. Throws LL1001, LL1005 and LL1006. */
export async function readSettings(options: Options, terminal: Terminal): Promise<ServeSettings> {
  const { DIALECTS } = await import('../../serve/protocols/define.ts');
  const { LOG_LEVELS } = await import('../../log.ts');
  const { env } = terminal;
  const level = text(options, 'logLevel') ?? 'warn';
  const logLevel = LOG_LEVELS.find((known) => known === level);
  if (logLevel === undefined) {
    throw new LoadlineError('LL1001', `--log-level wants ${LOG_LEVELS.join(', ')}, found "${level}"`);
  }
  const keyRate = text(options, 'keyRate');
  return {
    limits: readLimits(options),
    software: version(),
    host: text(options, 'host') ?? '127.0.0.1',
    // Before the option: the image's own start names a port, and Vertex AI asks at this one. Empty is not set.
    port: wholeNumber('port', (env.AIP_HTTP_PORT || text(options, 'port')) ?? '5000', 0, 65_535),
    keys: await readKeys(options, env),
    keyRate: keyRate === undefined ? null : wholeNumber('key-rate', keyRate, 1, 1e9),
    allowAnonymous: options.allowAnonymous === true,
    dialect: DIALECTS.find((known) => known === options.dialect) ?? 'auto',
    vertex:
      env.AIP_HEALTH_ROUTE !== undefined && env.AIP_PREDICT_ROUTE !== undefined
        ? { health: env.AIP_HEALTH_ROUTE, predict: env.AIP_PREDICT_ROUTE }
        : null,
    maxBodyBytes: size('max-body', text(options, 'maxBody') ?? '16Mi'),
    maxQueueMs: duration('max-queue', text(options, 'maxQueue') ?? '50ms'),
    workers: await readWorkers(text(options, 'workers') ?? '1'),
    logLevel,
    accessLogPerSecond: wholeNumber('access-log', text(options, 'accessLog') ?? '0', 0, 1e9),
  };
}

async function readWorkers(value: string): Promise<number> {
  if (value === 'auto') {
    const { autoWorkers } = await import('../../serve/host-limits.ts');
    return autoWorkers();
  }
  return wholeNumber('workers', value, 1, 512);
}
