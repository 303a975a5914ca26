/** Classification by the votes of the neighbours: the k nearest, or all within a radius. */
import { LoadlineError } from '../../errors.ts';
import { argmaxRows, pairwiseSum } from '../../kernels/math.ts';
import { addVotes, inverseDistances, makeNearest, makeWithin } from '../../kernels/neighbors.ts';
import { eachRow } from '../../kernels/pairwise.ts';
import type { Data, Label } from '../../model/data.ts';
import { dense } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import type { MetricName } from './metric.ts';
import { readCount, readRadius } from './reach.ts';
import type { FittedSearch } from './search.ts';
import { readSearch } from './search.ts';
import type { FittedTargets } from './weights.ts';
import { readByDistance, readTargets } from './weights.ts';

const module = 'sklearn.neighbors';

export const kNeighborsClassifier = defineEstimators({
  rows: [{ name: 'KNeighborsClassifier', module }],
  read(state) {
    const fitted = readSearch(state);
    const classes = state.classLists('classes_');
    const targets = readCodes(state, fitted.nPoints, classes);
    const k = readCount(state, 'n_neighbors', fitted.nPoints);
    const byDistance = readByDistance(state);
    const nearest = makeNearest(k);

    function votes(rows: Data): readonly Float64Array[] {
      const out = makeVotes(rows.nRows, classes);
      eachRow(fitted.take(rows), (row, start, i) => {
        fitted.search.nearest(row, start, nearest);
        if (byDistance) {
          inverseDistances(nearest.distances, k);
        }
        for (let o = 0; o < out.length; o++) {
          const weights = byDistance ? nearest.distances : null;
          addVotes(targets, o, nearest.indices, weights, k, out[o]!, i * classes[o]!.length);
        }
      });
      return out;
    }

    return {
      ...classifier(state, fitted, classes),
      predict(rows) {
        const codes = votes(rows).map((found, o) => argmaxRows(found, rows.nRows, classes[o]!.length));
        return labels(rows.nRows, codes, classes, targets.oneD);
      },
      predictProba: (rows) =>
        votes(rows).map((found, o) => {
          normalise(found, rows.nRows, classes[o]!.length);
          return dense(rows.nRows, classes[o]!.length, found);
        }),
    };
  },
});

export const radiusNeighborsClassifier = defineEstimators({
  rows: [{ name: 'RadiusNeighborsClassifier', module }],
  read(state) {
    const fitted = readSearch(state);
    const classes = state.classLists('classes_');
    const targets = readCodes(state, fitted.nPoints, classes);
    const radius = readRadius(state);
    const byDistance = readByDistance(state);
    const outliers = readOutliers(state, fitted, classes, targets.oneD && !byDistance);
    const within = makeWithin(fitted.nPoints);

    function probabilities(rows: Data): readonly Float64Array[] {
      const out = makeVotes(rows.nRows, classes);
      eachRow(fitted.take(rows), (row, start, i) => {
        fitted.search.within(row, start, radius, within);
        if (within.count === 0) {
          markOutlier(out, i);
          return;
        }
        if (byDistance) {
          inverseDistances(within.distances, within.count);
        }
        for (let o = 0; o < out.length; o++) {
          const weights = byDistance ? within.distances : null;
          addVotes(targets, o, within.indices, weights, within.count, out[o]!, i * classes[o]!.length);
        }
      });
      out.forEach((found, o) => {
        normalise(found, rows.nRows, classes[o]!.length);
      });
      return out;
    }

    function markOutlier(out: readonly Float64Array[], row: number): void {
      if (outliers === null) {
        throw new LoadlineError(
          'LL2015',
          `Row ${row}: ${state.name} found no training row within its radius ${radius}, and has no outlier_label`,
          { row },
        );
      }
      outliers.forEach(({ votesFor }, o) => {
        if (votesFor !== null) {
          out[o]![row * classes[o]!.length + votesFor] = 1;
        }
      });
    }

    return {
      ...classifier(state, fitted, classes),
      predict(rows) {
        const codes = probabilities(rows).map((found, o) => {
          const nClasses = classes[o]!.length;
          const best = argmaxRows(found, rows.nRows, nClasses);
          // No class has a vote: an outlier whose label counts for none of them.
          return best.map((code, i) =>
            found[i * nClasses + code] === 0 && outliers !== null ? outliers[o]!.code : code,
          );
        });
        return labels(
          rows.nRows,
          codes,
          outliers?.map((outlier) => outlier.classes) ?? classes,
          targets.oneD,
        );
      },
      predictProba: (rows) =>
        probabilities(rows).map((found, o) => dense(rows.nRows, classes[o]!.length, found)),
    };
  },
});

