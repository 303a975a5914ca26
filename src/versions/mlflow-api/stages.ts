/** Stages of a version: MLflow's older way to say which one is used. */
import { invalid } from './errors.ts';

const STAGES = ['None', 'Staging', 'Production', 'Archived'];

/** Stages that a version may take over from another. */
export const ACTIVE_STAGES: readonly string[] = ['Staging', 'Production'];

/** In MLflow's spelling. Throws INVALID_PARAMETER_VALUE. */
export function canonicalStage(stage: string): string {
  const found = STAGES.find((one) => one.toLowerCase() === stage.toLowerCase());
  if (found === undefined) {
    throw invalid(`Invalid Model Version stage: ${stage}. Value must be one of ${STAGES.join(', ')}.`);
  }
  return found;
}
