/** From rows as a user sends them (JSON values) to the data an evaluator takes, with the field named when one is wrong. */
import { LoadlineError } from '../errors.ts';
import type { Cell, Column, Data, Dense, NamedValues } from './data.ts';
import { dense } from './data.ts';
import type { NamedFeature, Signature } from './model.ts';

type Row = Readonly<Record<string, unknown>>;

/**
 * Splits the value of `features` into rows: a flat array is one row of features, or one text (label) each for a model
 * that takes texts (labels); an array of arrays or objects is a list of rows; anything else is one row.
 */
export function splitRows(value: unknown, signature: Signature): readonly unknown[] {
  if (!Array.isArray(value)) {
    return [value];
  }
  if (value.length === 0) {
    throw new LoadlineError('LL2008', '"features" is an empty list');
  }
  const first: unknown = value[0];
  const nested = typeof first === 'object' && first !== null;
  return nested || signature.input !== 'features' ? value : [value];
}

/**
 * Turns rows into the data `fitted` takes: arrays in the order of training, objects by column name (key order is free),
 * strings for texts. `null` is a missing value. Throws LL2002 to LL2008 with `row` and `field`.
 */
export function rowsToData(rows: readonly unknown[], signature: Signature): Data {
  if (rows.length === 0) {
    throw new LoadlineError('LL2008', 'The batch has no rows');
  }
  switch (signature.input) {
    case 'texts':
      return { kind: 'texts', nRows: rows.length, values: rows.map(textOf) };
    case 'records':
      return { kind: 'records', nRows: rows.length, values: rows.map(recordOf) };
    case 'labels':
      return { kind: 'table', nRows: rows.length, names: null, columns: [rows.map(labelOf)] };
    case 'features':
      return signature.features === null
        ? unknownWidth(rows)
        : featureRows(rows, signature.features, signature.named);
  }
}

function featureRows(rows: readonly unknown[], features: readonly NamedFeature[], named: boolean): Data {
  if (features.every((feature) => feature.kind === 'number')) {
    return numericRows(rows, features, named);
  }
  const columns: Cell[][] = features.map(() => []);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const values = valuesOf(row, i, features, named);
    for (let j = 0; j < features.length; j++) {
      columns[j]!.push(cellOf(values[j], i, features[j]!));
    }
  }
  return {
    kind: 'table',
    nRows: rows.length,
    names: named ? features.map((feature) => feature.name) : null,
    columns: columns.map((cells, j) => packColumn(cells, features[j]!)),
  };
}

function numericRows(rows: readonly unknown[], features: readonly NamedFeature[], named: boolean): Dense {
  const width = features.length;
  const data = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const values = valuesOf(row, i, features, named);
    const start = i * width;
    for (let j = 0; j < width; j++) {
      const value = values[j];
      data[start + j] = typeof value === 'number' ? value : numberOf(value, i, features[j]!);
    }
  }
  return dense(rows.length, width, data);
}

function valuesOf(
  row: unknown,
  index: number,
  features: readonly NamedFeature[],
  named: boolean,
): readonly unknown[] {
  if (Array.isArray(row)) {
    return arrayRow(row, index, features);
  }
  // A model of one feature takes a bare value for a row, as IsotonicRegression takes one dimension.
  return features.length === 1 && (typeof row !== 'object' || row === null)
    ? [row]
    : objectRow(row, index, features, named);
}

function arrayRow(
  row: readonly unknown[],
  index: number,
  features: readonly NamedFeature[],
): readonly unknown[] {
  if (row.length !== features.length) {
    throw new LoadlineError(
      'LL2003',
      `Row ${index} has ${row.length} values, the model expects ${features.length}${missingNames(row.length, features)}`,
      { row: index },
    );
  }
  return row;
}

function missingNames(found: number, features: readonly NamedFeature[]): string {
  const names = features.slice(0, 8).map((feature) => feature.name);
  return found < features.length ? `: ${names.join(', ')}${features.length > names.length ? ', …' : ''}` : '';
}

function objectRow(
  row: unknown,
  index: number,
  features: readonly NamedFeature[],
  named: boolean,
): readonly unknown[] {
  if (typeof row !== 'object' || row === null) {
    throw new LoadlineError(
      'LL2002',
      `Row ${index}: wanted an array of ${features.length} values${named ? ' or an object by column name' : ''}, found ${typeName(row)}`,
      { row: index },
    );
  }
  if (!named && !Object.hasOwn(row, 'x0')) {
    throw new LoadlineError(
      'LL2002',
      `Row ${index} is an object, but the model was trained without column names: send an array of ${features.length} values`,
      { row: index },
    );
  }
  const values: unknown[] = new Array(features.length);
  for (let j = 0; j < features.length; j++) {
    const { name } = features[j]!;
    if (!Object.hasOwn(row, name)) {
      throw new LoadlineError('LL2004', `Row ${index}: the column "${name}" is missing`, {
        row: index,
        field: name,
      });
    }
    values[j] = (row as Row)[name];
  }
  const keys = Object.keys(row);
  if (keys.length !== features.length) {
    const known = new Set(features.map((feature) => feature.name));
    const extra = keys.find((key) => !known.has(key)) ?? '';
    const field = extra.slice(0, 80);
    throw new LoadlineError(
      'LL2005',
      `Row ${index}: the column "${field}" is not one of the model's ${features.length}`,
      { row: index, field },
    );
  }
  return values;
}

