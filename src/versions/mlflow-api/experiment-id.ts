import { invalid } from './errors.ts';

/** The number of an experiment, whether there is one or not. Throws INVALID_PARAMETER_VALUE. */
export function experimentId(id: string): number {
  const number = Number(id);
  if (!/^\s*-?\d+\s*$/.test(id) || !Number.isSafeInteger(number)) {
    throw invalid(`Invalid experiment ID '${id}'. Experiment ID must be a valid integer.`);
  }
  return number;
}
