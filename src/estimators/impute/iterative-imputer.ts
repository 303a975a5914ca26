/** IterativeImputer: each column predicted from the others, in rounds. Source: scikit-learn `impute/_iterative.py`. */
import { toDense } from '../../model/coerce.ts';
import { selectDense } from '../../model/columns.ts';
import type { Dense } from '../../model/data.ts';
import { dense, targetNumbers } from '../../model/data.ts';
import type { Child, Fitted } from '../../model/fitted.ts';
import { plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import type { Resolve } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { isList, isObject } from '../state.ts';
import { transformer } from '../transformer.ts';
import { appendIndicator, readOwnIndicator } from './indicator.ts';
import { finitenessOf, maskNumbers, readMarker } from './missing-values.ts';

/** One imputation of the sequence: `column` from `neighbors`, all counted among the kept columns. */
interface Step {
  readonly column: number;
  readonly neighbors: Int32Array;
  readonly predict: NonNullable<Fitted['predict']>;
}

interface Sequence {
  readonly initial: NonNullable<Fitted['transform']>;
  /** Columns that are kept, by their position in the input. */
  readonly kept: Int32Array;
  readonly steps: readonly Step[];
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** 1 for a kept column that never counts as missing, 2 for one that always does. */
  readonly overrides: Uint8Array;
}

export const iterativeImputers = defineEstimators({
  rows: [{ name: 'IterativeImputer', module: 'sklearn.impute' }],
  read(state, _row, resolve) {
    const { name } = state;
    if (state.boolean('sample_posterior')) {
      throw state.unsupported('sample_posterior', 'False: its draws are random', true);
    }
    const initial = resolve(state.value('initial_imputer_'), 'initial_imputer_');
    const children: Child[] = [{ label: 'initial_imputer_', fitted: initial }];
    const { nFeatures } = initial;
    if (initial.transform === undefined || nFeatures === null) {
      throw state.wrong('initial_imputer_', 'a fitted SimpleImputer', state.value('initial_imputer_'));
    }
    const marker = readMarker(state);
    const indicator = readOwnIndicator(state, nFeatures);
    const sequence = readSequence(state, initial.transform.bind(initial), nFeatures, resolve, children);
    return transformer(
      state,
      state.numericFeatures(nFeatures, marker === null),
      {
        transform(rows) {
          const input = toDense(rows, name, nFeatures, finitenessOf(marker));
          const mask = maskNumbers(input.data, marker);
          return appendIndicator(impute(sequence, input, mask, name), mask, nFeatures, indicator);
        },
      },
      { children },
    );
  },
});

function readSequence(
  state: EstimatorState,
  initial: Sequence['initial'],
  nFeatures: number,
  resolve: Resolve,
  children: Child[],
): Sequence {
  const { kept, overrides } = readKept(state, nFeatures);
  const nKept = kept.length;
  if (state.integer('n_iter_') === 0) {
    // Without a round the initial imputation stays; its state has no bounds then.
    return { initial, kept, steps: [], min: new Float64Array(), max: new Float64Array(), overrides };
  }
  const steps = state.list('imputation_sequence_').map((triplet, i): Step => {
    const attribute = `imputation_sequence_[${i}]`;
    const [column, neighbors, estimator] = tripletItems(state, attribute, triplet);
    const fitted = resolve(estimator, attribute);
    children.push({ label: attribute, fitted });
    const columns = Int32Array.from(state.floats(attribute, { shape: [null] }, neighbors));
    const valid = (j: Inert): boolean => typeof j === 'number' && Number.isInteger(j) && j >= 0 && j < nKept;
    if (
      typeof column !== 'number' ||
      !valid(column) ||
      !columns.every(valid) ||
      fitted.predict === undefined
    ) {
      throw state.wrong(attribute, `columns below ${nKept} and a regressor`, triplet);
    }
    return { column, neighbors: columns, predict: fitted.predict.bind(fitted) };
  });
  // As many bounds as kept columns; up to 1.5 one for every column of the input.
  const bounds = (attribute: string): Float64Array => {
    const values = state.floats(attribute, { shape: [null], nonFinite: true });
    if (values.length < nKept) {
      throw state.wrong(attribute, `${nKept} bounds`, values.length);
    }
    return values;
  };
  return { initial, kept, steps, min: bounds('_min_value'), max: bounds('_max_value'), overrides };
}

/** A named tuple `(feat_idx, neighbor_feat_idx, estimator)`. */
function tripletItems(
  state: EstimatorState,
  attribute: string,
  triplet: Inert,
): readonly [Inert, Inert, Inert] {
  const items = isObject(triplet) ? triplet.args : isList(triplet) ? triplet.items : [];
  if (items.length !== 3) {
    throw state.wrong(attribute, 'a column, its neighbours and an estimator', triplet);
  }
  return [plain(items[0]!), items[1]!, items[2]!];
}

/** Which columns go into the rounds. A column without any value in training is dropped, or kept as first filled. */
function readKept(state: EstimatorState, nFeatures: number): Pick<Sequence, 'kept' | 'overrides'> {
  const keepsEmpty = state.has('keep_empty_features') && state.boolean('keep_empty_features');
  const counted = state.has('_is_empty_feature');
  const empty = counted
    ? Array.from(state.ints('_is_empty_feature', { shape: [nFeatures] }), (bit) => bit !== 0)
    : Array.from(
        state.nested('initial_imputer_').floats('statistics_', { shape: [nFeatures], nonFinite: true }),
        Number.isNaN,
      );
  const kept = empty.flatMap((isEmpty, j) => (keepsEmpty || !isEmpty ? [j] : []));
  const overrides = Uint8Array.from(kept, (j) => {
    if (!keepsEmpty) {
      return 0;
    }
    // Before `_is_empty_feature` scikit-learn took the wrong half of the columns for missing: all but the empty ones.
    return counted ? (empty[j] === true ? 1 : 0) : empty[j] === true ? 0 : 2;
  });
  return { kept: Int32Array.from(kept), overrides };
}

/**
 * The rounds over a batch. scikit-learn leaves out all rounds for a batch in which every value is missing; here such a row
 * is answered as it is within any other batch.
 */
function impute(sequence: Sequence, input: Dense, inputMask: Uint8Array, name: string): Dense {
  const { kept, steps, min, max, overrides } = sequence;
  const { nRows, nCols } = input;
  const nKept = kept.length;
  const initial = toDense(sequence.initial(input), name, null, 'any');
  // A constant first filling keeps empty columns in some versions; they are dropped here.
  const filled = initial.nCols === nKept ? initial.data.slice() : selectDense(initial, kept).data;
  const missing = new Uint8Array(nRows * nKept);
  for (let i = 0, at = 0; i < nRows; i++) {
    for (let k = 0; k < nKept; k++, at++) {
      const override = overrides[k]!;
      missing[at] = override === 0 ? inputMask[i * nCols + kept[k]!]! : override - 1;
    }
  }
  for (const step of steps) {
    imputeColumn(step, filled, missing, nRows, nKept, min[step.column]!, max[step.column]!);
  }
  return { kind: 'dense', nRows, nCols: nKept, data: filled };
}

function imputeColumn(
  step: Step,
  filled: Float64Array,
  missing: Uint8Array,
  nRows: number,
  nKept: number,
  min: number,
  max: number,
): void {
  const { column, neighbors, predict } = step;
  const rows: number[] = [];
  for (let i = 0; i < nRows; i++) {
    if (missing[i * nKept + column] === 1) {
      rows.push(i);
    }
  }
  if (rows.length === 0) {
    return;
  }
  const nNeighbors = neighbors.length;
  const data = new Float64Array(rows.length * nNeighbors);
  for (let r = 0, at = 0; r < rows.length; r++) {
    for (let j = 0; j < nNeighbors; j++, at++) {
      data[at] = filled[rows[r]! * nKept + neighbors[j]!]!;
    }
  }
  const predicted = targetNumbers(predict(dense(rows.length, nNeighbors, data)));
  for (let r = 0; r < rows.length; r++) {
    filled[rows[r]! * nKept + column] = Math.min(Math.max(predicted[r]!, min), max);
  }
}
