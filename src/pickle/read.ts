/** Reads a pickle or joblib file as data. */
import type { Limits } from '../bytes/limits.ts';
import { limitsOf } from '../bytes/limits.ts';
import type { Inert } from './inert.ts';
import type { GlobalUse } from './machine.ts';
import { newSession, runPickle } from './machine.ts';

export type { GlobalUse } from './machine.ts';

/** What a pickle says. */
export interface PickleFile {
  readonly root: Inert;
  /** Every name the stream mentions, in order of first mention. */
  readonly globals: readonly GlobalUse[];
  /** Highest protocol named; 0 where none is (protocols 0 and 1 look alike). */
  readonly protocol: number;
  readonly opcodes: number;
  /** Bytes behind STOP: an honest file has none. */
  readonly trailingBytes: number;
  /** Arrays that joblib wrote outside of the pickle's grammar; none in a plain pickle. */
  readonly joblibArrays: number;
}

/**
 * Reads uncompressed bytes. Nothing in them is executed. Throws LL3002 for a file that is cut off, LL3003 for one that
 * breaks the format, LL3004 for one that goes over a limit, LL3001 for arrays in side files.
 */
export function readPickle(bytes: Uint8Array, limits: Partial<Limits> = {}): PickleFile {
  const session = newSession(limitsOf(limits));
  // A view of the plain class: slices of a Buffer cost more.
  const plainBytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const { root, end } = runPickle(plainBytes, 0, session, true);
  return {
    root,
    globals: [...session.globals.values()],
    protocol: session.protocol,
    opcodes: session.opcodes,
    trailingBytes: bytes.length - end,
    joblibArrays: session.joblibArrays,
  };
}
