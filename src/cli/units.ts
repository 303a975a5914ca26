/** Numbers with units as they are typed: `30s`, `512Mi`. */
import { LoadlineError } from '../errors.ts';

const TIME = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const SIZE = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9 } as const;

/** Milliseconds of `250ms`, `5s`, `2m`, `1h`. Throws LL1001. */
export function duration(option: string, value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value);
  if (match === null) {
    throw new LoadlineError(
      'LL1001',
      `--${option} wants a duration such as 500ms, 5s or 2m, found "${value}"`,
    );
  }
  return Number(match[1]) * TIME[match[2] as keyof typeof TIME];
}

/** Bytes of `1048576`, `512Ki`, `16Mi`. Throws LL1001. */
export function size(option: string, value: string): number {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|k|M|G|)$/.exec(value);
  if (match === null) {
    throw new LoadlineError('LL1001', `--${option} wants a size such as 512Ki or 16Mi, found "${value}"`);
  }
  return Math.round(Number(match[1]) * SIZE[match[2] as keyof typeof SIZE]);
}

/** A whole number from `least` to `most`. Throws LL1001. */
export function wholeNumber(option: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < least || number > most) {
    throw new LoadlineError(
      'LL1001',
      `--${option} wants a whole number from ${least} to ${most}, found "${value}"`,
    );
  }
  return number;
}
