/** Transformers side by side over the same rows. */
import { hstack, scaleRows } from '../../model/columns.ts';
import type { Data } from '../../model/data.ts';
import type { Child, Fitted } from '../../model/fitted.ts';
import { plain } from '../../pickle/decode.ts';
import { defineEstimators } from '../define.ts';
import { mergedFeatures } from '../merged-features.ts';
import { isList } from '../state.ts';
import { atStep } from '../step-error.ts';
import { readWeight } from '../transformer-weight.ts';

export const featureUnion = defineEstimators({
  rows: [{ name: 'FeatureUnion', module: 'sklearn.pipeline' }],
  read(state, row, resolve): Fitted {
    const children: Child[] = [];
    const parts: Part[] = [];
    for (const [i, item] of state.list('transformer_list').entries()) {
      const [label, value] = isList(item) ? item.items.map(plain) : [];
      if (typeof label !== 'string' || value === undefined) {
        throw state.wrong(`transformer_list[${i}]`, 'a name and a transformer', item);
      }
      if (value === 'drop' || value === null) {
        children.push({ label, fitted: 'drop' });
        continue;
      }
      const fitted = value === 'passthrough' ? null : resolve(value, label);
      if (fitted !== null && fitted.transform === undefined) {
        throw state.wrong(`transformer_list[${i}]`, 'a transformer', value);
      }
      children.push({ label, fitted: fitted ?? 'passthrough' });
      parts.push({ label, fitted, weight: readWeight(state, label) });
    }
    const fitted = parts.flatMap((part) => part.fitted ?? []);
    return {
      name: row.name,
      task: 'transformer',
      input: fitted[0]?.input ?? 'features',
      nFeatures: fitted[0]?.nFeatures ?? null,
      features: mergedFeatures(fitted),
      classes: null,
      nOutputs: 1,
      children,
      transform(rows) {
        return hstack(
          parts.map((part) => block(part, rows)),
          rows.nRows,
        );
      },
    };
  },
});

interface Part {
  readonly label: string;
  /** Null for rows that are passed on as they are. */
  readonly fitted: Fitted | null;
  readonly weight: number | null;
}

function block({ label, fitted, weight }: Part, rows: Data): Data {
  if (fitted === null) {
    return weight === null ? rows : scaleRows(rows, weight, label);
  }
  try {
    const out = fitted.transform!(rows);
    return weight === null ? out : scaleRows(out, weight, label);
  } catch (error) {
    throw atStep(error, label);
  }
}
