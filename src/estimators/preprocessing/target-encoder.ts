/** TargetEncoder: the mean target of a category, as it was smoothed in training; the overall mean for any other value. */
import type { CodeValues } from '../../kernels/encode.ts';
import { lookUpCodes } from '../../kernels/encode.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import type { CategorySet } from './categories.ts';
import { categoryFeatures, encodeRows, readCategories } from './categories.ts';

export const targetEncoders = defineEstimators({
  rows: [{ name: 'TargetEncoder', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const set = readCategories(state);
    const nFeatures = set.categories.length;
    const columns = readColumns(state, set);
    return transformer(state, categoryFeatures(state, set, true), {
      transform(rows) {
        const codes = encodeRows(rows, name, set);
        return dense(rows.nRows, columns.length, lookUpCodes(codes, rows.nRows, nFeatures, columns));
      },
    });
  },
});

/** One column per feature, or for a target of several classes one per feature and class, classes running fastest. */
function readColumns(state: EstimatorState, set: CategorySet): readonly CodeValues[] {
  const nFeatures = set.categories.length;
  const encodings = state.list('encodings_');
  const multiclass = state.string('target_type_') === 'multiclass';
  const means = multiclass
    ? state.floats('target_mean_', { shape: [null] })
    : Float64Array.of(state.number('target_mean_'));
  if (encodings.length !== nFeatures * means.length) {
    throw state.wrong('encodings_', `${nFeatures * means.length} arrays`, encodings.length);
  }
  return encodings.map((item, i): CodeValues => {
    const feature = Math.floor(i / means.length);
    const size = set.categories[feature]!.length;
    const encoding = state.floats(`encodings_[${i}]`, { shape: [size] }, item);
    const values = new Float64Array(size + 1);
    values.set(encoding);
    values[size] = means[i % means.length]!;
    return { feature, values };
  });
}
