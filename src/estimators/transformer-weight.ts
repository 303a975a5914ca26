/** `transformer_weights`, which FeatureUnion and ColumnTransformer share. */
import { dictGet, plain } from '../pickle/decode.ts';
import type { EstimatorState } from './state.ts';

/** Factor on the output of the transformer called `label`, or null where it has none. */
export function readWeight(state: EstimatorState, label: string): number | null {
  const weights = state.optional('transformer_weights') ?? null;
  const weight = weights === null ? undefined : dictGet(weights, label);
  if (weight === undefined) {
    return null;
  }
  const factor = plain(weight);
  if (typeof factor !== 'number' || !Number.isFinite(factor)) {
    throw state.wrong('transformer_weights', 'finite numbers', factor);
  }
  return factor;
}
