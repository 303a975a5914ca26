/** What all transformers have alike. */
import type { Data } from '../model/data.ts';
import type { Child, Feature, Fitted, InputKind } from '../model/fitted.ts';
import type { EstimatorState } from './state.ts';

/** Columns up to which an estimator that keeps no array of its own is believed: a count in a file costs nothing to write. */
const MAX_FEATURES = 1 << 24;

/** The methods of a transformer; a key is absent where the class does not have it. */
export interface TransformerMethods {
  transform(rows: Data): Data;
  inverseTransform?(rows: Data): Data;
}

/** What differs beyond the features and methods. */
export interface TransformerOptions {
  /** Default `features`. */
  readonly input?: InputKind;
  /** Where `features` does not say. */
  readonly nFeatures?: number;
  readonly children?: readonly Child[];
}

/** A transformer over `features`; null where it does not know them. */
export function transformer(
  state: EstimatorState,
  features: readonly Feature[] | null,
  methods: TransformerMethods,
  options: TransformerOptions = {},
): Fitted {
  return {
    name: state.name,
    task: 'transformer',
    input: options.input ?? 'features',
    nFeatures: features?.length ?? options.nFeatures ?? null,
    features,
    classes: null,
    nOutputs: 1,
    children: options.children ?? [],
    ...methods,
  };
}

/**
 * `n_features_in_` of an estimator whose arrays do not say it; null where the state does not either.
 * Throws LL4003 for a count that is no size.
 */
export function countedFeatures(state: EstimatorState): number | null {
  const count = state.nFeatures();
  if (count !== null && (count < 0 || count > MAX_FEATURES)) {
    throw state.wrong('n_features_in_', `a number of features up to ${MAX_FEATURES}`, count);
  }
  return count;
}

/** As `countedFeatures`, for a class that must know. Throws LL4002 where the state does not say. */
export function requiredFeatures(state: EstimatorState): number {
  return countedFeatures(state) ?? state.integer('n_features_in_');
}

/** Features with the centre of each column in training as its typical value; as they are where there is none. */
export function withTypical(features: readonly Feature[], centres: Float64Array | null): readonly Feature[] {
  return centres === null
    ? features
    : features.map((feature, j) =>
        Number.isFinite(centres[j]) ? { ...feature, typical: centres[j]! } : feature,
      );
}
