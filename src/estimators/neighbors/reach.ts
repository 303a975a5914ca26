/** How far neighbours are looked for. */
import type { EstimatorState } from '../state.ts';

/** Reads a number of neighbours. Throws LL4003 unless it is 1 to the number of training rows. */
export function readCount(state: EstimatorState, attribute: string, nPoints: number): number {
  const count = state.integer(attribute);
  if (count < 1 || count > nPoints) {
    throw state.wrong(attribute, `1 to ${nPoints}, the rows it was trained on`, count);
  }
  return count;
}

/** Reads `radius`. Throws LL4003 for a negative one. */
export function readRadius(state: EstimatorState): number {
  const radius = state.number('radius');
  if (!(radius >= 0)) {
    throw state.wrong('radius', 'a number from 0 on', radius);
  }
  return radius;
}
