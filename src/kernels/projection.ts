/** The float32 arithmetic that shows in projections fitted on float32. */

/**
 * Dot product of `n` float32 numbers as BLAS's fused multiply-add gives it: one rounding to float32 for each term, as
 * the product of two is exact in float64.
 */
export function dotFloat32(
  a: Float64Array,
  aStart: number,
  b: Float64Array,
  bStart: number,
  n: number,
): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum = Math.fround(sum + a[aStart + i]! * b[bStart + i]!);
  }
  return sum;
}
