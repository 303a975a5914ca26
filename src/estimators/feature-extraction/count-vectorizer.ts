/** Documents to counts of known terms, and to tf-idf weights. */
import { mapStored, sparseRows } from '../../kernels/sparse-rows.ts';
import type { Csr } from '../../model/data.ts';
import { toTexts } from '../../model/documents.ts';
import type { Fitted } from '../../model/fitted.ts';
import { globalName } from '../../pickle/decode.ts';
import { defineEstimators, type EstimatorRow } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import { readAnalyzer, readVocabulary } from './analyzer.ts';
import { readTfidfWeights, type TfidfWeights } from './tfidf-weights.ts';

interface CountVectorizerRow extends EstimatorRow {
  /** Whether the counts are weighted by the TfidfTransformer in `_tfidf`. */
  readonly weighted: boolean;
}

export const countVectorizer = defineEstimators<CountVectorizerRow>({
  rows: [
    { name: 'CountVectorizer', module: 'sklearn.feature_extraction.text', weighted: false },
    { name: 'TfidfVectorizer', module: 'sklearn.feature_extraction.text', weighted: true },
  ],
  read(state, row): Fitted {
    const analyze = readAnalyzer(state);
    const { columns, size } = readVocabulary(state);
    const binary = state.boolean('binary');
    const weights = row.weighted ? readWeights(state, size) : null;
    const float32 = globalName(state.optional('dtype') ?? null) === 'numpy.float32';
    const count = (documents: readonly string[]): Csr =>
      sparseRows(documents.length, size, (i, add) => {
        for (const term of analyze(documents[i]!)) {
          const column = columns.get(term);
          if (column !== undefined) {
            add(column, 1);
          }
        }
      });
    return transformer(
      state,
      null,
      {
        transform(rows) {
          const counts = count(toTexts(rows, row.name));
          const presence = binary ? mapStored(counts, () => 1) : counts;
          return weights === null ? presence : weights.apply(presence, float32);
        },
      },
      { input: 'texts' },
    );
  },
});

function readWeights(state: EstimatorState, size: number): TfidfWeights {
  const nested = state.nested('_tfidf');
  const weights = readTfidfWeights(nested);
  if (weights.idf !== null && weights.idf.length !== size) {
    throw nested.wrong('idf_', `${size} weights, as the vocabulary has terms`, weights.idf.length);
  }
  return weights;
}
