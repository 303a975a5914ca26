/** PolynomialFeatures: products of the features up to a degree. */
import { expandPolynomial, planPolynomial, polynomialWidth } from '../../kernels/polynomial.ts';
import { toDense } from '../../model/coerce.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { isList } from '../state.ts';
import { requiredFeatures, transformer } from '../transformer.ts';

/** Columns above which the expansion is refused: a row of them would take 32 MB. */
const MAX_WIDTH = 1 << 22;

export const polynomialFeatures = defineEstimators({
  rows: [{ name: 'PolynomialFeatures', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const nFeatures = requiredFeatures(state);
    const features = state.numericFeatures(nFeatures);
    const [minDegree, maxDegree] = degrees(state);
    const plan = planPolynomial(
      nFeatures,
      {
        minDegree,
        maxDegree,
        interactionOnly: state.boolean('interaction_only'),
        includeBias: state.boolean('include_bias'),
      },
      MAX_WIDTH,
    );
    if (plan === null) {
      throw state.unsupported('degree', `those that give up to ${MAX_WIDTH} columns`, maxDegree);
    }
    return transformer(state, features, {
      transform(rows) {
        const dense = toDense(rows, name, nFeatures, 'finite');
        const data = expandPolynomial(dense.data, dense.nRows, plan, dense.float32 === true);
        return { ...dense, nCols: polynomialWidth(plan), data };
      },
    });
  },
});

/** Smallest and largest degree: `degree` is the largest, or since 1.0 a pair of both. */
function degrees(state: EstimatorState): readonly [number, number] {
  const value = state.value('degree');
  const [min, max] = isList(value) ? state.floats('degree', { shape: [2] }) : [0, state.integer('degree')];
  if (!Number.isInteger(min) || !Number.isInteger(max) || min! < 0 || max! < min!) {
    throw state.wrong('degree', 'a degree, or the smallest and the largest', value);
  }
  return [min!, max!];
}
