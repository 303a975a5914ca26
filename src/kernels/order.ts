/** Sorting and order statistics as numpy computes them. */

/** Positions in ascending order of the values; equal ones keep their order. NaN comes last. */
export function argsort(values: Float64Array): Int32Array {
  const order = Int32Array.from(values.keys());
  // Typed arrays sort stably.
  return order.sort((a, b) => compare(values[a]!, values[b]!));
}

/** numpy.percentile with linear interpolation; `percent` from 0 to 100. */
export function percentile(values: Float64Array, percent: number): number {
  const sorted = values.toSorted();
  const position = (sorted.length - 1) * (percent / 100);
  const below = Math.floor(position);
  const weight = position - below;
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  const step = high - low;
  // numpy comes from the nearer end.
  return weight >= 0.5 ? high - step * (1 - weight) : low + step * weight;
}

/** numpy.median. */
export function median(values: Float64Array): number {
  const sorted = values.toSorted();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  return a < b ? -1 : a > b ? 1 : 0;
}
