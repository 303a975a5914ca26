/** What the benchmarks found, as one table. */

export interface Finding {
  readonly what: string;
  /** The ratio measured. */
  readonly value: number;
  /** The ratio to reach; null where there is none. */
  readonly target: number | null;
  /** Whether more is better. */
  readonly atLeast: boolean;
  /** The medians behind the ratio. */
  readonly detail: string;
}

/** Whether a finding meets its target. */
export function meets(finding: Finding): boolean {
  const { value, target, atLeast } = finding;
  return target === null || (atLeast ? value >= target : value <= target);
}

/** The findings as a Markdown table. */
export function renderFindings(findings: readonly Finding[]): string {
  return [
    '| what | measured | to reach | | medians |',
    '|---|---:|---:|---|---|',
    ...findings.map((finding) => {
      const { what, value, target, atLeast, detail } = finding;
      const wanted = target === null ? '—' : `${atLeast ? '≥' : '≤'} ${target}`;
      return `| ${what} | ${value.toPrecision(3)} | ${wanted} | ${meets(finding) ? 'yes' : 'NO'} | ${detail} |`;
    }),
  ].join('\n');
}
