/** Numbers with units as they are typed: `30s`, `512Mi`. */
import { parseDuration, parseSize } from '../config/units.ts';
import { LoadlineError } from '../errors.ts';

/** Milliseconds of `250ms`, `5s`, `2m`, `1h`. Throws LL1001. */
export function duration(option: string, value: string): number {
  const milliseconds = parseDuration(value);
  if (milliseconds === null) {
    throw new LoadlineError(
      'LL1001',
      `--${option} wants a duration such as 500ms, 5s or 2m, found "${value}"`,
    );
  }
  return milliseconds;
}

/** Bytes of `1048576`, `512Ki`, `16Mi`. Throws LL1001. */
export function size(option: string, value: string): number {
  const bytes = parseSize(value);
  if (bytes === null) {
    throw new LoadlineError('LL1001', `--${option} wants a size such as 512Ki or 16Mi, found "${value}"`);
  }
  return bytes;
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
