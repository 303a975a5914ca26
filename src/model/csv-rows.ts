/** Lines of CSV, split into cells, as rows of the values the model's features take. */
import { LoadlineError } from '../errors.ts';
import type { NamedFeature, Signature } from './model.ts';

const MISSING = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '<NA>']);

/**
 * Whether a first line is a header: it holds the model's column names, or no cell of it is a number while the model takes
 * numbers.
 */
export function isHeader(cells: readonly string[], signature: Signature): boolean {
  const { features } = signature;
  if (features === null) {
    return (
      signature.input === 'records' || (cells.length === 1 && /^(text|document|label)s?$/i.test(cells[0]!))
    );
  }
  if (signature.named && features.some((feature) => cells.includes(feature.name))) {
    return true;
  }
  const numeric = features.some((feature) => feature.kind === 'number');
  return numeric && cells.every((cell) => cell.trim() === '' || Number.isNaN(Number(cell)));
}

/**
 * One line as a row. `header` is null where there is none; columns then are in the order of training. Throws LL2006 naming
 * the column and `line`, from 1.
 */
export function typedRow(
  cells: readonly string[],
  header: readonly string[] | null,
  signature: Signature,
  line: number,
): unknown {
  const { features } = signature;
  if (features === null) {
    return signature.input === 'records'
      ? record(cells, header ?? [])
      : cells.length === 1
        ? cells[0]
        : cells;
  }
  if (header === null || !signature.named) {
    return cells.map((cell, j) => (features[j] === undefined ? cell : cellValue(cell, features[j], line)));
  }
  const byName = new Map<string, NamedFeature>(features.map((feature) => [feature.name, feature]));
  const row: Record<string, unknown> = Object.create(null);
  header.forEach((name, j) => {
    const feature = byName.get(name);
    row[name] = feature === undefined ? cells[j] : cellValue(cells[j] ?? '', feature, line);
  });
  return row;
}

function record(cells: readonly string[], header: readonly string[]): Record<string, string | number> {
  const row: Record<string, string | number> = Object.create(null);
  header.forEach((name, j) => {
    const cell = cells[j] ?? '';
    if (cell !== '') {
      row[name] = Number.isNaN(Number(cell)) ? cell : Number(cell);
    }
  });
  return row;
}

/**
 * One cell: a number where the feature is numeric, else the type of the feature's categories; the words pandas reads as
 * missing are null. Throws LL2006 naming the column and `line`.
 */
function cellValue(cell: string, feature: NamedFeature, line: number): string | number | boolean | null {
  if (MISSING.has(cell) && feature.kind !== 'text') {
    return null;
  }
  const kind = feature.kind === 'number' ? 'number' : categoryType(feature);
  if (kind === 'string') {
    return cell;
  }
  if (kind === 'boolean' && /^(true|false)$/i.test(cell)) {
    return cell.toLowerCase() === 'true';
  }
  const number = Number(cell);
  if (cell.trim() !== '' && !Number.isNaN(number)) {
    return number;
  }
  if (kind === 'any') {
    return cell;
  }
  throw new LoadlineError('LL2006', `Line ${line}, ${feature.name}: wanted a ${kind}, found text`, {
    where: `line ${line}`,
    field: feature.name,
  });
}

function categoryType(feature: NamedFeature): 'string' | 'number' | 'boolean' | 'any' {
  if (feature.kind === 'text') {
    return 'string';
  }
  const types = new Set(
    (feature.categories ?? []).filter((value) => value !== null).map((value) => typeof value),
  );
  const [type] = types;
  return types.size === 1 && (type === 'string' || type === 'number' || type === 'boolean') ? type : 'any';
}
