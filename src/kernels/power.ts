/** The power transforms of sklearn.preprocessing.PowerTransformer and their inverses, one value at a time. */

const EPSILON = Number.EPSILON;

/** Yeo-Johnson as scikit-learn computed it up to 1.7: powers, then minus one. */
export function yeoJohnsonPower(x: number, lambda: number): number {
  if (x >= 0) {
    return Math.abs(lambda) < EPSILON ? Math.log1p(x) : ((x + 1) ** lambda - 1) / lambda;
  }
  const mirrored = 2 - lambda;
  return Math.abs(lambda - 2) > EPSILON ? -((1 - x) ** mirrored - 1) / mirrored : -Math.log1p(-x);
}

/** Yeo-Johnson as scipy.stats computes it, which scikit-learn calls since 1.8: expm1 and log1p, exact near zero. */
export function yeoJohnsonExpm1(x: number, lambda: number): number {
  if (x >= 0) {
    return Math.abs(lambda) < EPSILON ? Math.log1p(x) : Math.expm1(lambda * Math.log1p(x)) / lambda;
  }
  const mirrored = 2 - lambda;
  return Math.abs(lambda - 2) > EPSILON ? -Math.expm1(mirrored * Math.log1p(-x)) / mirrored : -Math.log1p(-x);
}

/** Inverse of Yeo-Johnson; NaN where no value maps to `y`. */
export function inverseYeoJohnson(y: number, lambda: number): number {
  if (y >= 0) {
    return Math.abs(lambda) < EPSILON ? Math.exp(y) - 1 : (y * lambda + 1) ** (1 / lambda) - 1;
  }
  const mirrored = 2 - lambda;
  return Math.abs(lambda - 2) > EPSILON ? 1 - (-mirrored * y + 1) ** (1 / mirrored) : 1 - Math.exp(-y);
}

/** Box-Cox of a positive number, as scipy.special.boxcox. */
export function boxCox(x: number, lambda: number): number {
  // scipy's switch: below it expm1(λ·log x)/λ is log x to the last bit.
  return Math.abs(lambda) < 1e-19 ? Math.log(x) : Math.expm1(lambda * Math.log(x)) / lambda;
}

/** Inverse of Box-Cox, as scipy.special.inv_boxcox. */
export function inverseBoxCox(y: number, lambda: number): number {
  return lambda === 0 ? Math.exp(y) : Math.exp(Math.log1p(lambda * y) / lambda);
}
