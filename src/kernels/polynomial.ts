/** Polynomial features of a dense matrix, multiplied in the order of sklearn.preprocessing.PolynomialFeatures. */

/** How the full expansion (degrees 0 or 1 up to the largest) is built and what of it is kept. */
export interface PolynomialPlan {
  readonly nFeatures: number;
  /** Whether the expansion begins with a column of ones. */
  readonly bias: boolean;
  /** Columns of the full expansion. */
  readonly width: number;
  /** Column `width − source.length + i` is column `source[i]` times feature `factor[i]`. */
  readonly source: Int32Array;
  readonly factor: Int32Array;
  /** First column kept beside the bias: lower degrees are computed, then cut off. */
  readonly keepFrom: number;
}

export interface PolynomialOptions {
  readonly minDegree: number;
  readonly maxDegree: number;
  readonly interactionOnly: boolean;
  readonly includeBias: boolean;
}

/** Plans the expansion of `nFeatures` columns; null when it would have more than `maxWidth` columns. */
export function planPolynomial(
  nFeatures: number,
  options: PolynomialOptions,
  maxWidth: number,
): PolynomialPlan | null {
  const { minDegree, maxDegree, interactionOnly, includeBias } = options;
  const source: number[] = [];
  const factor: number[] = [];
  const first = includeBias ? 1 : 0;
  if (maxDegree === 0) {
    return {
      nFeatures,
      bias: includeBias,
      width: first,
      source: new Int32Array(),
      factor: new Int32Array(),
      keepFrom: first,
    };
  }
  let width = first + nFeatures;
  if (width > maxWidth) {
    return null;
  }
  let keepFrom = first;
  // index[f]: the first term of the degree before that has no feature below f; its last entry is that degree's end.
  let index = Array.from({ length: nFeatures + 1 }, (_, f) => first + f);
  for (let degree = 2; degree <= maxDegree; degree++) {
    const starts: number[] = [];
    const end = index.at(-1)!;
    if (degree === minDegree) {
      keepFrom = width;
    }
    for (let f = 0; f < nFeatures; f++) {
      let start = index[f]!;
      starts.push(width);
      if (interactionOnly) {
        start += index[f + 1]! - start;
      }
      if (end <= start) {
        break;
      }
      if (width + end - start > maxWidth) {
        return null;
      }
      for (let k = start; k < end; k++) {
        source.push(k);
        factor.push(f);
      }
      width += end - start;
    }
    starts.push(width);
    index = starts;
    if (starts.length === 2 && starts[0] === starts[1]) {
      // No products of this degree or any higher one: more factors than features.
      keepFrom = degree < minDegree ? width : keepFrom;
      break;
    }
  }
  return {
    nFeatures,
    bias: includeBias,
    width,
    source: Int32Array.from(source),
    factor: Int32Array.from(factor),
    keepFrom,
  };
}

/** Columns that `expandPolynomial` answers. */
export function polynomialWidth(plan: PolynomialPlan): number {
  return plan.width - plan.keepFrom + (plan.bias ? 1 : 0);
}

/** Expands the rows of a row-major `[nRows, nFeatures]` matrix. With `float32` every product rounds to float32. */
export function expandPolynomial(
  data: Float64Array,
  nRows: number,
  plan: PolynomialPlan,
  float32: boolean,
): Float64Array {
  const { nFeatures, bias, width, source, factor, keepFrom } = plan;
  const first = bias ? 1 : 0;
  const nProducts = source.length;
  const firstProduct = width - nProducts;
  const nOut = polynomialWidth(plan);
  const out = new Float64Array(nRows * nOut);
  const row = new Float64Array(width);
  for (let i = 0; i < nRows; i++) {
    const x = i * nFeatures;
    if (bias) {
      row[0] = 1;
    }
    for (let j = first; j < firstProduct; j++) {
      row[j] = data[x + j - first]!;
    }
    for (let k = 0; k < nProducts; k++) {
      const product = row[source[k]!]! * data[x + factor[k]!]!;
      row[firstProduct + k] = float32 ? Math.fround(product) : product;
    }
    const at = i * nOut;
    if (bias) {
      out[at] = 1;
    }
    for (let j = keepFrom; j < width; j++) {
      out[at + first + j - keepFrom] = row[j]!;
    }
  }
  return out;
}
