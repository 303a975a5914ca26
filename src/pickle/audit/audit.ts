/** Judges every name a pickle mentions. */
import type { PickleFile } from '../read.ts';

export type Verdict = 'known data' | 'known estimator' | 'unknown' | 'dangerous';

export interface AuditedGlobal {
  readonly module: string;
  readonly name: string;
  readonly offset: number;
  readonly count: number;
  readonly verdict: Verdict;
}

export interface Audit {
  readonly verdict: Verdict;
  readonly globals: readonly AuditedGlobal[];
}

/** First sketch: estimators and a prefix rule. */
export function auditPickle(file: PickleFile, isEstimator: (module: string, name: string) => boolean): Audit {
  const globals = file.globals.map((use): AuditedGlobal => {
    const { module, name, offset, count } = use;
    const verdict: Verdict = isEstimator(module, name)
      ? 'known estimator'
      : /^(sklearn|numpy|scipy|joblib|pandas|_loss|functools|collections|_codecs)\b/.test(module)
        ? 'known data'
        : 'unknown';
    return { module, name, offset, count, verdict };
  });
  return { verdict: globals.some((use) => use.verdict === 'unknown') ? 'unknown' : 'known data', globals };
}
