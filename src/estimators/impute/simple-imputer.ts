/** SimpleImputer: missing values replaced by a statistic of their column. Source: scikit-learn `impute/_base.py`. */
import { toDense, toTable } from '../../model/coerce.ts';
import type { Cell, Column, Data, Dense, Table } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import { asNdArray, plain } from '../../pickle/decode.ts';
import { toFloat64, toObjects } from '../../tensor/convert.ts';
import { defineEstimators } from '../define.ts';
import { dtypeOption } from '../dtype-option.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import type { Indicator } from './indicator.ts';
import { appendIndicator, readOwnIndicator } from './indicator.ts';
import type { Marker } from './missing-values.ts';
import { finitenessOf, isMissingCell, maskColumns, maskNumbers, readMarker } from './missing-values.ts';

/** What fills the columns that are kept. */
interface Filling<T> {
  readonly nFeatures: number;
  readonly marker: Marker;
  /** Columns kept, ascending, and the value for the missing ones of each. */
  readonly kept: Int32Array;
  readonly values: readonly T[];
  readonly indicator: Indicator | null;
}

export const simpleImputers = defineEstimators({
  rows: [{ name: 'SimpleImputer', module: 'sklearn.impute' }],
  read(state) {
    const { name } = state;
    const filling = readFilling(state);
    const { nFeatures, marker } = filling;
    const numeric = state.numericFeatures(nFeatures, marker === null);
    const numbers = numericFilling(state, filling);
    if (numbers === null) {
      const features = numeric.map((feature): Feature => ({ ...feature, kind: 'any' }));
      return transformer(state, features, { transform: (rows) => fillTable(rows, name, filling) });
    }
    return transformer(state, numeric, {
      transform: (rows) => fillDense(toDense(rows, name, nFeatures, finitenessOf(marker)), numbers),
    });
  },
});

function readFilling(state: EstimatorState): Filling<Cell> {
  const statistics = readStatistics(state);
  const strategy = state.value('strategy');
  // A constant keeps empty columns up to 1.7, whatever the option says; the option itself came in 1.2.
  const keepsEmpty =
    (state.has('keep_empty_features') && state.boolean('keep_empty_features')) ||
    (strategy === 'constant' && !state.since(1, 8));
  const kept = statistics.flatMap((value, j) => (keepsEmpty || !Number.isNaN(value) ? [j] : []));
  return {
    nFeatures: statistics.length,
    marker: readMarker(state),
    kept: Int32Array.from(kept),
    values: kept.map((j) => statistics[j]!),
    indicator: readOwnIndicator(state, statistics.length),
  };
}

/** One value a column; NaN where none was observed, null for None. */
function readStatistics(state: EstimatorState): readonly Cell[] {
  const array = state.array('statistics_', { shape: [null] });
  if (array.objects === null) {
    return Array.from(toFloat64(array));
  }
  return toObjects(array).map((item) => {
    const value = plain(item);
    if (
      value === null ||
      typeof value === 'string' ||
      typeof value === 'number' ||
      typeof value === 'boolean'
    ) {
      return value;
    }
    if (typeof value === 'bigint') {
      return Number(value);
    }
    throw state.wrong('statistics_', 'numbers, strings or booleans', value);
  });
}

/** The filling as numbers when the imputer was fitted on numbers, else null: then it works on cells of any type. */
function numericFilling(state: EstimatorState, filling: Filling<Cell>): Filling<number> | null {
  if (fittedKind(state) === 'object') {
    return null;
  }
  // Since 1.8 values are cast to the dtype of training first.
  const float32 = dtypeOption(state, '_fill_dtype', 'float64') === 'float32';
  const values = filling.values.map((value) => {
    if (typeof value !== 'number' && typeof value !== 'boolean') {
      throw state.wrong('statistics_', 'numbers, as training was on numbers', value);
    }
    return float32 ? Math.fround(Number(value)) : Number(value);
  });
  return { ...filling, values };
}

function fittedKind(state: EstimatorState): 'object' | 'number' {
  if (state.has('_fit_dtype')) {
    return dtypeOption(state, '_fit_dtype', 'float64') === 'object' ? 'object' : 'number';
  }
  // Before 1.1 only the statistics tell.
  const array = asNdArray(state.value('statistics_'));
  return array?.objects?.some((item) => typeof plain(item) === 'string') === true ? 'object' : 'number';
}

function fillDense(rows: Dense, filling: Filling<number>): Dense {
  const { nFeatures, marker, kept, values, indicator } = filling;
  const mask = maskNumbers(rows.data, marker);
  const nCols = kept.length;
  const data = new Float64Array(rows.nRows * nCols);
  for (let i = 0, at = 0; i < rows.nRows; i++) {
    for (let k = 0; k < nCols; k++, at++) {
      const from = i * nFeatures + kept[k]!;
      data[at] = mask[from] === 1 ? values[k]! : rows.data[from]!;
    }
  }
  if (rows.float32 === true) {
    data.set(Float32Array.from(data));
  }
  return appendIndicator({ ...rows, nCols, data }, mask, nFeatures, indicator);
}

function fillTable(rows: Data, name: string, filling: Filling<Cell>): Table {
  const { nFeatures, marker, kept, values, indicator } = filling;
  const table = toTable(rows, name, nFeatures);
  const mask = maskColumns(rows, table.columns, marker, name);
  const columns = Array.from(kept, (j, k) => fillColumn(table.columns[j]!, values[k]!, marker));
  const names = table.names === null ? null : Array.from(kept, (j) => table.names![j]!);
  for (const j of indicator?.columns ?? []) {
    columns.push(Float64Array.from({ length: rows.nRows }, (_, i) => mask[i * nFeatures + j]!));
    names?.push(`missingindicator_${table.names![j]!}`);
  }
  return { kind: 'table', nRows: rows.nRows, names, columns };
}

function fillColumn(column: Column, value: Cell, marker: Marker): Column {
  if (column instanceof Float64Array && typeof value === 'number') {
    return column.map((x) => (isMissingCell(x, marker) ? value : x));
  }
  return Array.from(column, (cell: Cell) => (isMissingCell(cell, marker) ? value : cell));
}
