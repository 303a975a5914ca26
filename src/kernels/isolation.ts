/** Scores of isolation trees. */
import { exactLog } from './logarithm.ts';

/** Euler's constant, as numpy.euler_gamma. */
const EULER = 0.5772156649015329;

/** Mean depth at which a tree of `n` rows isolates one: what is added at a leaf that still holds `n` rows. Source: Liu, Ting and Zhou 2008. */
export function averagePathLength(n: number): number {
  if (n <= 1) {
    return 0;
  }
  return n === 2 ? 1 : 2 * (exactLog(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** Anomaly scores from the depths of each row summed over all trees, in place: −2^(−depth / expected), and −½ where nothing is expected. */
export function isolationScores(depths: Float64Array, expected: number): Float64Array {
  for (let i = 0; i < depths.length; i++) {
    depths[i] = -(2 ** -(expected === 0 ? 1 : depths[i]! / expected));
  }
  return depths;
}
