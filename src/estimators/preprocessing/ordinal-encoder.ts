/** OrdinalEncoder: the position of a category. Source: scikit-learn `preprocessing/_encoders.py`. */
import type { CodeValues } from '../../kernels/encode.ts';
import { lookUpCodes } from '../../kernels/encode.ts';
import { dictEntries, plain } from '../../pickle/decode.ts';
import { defineEstimators } from '../define.ts';
import { dtypeOption } from '../dtype-option.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import type { CategorySet } from './categories.ts';
import { categoryFeatures, encodeRows, readCategories, refuseUnknown } from './categories.ts';
import { readInfrequent } from './infrequent.ts';

export const ordinalEncoders = defineEstimators({
  rows: [{ name: 'OrdinalEncoder', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const set = readCategories(state);
    const handling = state.has('handle_unknown')
      ? state.choice('handle_unknown', ['error', 'use_encoded_value'])
      : 'error';
    const unknownValue = handling === 'error' ? Number.NaN : state.number('unknown_value');
    const float32 = dtypeOption(state, 'dtype', 'float64') === 'float32';
    const columns = readColumns(state, set, unknownValue, float32);
    return transformer(state, categoryFeatures(state, set, handling !== 'error'), {
      transform(rows) {
        const codes = encodeRows(rows, name, set);
        if (handling === 'error') {
          refuseUnknown(codes, rows, name, set);
        }
        const data = lookUpCodes(codes, rows.nRows, columns.length, columns);
        const out = { kind: 'dense', nRows: rows.nRows, nCols: columns.length, data } as const;
        return float32 ? { ...out, float32 } : out;
      },
    });
  },
});

function readColumns(
  state: EstimatorState,
  set: CategorySet,
  unknownValue: number,
  float32: boolean,
): readonly CodeValues[] {
  const sizes = set.categories.map((list) => list.length);
  const missing = readMissingCodes(state);
  // A missing category, which is the last one, is never grouped.
  const groups = readInfrequent(
    state,
    sizes.map((size, feature) => (missing.get(feature) === size - 1 ? size - 1 : size)),
  );
  // Before 1.1 a missing category was always NaN.
  const missingValue = state.has('encoded_missing_value')
    ? state.number('encoded_missing_value')
    : Number.NaN;
  return sizes.map((size, feature): CodeValues => {
    const group = groups[feature]!;
    const missingCode = missing.get(feature);
    const values = Float64Array.from({ length: size + 1 }, (_, code) => {
      if (code === size) {
        return unknownValue;
      }
      const value = group === null || code === missingCode ? code : group.codes[code]!;
      return value === missingCode ? missingValue : value;
    });
    return { feature, values: float32 ? values.map(Math.fround) : values };
  });
}

/** Code of NaN by feature; features without it are left out. */
function readMissingCodes(state: EstimatorState): ReadonlyMap<number, number> {
  const codes = new Map<number, number>();
  if (!state.has('_missing_indices')) {
    return codes;
  }
  const entries = dictEntries(state.value('_missing_indices'));
  for (const [feature, code] of entries ?? []) {
    const position = plain(code);
    if (typeof feature !== 'number' || typeof position !== 'number') {
      throw state.wrong('_missing_indices', 'a position by feature', position);
    }
    codes.set(feature, position);
  }
  return codes;
}
