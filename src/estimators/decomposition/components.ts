/** Projection of rows on the components that the fit found. */
import { shiftScale } from '../../kernels/affine.ts';
import { applyLinear, dot, transpose } from '../../kernels/linear.ts';
import { dotFloat32 } from '../../kernels/projection.ts';
import { toDense, toMatrix } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';

interface Row extends EstimatorRow {
  /** What is taken off before the projection: `mean_`, `mean_` where `whiten` was set, or nothing. */
  readonly centring: 'mean' | 'whitened mean' | 'none';
  /** Whether projections are divided by their standard deviation where `whiten` is set. */
  readonly whitens: boolean;
  /** Attribute of the matrix that turns projections back, `[nComponents, nFeatures]`, or its transpose; null where the state has none. */
  readonly back: 'components_' | 'mixing_' | null;
}

const module = 'sklearn.decomposition';

export const components = defineEstimators<Row>({
  rows: [
    { name: 'PCA', module, centring: 'mean', whitens: true, back: 'components_' },
    { name: 'IncrementalPCA', module, centring: 'mean', whitens: true, back: 'components_' },
    { name: 'TruncatedSVD', module, centring: 'none', whitens: false, back: 'components_' },
    { name: 'FastICA', module, centring: 'whitened mean', whitens: false, back: 'mixing_' },
    {
      name: 'GaussianRandomProjection',
      module: 'sklearn.random_projection',
      centring: 'none',
      whitens: false,
      back: null,
    },
  ],
  read(state, row) {
    const { name } = state;
    const { rows: nComponents, cols: nFeatures, data } = state.matrix('components_', { shape: [null, null] });
    const mean = readMean(state, row, nFeatures);
    const scales = row.whitens && state.boolean('whiten') ? readScales(state, nComponents) : null;
    // PCA takes the mean off the projection from 1.5 on, which rounds in another way.
    const late = row.whitens && state.since(1, 5);
    const product = isFloat32(state) ? dotFloat32 : dot;
    const offsets = Float64Array.from({ length: nComponents }, (_, k) =>
      late && mean !== null ? -product(mean, 0, data, k * nFeatures, nFeatures) : 0,
    );
    const forward = { nInputs: nFeatures, nOutputs: nComponents, weights: data, offsets };
    const backward = {
      nInputs: nComponents,
      nOutputs: nFeatures,
      weights: readBack(state, row, data, nComponents, nFeatures, scales),
      offsets: mean ?? new Float64Array(nFeatures),
    };
    function transform(rows: Data) {
      const matrix =
        late || mean === null
          ? toMatrix(rows, name, nFeatures, 'finite')
          : shiftScale(toDense(rows, name, nFeatures, 'finite'), mean, null);
      const out = applyLinear(forward, matrix);
      if (scales !== null) {
        for (let i = 0; i < out.length; i++) {
          out[i]! /= scales[i % nComponents]!;
        }
      }
      return dense(rows.nRows, nComponents, out);
    }
    const inverseTransform = (rows: Data) =>
      dense(rows.nRows, nFeatures, applyLinear(backward, toDense(rows, name, nComponents, 'finite')));
    return {
      name,
      task: 'transformer',
      input: 'features',
      nFeatures,
      features: state.numericFeatures(nFeatures),
      classes: null,
      nOutputs: nComponents,
      children: [],
      transform,
      ...(row.back === null ? {} : { inverseTransform }),
    };
  },
});

/** Whether the model was fitted on float32: then the projection of its mean is of float32, too. */
function isFloat32(state: EstimatorState): boolean {
  return state.array('components_').dtype.itemSize === 4;
}

function readMean(state: EstimatorState, { centring }: Row, nFeatures: number): Float64Array | null {
  if (centring === 'none' || (centring === 'whitened mean' && state.value('whiten') === false)) {
    return null;
  }
  return state.value('mean_') === null ? null : state.floats('mean_', { shape: [nFeatures] });
}

/** Standard deviations of the projections; from 1.5 on not below one epsilon. */
function readScales(state: EstimatorState, nComponents: number): Float64Array {
  const floor = state.since(1, 5) ? Number.EPSILON : 0;
  return state
    .floats('explained_variance_', { shape: [nComponents] })
    .map((variance) => Math.max(Math.sqrt(variance), floor));
}

/** Weights of the way back, `[nFeatures, nComponents]`. */
function readBack(
  state: EstimatorState,
  { back }: Row,
  data: Float64Array,
  nComponents: number,
  nFeatures: number,
  scales: Float64Array | null,
): Float64Array {
  if (back === 'mixing_') {
    return state.floats('mixing_', { shape: [nFeatures, nComponents] });
  }
  const out = transpose(data, nComponents, nFeatures);
  return scales === null ? out : out.map((x, i) => scales[i % nComponents]! * x);
}
