/** A stepwise rising or falling function of one feature. */
import { LoadlineError } from '../../errors.ts';
import { isotonicValues } from '../../kernels/calibration.ts';
import { columnName, toDense } from '../../model/coerce.ts';
import type { Data } from '../../model/data.ts';
import { dense, numbers1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';

export const isotonicRegression = defineEstimators({
  rows: [{ name: 'IsotonicRegression', module: 'sklearn.isotonic' }],
  read(state, row): Fitted {
    const xs = state.floats('X_thresholds_', { shape: [null] });
    const ys = state.floats('y_thresholds_', { shape: [xs.length] });
    if (xs.length === 0 || xs.some((x, i) => i > 0 && x <= xs[i - 1]!)) {
      throw state.wrong('X_thresholds_', 'rising numbers', state.value('X_thresholds_'));
    }
    const outOfBounds = state.choice('out_of_bounds', ['nan', 'clip', 'raise']);
    const { kind, itemSize } = state.array('X_thresholds_').dtype;
    const fit = {
      xs,
      ys,
      outOfBounds: outOfBounds === 'nan' ? ('nan' as const) : ('clip' as const),
      float32: kind === 'f' && itemSize === 4,
    };

    function values(rows: Data): Float64Array {
      const { data } = toDense(rows, row.name, 1, 'finite');
      // A fit of one point never refuses.
      if (outOfBounds === 'raise' && xs.length > 1) {
        checkRange(data, xs[0]!, xs.at(-1)!, columnName(rows, 0), row.name);
      }
      return isotonicValues(data, fit);
    }

    return {
      name: row.name,
      task: 'regressor',
      input: 'features',
      nFeatures: 1,
      features: [{ name: null, kind: 'number', missing: false }],
      classes: null,
      nOutputs: 1,
      children: [],
      predict: (rows) => numbers1d(values(rows)),
      transform: (rows) => dense(rows.nRows, 1, values(rows)),
    };
  },
});

function checkRange(data: Float64Array, low: number, high: number, field: string, name: string): void {
  const row = data.findIndex((x) => x < low || x > high);
  if (row >= 0) {
    throw new LoadlineError(
      'LL2015',
      `Row ${row}, ${field}: ${name} wanted a number from ${low} to ${high}, found ${data[row]}`,
      { row, field },
    );
  }
}
