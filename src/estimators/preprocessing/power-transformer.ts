/** PowerTransformer: Yeo-Johnson or Box-Cox per column, then standardised. */

import { LoadlineError } from '../../errors.ts';
import {
  boxCox,
  inverseBoxCox,
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
    const backward = method === 'box-cox' ? inverseBoxCox : inverseYeoJohnson;
    return transformer(state, state.numericFeatures(nFeatures, true), {
      transform(rows) {
        const dense = toDense(rows, name, nFeatures, 'nan');
        if (method === 'box-cox') {
          checkPositive(dense, rows, name);
        }
        const out = mapColumns(dense, lambdas, forward);
        return standardize === undefined ? out : standardize(out);
      },
      inverseTransform(rows) {
        const dense = toDense(rows, name, nFeatures, 'nan');
        const raw =
          unstandardize === undefined ? dense : toDense(unstandardize(dense), name, nFeatures, 'any');
        return mapColumns(raw, lambdas, backward);
      },
    });
  },
});

function mapColumns(rows: Dense, lambdas: Float64Array, map: (x: number, lambda: number) => number): Dense {
  const { nRows, nCols } = rows;
  const data = new Float64Array(rows.data.length);
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let j = 0; j < nCols; j++, at++) {
      data[at] = map(rows.data[at]!, lambdas[j]!);
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
