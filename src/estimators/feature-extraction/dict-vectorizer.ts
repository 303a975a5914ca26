/** Records of names and values to columns: a string becomes the column `name=value`, a number its name's column. */
import { mapStored, sparseRows } from '../../kernels/sparse-rows.ts';
import { csrToDense } from '../../model/coerce.ts';
import type { Csr, NamedValues } from '../../model/data.ts';
import { toRecords } from '../../model/documents.ts';
import type { Fitted } from '../../model/fitted.ts';
import { globalName } from '../../pickle/decode.ts';
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';
import { readVocabulary } from './analyzer.ts';

export const dictVectorizer = defineEstimators({
  rows: [{ name: 'DictVectorizer', module: 'sklearn.feature_extraction' }],
  read(state, row): Fitted {
    const { columns, size } = readVocabulary(state);
    const separator = state.string('separator');
    const sparse = state.boolean('sparse');
    const float32 = globalName(state.optional('dtype') ?? null) === 'numpy.float32';
    const found = (records: readonly NamedValues[]): Csr =>
      sparseRows(records.length, size, (i, add) => {
        for (const [key, value] of records[i]!) {
          for (const cell of Array.isArray(value) ? value : [value]) {
            const text = typeof cell === 'string';
            const column = columns.get(text ? `${key}${separator}${cell}` : key);
            if (column !== undefined) {
              // numpy.float64(None) is NaN.
              add(column, text ? 1 : cell === null ? Number.NaN : Number(cell));
            }
          }
        }
      });
    return transformer(
      state,
      null,
      {
        transform(rows) {
          const values = found(toRecords(rows, row.name));
          const out = float32 ? mapStored(values, Math.fround) : values;
          return sparse ? out : csrToDense(out);
        },
      },
      { input: 'records' },
    );
  },
});
