/** The `weights` parameter, and the targets that neighbours vote with. */
import { toFloat64 } from '../../tensor/convert.ts';
import type { EstimatorState } from '../state.ts';

/** Reads `weights`: true when neighbours count by the inverse of their distance. Throws LL4004, or LL3006 for a function. */
export function readByDistance(state: EstimatorState): boolean {
  if (state.value('weights') === null) {
    return false;
  }
  return state.choice('weights', ['uniform', 'distance']) === 'distance';
}

/** Targets of the training rows. */
export interface FittedTargets {
  /** Row-major `[nPoints, nOutputs]`. */
  readonly data: Float64Array;
  readonly nOutputs: number;
  /** Whether `_y` has one dimension. */
  readonly oneD: boolean;
  /** Whether numpy would average them as float32. */
  readonly float32: boolean;
}

/** Reads `_y`, numbers or codes of classes, of `nPoints` training rows. */
export function readTargets(state: EstimatorState, nPoints: number): FittedTargets {
  const array = state.array('_y');
  const [n, nOutputs = 1] = array.shape;
  if (n !== nPoints || array.shape.length > 2 || nOutputs === 0) {
    throw state.wrong('_y', `[${nPoints}] or [${nPoints}, n]`, array);
  }
  if (!'biuf'.includes(array.dtype.kind)) {
    throw state.wrong('_y', 'numbers', array);
  }
  const data = toFloat64(array);
  if (!data.every(Number.isFinite)) {
    throw state.wrong('_y', 'finite numbers', array, 'NaN or an infinity among them');
  }
  const { kind, itemSize } = array.dtype;
  return { data, nOutputs, oneD: array.shape.length === 1, float32: kind === 'f' && itemSize === 4 };
}
