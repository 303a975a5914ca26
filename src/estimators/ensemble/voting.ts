/** Models that vote on a class, or whose probabilities or predictions are averaged. */
import { argmaxRows } from '../../kernels/math.ts';
import { majority, weightedMean } from '../../kernels/vote.ts';
import { hstack } from '../../model/columns.ts';
import type { Data, Dense } from '../../model/data.ts';
import { dense, labels1d, numbers1d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { mergedFeatures } from '../merged-features.ts';
import { columnsToMatrix, type Part, predictedNumbers, probabilities, readParts } from '../parts.ts';
import type { EstimatorState } from '../state.ts';
import { readNamedParts } from './named-parts.ts';

export const votingClassifier = defineEstimators({
  rows: [{ name: 'VotingClassifier', module: 'sklearn.ensemble' }],
  read(state, row, resolve): Fitted {
    const soft = state.choice('voting', ['hard', 'soft']) === 'soft';
    const { names, kept } = readNamedParts(state);
    const parts = readParts(state, resolve, [soft ? 'predictProba' : 'predict'], names);
    const weights = readWeights(state, kept);
    const classes = state.nested('le_').labels('classes_');
    for (const { label, fitted } of parts) {
      checkClasses(state, label, fitted, classes.length);
    }

    function average(rows: Data): Dense {
      const all = parts.map((part) => probabilities(part, rows).data);
      return dense(rows.nRows, classes.length, weightedMean(all, weights));
    }

    return {
      name: row.name,
      task: 'classifier',
      input: parts[0]!.fitted.input,
      nFeatures: parts[0]!.fitted.nFeatures,
      features: mergedFeatures(parts.map(({ fitted }) => fitted)),
      classes: [classes],
      nOutputs: 1,
      children: parts,
      predict(rows) {
        const codes = soft
          ? argmaxRows(average(rows).data, rows.nRows, classes.length)
          : majority(
              parts.map((part) => predictedNumbers(part, rows)),
              weights,
              rows.nRows,
              classes.length,
            );
        return labels1d(codes, classes);
      },
      ...(soft && { predictProba: (rows) => [average(rows)] }),
      ...((!soft || state.boolean('flatten_transform')) && {
        transform: (rows) =>
          soft
            ? hstack(
                parts.map((part) => probabilities(part, rows)),
                rows.nRows,
              )
            : predictions(parts, rows),
      }),
    };
  },
});

export const votingRegressor = defineEstimators({
  rows: [{ name: 'VotingRegressor', module: 'sklearn.ensemble' }],
  read(state, row, resolve): Fitted {
    const { names, kept } = readNamedParts(state);
    const parts = readParts(state, resolve, ['predict'], names);
    const weights = readWeights(state, kept);
    return {
      name: row.name,
      task: 'regressor',
      input: parts[0]!.fitted.input,
      nFeatures: parts[0]!.fitted.nFeatures,
      features: mergedFeatures(parts.map(({ fitted }) => fitted)),
      classes: null,
      nOutputs: 1,
      children: parts,
      predict(rows) {
        return numbers1d(
          weightedMean(
            parts.map((part) => predictedNumbers(part, rows)),
            weights,
          ),
        );
      },
      transform: (rows) => predictions(parts, rows),
    };
  },
});

function predictions(parts: readonly Part[], rows: Data): Dense {
  return columnsToMatrix(
    parts.map((part) => predictedNumbers(part, rows)),
    rows.nRows,
  );
}

/** Weights of the estimators that were not dropped, or null. */
function readWeights(state: EstimatorState, kept: readonly boolean[]): Float64Array | null {
  if ((state.optional('weights') ?? null) === null) {
    return null;
  }
  const weights = state.floats('weights', { shape: [kept.length] });
  return weights.filter((_, i) => kept[i] === true);
}

/** The parts were trained on codes of classes: each label is a whole number below the number of classes. */
function checkClasses(state: EstimatorState, label: string, fitted: Fitted, nClasses: number): void {
  const [own, ...more] = fitted.classes ?? [];
  if (own?.length !== nClasses || more.length > 0) {
    throw state.wrong(label, `a classifier of ${nClasses} classes`, fitted.name);
  }
  if (
    !own.every((code) => typeof code === 'number' && Number.isInteger(code) && code >= 0 && code < nClasses)
  ) {
    throw state.wrong(label, `classes from 0 to ${nClasses - 1}`, fitted.name);
  }
}
