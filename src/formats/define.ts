/** The shape of a format: a kind of file that holds a model. */
import type { Container } from '../bytes/container.ts';
import type { Limits } from '../bytes/limits.ts';
import type { LoadlineError } from '../errors.ts';
import type { Origin } from '../model/model.ts';
import type { PickleFile } from '../pickle/read.ts';

/** What a file says, whatever its format: one tree of inert values, and every name it mentions. */
export type Contents = Pick<PickleFile, 'root' | 'globals' | 'findings' | 'trailingBytes' | 'protocol'>;

/** As much of a file as could be read. */
export interface Scan {
  readonly contents: Contents;
  /** Why it could not be read to its end; then `contents` holds the names that could be made out. */
  readonly failure: LoadlineError | null;
  readonly container: Container | 'zip';
  readonly unpackedBytes: number;
  /** Whether it is a pickle that joblib wrote. */
  readonly joblib: boolean;
}

export interface ModelFormat {
  readonly name: Origin['format'];
  /** Whether the first bytes are those of this format. */
  sniff(bytes: Uint8Array): boolean;
  /** Reads a file as data: nothing in it is executed, whatever it is. Throws LL3001 to LL3004 and LL3007. */
  scan(bytes: Uint8Array, limits: Partial<Limits>): Scan;
}

/** Types a format. */
export function defineFormat<T extends ModelFormat>(format: T): T {
  return format;
}
