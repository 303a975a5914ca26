/** Normalizer: rows scaled to length 1. */
import { normalizeCsr, normalizeDense } from '../../kernels/normalize.ts';
import { toMatrix } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import { countedFeatures, transformer } from '../transformer.ts';

export const normalizers = defineEstimators({
  rows: [{ name: 'Normalizer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const norm = state.choice('norm', ['l1', 'l2', 'max']);
    const nFeatures = countedFeatures(state);
    return transformer(state, nFeatures === null ? null : state.numericFeatures(nFeatures), {
      transform(rows) {
        const matrix = toMatrix(rows, name, nFeatures, 'finite');
        return matrix.kind === 'csr' ? normalizeCsr(matrix, norm) : normalizeDense(matrix, norm);
      },
    });
  },
});
