/** The power transforms of sklearn.preprocessing.PowerTransformer and their inverses, one value at a time. */

/** The exponent λ of one column, with what the formulas make of it. */
export interface Exponent {
  readonly lambda: number;
  /** 2 − λ, the exponent of negative values. */
  readonly mirrored: number;
  /** 1/λ and 1/(2 − λ). */
  readonly inverse: number;
  readonly inverseMirrored: number;
}

/** Prepares an exponent; `round` is Math.fround where numpy holds it in float32. */
export function exponentOf(lambda: number, round: (x: number) => number): Exponent {
  const mirrored = round(2 - lambda);
  return { lambda, mirrored, inverse: round(1 / lambda), inverseMirrored: round(1 / mirrored) };
}

/** Yeo-Johnson as scikit-learn computed it up to 1.7: powers, then minus one. */
export function yeoJohnsonPower(x: number, { lambda, mirrored }: Exponent): number {
  if (x >= 0) {
    return isNear(lambda, 0) ? Math.log1p(x) : ((x + 1) ** lambda - 1) / lambda;
  }
  return isNear(lambda, 2) ? -Math.log1p(-x) : -((1 - x) ** mirrored - 1) / mirrored;
}

/** Yeo-Johnson as scipy.stats computes it, which scikit-learn calls since 1.8: expm1 and log1p, exact near zero. */
export function yeoJohnsonExpm1(x: number, { lambda, mirrored }: Exponent): number {
  if (x >= 0) {
    return isNear(lambda, 0) ? Math.log1p(x) : Math.expm1(lambda * Math.log1p(x)) / lambda;
  }
  return isNear(lambda, 2) ? -Math.log1p(-x) : -Math.expm1(mirrored * Math.log1p(-x)) / mirrored;
}

/** Inverse of Yeo-Johnson; NaN where no value maps to `y`. */
export function inverseYeoJohnson(y: number, exponent: Exponent): number {
  const { lambda, mirrored, inverse, inverseMirrored } = exponent;
  if (y >= 0) {
    return isNear(lambda, 0) ? Math.exp(y) - 1 : (y * lambda + 1) ** inverse - 1;
  }
  return isNear(lambda, 2) ? 1 - Math.exp(-y) : 1 - (-mirrored * y + 1) ** inverseMirrored;
}

/** Box-Cox of a positive number, as scipy.special.boxcox. */
export function boxCox(x: number, { lambda }: Exponent): number {
  // scipy's switch: below it expm1(λ·log x)/λ is log x to the last bit.
  return Math.abs(lambda) < 1e-19 ? Math.log(x) : Math.expm1(lambda * Math.log(x)) / lambda;
}

/** Inverse of Box-Cox as scikit-learn computed it up to 1.5, by a power. */
export function inverseBoxCoxPower(y: number, { lambda, inverse }: Exponent): number {
  return lambda === 0 ? Math.exp(y) : (y * lambda + 1) ** inverse;
}

/** Inverse of Box-Cox, as scipy.special.inv_boxcox, which scikit-learn calls since 1.6. */
export function inverseBoxCox(y: number, { lambda }: Exponent): number {
  return lambda === 0 ? Math.exp(y) : Math.exp(Math.log1p(lambda * y) / lambda);
}

function isNear(lambda: number, special: number): boolean {
  return Math.abs(lambda - special) <= Number.EPSILON;
}
