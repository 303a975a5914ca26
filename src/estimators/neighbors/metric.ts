/** scikit-learn's names of metrics. */
import type { Metric } from '../../kernels/distance.ts';
import {
  booleanMetric,
  brayCurtis,
  canberra,
  chebyshev,
  correlation,
  cosine,
  euclidean,
  hamming,
  haversine,
  manhattan,
  minkowski,
  nanEuclidean,
  squaredEuclidean,
  standardizedEuclidean,
} from '../../kernels/distance.ts';
import { dictGet, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import type { EstimatorState } from '../state.ts';

/** Metrics without parameters. The boolean ones count columns where both are true, where they differ, and all. */
const PLAIN = {
  euclidean,
  l2: euclidean,
  sqeuclidean: squaredEuclidean,
  manhattan,
  l1: manhattan,
  cityblock: manhattan,
  chebyshev,
  infinity: chebyshev,
  hamming,
  canberra,
  braycurtis: brayCurtis,
  cosine,
  correlation,
  haversine,
  nan_euclidean: nanEuclidean,
  jaccard: () => booleanMetric((both, unequal) => (both + unequal === 0 ? 0 : unequal / (both + unequal))),
  dice: () => booleanMetric((both, unequal) => unequal / (2 * both + unequal)),
  rogerstanimoto: () => booleanMetric((_both, unequal, n) => (2 * unequal) / (n + unequal)),
  sokalmichener: () => booleanMetric((_both, unequal, n) => (2 * unequal) / (n + unequal)),
  russellrao: () => booleanMetric((both, _unequal, n) => (n - both) / n),
  sokalsneath: () => booleanMetric((both, unequal) => unequal / (0.5 * both + unequal)),
} as const satisfies Record<string, () => Metric>;

/** Exponents of the Minkowski metrics that have names. */
const POWERS: ReadonlyMap<string, number> = new Map([
  ['manhattan', 1],
  ['l1', 1],
  ['cityblock', 1],
  ['euclidean', 2],
  ['l2', 2],
  ['chebyshev', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
]);

export type MetricName = keyof typeof PLAIN | 'minkowski' | 'p' | 'seuclidean';

const NAMES = [...Object.keys(PLAIN), 'minkowski', 'p', 'seuclidean'] as readonly MetricName[];

export interface NamedMetric {
  readonly name: MetricName;
  readonly metric: Metric;
  /** Exponent of a Minkowski metric, infinity for the largest difference; null for other metrics. */
  readonly power: number | null;
}

/**
 * Reads the metric named by `attribute` with the parameters in the dict `parameters` (null: it takes none), for rows of
 * `nCols` columns. Throws LL4004 for one that is not supported, LL3006 for one that is code.
 */
export function readMetric(
  state: EstimatorState,
  attribute: string,
  parameters: string | null,
  nCols: number,
): NamedMetric {
  const name = state.choice(attribute, NAMES);
  if (name === 'haversine' && nCols !== 2) {
    throw state.wrong(attribute, 'rows of two columns for haversine', nCols);
  }
  if (name === 'minkowski' || name === 'p') {
    return readMinkowski(state, name, parameters, nCols);
  }
  if (name === 'seuclidean') {
    const variances = vector(state, parameters, 'V', nCols);
    if (variances === null) {
      throw state.unsupported(attribute, 'seuclidean with metric_params={"V": variances}', name);
    }
    return { name, metric: standardizedEuclidean(variances), power: null };
  }
  for (const parameter of ['w', 'V', 'VI']) {
    if (parameterOf(state, parameters, parameter) !== undefined) {
      throw state.unsupported('metric_params', `none for ${name}`, parameter);
    }
  }
  return { name, metric: PLAIN[name](), power: POWERS.get(name) ?? null };
}

function readMinkowski(
  state: EstimatorState,
  name: MetricName,
  parameters: string | null,
  nCols: number,
): NamedMetric {
  const power = parameterOf(state, parameters, 'p') ?? 2;
  if (typeof power !== 'number' || !(power > 0)) {
    throw state.wrong(`${parameters}["p"]`, 'a number above 0', power);
  }
  const weights = vector(state, parameters, 'w', nCols);
  if (weights === null && power === 2) {
    return { name, metric: euclidean(), power };
  }
  if (power === Number.POSITIVE_INFINITY) {
    if (weights !== null) {
      throw state.unsupported('metric_params', 'no weights for p=inf', 'w');
    }
    return { name, metric: chebyshev(), power };
  }
  return { name, metric: minkowski(power, weights), power: weights === null ? power : null };
}

/** A parameter of the metric that is one number per column; null where it has none. */
function vector(
  state: EstimatorState,
  parameters: string | null,
  key: string,
  nCols: number,
): Float64Array | null {
  const value = parameterOf(state, parameters, key);
  return value === undefined || value === null
    ? null
    : state.floats(`${parameters}["${key}"]`, { shape: [nCols] }, value);
}

function parameterOf(state: EstimatorState, parameters: string | null, key: string): Inert | undefined {
  const value = parameters === null ? undefined : dictGet(state.dict(parameters), key);
  return value === undefined ? undefined : plain(value);
}
