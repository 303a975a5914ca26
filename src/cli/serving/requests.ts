/** The model that a command line of `serve` asks for. */
import { CANARY_KEY, HEADER_NAME, MIN_WATCH_MS, WATCH_INTERVAL } from '../../config/defaults.ts';
import { parseShare } from '../../config/units.ts';
import { LoadlineError } from '../../errors.ts';
import type { ModelRequest } from '../../serve/watch/plan.ts';
import { type Options, text } from '../define.ts';
import { duration } from '../units.ts';

/** Options that say something of one model: where a loadline.yaml names several they stand there. */
export const PER_MODEL: readonly string[] = [
  'name',
  'asVersion',
  'watch',
  'canary',
  'canaryKey',
  'shadow',
  'versions',
];

/** The one model of a command line. Throws LL1001. */
export function readRequest(reference: string, options: Options): ModelRequest {
  const canary = text(options, 'canary');
  const keyHeader = text(options, 'canaryKey') ?? CANARY_KEY;
  if (!HEADER_NAME.test(keyHeader)) {
    throw new LoadlineError('LL1001', `--canary-key wants the name of a header, found "${keyHeader}"`);
  }
  const also = text(options, 'versions');
  return {
    name: text(options, 'name') ?? null,
    asVersion: text(options, 'asVersion'),
    reference,
    watch: watchInterval(options.watch),
    canary: canary === undefined ? null : { ...parseCanary(canary), keyHeader },
    shadow: text(options, 'shadow') ?? null,
    versions: also === undefined ? [] : also.split(',').filter((version) => version !== ''),
  };
}

function watchInterval(value: Options[string]): number | null {
  if (value === undefined || value === false) {
    return null;
  }
  const intervalMs = duration('watch', value === true ? WATCH_INTERVAL : String(value));
  if (intervalMs < MIN_WATCH_MS) {
    throw new LoadlineError('LL1001', `--watch wants at least ${MIN_WATCH_MS}ms, found "${value}"`);
  }
  return intervalMs;
}

/** `house-price/4=10%` or `house-price/4=0.1`. */
function parseCanary(value: string): { readonly version: string; readonly share: number } {
  const at = value.lastIndexOf('=');
  const version = value.slice(0, Math.max(at, 0));
  const share = parseShare(value.slice(at + 1));
  if (version === '' || share === null) {
    throw new LoadlineError(
      'LL1001',
      `--canary wants NAME/VERSION=SHARE with a share above 0% and below 100%, found "${value}"`,
    );
  }
  return { version, share };
}
