/** MinMaxScaler: x · scale_ + min_. Formula: scikit-learn `preprocessing/_data.py`. */
import { clip, scaleShift, shiftScale } from '../../kernels/affine.ts';
import { toDense } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { isList } from '../state.ts';
import { transformer } from '../transformer.ts';

export const minMaxScalers = defineEstimators({
  rows: [{ name: 'MinMaxScaler', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    // A column that was missing throughout has NaN here, and stays NaN.
    const scale = state.floats('scale_', { shape: [null], nonFinite: true });
    const shift = state.floats('min_', { shape: [scale.length], nonFinite: true });
    const range = state.has('clip') && state.boolean('clip') ? featureRange(state) : null;
    return transformer(state, state.numericFeatures(scale.length, true), {
      transform(rows) {
        const out = scaleShift(toDense(rows, name, scale.length, 'nan'), scale, shift);
        if (range !== null) {
          clip(out.data, ...range);
        }
        return out;
      },
      inverseTransform(rows) {
        return shiftScale(toDense(rows, name, scale.length, 'nan'), shift, scale);
      },
    });
  },
});

function featureRange(state: EstimatorState): readonly [number, number] {
  const value = state.value('feature_range');
  const range = state.floats('feature_range', { shape: [2] }, value);
  if (!isList(value) || range[0]! >= range[1]!) {
    throw state.wrong('feature_range', 'a pair of growing numbers', value);
  }
  return [range[0]!, range[1]!];
}
