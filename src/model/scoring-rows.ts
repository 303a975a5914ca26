/** Bodies of MLflow's scoring protocol as rows: what callers send, and what whoever logged a model left as an example. */
import { LoadlineError } from '../errors.ts';
import type { Signature } from './model.ts';

const FIELDS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

type JsonObject = Readonly<Record<string, unknown>>;

const WANTED =
  "The input must be a JSON dictionary with exactly one of the input fields {'dataframe_split', 'dataframe_records', 'instances', 'inputs'}.";

/**
 * The rows of a JSON body: `dataframe_split`, `dataframe_records`, `instances` or `inputs`. Throws LL2002 and LL2003 in
 * MLflow's own words.
 */
export function scoringRows(body: unknown, signature: Signature): readonly unknown[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new LoadlineError(
      'LL2002',
      `${WANTED} Received ${Array.isArray(body) ? 'a list' : `unexpected input type '<class '${pythonType(body)}'>`}.`,
    );
  }
  const found = FIELDS.filter((field) => Object.hasOwn(body, field));
  const [field] = found;
  if (found.length !== 1 || field === undefined) {
    const names = found.map((name) => `'${name}'`).join(', ');
    throw new LoadlineError('LL2002', `${WANTED} Received dictionary with input fields: [${names}].`);
  }
  const { params } = body as { readonly params?: unknown };
  if (params !== undefined && params !== null && !isObject(params)) {
    throw new LoadlineError('LL2002', `Parameters must be a dictionary. Got type '${pythonType(params)}'.`);
  }
  const value = (body as JsonObject)[field];
  switch (field) {
    case 'dataframe_split':
      return splitRows(value, signature);
    case 'dataframe_records':
      return recordRows(value, signature);
    case 'instances':
    case 'inputs':
      return isObject(value) ? columnRows(value) : listRows(value, field);
  }
}

function splitRows(value: unknown, signature: Signature): readonly unknown[] {
  if (!isObject(value)) {
    throw new LoadlineError(
      'LL2002',
      `Dataframe split format must be a dictionary. Got ${pythonType(value)}.`,
    );
  }
  const other = Object.keys(value).find((key) => key !== 'columns' && key !== 'index' && key !== 'data');
  if (other !== undefined || !Array.isArray(value.data)) {
    throw new LoadlineError(
      'LL2002',
      "Dataframe split format must have 'data' field and optionally 'columns' and 'index' fields.",
    );
  }
  const rows: readonly unknown[] = value.data;
  const { columns } = value;
  if (columns === undefined) {
    return rows;
  }
  if (!Array.isArray(columns) || !rows.every(Array.isArray)) {
    throw new LoadlineError(
      'LL2002',
      "Provided dataframe_split field is not a valid dataframe representation in 'split' format.",
    );
  }
  const names = columns.map(String);
  return (rows as readonly (readonly unknown[])[]).map((row, i) => {
    if (row.length !== names.length) {
      throw new LoadlineError(
        'LL2003',
        `Provided dataframe_split field is not a valid dataframe representation in 'split' format. Error: '${names.length} columns passed, passed data had ${row.length} columns'`,
        { row: i },
      );
    }
    return byName(signature) ? Object.fromEntries(names.map((name, j) => [name, row[j]])) : row;
  });
}

function recordRows(value: unknown, signature: Signature): readonly unknown[] {
  if (!Array.isArray(value) || !value.every(isObject)) {
    const found = isObject(value) ? 'dictionary' : pythonType(value);
    throw new LoadlineError('LL2002', `Dataframe records format must be a list of records. Got ${found}.`);
  }
  if (byName(signature)) {
    return value;
  }
  // A model without names takes the columns in the order in which pandas meets them.
  const names = [...new Set(value.flatMap((record) => Object.keys(record)))];
  return value.map((record) => {
    const row = names.map((name) => record[name] ?? null);
    return signature.input === 'features' ? row : row[0];
  });
}

/** `{"column": [value, …]}` or `{"column": value}`. */
function columnRows(value: JsonObject): readonly unknown[] {
  const columns = Object.entries(value).map(([name, cells]): [string, readonly unknown[]] => [
    name,
    Array.isArray(cells) ? cells : [cells],
  ]);
  const nRows = columns[0]?.[1].length ?? 0;
  const uneven = columns.find(([, cells]) => cells.length !== nRows);
  if (uneven !== undefined) {
    const field = uneven[0].slice(0, 80);
    throw new LoadlineError(
      'LL2002',
      `The length of values for each input/column name are not the same: "${field}" has ${uneven[1].length}, the first has ${nRows}`,
      { field },
    );
  }
  return Array.from({ length: nRows }, (_, i) =>
    Object.fromEntries(columns.map(([name, cells]) => [name, cells[i]])),
  );
}

function listRows(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new LoadlineError('LL2002', `"${field}": expected a list, found ${pythonType(value)}`);
  }
  return value;
}

/**
 * What MLflow does to a row on its way to a signature with names: columns that the model does not have are dropped, one
 * that only some rows have is missing in the others. Texts of numbers are numbers where the model takes numbers.
 */
export function fitScoringRows(rows: readonly unknown[], signature: Signature): readonly unknown[] {
  return rows.map(fit(rows, signature));
}

function fit(rows: readonly unknown[], signature: Signature): (row: unknown) => unknown {
  const { features } = signature;
  if (features === null) {
    // A text may come as a table of one column.
    return (row) =>
      signature.input !== 'records' && isObject(row) && Object.keys(row).length === 1
        ? Object.values(row)[0]
        : row;
  }
  const numeric = features.map((feature) => feature.kind === 'number');
  const somewhere = signature.named
    ? features.map(({ name }) => rows.some((row) => isObject(row) && Object.hasOwn(row, name)))
    : [];
  return (row) => {
    if (Array.isArray(row)) {
      return row.map((cell: unknown, j) => (numeric[j] === true ? asNumber(cell) : cell));
    }
    if (!isObject(row) || !signature.named) {
      return row;
    }
    const fitted: Record<string, unknown> = Object.create(null);
    features.forEach(({ name }, j) => {
      if (somewhere[j] === true) {
        const cell = Object.hasOwn(row, name) ? row[name] : null;
        fitted[name] = numeric[j] === true ? asNumber(cell) : cell;
      }
    });
    return fitted;
  };
}

function asNumber(cell: unknown): unknown {
  if (typeof cell !== 'string' || cell.trim() === '') {
    return cell;
  }
  const number = Number(cell);
  return Number.isNaN(number) ? cell : number;
}

function byName(signature: Signature): boolean {
  return signature.named || signature.input === 'records';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pythonType(value: unknown): string {
  if (value === null || value === undefined) {
    return 'NoneType';
  }
  if (typeof value === 'number') {
    return Number.isInteger(value) ? 'int' : 'float';
  }
  return Array.isArray(value)
    ? 'list'
    : typeof value === 'string'
      ? 'str'
      : typeof value === 'boolean'
        ? 'bool'
        : 'dict';
}
