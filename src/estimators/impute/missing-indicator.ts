/** MissingIndicator: 1 where a value is missing. */
import { LoadlineError } from '../../errors.ts';
import { columnName, toTable } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { requiredFeatures, transformer } from '../transformer.ts';
import { readIndicator } from './indicator.ts';
import { maskColumns, readMarker } from './missing-values.ts';

export const missingIndicators = defineEstimators({
  rows: [{ name: 'MissingIndicator', module: 'sklearn.impute' }],
  read(state) {
    const { name } = state;
    const nFeatures = requiredFeatures(state);
    const { columns } = readIndicator(state, nFeatures);
    const marker = readMarker(state);
    const refusesNew =
      state.choice('features', ['missing-only', 'all']) === 'missing-only' && state.boolean('error_on_new');
    const seen = new Set(columns);
    const features = state
      .numericFeatures(nFeatures, marker === null)
      .map((feature): Feature => ({ ...feature, kind: 'any' }));
    return transformer(state, features, {
      transform(rows) {
        const table = toTable(rows, name, nFeatures);
        const mask = maskColumns(rows, table.columns, marker, name);
        if (refusesNew) {
          refuseNew(mask, rows, nFeatures, seen, name);
        }
        const out = new Float64Array(rows.nRows * columns.length);
        for (let i = 0, at = 0; i < rows.nRows; i++) {
          for (let k = 0; k < columns.length; k++, at++) {
            out[at] = mask[i * nFeatures + columns[k]!]!;
          }
        }
        return dense(rows.nRows, columns.length, out);
      },
    });
  },
});

function refuseNew(
  mask: Uint8Array,
  rows: Data,
  nFeatures: number,
  seen: ReadonlySet<number>,
  name: string,
): void {
  const at = mask.findIndex((missing, i) => missing === 1 && !seen.has(i % nFeatures));
  if (at >= 0) {
    const row = Math.floor(at / nFeatures);
    const field = columnName(rows, at % nFeatures);
    throw new LoadlineError(
      'LL2007',
      `Row ${row}, ${field}: ${name} found a missing value in a column that had none in training`,
      { row, field },
    );
  }
}
