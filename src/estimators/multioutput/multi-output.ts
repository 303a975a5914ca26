/** One model per output, all on the same rows. */

import { LoadlineError } from '../../errors.ts';
import type { Data, Labels } from '../../model/data.ts';
import { numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { defineEstimators } from '../define.ts';
import { mergedFeatures } from '../merged-features.ts';
import { allHave, columnsToMatrix, type Part, predictedNumbers, probabilities, readParts } from '../parts.ts';
import { within } from '../step-error.ts';

export const multiOutputRegressor = defineEstimators({
  rows: [{ name: 'MultiOutputRegressor', module: 'sklearn.multioutput' }],
  read(state, row, resolve): Fitted {
    const parts = readParts(state, resolve, ['predict']);
    return {
      name: row.name,
      task: 'regressor',
      ...inputsOf(parts),
      classes: null,
      predict(rows) {
        const { nRows, nCols, data } = columnsToMatrix(
          parts.map((part) => predictedNumbers(part, rows)),
          rows.nRows,
        );
        return numbers2d(nRows, nCols, data);
      },
    };
  },
});

export const multiOutputClassifier = defineEstimators({
  rows: [{ name: 'MultiOutputClassifier', module: 'sklearn.multioutput' }],
  read(state, row, resolve): Fitted {
    const parts = readParts(state, resolve, ['predict']);
    const classes = parts.map(({ label, fitted }) => {
      const own = fitted.classes?.[0];
      if (own === undefined || fitted.classes?.length !== 1) {
        throw state.wrong(label, 'a classifier of one output', fitted.name);
      }
      return own;
    });
    return {
      name: row.name,
      task: 'classifier',
      ...inputsOf(parts),
      classes,
      predict: (rows) => labelsOf(parts, rows),
      ...(allHave(parts, 'predictProba') && {
        predictProba: (rows) => parts.map((part) => probabilities(part, rows)),
      }),
    };
  },
});

function inputsOf(parts: readonly Part[]) {
  const { input, nFeatures } = parts[0]!.fitted;
  return {
    input,
    nFeatures,
    features: mergedFeatures(parts.map(({ fitted }) => fitted)),
    nOutputs: parts.length,
    children: parts,
  };
}

function labelsOf(parts: readonly Part[], rows: Data): Labels {
  const { nRows } = rows;
  const nCols = parts.length;
  const codes = new Int32Array(nRows * nCols);
  const classes = parts.map(({ label, fitted }, j) => {
    const target = within(label, () => fitted.predict!(rows));
    if (target.kind !== 'labels' || target.nCols !== 1) {
      throw new LoadlineError(
        'LL4003',
        `Cannot use ${label}: ${fitted.name} predicts no labels of one output`,
      );
    }
    for (let i = 0; i < nRows; i++) {
      codes[i * nCols + j] = target.codes[i]!;
    }
    return target.classes[0]!;
  });
  return { kind: 'labels', nRows, nCols, oneD: false, codes, classes };
}
