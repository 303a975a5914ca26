/** A row that a model accepts, for documentation, forms and smoke tests. */
import type { NamedFeature, Signature } from './model.ts';

/** One example row: an object by column name where the model has names, else an array; a text, record or label otherwise. */
export function exampleRow(signature: Signature): unknown {
  switch (signature.input) {
    case 'texts':
      return 'a text';
    case 'records':
      return { name: 1 };
    case 'labels':
      return signature.classes?.[0]?.[0] ?? 'label';
    case 'features': {
      const features = signature.features ?? [];
      return signature.named
        ? Object.fromEntries(features.map((feature) => [feature.name, exampleValue(feature)]))
        : features.map(exampleValue);
    }
  }
}

function exampleValue(feature: NamedFeature): string | number | boolean {
  const known = feature.categories?.find((value) => value !== null);
  if (known !== undefined && known !== null) {
    return known;
  }
  return feature.kind === 'text' ? 'a text' : Number((feature.typical ?? 1).toPrecision(3));
}
