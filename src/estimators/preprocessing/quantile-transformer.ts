/** QuantileTransformer: every column to a uniform or normal distribution by its quantiles in training. */
import type { QuantileColumn } from '../../kernels/quantile.ts';
import { fromQuantile, quantileColumn, toQuantile } from '../../kernels/quantile.ts';
import { toDense, toMatrix } from '../../model/coerce.ts';
import type { Csr, Dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';

export const quantileTransformers = defineEstimators({
  rows: [{ name: 'QuantileTransformer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const normal = state.choice('output_distribution', ['uniform', 'normal']) === 'normal';
    const references = state.floats('references_', { shape: [null] });
    const nQuantiles = references.length;
    // A column that was missing throughout has quantiles of NaN.
    const { cols: nFeatures, data } = state.matrix('quantiles_', {
      shape: [nQuantiles, null],
      nonFinite: true,
    });
    if (nQuantiles === 0) {
      throw state.wrong('references_', 'at least one quantile', nQuantiles);
    }
    const columns = Array.from({ length: nFeatures }, (_, j) =>
      quantileColumn(
        Float64Array.from({ length: nQuantiles }, (_, i) => data[i * nFeatures + j]!),
        references,
      ),
    );
    return transformer(state, state.numericFeatures(nFeatures, true), {
      transform(rows) {
        const matrix = toMatrix(rows, name, nFeatures, 'nan');
        return matrix.kind === 'csr'
          ? mapStored(matrix, columns, normal)
          : mapColumns(matrix, columns, normal, toQuantile);
      },
      inverseTransform: (rows) =>
        mapColumns(toDense(rows, name, nFeatures, 'nan'), columns, normal, fromQuantile),
    });
  },
});

/** A sparse matrix keeps its zeros: scikit-learn maps only the values that are stored, even where 0 would move. */
function mapStored(rows: Csr, columns: readonly QuantileColumn[], normal: boolean): Csr {
  const data = rows.data.map((x, k) => toQuantile(x, columns[rows.indices[k]!]!, normal));
  return { ...rows, data };
}

function mapColumns(
  rows: Dense,
  columns: readonly QuantileColumn[],
  normal: boolean,
  map: (x: number, column: QuantileColumn, normal: boolean) => number,
): Dense {
  const { nRows, nCols } = rows;
  const data = new Float64Array(rows.data.length);
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let j = 0; j < nCols; j++, at++) {
      data[at] = map(rows.data[at]!, columns[j]!, normal);
    }
  }
  if (rows.float32 === true) {
    data.set(Float32Array.from(data));
  }
  return { ...rows, data };
}
