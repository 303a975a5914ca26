/** Bagging: the mean of members that each saw their own rows and columns in training. */
import { argmaxRows } from '../../kernels/math.ts';
import { selectColumns } from '../../model/columns.ts';
import type { Data } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d, targetNumbers } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { toInt32 } from '../../tensor/convert.ts';
import type { Resolve } from '../define.ts';
import { defineEstimators } from '../define.ts';
import type { Part } from '../parts.ts';
import { readParts } from '../parts.ts';
import type { EstimatorState } from '../state.ts';
import { atColumns } from '../step-error.ts';
import { readWidth } from '../tree/read-tree.ts';
import { arrayFeatures, toArrayRows } from './array-rows.ts';

const module = 'sklearn.ensemble';

export const baggingRegressor = defineEstimators({
  rows: [{ name: 'BaggingRegressor', module }],
  read(state, _row, resolve) {
    const members = readMembers(state, resolve);
    const nOutputs = members.parts[0]!.fitted.nOutputs;
    for (const { label, fitted } of members.parts) {
      if (fitted.predict === undefined || fitted.nOutputs !== nOutputs) {
        throw state.wrong(label, `a regressor of ${nOutputs} outputs`, fitted.name);
      }
    }
    return {
      ...members.common,
      task: 'regressor',
      classes: null,
      nOutputs,
      predict(rows) {
        const means = members.mean(rows, ({ fitted }, seen) => targetNumbers(fitted.predict!(seen)));
        return nOutputs === 1 ? numbers1d(means) : numbers2d(rows.nRows, nOutputs, means);
      },
    };
  },
});

export const baggingClassifier = defineEstimators({
  rows: [{ name: 'BaggingClassifier', module }],
  read(state, _row, resolve) {
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    const members = readMembers(state, resolve);
    const { parts } = members;
    const codes = new Map(parts.map((part) => [part, codesOf(state, part, nClasses)]));
    function probabilities(rows: Data): Float64Array {
      return members.mean(rows, (part, seen) => opinions(part.fitted, codes.get(part)!, nClasses, seen));
    }
    return {
      ...members.common,
      task: 'classifier',
      classes: [classes],
      nOutputs: 1,
      predict: (rows) => labels1d(argmaxRows(probabilities(rows), rows.nRows, nClasses), classes),
      predictProba: (rows) => [dense(rows.nRows, nClasses, probabilities(rows))],
      ...(parts.every(({ fitted }) => fitted.decisionFunction !== undefined) && {
        decisionFunction(rows: Data) {
          const means = members.mean(rows, ({ fitted }, seen) => fitted.decisionFunction!(seen).data);
          return nClasses === 2 ? numbers1d(means) : numbers2d(rows.nRows, means.length / rows.nRows, means);
        },
      }),
    };
  },
});

/** What a member says of the rows that it sees: as many numbers as every other. */
type Ask = (part: Part, seen: Data) => Float64Array;

interface Members {
  readonly parts: readonly Part[];
  readonly common: Pick<Fitted, 'name' | 'input' | 'nFeatures' | 'features' | 'children'>;
  /** The sum of what the members say over their number, in an array of the caller's. */
  mean(rows: Data, ask: Ask): Float64Array;
}

