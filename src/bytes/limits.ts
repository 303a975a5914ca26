/**
 * How much a file may ask for before it is refused. Every limit is checked before the memory is taken, has a reason,
 * and can be raised by who trusts the file.
 */
import { LoadlineError } from '../errors.ts';

export interface Limits {
  /** Bytes of the file itself. */
  readonly fileBytes: number;
  /** Bytes after decompression. */
  readonly decompressedBytes: number;
  /** Decompressed bytes per compressed byte; counted only beyond `ratioFreeBytes`. */
  readonly ratio: number;
  /** Output below which the ratio does not matter. */
  readonly ratioFreeBytes: number;
  /** Opcodes, nested pickles included. */
  readonly opcodes: number;
  /** Tuples, lists, dicts, sets and records for each byte of the file, beyond `freeObjects`. */
  readonly objectsPerByte: number;
  /** Objects that any file may have. */
  readonly freeObjects: number;
  /** Different names that the file mentions. */
  readonly names: number;
  /** Values on the stack at one time. */
  readonly stackItems: number;
  /** Marks open at one time: how deep containers nest while they are being read. */
  readonly markDepth: number;
  /** Values the memo holds. */
  readonly memoEntries: number;
  /** Bytes of one string. */
  readonly stringBytes: number;
  /** Bytes of one integer. */
  readonly intBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  // The largest forests that people deploy are 1 to 2 GB; a server has to hold the file in memory.
  fileBytes: 4 * 2 ** 30,
  decompressedBytes: 4 * 2 ** 30,
  // Honest models compress 2 to 20 times, arrays of one repeated value some hundred times; a bomb reaches 1000 and more.
  ratio: 200,
  // Too little to hurt, and small files of zeros compress without bound.
  ratioFreeBytes: 32 * 2 ** 20,
  // A vectorizer whose three million words have numpy integers takes some 30 million.
  opcodes: 50_000_000,
  // An object takes 100 to 200 bytes of memory, so this bounds memory to some 25 times the file. The densest honest files,
  // such vectorizers, have one object in 11 bytes; a bomb one in every byte.
  objectsPerByte: 1 / 8,
  // A forest of 10,000 trees has 200,000.
  freeObjects: 250_000,
  // A large pipeline names some 100 classes; all of scikit-learn has 1,500.
  names: 10_000,
  // A pickler flushes lists and dicts every 1,000 items; only a tuple lies on the stack as a whole.
  stackItems: 16_000_000,
  // CPython's own pickler gives up near depth 1,000, or as deep as its C stack allows: some 10,000.
  markDepth: 20_000,
  // A value the file refers to again; that vectorizer has 9 million. A Map of JavaScript holds no more.
  memoEntries: 2 ** 24,
  // A string of JavaScript holds 2^29 characters at most; a booster's text dump stays below 100 MB.
  stringBytes: 256 * 2 ** 20,
  // No fitted attribute needs more than 128 bits (a PCG64 state); parsing is quadratic in the length.
  intBytes: 4096,
};

/** The defaults with some of them replaced. */
export function limitsOf(changes: Partial<Limits> = {}): Limits {
  return { ...DEFAULT_LIMITS, ...changes };
}

/** LL3004 naming the limit to raise. `found` reads on from `it has`: `a string of 300 bytes`. */
export function overLimit(
  limit: keyof Limits,
  limits: Limits,
  found: string,
  offset?: number,
): LoadlineError {
  const at = offset === undefined ? '' : ` at byte ${offset}`;
  return new LoadlineError(
    'LL3004',
    `Cannot read the file: it has ${found}${at}, the limit is ${limits[limit]} (${limit})`,
    offset === undefined ? {} : { offset },
  );
}
