/** One model per output, each seeing what those before it in the chain predicted. */
import { toMatrix } from '../../model/coerce.ts';
import { hstack } from '../../model/columns.ts';
import type { Csr, Data, Dense, Label, Target } from '../../model/data.ts';
import { dense, numbers2d } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { plain } from '../../pickle/decode.ts';
import type { Inert } from '../../pickle/inert.ts';
import { toInt32 } from '../../tensor/convert.ts';
import { defineEstimators, type EstimatorRow } from '../define.ts';
import { underNames } from '../merged-features.ts';
import {
  allHave,
  columnAt,
  columnsToMatrix,
  type Part,
  predictedNumbers,
  probabilities,
  readParts,
  requireMethod,
} from '../parts.ts';
import { type EstimatorState, isList } from '../state.ts';
import { within } from '../step-error.ts';

interface ChainRow extends EstimatorRow {
  readonly task: 'classifier' | 'regressor';
}

/** What a link of the chain is asked. */
type Method = 'predict' | 'predictProba' | 'decisionFunction';

export const chain = defineEstimators<ChainRow>({
  rows: [
    { name: 'ClassifierChain', module: 'sklearn.multioutput', task: 'classifier' },
    { name: 'RegressorChain', module: 'sklearn.multioutput', task: 'regressor' },
  ],
  read(state, row, resolve): Fitted {
    const parts = readParts(state, resolve, ['predict']);
    const order = readOrder(state, parts.length);
    const handsOn = readChainMethod(state, parts);
    const first = parts[0]!.fitted;
    const nFeatures = state.nFeatures() ?? first.nFeatures;
    const classifies = row.task === 'classifier';
    const classes = classifies ? readClasses(state, parts, order) : null;

    /** Answers of every link, in the order of outputs. */
    function run(rows: Data, method: Method): Dense {
      const matrix = toMatrix(rows, row.name, nFeatures, 'finite');
      const handed: Float64Array[] = [];
      const answers: Float64Array[] = new Array(parts.length);
      for (let k = 0; k < parts.length; k++) {
        const part = parts[k]!;
        const augmented = augment(matrix, handed);
        const passedOn = answerOf(part, augmented, handsOn);
        handed.push(passedOn);
        answers[order[k]!] = method === handsOn ? passedOn : answerOf(part, augmented, method);
      }
      return columnsToMatrix(answers, rows.nRows);
    }

    return {
      name: row.name,
      task: row.task,
      input: 'features',
      nFeatures,
      features:
        nFeatures === null
          ? null
          : underNames(first.features?.slice(0, nFeatures) ?? null, state.featureNames()),
      classes,
      nOutputs: parts.length,
      children: parts,
      predict(rows) {
        const { nRows, nCols, data } = run(rows, 'predict');
        return classes === null ? numbers2d(nRows, nCols, data) : labelsOf(nRows, data, classes);
      },
      ...(classifies &&
        allHave(parts, 'predictProba') && { predictProba: (rows) => [run(rows, 'predictProba')] }),
      ...(classifies &&
        allHave(parts, 'decisionFunction') && {
          decisionFunction: (rows) => {
            const { nRows, nCols, data } = run(rows, 'decisionFunction');
            return numbers2d(nRows, nCols, data);
          },
        }),
    };
  },
});

const CHAIN_METHODS: Readonly<Record<string, Method>> = {
  predict: 'predict',
  predict_proba: 'predictProba',
  decision_function: 'decisionFunction',
};

/** What each link hands on to the next: its prediction, or from 1.5 on what `chain_method` chose. */
function readChainMethod(state: EstimatorState, parts: readonly Part[]): Method {
  if (!state.has('chain_method_')) {
    return 'predict';
  }
  const method =
    CHAIN_METHODS[state.choice('chain_method_', ['predict', 'predict_proba', 'decision_function'])]!;
  for (const { label, fitted } of parts) {
    requireMethod(state, fitted, method, label);
  }
  return method;
}

/** Output of each link; throws LL4003 where `order_` does not name every output once. */
function readOrder(state: EstimatorState, nParts: number): Int32Array {
  const value = state.value('order_');
  const order = isList(value) ? Int32Array.from(value.items, numberOf) : toInt32(state.array('order_'));
  const sorted = order.toSorted();
  if (order.length !== nParts || sorted.some((output, i) => output !== i)) {
    throw state.wrong('order_', `every number from 0 to ${nParts - 1} once`, value);
  }
  return order;
}

function numberOf(item: Inert): number {
  const value = plain(item);
  return typeof value === 'number' ? value : -1;
}

/** Classes of each output, in the order of outputs. */
function readClasses(
  state: EstimatorState,
  parts: readonly Part[],
  order: Int32Array,
): readonly (readonly Label[])[] {
  const classes: (readonly Label[])[] = new Array(parts.length);
  parts.forEach(({ label, fitted }, k) => {
    const own = fitted.classes?.[0];
    if (own === undefined || fitted.classes?.length !== 1 || own.some((value) => typeof value === 'string')) {
      throw state.wrong(label, 'a classifier of one output with numbers as classes', fitted.name);
    }
    classes[order[k]!] = own;
  });
  return classes;
}

function augment(matrix: Dense | Csr, handed: readonly Float64Array[]): Data {
  return handed.length === 0
    ? matrix
    : hstack([matrix, ...handed.map((column) => dense(column.length, 1, column))], matrix.nRows);
}

/** One number a row: for probabilities and decisions what speaks for the second class. */
function answerOf(part: Part, rows: Data, method: Method): Float64Array {
  switch (method) {
    case 'predict':
      return predictedNumbers(part, rows);
    case 'predictProba':
      return columnAt(probabilities(part, rows), 1);
    case 'decisionFunction':
      return within(part.label, () => part.fitted.decisionFunction!(rows).data);
  }
}

function labelsOf(nRows: number, data: Float64Array, classes: readonly (readonly Label[])[]): Target {
  const nCols = classes.length;
  const codes = Int32Array.from(data, (value, k) =>
    classes[k % nCols]!.findIndex((label) => Number(label) === value),
  );
  return { kind: 'labels', nRows, nCols, oneD: false, codes, classes };
}
