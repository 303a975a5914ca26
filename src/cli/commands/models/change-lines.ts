/** Differences as lines: `~ sha256  1f0e4f56a1b2 → 9c01…`. */
import { columns } from '../../output/table.ts';
import type { Terminal } from '../../output/terminal.ts';
import type { Change } from './facts.ts';

/** Lines shown; --json has all of them. */
const MOST = 60;
const LONGEST = 60;

/** One line for each difference, marked + for new, - for gone and ~ for changed. */
export function changeLines(changes: readonly Change[], terminal: Terminal): string[] {
  const { color } = terminal;
  const paint = { '+': color.green, '-': color.red, '~': color.yellow };
  const shown = changes.slice(0, MOST);
  const rows = columns(shown.map((change) => [change.field, changeText(change)]));
  const lines = shown.map(({ change }, i) => `${paint[change](change)} ${rows[i] ?? ''}`);
  return changes.length > MOST
    ? [...lines, `… and ${changes.length - MOST} more (--json lists them all)`]
    : lines;
}

function changeText({ from, to, field }: Change): string {
  const cut = (value: string): string => {
    const text = field === 'sha256' ? value.slice(0, 12) : value.replaceAll('\n', ' ');
    return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  };
  if (from === null || to === null) {
    return cut(from ?? to ?? '');
  }
  return `${cut(from)} → ${cut(to)}${growth(field, from, to)}`;
}

/** By how much a metric changed, relative to what it was. */
function growth(field: string, from: string, to: string): string {
  const [a, b] = [Number(from), Number(to)];
  if (!field.startsWith('metric ') || !Number.isFinite(a) || !Number.isFinite(b) || a === 0) {
    return '';
  }
  const percent = ((b - a) / Math.abs(a)) * 100;
  return `   ${percent > 0 ? '+' : '−'}${Math.abs(percent).toPrecision(3)} %`;
}
