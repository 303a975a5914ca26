/**
 * Logarithm and exponential to the last bit. V8's are within one unit in the last place, those of C libraries nearly
 * always the nearest double: where every raw score starts from a logarithm, one unit would show in all of them.
 */

/** ln 2 as the sum of two doubles. */
const LN2_HIGH = Math.LN2;
const LN2_LOW = 2.3190468138462996e-17;

/** ln of a positive normal number: the nearest double in all but about one of ten thousand cases. */
export function exactLog(x: number): number {
  const [high, low] = logParts(x);
  return high + low;
}

/** e to the power of `x`, of a size whose exponential is a normal number: as near as `exactLog`. */
export function exactExp(x: number): number {
  // One step of Newton's method from V8's exponential.
  const start = Math.exp(x);
  const [high, low] = logParts(start);
  return start + start * (x - high - low);
}

/** log(p / (1 − p)) as scipy.special.logit rounds it; from 1.15 on (`nearHalf`), scipy has another formula near ½. */
export function logit(p: number, nearHalf: boolean): number {
  if (nearHalf && p >= 0.3 && p <= 0.65) {
    const s = 2 * (p - 0.5);
    return Math.log1p(s) - Math.log1p(-s);
  }
  return exactLog(p / (1 - p));
}

/** ln x as a double and a correction. */
function logParts(x: number): readonly [number, number] {
  // x = 2^exponent · m, m between √½ and √2.
  let exponent = Math.floor(Math.log2(x));
  let m = x / 2 ** exponent;
  if (m > Math.SQRT2) {
    m /= 2;
    exponent++;
  }
  // ln m = 2 (s + s³/3 + s⁵/5 + …) with s = (m − 1) / (m + 1); the first two terms are carried in two doubles each.
  const numerator = m - 1;
  const [denominator, denominatorLow] = twoSum(m, 1);
  const s = numerator / denominator;
  const [product, productLow] = twoProduct(s, denominator);
  const sLow = (numerator - product - productLow - s * denominatorLow) / denominator;
  const z = s * s;
  const [square, squareLow] = twoProduct(s, s);
  const [cube, cubeLow] = twoProduct(square, s);
  const third = cube / 3;
  const [back, backLow] = twoProduct(third, 3);
  const thirdLow = (cube - back - backLow + cubeLow + squareLow * s + 3 * z * sLow) / 3;
  let rest = 0;
  for (let n = 25; n >= 5; n -= 2) {
    rest = rest * z + 1 / n;
  }
  rest *= z * z * s;
  const [sum, sumLow] = twoSum(s, third);
  const [high, highLow] = twoSum(exponent * LN2_HIGH, 2 * sum);
  const [, scaledLow] = twoProduct(exponent, LN2_HIGH);
  return [high, highLow + (scaledLow + exponent * LN2_LOW) + 2 * (sumLow + sLow + thirdLow + rest)];
}

/** a + b as a double and what rounding lost. */
function twoSum(a: number, b: number): readonly [number, number] {
  const sum = a + b;
  const part = sum - a;
  return [sum, a - (sum - part) + (b - part)];
}

/** a · b as a double and what rounding lost: Dekker's product, halves of 26 bits. */
function twoProduct(a: number, b: number): readonly [number, number] {
  const product = a * b;
  const aHigh = splitHigh(a);
  const bHigh = splitHigh(b);
  const aLow = a - aHigh;
  const bLow = b - bHigh;
  return [product, aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
}

function splitHigh(a: number): number {
  const scaled = 134217729 * a;
  return scaled - (scaled - a);
}
