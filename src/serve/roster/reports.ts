/** What several processes found when they checked the same versions. */
import type { CheckReport, Difference } from './plan.ts';

/**
 * Reports of the same plan as one per version. Rows add up; quantiles are those of the process that compared the most
 * rows, because quantiles of parts have no sum; the maximum is that of all.
 */
export function joinReports(lists: readonly (readonly CheckReport[])[]): readonly CheckReport[] {
  const joined = new Map<string, CheckReport>();
  for (const report of lists.flat()) {
    const key = JSON.stringify([report.name, report.version]);
    const known = joined.get(key);
    joined.set(
      key,
      known === undefined
        ? report
        : { ...known, difference: joinDifferences(known.difference, report.difference) },
    );
  }
  return [...joined.values()];
}

function joinDifferences(a: Difference | null, b: Difference | null): Difference | null {
  if (a === null || b === null) {
    return a ?? b;
  }
  const { p50, p95 } = a.rows >= b.rows ? a : b;
  return {
    rows: a.rows + b.rows,
    agreeing: a.agreeing + b.agreeing,
    p50,
    p95,
    max: a.max === null || b.max === null ? null : Math.max(a.max, b.max),
  };
}
