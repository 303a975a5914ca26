/** PowerTransformer: Yeo-Johnson or Box-Cox per column, then standardised. */

import { LoadlineError } from '../../errors.ts';
import type { Exponent } from '../../kernels/power.ts';
import {
  boxCox,
  exponentOf,
  inverseBoxCox,
  inverseBoxCoxPower,
  inverseYeoJohnson,
  yeoJohnsonExpm1,
  yeoJohnsonPower,
} from '../../kernels/power.ts';
import { columnName, toDense } from '../../model/coerce.ts';
import type { Data, Dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import { transformer } from '../transformer.ts';

export const powerTransformers = defineEstimators({
  rows: [{ name: 'PowerTransformer', module: 'sklearn.preprocessing' }],
  read(state, _row, resolve) {
    const { name } = state;
    const method = state.choice('method', ['yeo-johnson', 'box-cox']);
    const lambdas = state.floats('lambdas_', { shape: [null] });
    const nFeatures = lambdas.length;
    // Trained on float32 the exponents are float32, and since numpy 2 so is what is computed from them alone.
    const single = state.since(1, 5) && state.array('lambdas_').dtype.itemSize === 4;
    const exponents = Array.from(lambdas, (lambda) => exponentOf(lambda, single ? Math.fround : (x) => x));
    const scaler = state.boolean('standardize') ? resolve(state.value('_scaler'), '_scaler') : null;
    const standardize = scaler?.transform?.bind(scaler);
    const unstandardize = scaler?.inverseTransform?.bind(scaler);
    if (
      scaler !== null &&
      (standardize === undefined || unstandardize === undefined || scaler.nFeatures !== nFeatures)
    ) {
      throw state.wrong('_scaler', `a scaler of ${nFeatures} features`, state.value('_scaler'));
    }
    const yeoJohnson = state.since(1, 8) ? yeoJohnsonExpm1 : yeoJohnsonPower;
    const forward = method === 'box-cox' ? boxCox : yeoJohnson;
    const inverse = state.since(1, 6) ? inverseBoxCox : inverseBoxCoxPower;
    const backward = method === 'box-cox' ? inverse : inverseYeoJohnson;
    return transformer(state, state.numericFeatures(nFeatures, true), {
      transform(rows) {
        const dense = toDense(rows, name, nFeatures, 'nan');
        if (method === 'box-cox') {
          checkPositive(dense, rows, name);
        }
        const out = mapColumns(dense, exponents, forward);
        return standardize === undefined ? out : standardize(out);
      },
      inverseTransform(rows) {
        const dense = toDense(rows, name, nFeatures, 'nan');
        const raw =
          unstandardize === undefined ? dense : toDense(unstandardize(dense), name, nFeatures, 'any');
        return mapColumns(raw, exponents, backward);
      },
    });
  },
});

function mapColumns(
  rows: Dense,
  exponents: readonly Exponent[],
  map: (x: number, exponent: Exponent) => number,
): Dense {
  const { nRows, nCols } = rows;
  const data = new Float64Array(rows.data.length);
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let j = 0; j < nCols; j++, at++) {
      data[at] = map(rows.data[at]!, exponents[j]!);
    }
  }
  if (rows.float32 === true) {
    data.set(Float32Array.from(data));
  }
  return { ...rows, data };
}

function checkPositive(dense: Dense, rows: Data, name: string): void {
  const at = dense.data.findIndex((x) => x <= 0);
  if (at >= 0) {
    const row = Math.floor(at / dense.nCols);
    const field = columnName(rows, at % dense.nCols);
    throw new LoadlineError(
      'LL2015',
      `Row ${row}, ${field}: ${name} with Box-Cox wanted a number above 0, found one that is not`,
      { row, field },
    );
  }
}
