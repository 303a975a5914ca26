/** OneHotEncoder: a column per category, rare ones grouped, one of them dropped. Source: `preprocessing/_encoders.py`. */
import type { OneHotPlan } from '../../kernels/encode.ts';
import { oneHotCsr, oneHotDense } from '../../kernels/encode.ts';
import { asNdArray, plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { toInt32, toObjects } from '../../tensor/convert.ts';
import { defineEstimators } from '../define.ts';
import { dtypeOption } from '../dtype-option.ts';
import type { EstimatorState } from '../state.ts';
import { isList } from '../state.ts';
import { transformer } from '../transformer.ts';
import type { CategorySet } from './categories.ts';
import { categoryFeatures, encodeRows, readCategories, refuseUnknown } from './categories.ts';
import { readInfrequent } from './infrequent.ts';

export const oneHotEncoders = defineEstimators({
  rows: [{ name: 'OneHotEncoder', module: 'sklearn.preprocessing' }],
  read(state) {
    const { name } = state;
    const set = readCategories(state);
    const handling = state.choice('handle_unknown', ['error', 'ignore', 'infrequent_if_exist', 'warn']);
    // Renamed in 1.2; the old slot then holds a word.
    const sparse = state.boolean(state.anyOf('sparse_output', 'sparse'));
    const float32 = dtypeOption(state, 'dtype', 'float64') === 'float32';
    // Up to 1.7 `warn` left unknown values out, against its description.
    const groupsUnknown = handling === 'infrequent_if_exist' || (handling === 'warn' && state.since(1, 8));
    const plan = readPlan(state, set, groupsUnknown);
    return transformer(state, categoryFeatures(state, set, handling !== 'error'), {
      transform(rows) {
        const codes = encodeRows(rows, name, set);
        if (handling === 'error') {
          refuseUnknown(codes, rows, name, set);
        }
        if (sparse) {
          return oneHotCsr(codes, rows.nRows, plan);
        }
        const out = oneHotDense(codes, rows.nRows, plan);
        return float32 ? { ...out, float32 } : out;
      },
    });
  },
});

/** Where each category goes. `groupsUnknown`: an unknown value counts as a rare one where the feature has any. */
function readPlan(state: EstimatorState, set: CategorySet, groupsUnknown: boolean): OneHotPlan {
  const sizes = set.categories.map((list) => list.length);
  const groups = readInfrequent(state, sizes);
  const dropped = readDropped(state, sizes.length);
  const unknown = new Int32Array(sizes.length).fill(-1);
  const columns: Int32Array[] = [];
  let width = 0;
  for (let j = 0; j < sizes.length; j++) {
    const group = groups[j]!;
    const drop = dropped[j]!;
    const nGroups = group === null ? sizes[j]! : group.infrequent + 1;
    if (drop !== null && (drop < 0 || drop >= nGroups)) {
      throw state.wrong('drop_idx_', `a category below ${nGroups} for feature ${j}`, drop);
    }
    const columnOf = (code: number): number =>
      code === drop ? -1 : width + (drop !== null && code > drop ? code - 1 : code);
    columns.push(
      Int32Array.from({ length: sizes[j]! }, (_, k) => columnOf(group === null ? k : group.codes[k]!)),
    );
    if (group !== null && groupsUnknown) {
      unknown[j] = columnOf(group.infrequent);
    }
    width += nGroups - (drop === null ? 0 : 1);
  }
  return { width, columns, unknown };
}

/** The dropped group of each feature, null where none is. */
function readDropped(state: EstimatorState, nFeatures: number): readonly (number | null)[] {
  // Up to 1.1 `drop_idx_` counted after grouping; since then it counts the categories themselves.
  const attribute = state.has('_drop_idx_after_grouping') ? '_drop_idx_after_grouping' : 'drop_idx_';
  const value = state.value(attribute);
  if (value === null) {
    return new Array<null>(nFeatures).fill(null);
  }
  const items = itemsOf(value);
  if (items?.length !== nFeatures) {
    throw state.wrong(attribute, `one category or None for each of ${nFeatures} features`, value);
  }
  return items.map((item) => {
    if (item !== null && !(typeof item === 'number' && Number.isInteger(item))) {
      throw state.wrong(attribute, 'the position of a category', item);
    }
    return item;
  });
}

function itemsOf(value: Inert): readonly Inert[] | null {
  const array = asNdArray(value);
  if (array !== null) {
    return array.objects === null ? Array.from(toInt32(array)) : toObjects(array).map(plain);
  }
  return isList(value) ? value.items.map(plain) : null;
}
