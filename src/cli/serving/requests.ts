/** Which models `serve` is asked for, and where they come from. */
import { existsSync } from 'node:fs';
import { LoadlineError } from '../../errors.ts';
import type { ModelRequest } from '../../serve/watch/plan.ts';
import { type Options, text } from '../define.ts';
import { duration } from '../units.ts';

/** How often a reference is looked up where nothing else is said: one request of a few milliseconds. */
const WATCH_MS = 5000;
const KEY_HEADER = 'x-loadline-key';
const CONFIG = 'loadline.yaml';

/** The argument as it was given, or the loadline.yaml of the folder. Throws LL1001 where there is neither. */
export function servedReference(given: string): string {
  if (given !== '') {
    return given;
  }
  if (existsSync(CONFIG)) {
    return CONFIG;
  }
  throw new LoadlineError('LL1001', `serve wants a model, or a ${CONFIG} in this folder`);
}

/** The one model of a command line. Throws LL1001. */
export function readRequest(reference: string, options: Options): ModelRequest {
  const canary = text(options, 'canary');
  const also = text(options, 'versions');
  return {
    name: text(options, 'name') ?? null,
    reference,
    watch: watchInterval(options.watch),
    canary:
      canary === undefined
        ? null
        : { ...parseCanary(canary), keyHeader: text(options, 'canaryKey') ?? KEY_HEADER },
    shadow: text(options, 'shadow') ?? null,
    versions: also === undefined ? [] : also.split(',').filter((version) => version !== ''),
  };
}

function watchInterval(value: Options[string]): number | null {
  if (value === undefined || value === false) {
    return null;
  }
  if (value === true) {
    return WATCH_MS;
  }
  const intervalMs = duration('watch', String(value));
  if (intervalMs < 100) {
    throw new LoadlineError('LL1001', `--watch wants at least 100ms, found "${value}"`);
  }
  return intervalMs;
}

/** `house-price/4=10%` or `house-price/4=0.1`. */
function parseCanary(value: string): { readonly version: string; readonly share: number } {
  const [, version = '', number = '', percent] = /^(.+)=([\d.]+)(%)?$/.exec(value) ?? [];
  const share = Number(number) / (percent === undefined ? 1 : 100);
  if (version === '' || !(share > 0 && share < 1)) {
    throw new LoadlineError(
      'LL1001',
      `--canary wants NAME/VERSION=SHARE with a share above 0% and below 100%, found "${value}"`,
    );
  }
  return { version, share };
}