function readMembers(state: EstimatorState, resolve: Resolve): Members {
  const { name } = state;
  const nEstimators = state.integer('n_estimators');
  const all = readParts(state, resolve, ['predict']);
  if (nEstimators < 1 || nEstimators > all.length) {
    throw state.wrong('n_estimators', `1 to ${all.length}, as there are estimators`, nEstimators);
  }
  const parts = all.slice(0, nEstimators);
  const nFeatures = readWidth(state);
  const columns = readColumns(state, all, nFeatures);
  const whole = columns.map((indices) => indices.length === nFeatures && indices.every((j, k) => j === k));
  const groups = readGroups(state, nEstimators);
  const names = state.featureNames();
  function asked(ask: Ask, index: number, rows: Data): Float64Array {
    try {
      return ask(parts[index]!, whole[index] ? rows : selectColumns(rows, columns[index]!));
    } catch (error) {
      throw atColumns(error, parts[index]!.label, columns[index]!, names);
    }
  }
  return {
    parts,
    common: {
      name,
      input: 'features',
      nFeatures,
      features: arrayFeatures(state, nFeatures, parts, columns),
      children: parts,
    },
    mean(rows, ask) {
      const matrix = toArrayRows(rows, name, nFeatures, 'any');
      let total: Float64Array | null = null;
      let next = 0;
      for (const size of groups) {
        let sums: Float64Array | null = null;
        for (const end = Math.min(next + size, parts.length); next < end; next++) {
          sums = plus(sums, asked(ask, next, matrix));
        }
        // Adding the only group to zero changes nothing.
        total = groups.length === 1 || sums === null ? sums : plus(total, sums);
      }
      const means = total ?? new Float64Array(0);
      for (let i = 0; i < means.length; i++) {
        means[i]! /= nEstimators;
      }
      return means;
    },
  };
}

/** Sizes of the groups that are summed apart: one for each job, where `n_jobs` says how many without asking the machine. */
function readGroups(state: EstimatorState, nEstimators: number): readonly number[] {
  const asked = state.optional('n_jobs') ?? null;
  const nJobs =
    typeof asked === 'number' && Number.isInteger(asked) && asked > 1 ? Math.min(asked, nEstimators) : 1;
  const size = Math.floor(nEstimators / nJobs);
  return Array.from({ length: nJobs }, (_, job) => size + (job < nEstimators % nJobs ? 1 : 0));
}

/** `estimators_features_`: the columns that each member sees. */
function readColumns(
  state: EstimatorState,
  parts: readonly Part[],
  nFeatures: number,
): readonly Int32Array[] {
  const attribute = 'estimators_features_';
  const items = state.list(attribute);
  if (items.length !== parts.length) {
    throw state.wrong(attribute, `${parts.length} arrays`, state.value(attribute));
  }
  return items.map((item, i) => {
    const indices = toInt32(state.array(`${attribute}[${i}]`, { shape: [null] }, item));
    const { nFeatures: seen } = parts[i]!.fitted;
    if ((seen !== null && seen !== indices.length) || indices.some((j) => j < 0 || j >= nFeatures)) {
      throw state.wrong(`${attribute}[${i}]`, `${seen ?? 'some'} of ${nFeatures} columns`, item);
    }
    return indices;
  });
}

/** Members are fitted on the numbers of the classes: the ensemble's class for each of a member's. */
function codesOf(state: EstimatorState, { label, fitted }: Part, nClasses: number): Int32Array {
  const labels = fitted.classes?.length === 1 ? fitted.classes[0]! : null;
  const codes = Int32Array.from(labels ?? [], Number);
  if (labels === null || codes.some((code, k) => code !== labels[k] || code < 0 || code >= nClasses)) {
    throw state.wrong(label, `a classifier of classes 0 to ${nClasses - 1}`, fitted.name);
  }
  return codes;
}

/** A member's probabilities of the ensemble's classes, `[nRows, nClasses]`, or one vote a row where it has none. */
function opinions(member: Fitted, codes: Int32Array, nClasses: number, rows: Data): Float64Array {
  const { nRows } = rows;
  const out = new Float64Array(nRows * nClasses);
  if (member.predictProba === undefined) {
    const target = member.predict!(rows);
    if (target.kind === 'labels') {
      target.codes.forEach((code, i) => {
        out[i * nClasses + codes[code]!] = 1;
      });
    }
    return out;
  }
  const { data } = member.predictProba(rows)[0]!;
  for (let i = 0, from = 0; i < nRows; i++) {
    for (let k = 0; k < codes.length; k++) {
      out[i * nClasses + codes[k]!] = data[from++]!;
    }
  }
  return out;
}

/** The sum of both in the first; a copy of the second where there is no first. */
function plus(sums: Float64Array | null, values: Float64Array): Float64Array {
  if (sums === null) {
    return values.slice();
  }
  for (let i = 0; i < sums.length; i++) {
    sums[i]! += values[i]!;
  }
  return sums;
}
