/** Scalers: a shift and a factor per column. Formulas: scikit-learn `preprocessing/_data.py`. */
import { clip, scaleColumns, scaleShift, shiftScale } from '../../kernels/affine.ts';
import { toDense, toMatrix } from '../../model/coerce.ts';
import type { EstimatorRow } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { requiredFeatures, transformer, withTypical } from '../transformer.ts';

/** (x − shift) / scale, each `[nFeatures]`, either of them left out. */
interface Scaling {
  readonly nFeatures: number;
  readonly shift: Float64Array | null;
  readonly scale: Float64Array | null;
  /** Limits of the result. */
  readonly range: readonly [number, number] | null;
}

interface Row extends EstimatorRow {
  readonly scaling: (state: EstimatorState) => Scaling;
  /** First version that rounds its parameters to the float32 of the rows instead of computing in float64. */
  readonly castsSince?: readonly [number, number];
}

const module = 'sklearn.preprocessing';

export const scalers = defineEstimators<Row>({
  rows: [
    { name: 'StandardScaler', module, scaling: standard, castsSince: [1, 8] },
    { name: 'MaxAbsScaler', module, scaling: maxAbs },
    { name: 'RobustScaler', module, scaling: robust },
  ],
  read(state, row) {
    const { name } = state;
    const { nFeatures, shift, scale, range } = row.scaling(state);
    const casts = row.castsSince !== undefined && state.since(...row.castsSince);
    const shift32 = casts ? rounded(shift) : shift;
    const scale32 = casts ? rounded(scale) : scale;
    // scikit-learn multiplies sparse columns by the reciprocal, which rounds once more than a division.
    const factor = scale?.map((x) => 1 / x) ?? null;
    return transformer(state, withTypical(state.numericFeatures(nFeatures, true), shift), {
      transform(rows) {
        if (rows.kind === 'csr' && shift === null) {
          const sparse = toMatrix(rows, name, nFeatures, 'nan');
          if (sparse.kind === 'csr') {
            const out = factor === null ? sparse : scaleColumns(sparse, factor);
            if (range !== null) {
              clip(out.data, ...range);
            }
            return out;
          }
        }
        const dense = toDense(rows, name, nFeatures, 'nan');
        const out =
          dense.float32 === true ? shiftScale(dense, shift32, scale32) : shiftScale(dense, shift, scale);
        if (range !== null) {
          clip(out.data, ...range);
        }
        return out;
      },
      inverseTransform(rows) {
        const dense = toDense(rows, name, nFeatures, 'nan');
        return dense.float32 === true ? scaleShift(dense, scale32, shift32) : scaleShift(dense, scale, shift);
      },
    });
  },
});

function standard(state: EstimatorState): Scaling {
  const shift = state.boolean('with_mean') ? state.floats('mean_', { shape: [null], nonFinite: true }) : null;
  const scale = state.boolean('with_std') ? state.floats('scale_', { shape: [null], nonFinite: true }) : null;
  return { ...sized(state, shift, 'mean_', scale), range: null };
}

function robust(state: EstimatorState): Scaling {
  const shift = state.boolean('with_centering')
    ? state.floats('center_', { shape: [null], nonFinite: true })
    : null;
  const scale = state.boolean('with_scaling')
    ? state.floats('scale_', { shape: [null], nonFinite: true })
    : null;
  return { ...sized(state, shift, 'center_', scale), range: null };
}

function maxAbs(state: EstimatorState): Scaling {
  const scale = state.floats('scale_', { shape: [null], nonFinite: true });
  // The option came with 1.9.
  const clips = state.has('clip') && state.boolean('clip');
  return { nFeatures: scale.length, shift: null, scale, range: clips ? [-1, 1] : null };
}

/** Both arrays with their common length; where neither is used the state's own count. */
function sized(
  state: EstimatorState,
  shift: Float64Array | null,
  shiftName: string,
  scale: Float64Array | null,
): Omit<Scaling, 'range'> {
  if (shift !== null && scale !== null && shift.length !== scale.length) {
    throw state.wrong('scale_', `${shift.length} numbers, as ${shiftName} has`, scale.length);
  }
  const nFeatures = shift?.length ?? scale?.length ?? requiredFeatures(state);
  return { nFeatures, shift, scale };
}

function rounded(values: Float64Array | null): Float64Array | null {
  return values?.map(Math.fround) ?? null;
}
