/** Transformers over chosen columns, their results side by side. */
import { LoadlineError } from '../../errors.ts';
import { toTable } from '../../model/coerce.ts';
import { hstack, scaleRows, selectColumns, widthOf } from '../../model/columns.ts';
import type { Data } from '../../model/data.ts';
import { toTexts } from '../../model/documents.ts';
import type { Child, Feature, Fitted } from '../../model/fitted.ts';
import { asNdArray, dictGet, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { toLabels } from '../../tensor/convert.ts';
import { defineEstimators, type Resolve } from '../define.ts';
import { strictest } from '../merged-features.ts';
import { describe, type EstimatorState, isList } from '../state.ts';
import { atColumns } from '../step-error.ts';
import { requiredFeatures, transformer } from '../transformer.ts';
import { readWeight } from '../transformer-weight.ts';

export const columnTransformer = defineEstimators({
  rows: [{ name: 'ColumnTransformer', module: 'sklearn.compose' }],
  read(state, row, resolve): Fitted {
    const names = state.featureNames();
    const nFeatures = requiredFeatures(state);
    if (names !== null && names.length !== nFeatures) {
      throw state.wrong('feature_names_in_', `${nFeatures} names`, names.length);
    }
    const children: Child[] = [];
    const blocks: Block[] = [];
    for (const [i, item] of state.list('transformers_').entries()) {
      const block = readBlock(state, `transformers_[${i}]`, item, { nFeatures, names, resolve });
      children.push({ label: block.label, fitted: block.used ? (block.fitted ?? 'passthrough') : 'drop' });
      if (block.used) {
        blocks.push(block);
      }
    }
    return transformer(
      state,
      featuresOf(blocks, nFeatures, names),
      {
        transform(rows) {
          const order = columnOrder(rows, row.name, nFeatures, names, blocks);
          return hstack(
            blocks.map((block) => evaluate(block, rows, order, names)),
            rows.nRows,
          );
        },
      },
      { children },
    );
  },
});

/** One transformer with the columns it takes. */
interface Block {
  readonly label: string;
  readonly used: boolean;
  /** Null for columns that are passed on as they are. */
  readonly fitted: Fitted | null;
  /** Columns in the order of training. */
  readonly indices: Int32Array;
  readonly weight: number | null;
}

interface Context {
  readonly nFeatures: number;
  readonly names: readonly string[] | null;
  readonly resolve: Resolve;
}

function readBlock(state: EstimatorState, attribute: string, item: Inert, context: Context): Block {
  const [label, value, columns] = isList(item) ? item.items.map(plain) : [];
  if (typeof label !== 'string' || value === undefined || columns === undefined) {
    throw state.wrong(attribute, 'a name, a transformer and its columns', item);
  }
  const unused: Block = { label, used: false, fitted: null, indices: new Int32Array(0), weight: null };
  if (value === 'drop') {
    return unused;
  }
  const indices = readIndices(state, label, columns, context);
  if (indices.length === 0) {
    return unused;
  }
  const weight = readWeight(state, label);
  if (value === 'passthrough') {
    return { label, used: true, fitted: null, indices, weight };
  }
  const fitted = context.resolve(value, label);
  if (fitted.transform === undefined) {
    throw state.wrong(attribute, 'a transformer', value);
  }
  if (fitted.input === 'texts' && indices.length !== 1) {
    throw state.wrong(attribute, `one column of texts for ${fitted.name}`, indices.length);
  }
  if (fitted.nFeatures !== null && fitted.nFeatures !== indices.length) {
    throw state.wrong(attribute, `${fitted.nFeatures} columns for ${fitted.name}`, indices.length);
  }
  return { label, used: true, fitted, indices, weight };
}

/**
 * Columns of a transformer as positions. scikit-learn 1.0 and later keep them resolved, whatever they were given as
 * (names, positions from either end, masks, slices, selectors); before, lists of names or positions are read here.
 */
function readIndices(state: EstimatorState, label: string, columns: Inert, context: Context): Int32Array {
  const resolved = state.has('_transformer_to_input_indices')
    ? dictGet(state.value('_transformer_to_input_indices'), label)
    : columns;
  const items = resolved === undefined ? null : itemsOf(plain(resolved));
  if (items === null) {
    throw state.unsupported(`columns of ${label}`, 'names or positions', resolved ?? null);
  }
  return Int32Array.from(items, (item) => {
    const index = typeof item === 'string' ? (context.names?.indexOf(item) ?? -1) : item;
    if (
      typeof index !== 'number' ||
      !Number.isInteger(index) ||
      index < -context.nFeatures ||
      index >= context.nFeatures
    ) {
      throw state.wrong(`columns of ${label}`, `positions below ${context.nFeatures}`, item, describe(item));
    }
    return index < 0 ? index + context.nFeatures : index;
  });
}

function itemsOf(value: Inert): readonly Inert[] | null {
  if (isList(value)) {
    return value.items.map(plain);
  }
  if (typeof value === 'string' || typeof value === 'number') {
    return [value];
  }
  const array = asNdArray(value);
  return array === null ? null : array.objects === null ? toLabels(array) : array.objects.map(plain);
}

const DOCUMENT: Feature = { name: null, kind: 'text', missing: false };

function featuresOf(
  blocks: readonly Block[],
  nFeatures: number,
  names: readonly string[] | null,
): readonly Feature[] {
  const features = Array.from(
    { length: nFeatures },
    (_, j): Feature => ({ name: names?.[j] ?? null, kind: 'any', missing: true }),
  );
  for (const { fitted, indices } of blocks) {
    indices.forEach((index, k) => {
      const feature = fitted?.input === 'texts' ? DOCUMENT : fitted?.features?.[k];
      if (feature !== undefined) {
        features[index] = strictest(features[index]!, feature);
      }
    });
  }
  return features;
}

/**
 * Where the columns of training lie in `rows`: null for the same places. A table trained by name is read by name, so it
 * may hold its columns in any order and others beside. Throws LL2004 for a column that is missing and LL2003 for a
 * wrong number of columns.
 */
function columnOrder(
  rows: Data,
  name: string,
  nFeatures: number,
  names: readonly string[] | null,
  blocks: readonly Block[],
): Int32Array | null {
  const given = rows.kind === 'table' ? rows.names : null;
  if (names === null || given === null) {
    const width = widthOf(rows);
    if (width !== nFeatures) {
      throw new LoadlineError(
        width === null ? 'LL2006' : 'LL2003',
        `${name} wanted ${nFeatures} columns, found ${width ?? rows.kind}`,
      );
    }
    return null;
  }
  if (given.length === nFeatures && given.every((column, j) => column === names[j])) {
    return null;
  }
  const places = new Map(given.map((column, j) => [column, j]));
  const order = new Int32Array(nFeatures);
  for (const { indices } of blocks) {
    for (const index of indices) {
      const place = places.get(names[index]!);
      if (place === undefined) {
        throw new LoadlineError('LL2004', `${name} wanted the column "${names[index]}", which is missing`, {
          field: names[index]!,
        });
      }
      order[index] = place;
    }
  }
  return order;
}

function evaluate(
  { label, fitted, indices, weight }: Block,
  rows: Data,
  order: Int32Array | null,
  names: readonly string[] | null,
): Data {
  const chosen = selectColumns(rows, order === null ? indices : indices.map((index) => order[index]!));
  try {
    const input = fitted?.input === 'texts' ? textsOf(chosen, fitted.name) : chosen;
    const out = fitted === null ? input : fitted.transform!(input);
    return weight === null ? out : scaleRows(out, weight, label);
  } catch (error) {
    throw atColumns(error, label, indices, names);
  }
}

/** A chosen column as documents: what scikit-learn's selection by a bare name gives. */
function textsOf(chosen: Data, name: string): Data {
  return { kind: 'texts', nRows: chosen.nRows, values: toTexts(toTable(chosen, name, 1), name) };
}
