/** How the answers of two versions to the same rows differ. */
import type { Label, Target } from '../../model/data.ts';
import { labelAt } from '../../model/data.ts';
import type { Difference } from './plan.ts';

/** What one batch showed: to be added up over several. */
export interface Comparison {
  readonly rows: number;
  /** Rows whose outputs all agree. */
  readonly agreeing: number;
  /** |new − old| of each row, over several outputs the largest; rows where it is not finite are left out. Null for labels. */
  readonly differences: readonly number[] | null;
  /** |new − old| / |old| of the same rows; where the old one is 0, 0 for no difference and infinite for any. */
  readonly relative: readonly number[] | null;
}

/** The published contract for values that are not computed to the last bit; the absolute part is for values near 0. */
const RELATIVE = 1e-9;
const ABSOLUTE = 1e-12;

/**
 * Compares what two versions answered to the same rows. Numbers agree within 1e-9 relative or 1e-12 absolute, NaN with
 * NaN; labels when they are the same value. Answers of another number of outputs agree nowhere.
 */
export function compareTargets(old: Target, next: Target): Comparison {
  const rows = Math.min(old.nRows, next.nRows);
  const numeric = old.kind === 'numbers' && next.kind === 'numbers';
  if (old.nCols !== next.nCols) {
    return { rows, agreeing: 0, differences: numeric ? [] : null, relative: numeric ? [] : null };
  }
  const differences: number[] = [];
  const relative: number[] = [];
  let agreeing = 0;
  for (let row = 0; row < rows; row++) {
    let agree = true;
    let largest = 0;
    let largestShare = 0;
    for (let output = 0; output < old.nCols; output++) {
      const a = valueAt(old, row, output);
      const b = valueAt(next, row, output);
      if (!same(a, b)) {
        agree = false;
      }
      if (typeof a === 'number' && typeof b === 'number' && !Object.is(a, b)) {
        largest = Math.max(largest, Math.abs(b - a));
        largestShare = Math.max(largestShare, a === b ? 0 : Math.abs((b - a) / a));
      }
    }
    agreeing += agree ? 1 : 0;
    if (numeric && Number.isFinite(largest)) {
      differences.push(largest);
      relative.push(largestShare);
    }
  }
  return { rows, agreeing, differences: numeric ? differences : null, relative: numeric ? relative : null };
}

function valueAt(target: Target, row: number, output: number): Label {
  return target.kind === 'numbers' ? target.data[row * target.nCols + output]! : labelAt(target, row, output);
}

function same(a: Label, b: Label): boolean {
  return typeof a === 'number' && typeof b === 'number'
    ? Object.is(a, b) ||
        a === b ||
        (Number.isFinite(a) && Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b)) + ABSOLUTE)
    : a === b;
}

/** Several comparisons as one; null when they hold no row. Quantiles are values that occurred (nearest rank). */
export function measureDifference(comparisons: readonly Comparison[]): Difference | null {
  const rows = comparisons.reduce((sum, { rows }) => sum + rows, 0);
  if (rows === 0) {
    return null;
  }
  const differences = comparisons.flatMap(({ differences }) => differences ?? []).sort((a, b) => a - b);
  const rank = (share: number): number | null =>
    differences[Math.max(0, Math.ceil(share * differences.length) - 1)] ?? null;
  return {
    rows,
    agreeing: comparisons.reduce((sum, { agreeing }) => sum + agreeing, 0),
    p50: rank(0.5),
    p95: rank(0.95),
    max: rank(1),
  };
}