/** What an output answers for a row without neighbours. */
interface Outlier {
  /** Class that gets probability 1; null when all are 0. */
  readonly votesFor: number | null;
  /** Code of its label. */
  readonly code: number;
  /** Classes of the output, with the label behind them where it is none. */
  readonly classes: readonly Label[];
}

/**
 * Reads `outlier_label_`, one per output; null when a row without neighbours is an error. From 1.4 on, a uniform vote
 * of one output over scanned rows goes by `RadiusNeighborsClassMode`, which looks the parameter `outlier_label` up
 * by itself and misses 'most_frequent'; since 1.9 it takes it for the index of a class.
 */
function readOutliers(
  state: EstimatorState,
  { scanned, metricName }: FittedSearch,
  classes: readonly (readonly Label[])[],
  uniform: boolean,
): readonly Outlier[] | null {
  if (state.value('outlier_label_') === null) {
    return null;
  }
  const found = state.labels('outlier_label_');
  if (found.length !== classes.length) {
    throw state.wrong('outlier_label_', `${classes.length} labels`, state.value('outlier_label_'));
  }
  const byClassMode = scanned && uniform && state.since(1, 4) && HAS_CLASS_MODE.has(metricName);
  return found.map((label, o) => {
    const known = classes[o]!.indexOf(label);
    let votesFor = known;
    if (byClassMode) {
      const given = state.value('outlier_label');
      votesFor = state.since(1, 9)
        ? classes[o]!.findIndex((_, index) => index === given)
        : classes[o]!.findIndex((candidate) => candidate === given);
    }
    return {
      votesFor: votesFor < 0 ? null : votesFor,
      code: known < 0 ? classes[o]!.length : known,
      classes: known < 0 ? [...classes[o]!, label] : classes[o]!,
    };
  });
}

/** Metrics of scikit-learn's `RadiusNeighborsClassMode.valid_metrics()`. */
const HAS_CLASS_MODE: ReadonlySet<MetricName> = new Set<MetricName>([
  'l2',
  'minkowski',
  'p',
  'manhattan',
  'l1',
  'cityblock',
  'chebyshev',
  'infinity',
  'seuclidean',
  'canberra',
  'braycurtis',
  'haversine',
]);

/** Reads `_y` as codes of classes. */
function readCodes(
  state: EstimatorState,
  nPoints: number,
  classes: readonly (readonly Label[])[],
): FittedTargets {
  const targets = readTargets(state, nPoints);
  const { data, nOutputs } = targets;
  if (nOutputs !== classes.length) {
    throw state.wrong('_y', `${classes.length} outputs, as classes_ has`, state.value('_y'));
  }
  for (let i = 0; i < data.length; i++) {
    const code = data[i]!;
    const nClasses = classes[i % nOutputs]!.length;
    if (!Number.isInteger(code) || code < 0 || code >= nClasses) {
      throw state.wrong('_y', `codes from 0 to ${nClasses - 1}`, code);
    }
  }
  return targets;
}

function classifier(
  state: EstimatorState,
  { nFeatures, features }: FittedSearch,
  classes: readonly (readonly Label[])[],
) {
  return {
    name: state.name,
    task: 'classifier',
    input: 'features',
    nFeatures,
    features,
    classes,
    nOutputs: classes.length,
    children: [],
  } as const;
}

function makeVotes(nRows: number, classes: readonly (readonly Label[])[]): readonly Float64Array[] {
  return classes.map((list) => new Float64Array(nRows * list.length));
}

/** Divides each row by its sum; a row of zeros stays. */
function normalise(votes: Float64Array, nRows: number, nClasses: number): void {
  for (let i = 0; i < nRows; i++) {
    const start = i * nClasses;
    const sum = pairwiseSum(votes, start, nClasses) || 1;
    for (let j = start; j < start + nClasses; j++) {
      votes[j]! /= sum;
    }
  }
}

/** Labels from the codes of each output. */
function labels(
  nRows: number,
  codes: readonly Int32Array[],
  classes: readonly (readonly Label[])[],
  oneD: boolean,
) {
  const nCols = codes.length;
  if (nCols === 1) {
    return { kind: 'labels', nRows, nCols, oneD, codes: codes[0]!, classes } as const;
  }
  const all = new Int32Array(nRows * nCols);
  codes.forEach((column, o) => {
    for (let i = 0; i < nRows; i++) {
      all[i * nCols + o] = column[i]!;
    }
  });
  return { kind: 'labels', nRows, nCols, oneD, codes: all, classes } as const;
}
