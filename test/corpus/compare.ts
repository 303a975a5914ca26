/** The published fidelity contract as arithmetic: how far an answer may be from scikit-learn's. */
import type { Json, Tolerance } from './cases.ts';

/** Equal to this bound, where a case does not say another: |Δ| ≤ rel · max(|a|, |b|) + abs. */
export const CONTRACT = { rel: 1e-9, abs: 1e-12 } as const;

/** Labels may differ where the winning margin is below this share of the winner. */
export const LABEL_MARGIN = 1e-9;

/** The largest difference met, as a share of the bound that applied to it. */
export interface Worst {
  /** |Δ| over the bound; 0 where all values were equal to the last bit. */
  readonly share: number;
  readonly difference: number;
  readonly relative: number;
  /** Where it was met and what the two values were. */
  readonly where: string;
}

export const NO_DIFFERENCE: Worst = { share: 0, difference: 0, relative: 0, where: '' };

/** One answered value against the recorded one. Values that are no numbers must be identical. */
export function difference(
  answer: unknown,
  recorded: Json,
  bound: Pick<Tolerance, 'rel' | 'abs'>,
  where: string,
): Worst {
  const wanted = numberOf(recorded);
  if (typeof answer !== 'number' || typeof wanted !== 'number') {
    return same(answer, recorded) ? NO_DIFFERENCE : infinite(answer, recorded, where);
  }
  if (answer === wanted || (Number.isNaN(answer) && Number.isNaN(wanted))) {
    return NO_DIFFERENCE;
  }
  const size = Math.max(Math.abs(answer), Math.abs(wanted));
  const delta = Math.abs(answer - wanted);
  if (!Number.isFinite(size)) {
    return infinite(answer, recorded, where);
  }
  return {
    share: delta / (bound.rel * size + bound.abs),
    difference: delta,
    relative: delta / size,
    where: `${where}: expected ${wanted}, found ${answer}`,
  };
}

export function worse(a: Worst, b: Worst): Worst {
  return b.share > a.share ? b : a;
}

/** The winning margin of one row as a share of the winner: of the two best classes, or of a binary decision to 0. */
export function winningMargin(scores: Json): number {
  if (typeof scores === 'number') {
    return Math.abs(scores);
  }
  if (!Array.isArray(scores) || scores.length === 0) {
    return Number.POSITIVE_INFINITY;
  }
  const sorted = scores.map((score) => Number(numberOf(score as Json))).sort((a, b) => b - a);
  const [first = 0, second = Number.NEGATIVE_INFINITY] = sorted;
  return (first - second) / Math.max(Math.abs(first), Math.abs(second), Number.MIN_VALUE);
}

function numberOf(value: Json): Json {
  switch (value) {
    case 'nan':
      return Number.NaN;
    case 'inf':
      return Number.POSITIVE_INFINITY;
    case '-inf':
      return Number.NEGATIVE_INFINITY;
    default:
      return value;
  }
}

/** Missing values of a table are null whatever Python called them. */
function same(answer: unknown, recorded: Json): boolean {
  return answer === recorded || (missing(answer) && missing(recorded));
}

function missing(value: unknown): boolean {
  return value === null || value === 'nan' || Number.isNaN(value);
}

function infinite(answer: unknown, recorded: Json, where: string): Worst {
  return {
    share: Number.POSITIVE_INFINITY,
    difference: Number.POSITIVE_INFINITY,
    relative: Number.POSITIVE_INFINITY,
    where: `${where}: expected ${JSON.stringify(recorded)}, found ${JSON.stringify(answer) ?? String(answer)}`,
  };
}
