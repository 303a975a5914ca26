/** What the log says of following. */
import type { Difference } from '../roster/plan.ts';

export interface Moved {
  readonly name: string;
  readonly reference: string;
  readonly from: string | null;
  readonly to: string;
  /** Null where it was open already. */
  readonly fetchMs: number | null;
  readonly swapMs: number;
  readonly difference: Difference | null;
}

/** `serving house-price/4 instead of 3 (models:/house-price@champion), fetched in 0.12 s, checked in 0.03 s; …`. */
export function movedLine(moved: Moved): string {
  const { name, reference, from, to, fetchMs, swapMs, difference } = moved;
  const instead = from === null ? '' : ` instead of ${from}`;
  const took =
    fetchMs === null
      ? `it was open, swapped in ${seconds(swapMs)}`
      : `fetched in ${seconds(fetchMs)}, checked and swapped in ${seconds(swapMs)}`;
  return `serving ${name}/${to}${instead} (${reference}): ${took}${differenceText(difference)}`;
}

/** Both the version that failed and the one that goes on are named. */
export function failedLine(
  name: string,
  version: string,
  serving: string | null,
  problem: { readonly code: string; readonly message: string },
): string {
  const goesOn = serving === null ? 'nothing is served' : `${serving} goes on serving`;
  return `${name}/${version} is not served, ${goesOn}: ${problem.message} (${problem.code})`;
}

function differenceText(difference: Difference | null): string {
  if (difference === null) {
    return '';
  }
  const { rows, agreeing, p50, p95, max } = difference;
  const numbers =
    p50 === null || p95 === null || max === null || agreeing === rows
      ? ''
      : `, |new − old| p50 ${short(p50)}, p95 ${short(p95)}, max ${short(max)}`;
  return `; of ${rows} recent rows ${agreeing} are answered alike${numbers}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function short(x: number): string {
  return String(Number(x.toPrecision(3)));
}
