/** Text cells of a CSV file as the values the model's features take. */
import { LoadlineError } from '../../errors.ts';
import type { NamedFeature } from '../../model/model.ts';

const MISSING = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL', 'None', '<NA>']);

/**
 * One cell: a number where the feature is numeric, else the type of the feature's categories; the words pandas reads as
 * missing are null. Throws LL2006 naming the column and `line`.
 */
export function cellValue(
  cell: string,
  feature: NamedFeature,
  line: number,
): string | number | boolean | null {
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
