/** Judges every name a pickle mentions, and what else it would do in Python. */
import type { PickleFile } from '../read.ts';
import { dangerOf } from './dangerous.ts';
import { isKnownData } from './known.ts';

/** From harmless to harmful. `unknown` is refused only where a prediction would need its value. */
export const VERDICTS = ['known data', 'known estimator', 'unknown', 'dangerous'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface AuditedGlobal {
  readonly module: string;
  readonly name: string;
  /** Byte offset of the first mention in the uncompressed file. */
  readonly offset: number;
  /** How many opcodes name it. */
  readonly count: number;
  readonly verdict: Verdict;
  /** What it would do in Python when it is dangerous, in words that follow `would`; else null. */
  readonly reason: string | null;
}

/** Something dangerous, for a message: `names os.system, which would run a program`. */
export interface Danger {
  readonly what: string;
  readonly offset: number;
}

export interface Audit {
  /** The worst verdict of all names; `dangerous` too where `dangers` has more than names. */
  readonly verdict: Verdict;
  readonly globals: readonly AuditedGlobal[];
  /** Everything dangerous, in the order of the file. */
  readonly dangers: readonly Danger[];
  /** Bytes behind the end of the pickle: not dangerous by themselves, but no honest file has them. */
  readonly trailingBytes: number;
}

/** Audits what a pickle names. `isEstimator`: whether a class can be evaluated. */
export function auditPickle(
  file: Pick<PickleFile, 'globals' | 'findings' | 'trailingBytes'>,
  isEstimator: (module: string, name: string) => boolean,
): Audit {
  const globals = file.globals.map(({ module, name, offset, count, arity }): AuditedGlobal => {
    const known = isKnownData(module, name, arity);
    const estimator = !name.includes('.') && isEstimator(module, name);
    const reason = known || estimator ? null : dangerOf(module, name);
    const verdict: Verdict = estimator
      ? 'known estimator'
      : known
        ? 'known data'
        : reason === null
          ? 'unknown'
          : 'dangerous';
    return { module, name, offset, count, verdict, reason };
  });
  const dangers = [
    ...globals.flatMap(({ module, name, offset, reason }): Danger[] =>
      reason === null ? [] : [{ what: `names ${module}.${name}, which would ${reason}`, offset }],
    ),
    ...file.findings,
  ].sort((a, b) => a.offset - b.offset);
  const worst = globals.reduce((rank, { verdict }) => Math.max(rank, VERDICTS.indexOf(verdict)), 0);
  return {
    verdict: dangers.length > 0 ? 'dangerous' : (VERDICTS[worst] ?? 'unknown'),
    globals,
    dangers,
    trailingBytes: file.trailingBytes,
  };
}
