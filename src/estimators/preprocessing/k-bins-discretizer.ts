/** KBinsDiscretizer: the bin of a value, as a number or one-hot. Source: scikit-learn `preprocessing/_discretization.py`. */
import { binCodes } from '../../kernels/bins.ts';
import type { OneHotPlan } from '../../kernels/encode.ts';
import { oneHotCsr, oneHotDense } from '../../kernels/encode.ts';
import { toDense, toFloat32 } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import { dtypeOption } from '../dtype-option.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';

export const kBinsDiscretizers = defineEstimators({
  rows: [{ name: 'KBinsDiscretizer', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    if (!state.since(1, 1)) {
      throw state.unsupported('_sklearn_version', 'scikit-learn 1.1 and later', state.version.join('.'));
    }
    const encode = state.choice('encode', ['ordinal', 'onehot', 'onehot-dense']);
    const edges = readEdges(state);
    const nFeatures = edges.length;
    const inner = edges.map((list) => list.subarray(1, -1));
    const plan = oneHotPlan(edges.map((list) => list.length - 1));
    const dtype = dtypeOption(state, 'dtype', 'as the input');
    return transformer(state, state.numericFeatures(nFeatures), {
      transform(rows) {
        const input = toDense(rows, name, nFeatures, 'finite');
        const dense = dtype === 'float32' ? toFloat32(input, name, 'finite') : input;
        const codes = binCodes(dense.data, dense.nRows, inner);
        if (encode === 'onehot') {
          return oneHotCsr(codes, dense.nRows, plan);
        }
        const out =
          encode === 'onehot-dense'
            ? oneHotDense(codes, dense.nRows, plan)
            : ({
                kind: 'dense',
                nRows: dense.nRows,
                nCols: nFeatures,
                data: Float64Array.from(codes),
              } as const);
        return dense.float32 === true && dtype !== 'float64' ? { ...out, float32: true } : out;
      },
    });
  },
});

/** Bin edges of each feature, ascending; the outer ones may be infinite, and a feature of one value may have but one. */
function readEdges(state: EstimatorState): readonly Float64Array[] {
  return state.list('bin_edges_').map((item, j) => {
    const edges = state.floats(`bin_edges_[${j}]`, { shape: [null], nonFinite: true }, item);
    if (edges.length === 0 || edges.some((edge, k) => k > 0 && !(edge >= edges[k - 1]!))) {
      throw state.wrong(`bin_edges_[${j}]`, 'edges that never fall', item);
    }
    return edges;
  });
}

/** One column per bin, features one after the other. */
function oneHotPlan(nBins: readonly number[]): OneHotPlan {
  let width = 0;
  const columns = nBins.map((n) => {
    const start = width;
    width += n;
    return Int32Array.from({ length: n }, (_, bin) => start + bin);
  });
  return { width, columns, unknown: new Int32Array(nBins.length).fill(-1) };
}