function numberOf(value: unknown, row: number, feature: NamedFeature): number {
  if (value === null) {
    return missingOf(row, feature);
  }
  if (typeof value === 'boolean') {
    return value ? 1 : 0;
  }
  if (typeof value === 'number') {
    return value;
  }
  throw wrongType(row, feature, 'a number', value);
}

function missingOf(row: number, feature: NamedFeature): number {
  if (!feature.missing) {
    throw new LoadlineError(
      'LL2007',
      `Row ${row}, ${feature.name}: wanted a number, found a missing value (null)`,
      { row, field: feature.name },
    );
  }
  return Number.NaN;
}

function cellOf(value: unknown, row: number, feature: NamedFeature): Cell {
  if (feature.kind === 'number') {
    return typeof value === 'number' ? value : numberOf(value, row, feature);
  }
  if (value === null) {
    if (feature.kind === 'text') {
      missingOf(row, { ...feature, missing: false });
    }
    return null;
  }
  if (feature.kind === 'text') {
    if (typeof value !== 'string') {
      throw wrongType(row, feature, 'a string', value);
    }
    return value;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw wrongType(row, feature, 'a string, number or boolean', value);
}

/** Numbers and missing values become a numeric column, unless the model wants the cells as they came. */
function packColumn(cells: readonly Cell[], feature: NamedFeature): Column {
  if (feature.kind === 'text' || !cells.every((cell) => typeof cell === 'number' || cell === null)) {
    return cells;
  }
  if (feature.kind !== 'number' && cells.every((cell) => cell === null)) {
    return cells;
  }
  return Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell)));
}

/** Rows of a model that does not say its width: numbers, or a table of mixed cells, as wide as the first row. */
function unknownWidth(rows: readonly unknown[]): Data {
  const first = rows[0];
  const width = Array.isArray(first) ? first.length : 1;
  const features = Array.from(
    { length: width },
    (_, j): NamedFeature => ({ name: `x${j}`, kind: 'any', missing: true }),
  );
  const wide = rows.map((row) => (Array.isArray(row) ? row : [row]));
  const numeric = wide.every((row) => row.every((value) => typeof value === 'number' || value === null));
  return featureRows(
    wide,
    numeric ? features.map((feature) => ({ ...feature, kind: 'number' })) : features,
    false,
  );
}

function textOf(row: unknown, index: number): string {
  const value: unknown = Array.isArray(row) && row.length === 1 ? row[0] : row;
  if (typeof value !== 'string') {
    throw new LoadlineError('LL2006', `Row ${index}: wanted a string, found ${typeName(value)}`, {
      row: index,
    });
  }
  return value;
}

function recordOf(row: unknown, index: number): NamedValues {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new LoadlineError('LL2006', `Row ${index}: wanted an object, found ${typeName(row)}`, {
      row: index,
    });
  }
  const record = new Map<string, Cell | readonly string[]>();
  for (const [key, value] of Object.entries(row)) {
    record.set(key, isStrings(value) ? value : labelOrNull(value, index, key));
  }
  return record;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function labelOf(row: unknown, index: number): Cell {
  const value: unknown = Array.isArray(row) && row.length === 1 ? row[0] : row;
  return labelOrNull(value, index, 'label');
}

function labelOrNull(value: unknown, row: number, field: string): Cell {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value;
  }
  throw new LoadlineError(
    'LL2006',
    `Row ${row}, ${field.slice(0, 80)}: wanted a string or number, found ${typeName(value)}`,
    { row, field: field.slice(0, 80) },
  );
}

function wrongType(row: number, feature: NamedFeature, wanted: string, value: unknown): LoadlineError {
  return new LoadlineError(
    'LL2006',
    `Row ${row}, ${feature.name}: wanted ${wanted}, found ${typeName(value)}`,
    { row, field: feature.name },
  );
}

/** The JSON type of a value, for messages. */
export function typeName(value: unknown): string {
  if (value === null) {
    return 'null';
  }
  if (value === undefined) {
    return 'nothing';
  }
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
