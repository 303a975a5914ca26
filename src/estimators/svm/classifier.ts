/** libsvm's classifiers: one machine for every pair of classes. */
import type { PairSigmoids, PairwiseMachines } from '../../kernels/libsvm.ts';
import { oneVsRestScores, pairDecisions, pairProbabilities, pairVotes } from '../../kernels/libsvm.ts';
import { argmaxRows } from '../../kernels/math.ts';
import type { Data } from '../../model/data.ts';
import { dense, labels1d, numbers1d, numbers2d } from '../../model/data.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { readMachine } from './machine.ts';

const module = 'sklearn.svm';

export const supportVectorClassifier = defineEstimators({
  rows: [
    { name: 'SVC', module },
    { name: 'NuSVC', module },
  ],
  read(state) {
    const classes = state.labels('classes_');
    const nClasses = classes.length;
    if (nClasses < 2) {
      throw state.wrong('classes_', 'at least two classes', state.value('classes_'));
    }
    const nPairs = (nClasses * (nClasses - 1)) / 2;
    const machine = readMachine(state, nClasses - 1, nPairs);
    const machines: PairwiseMachines = { ...machine, counts: readCounts(state, nClasses, machine.nVectors) };
    const shape = state.choice('decision_function_shape', ['ovr', 'ovo']);
    const breakTies = state.boolean('break_ties');
    if (breakTies && shape === 'ovo') {
      throw state.unsupported('break_ties', "False with decision_function_shape='ovo'", breakTies);
    }
    const sigmoids = readSigmoids(state, nPairs);

    function decisions(rows: Data): Float64Array {
      return pairDecisions(machines, machine.take(rows));
    }
    return {
      name: state.name,
      task: 'classifier',
      input: 'features',
      nFeatures: machine.nFeatures,
      features: machine.features,
      classes: [classes],
      nOutputs: 1,
      children: [],
      predict(rows) {
        const found = decisions(rows);
        const codes =
          breakTies && nClasses > 2
            ? argmaxRows(oneVsRestScores(found, rows.nRows, nClasses), rows.nRows, nClasses)
            : pairVotes(found, rows.nRows, nClasses);
        return labels1d(codes, classes);
      },
      decisionFunction(rows) {
        const found = decisions(rows);
        if (nClasses === 2) {
          // libsvm's value is above 0 for the first class, scikit-learn's for the second.
          return numbers1d(found.map((decision) => -decision));
        }
        return shape === 'ovo'
          ? numbers2d(rows.nRows, nPairs, found)
          : numbers2d(rows.nRows, nClasses, oneVsRestScores(found, rows.nRows, nClasses));
      },
      ...(sigmoids !== null && {
        predictProba(rows: Data) {
          const out = pairProbabilities(decisions(rows), sigmoids, rows.nRows, nClasses);
          return [dense(rows.nRows, nClasses, out)];
        },
      }),
    };
  },
});

/** `_n_support`: how many vectors each class has. */
function readCounts(state: EstimatorState, nClasses: number, nVectors: number): Int32Array {
  const counts = state.ints('_n_support', { shape: [nClasses] });
  if (counts.some((count) => count < 0) || counts.reduce((sum, count) => sum + count, 0) !== nVectors) {
    throw state.wrong('_n_support', `counts that add up to ${nVectors}`, state.value('_n_support'));
  }
  return counts;
}

/** The sigmoids of a model trained with probability=True, else null. */
function readSigmoids(state: EstimatorState, nPairs: number): PairSigmoids | null {
  // The word 'deprecated' from 1.9 on counts as False.
  if (state.value('probability') === 'deprecated' || !state.boolean('probability')) {
    return null;
  }
  return {
    slopes: state.floats('_probA', { shape: [nPairs] }),
    offsets: state.floats('_probB', { shape: [nPairs] }),
  };
}
