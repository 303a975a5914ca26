/** Features of a composite whose parts read the same columns. */
import type { Feature, Fitted } from '../model/fitted.ts';

/** Ranks kinds by how little they accept. */
const STRICTNESS: Readonly<Record<Feature['kind'], number>> = { any: 0, category: 1, text: 2, number: 3 };

/** What both features accept: the stricter kind, missing values only where both take them. */
export function strictest(a: Feature, b: Feature): Feature {
  const { name: _, ...rest } = STRICTNESS[b.kind] > STRICTNESS[a.kind] ? b : a;
  return { ...rest, name: a.name ?? b.name, missing: a.missing && b.missing };
}

/** The features of parts that all read the same columns; null where no part knows them. */
export function mergedFeatures(parts: readonly Fitted[]): readonly Feature[] | null {
  let merged: readonly Feature[] | null = null;
  for (const { features } of parts) {
    if (features === null) {
      continue;
    }
    merged =
      merged === null || merged.length !== features.length
        ? (merged ?? features)
        : merged.map((feature, j) => strictest(feature, features[j]!));
  }
  return merged;
}

/** The features under the names the composite itself was trained with: its parts may have seen arrays without names. */
export function underNames(
  features: readonly Feature[] | null,
  names: readonly string[] | null,
): readonly Feature[] | null {
  if (names === null || (features !== null && features.length !== names.length)) {
    return features;
  }
  return names.map((name, j) => ({ kind: 'number', missing: true, ...features?.[j], name }));
}
