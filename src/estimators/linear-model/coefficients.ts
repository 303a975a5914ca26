/** What every linear model keeps: `coef_` and `intercept_`. */
import type { LinearMap } from '../../kernels/linear.ts';
import { csrToDense } from '../../model/coerce.ts';
import { asCsr } from '../../pickle/sparse.ts';
import type { EstimatorState } from '../state.ts';

/** Coefficients of a sparse `coef_` that are spread out: more would fill the memory from a few bytes of file. */
const MAX_SPREAD = 2 ** 26;

export interface Coefficients {
  readonly map: LinearMap;
  /** Whether `coef_` has one dimension, as most models of one output keep it. */
  readonly vector: boolean;
}

/**
 * Reads `coef_` (`[nFeatures]` or `[nOutputs, nFeatures]`, sparse after `sparsify()`) and `intercept_` (a number, or
 * one per output). Throws LL4003 where their sizes disagree.
 */
export function readCoefficients(state: EstimatorState): Coefficients {
  const { rows, cols, data, vector } = readWeights(state);
  if (rows === 0 || cols === 0) {
    throw state.wrong('coef_', 'at least one coefficient', state.value('coef_'));
  }
  return {
    map: { nInputs: cols, nOutputs: rows, weights: data, offsets: readOffsets(state, 'intercept_', rows) },
    vector,
  };
}

function readWeights(state: EstimatorState) {
  const value = state.value('coef_');
  const sparse = asCsr(value);
  if (sparse === null) {
    const { rows, cols, data } = state.matrix('coef_');
    return { rows, cols, data, vector: state.array('coef_').shape.length === 1 };
  }
  const { nRows, nCols } = sparse;
  if (nRows * nCols > MAX_SPREAD) {
    throw state.unsupported('coef_', `at most ${MAX_SPREAD} coefficients when they are sparse`, value);
  }
  const { data } = csrToDense({ kind: 'csr', ...sparse });
  if (!data.every(Number.isFinite)) {
    throw state.wrong('coef_', 'finite numbers', value);
  }
  return { rows: nRows, cols: nCols, data, vector: nRows === 1 };
}

/** Reads one number per output; a single one counts for all. Throws LL4003 for another count. */
export function readOffsets(state: EstimatorState, attribute: string, nOutputs: number): Float64Array {
  const value = state.value(attribute);
  const offsets =
    typeof value === 'number' ? Float64Array.of(state.number(attribute)) : state.floats(attribute);
  if (offsets.length === 1) {
    return new Float64Array(nOutputs).fill(offsets[0]!);
  }
  if (offsets.length !== nOutputs) {
    throw state.wrong(attribute, `${nOutputs} numbers, as coef_ has rows`, value);
  }
  return offsets;
}
