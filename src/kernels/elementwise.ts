/** numpy's elementwise functions by their names there, on float64. */

/** One value at a time. */
export type Elementwise = (x: number) => number;

const FUNCTIONS: ReadonlyMap<string, Elementwise> = new Map<string, Elementwise>([
  ['absolute', Math.abs],
  ['fabs', Math.abs],
  ['negative', (x) => -x],
  ['positive', (x) => x],
  ['sign', Math.sign],
  ['square', (x) => x * x],
  ['reciprocal', (x) => 1 / x],
  ['sqrt', Math.sqrt],
  ['cbrt', Math.cbrt],
  ['exp', Math.exp],
  ['exp2', (x) => 2 ** x],
  ['expm1', Math.expm1],
  ['log', Math.log],
  ['log2', Math.log2],
  ['log10', Math.log10],
  ['log1p', Math.log1p],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['arcsin', Math.asin],
  ['arccos', Math.acos],
  ['arctan', Math.atan],
  ['sinh', Math.sinh],
  ['cosh', Math.cosh],
  ['tanh', Math.tanh],
  ['arcsinh', Math.asinh],
  ['arccosh', Math.acosh],
  ['arctanh', Math.atanh],
  ['deg2rad', toRadians],
  ['radians', toRadians],
  ['rad2deg', toDegrees],
  ['degrees', toDegrees],
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['trunc', Math.trunc],
  ['fix', Math.trunc],
  ['rint', roundHalfEven],
  ['isnan', (x) => (Number.isNaN(x) ? 1 : 0)],
  ['isinf', (x) => (Math.abs(x) === Number.POSITIVE_INFINITY ? 1 : 0)],
  ['isfinite', (x) => (Number.isFinite(x) ? 1 : 0)],
]);

/** The function of that name that takes one argument, or undefined where there is none. */
export function elementwise(name: string): Elementwise | undefined {
  return FUNCTIONS.get(name);
}

/** numpy.clip; a bound that is null does not limit. */
export function clipper(low: number | null, high: number | null): Elementwise {
  const least = low ?? Number.NEGATIVE_INFINITY;
  const most = high ?? Number.POSITIVE_INFINITY;
  return (x) => Math.min(Math.max(x, least), most);
}

/** numpy.round to `decimals` places: scaled by a power of ten, rounded half to even, scaled back. */
export function rounder(decimals: number): Elementwise {
  if (decimals === 0) {
    return roundHalfEven;
  }
  const scale = 10 ** Math.abs(decimals);
  return decimals > 0 ? (x) => roundHalfEven(x * scale) / scale : (x) => roundHalfEven(x / scale) * scale;
}

/** numpy.nan_to_num; an infinity without a value of its own becomes the largest or smallest float64. */
export function missingReplacer(nan: number, posinf: number | null, neginf: number | null): Elementwise {
  const above = posinf ?? Number.MAX_VALUE;
  const below = neginf ?? -Number.MAX_VALUE;
  return (x) => {
    if (Number.isNaN(x)) {
      return nan;
    }
    return x === Number.POSITIVE_INFINITY ? above : x === Number.NEGATIVE_INFINITY ? below : x;
  };
}

function toRadians(x: number): number {
  return x * (Math.PI / 180);
}

function toDegrees(x: number): number {
  return x * (180 / Math.PI);
}

function roundHalfEven(x: number): number {
  // Beyond 2^52 every float is whole; below, adding and taking it away again rounds in the default mode, half to even.
  const whole = 4503599627370496;
  if (!(Math.abs(x) < whole)) {
    return x;
  }
  const rounded = Math.abs(x) + whole - whole;
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}
