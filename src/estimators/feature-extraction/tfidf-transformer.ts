/** Counts of terms to tf-idf weights. */
import { denseToCsr } from '../../kernels/sparse-rows.ts';
import { toMatrix } from '../../model/coerce.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { countedFeatures, transformer } from '../transformer.ts';
import { readTfidfWeights } from './tfidf-weights.ts';

export const tfidfTransformer = defineEstimators({
  rows: [{ name: 'TfidfTransformer', module: 'sklearn.feature_extraction.text' }],
  read(state, row): Fitted {
    const weights = readTfidfWeights(state);
    const nFeatures = weights.idf?.length ?? countedFeatures(state);
    return transformer(state, nFeatures === null ? null : state.numericFeatures(nFeatures), {
      transform(rows) {
        const counts = toMatrix(rows, row.name, nFeatures, 'finite');
        return weights.apply(counts.kind === 'csr' ? counts : denseToCsr(counts), false);
      },
    });
  },
});
