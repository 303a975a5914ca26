/** The categories of an encoder: read from its state, looked up in rows, shown in the signature and in messages. */
import { LoadlineError } from '../../errors.ts';
import type { Category, CategoryIndex } from '../../kernels/encode.ts';
import { codeOfNumber, encodeColumn, indexCategories } from '../../kernels/encode.ts';
import { columnName, toDense, toTable } from '../../model/coerce.ts';
import type { Cell, Data } from '../../model/data.ts';
import type { Feature } from '../../model/fitted.ts';
import { asNdArray, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { toLabels, toObjects } from '../../tensor/convert.ts';
import { isPandasNa } from '../pandas-na.ts';
import type { EstimatorState } from '../state.ts';

/** Categories a message lists, and characters it shows of each. */
const MAX_LISTED = 10;
const MAX_SHOWN = 40;

/** The categories of every feature with their index. */
export interface CategorySet {
  readonly categories: readonly (readonly Category[])[];
  readonly indexes: readonly CategoryIndex[];
}

/** Reads `categories_`, one array per feature. Throws LL4003 or LL4004 for categories that are no strings, numbers or booleans. */
export function readCategories(state: EstimatorState): CategorySet {
  const categories = state
    .list('categories_')
    .map((item, i) => categoryList(state, `categories_[${i}]`, item));
  return { categories, indexes: categories.map(indexCategories) };
}

/** One array of categories; a missing one is NaN or null (None). */
export function categoryList(state: EstimatorState, attribute: string, value: Inert): readonly Category[] {
  const array = asNdArray(value);
  if (array === null || array.shape.length !== 1) {
    throw state.wrong(attribute, 'an array of categories', value);
  }
  if (!'OUSbiuf'.includes(array.dtype.kind)) {
    throw state.unsupported(attribute, 'strings, numbers and booleans', array);
  }
  const items: readonly Inert[] = array.objects === null ? toLabels(array) : toObjects(array).map(plain);
  return items.map((item) => {
    if (item === null || typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') {
      return item;
    }
    if (typeof item === 'bigint') {
      return Number(item);
    }
    if (isPandasNa(item)) {
      return Number.NaN;
    }
    throw state.wrong(attribute, 'categories that are strings, numbers or booleans', item);
  });
}

/** The features an encoder takes. `acceptsAll`: values that are no category, missing ones among them, are encoded too. */
export function categoryFeatures(
  state: EstimatorState,
  { categories }: CategorySet,
  acceptsAll: boolean,
): readonly Feature[] {
  const numeric = state.numericFeatures(categories.length);
  return categories.map((list, j): Feature => {
    const cells = list.map((category): Cell => (isMissing(category) ? null : category));
    return {
      name: numeric[j]!.name,
      kind: 'category',
      categories: cells,
      missing: acceptsAll || cells.includes(null),
    };
  });
}

/** Codes of rows, row-major `[nRows, nFeatures]`; −1 where a value is no category. */
export function encodeRows(rows: Data, name: string, { indexes }: CategorySet): Int32Array {
  const nFeatures = indexes.length;
  const codes = new Int32Array(rows.nRows * nFeatures);
  if (rows.kind === 'dense') {
    const { data } = toDense(rows, name, nFeatures, 'any');
    for (let i = 0, at = 0; i < rows.nRows; i++) {
      for (let j = 0; j < nFeatures; j++, at++) {
        codes[at] = codeOfNumber(indexes[j]!, data[at]!);
      }
    }
    return codes;
  }
  const { columns } = toTable(rows, name, nFeatures);
  for (let j = 0; j < nFeatures; j++) {
    encodeColumn(indexes[j]!, columns[j]!, codes, j, nFeatures);
  }
  return codes;
}

/** Throws LL2014 for the first value that is no category; it is named by its type only, as it may be a secret. */
export function refuseUnknown(
  codes: Int32Array,
  rows: Data,
  name: string,
  { categories }: CategorySet,
): void {
  const at = codes.indexOf(-1);
  if (at < 0) {
    return;
  }
  const nFeatures = categories.length;
  const row = Math.floor(at / nFeatures);
  const feature = at % nFeatures;
  const field = columnName(rows, feature);
  const known = categories[feature]!;
  const listed = known.slice(0, MAX_LISTED).map(shown).join(', ');
  const more = known.length > MAX_LISTED ? `, … (${known.length} in all)` : '';
  throw new LoadlineError(
    'LL2014',
    `Row ${row}, ${field}: ${name} wanted one of ${listed}${more}, found ${foundType(rows, row, feature)}`,
    { row, field },
  );
}

function shown(category: Category): string {
  if (isMissing(category)) {
    return 'a missing value';
  }
  if (typeof category !== 'string') {
    return String(category);
  }
  return category.length > MAX_SHOWN ? `'${category.slice(0, MAX_SHOWN)}…'` : `'${category}'`;
}

function foundType(rows: Data, row: number, feature: number): string {
  const cell: Cell | undefined =
    rows.kind === 'table'
      ? rows.columns[feature]?.[row]
      : rows.kind === 'dense'
        ? rows.data[row * rows.nCols + feature]
        : 0;
  if (cell === undefined || isMissing(cell)) {
    return 'a missing value';
  }
  return typeof cell === 'string'
    ? 'another string'
    : typeof cell === 'boolean'
      ? 'a boolean'
      : 'another number';
}

function isMissing(category: Category): boolean {
  return category === null || Number.isNaN(category);
}
