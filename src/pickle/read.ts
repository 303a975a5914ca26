/** Reads a pickle or joblib file as data. */
import { damageHint } from '../bytes/container.ts';
import type { Limits } from '../bytes/limits.ts';
import { limitsOf } from '../bytes/limits.ts';
import { isLoadlineError, LoadlineError } from '../errors.ts';
import type { Inert } from './inert.ts';
import type { Finding, GlobalUse, Session } from './machine.ts';
import { newSession, runPickle } from './machine.ts';
import { isOpcode } from './opcodes.ts';
import { salvageNames } from './salvage.ts';

export type { Finding, GlobalUse } from './machine.ts';

/** What a pickle says. */
export interface PickleFile {
  readonly root: Inert;
  /** Every name the file mentions, in order of first mention; behind STOP too. */
  readonly globals: readonly GlobalUse[];
  /** What else would run code in Python. */
  readonly findings: readonly Finding[];
  /** Highest protocol named; 0 where none is (protocols 0 and 1 look alike). */
  readonly protocol: number;
  readonly opcodes: number;
  /** Bytes behind STOP: an honest file has none. */
  readonly trailingBytes: number;
  /** Arrays that joblib wrote outside of the pickle's grammar; none in a plain pickle. */
  readonly joblibArrays: number;
}

/** As much of a file as could be read. */
export interface PickleScan {
  /** `root` is null where the reading failed; `globals` and `findings` then hold what came before, and what could be made out of the rest. */
  readonly pickle: PickleFile;
  readonly failure: LoadlineError | null;
}

/**
 * Reads uncompressed bytes. Nothing in them is executed. Throws LL3001 for what is no pickle or keeps its arrays in side
 * files, LL3002 for a file that is cut off, LL3003 for one that breaks the format, LL3004 for one that goes over a limit.
 */
export function readPickle(bytes: Uint8Array, limits: Partial<Limits> = {}): PickleFile {
  const { pickle, failure } = scanPickle(bytes, limits);
  if (failure !== null) {
    throw failure;
  }
  return pickle;
}

/** As `readPickle`, but a file that cannot be read still gives the names in it: a payload may stand before the damage. */
export function scanPickle(bytes: Uint8Array, limits: Partial<Limits> = {}): PickleScan {
  const session = newSession(limitsOf(limits));
  // A view of the plain class: slices of a Buffer cost more.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  let root: Inert = null;
  let end = 0;
  let failure: LoadlineError | null = null;
  try {
    const stream = runPickle(view, 0, session, true);
    root = stream.root;
    end = stream.end;
  } catch (error) {
    if (!isLoadlineError(error)) {
      throw error;
    }
    failure = explained(error, view);
    end = view.length;
    salvage(view, error.detail.offset ?? 0, session);
  }
  if (end < view.length) {
    readBehind(view, end, session);
  }
  return {
    pickle: {
      root,
      globals: [...session.globals.values()],
      findings: session.findings,
      protocol: session.protocol,
      opcodes: session.opcodes,
      trailingBytes: view.length - end,
      joblibArrays: session.joblibArrays,
    },
    failure,
  };
}

/** Pickles behind the first that are read one by one; the rest is only looked through. */
const MAX_BEHIND = 100;

/** Names in what lies behind STOP, which may be more pickles. */
function readBehind(bytes: Uint8Array, start: number, session: Session): void {
  let pos = start;
  for (let behind = 0; pos < bytes.length; behind++) {
    if (behind === MAX_BEHIND) {
      salvage(bytes, pos, session);
      return;
    }
    try {
      pos = runPickle(bytes, pos, session, true).end;
    } catch (error) {
      if (!isLoadlineError(error)) {
        throw error;
      }
      salvage(bytes, pos, session);
      return;
    }
  }
}

function salvage(bytes: Uint8Array, start: number, session: Session): void {
  for (const { module, name, offset } of salvageNames(bytes, start)) {
    const key = `${module}\n${name}`;
    if (!session.globals.has(key)) {
      session.globals.set(key, { module, name, offset, count: 1, called: false, arity: null });
    }
  }
}

/** The error with what the bytes tell about its cause. */
function explained(error: LoadlineError, bytes: Uint8Array): LoadlineError {
  if (error.code !== 'LL3002' && error.code !== 'LL3003') {
    return error;
  }
  const hint = damageHint(bytes);
  if (hint !== null) {
    return new LoadlineError('LL3002', `${error.message}; ${hint}`, error.detail);
  }
  if (error.code === 'LL3003' && error.detail.offset === 0 && !isOpcode(bytes[0] ?? 0)) {
    return new LoadlineError(
      'LL3001',
      'Cannot read the file: it is no pickle, its first byte is no opcode',
      error.detail,
    );
  }
  return error;
}
