/** Models whose answers are the features of a final model. */
import { LoadlineError } from '../../errors.ts';
import { hstack, selectColumns } from '../../model/columns.ts';
import type { Data, Label, Target } from '../../model/data.ts';
import { targetNumbers } from '../../model/data.ts';
import type { Fitted } from '../../model/fitted.ts';
import { plain } from '../../pickle/decode.ts';
import { defineEstimators, type Resolve } from '../define.ts';
import { answersAfter } from '../delegate.ts';
import { mergedFeatures } from '../merged-features.ts';
import {
  columnAt,
  columnsToMatrix,
  numbersMatrix,
  type Part,
  readParts,
  requireMethod,
  targetMatrix,
} from '../parts.ts';
import { type EstimatorState, isList } from '../state.ts';
import { within } from '../step-error.ts';
import { readNamedParts } from './named-parts.ts';

export const stackingRegressor = defineEstimators({
  rows: [{ name: 'StackingRegressor', module: 'sklearn.ensemble' }],
  read(state, row, resolve): Fitted {
    const stack = readStack(state, resolve, 0);
    return {
      name: row.name,
      ...stack.shape,
      task: 'regressor',
      classes: null,
      nOutputs: stack.final.nOutputs,
      predict: answersAfter(stack.final, stack.meta, 'final_estimator_').predict!,
      transform: stack.meta,
    };
  },
});

export const stackingClassifier = defineEstimators({
  rows: [{ name: 'StackingClassifier', module: 'sklearn.ensemble' }],
  read(state, row, resolve): Fitted {
    // The encoder was renamed in 1.2; one per output where labels are several.
    const attribute = state.anyOf('_label_encoder', '_le');
    const encoders = isList(state.value(attribute)) ? state.list(attribute) : null;
    const classes =
      encoders === null
        ? [state.nested(attribute).labels('classes_')]
        : encoders.map((encoder, i) => state.nested(`${attribute}[${i}]`, encoder).labels('classes_'));
    const stack = readStack(state, resolve, encoders === null ? classes[0]!.length : classes.length);
    const answers = answersAfter(stack.final, stack.meta, 'final_estimator_');
    const { predict, predictProba, decisionFunction } = answers;
    return {
      name: row.name,
      ...stack.shape,
      task: 'classifier',
      classes,
      nOutputs: classes.length,
      predict: (rows) => decoded(predict!(rows), classes, encoders === null),
      ...(predictProba && {
        predictProba:
          encoders === null
            ? predictProba
            : // What scikit-learn answers here: the first column of each output.
              (rows) => [
                columnsToMatrix(
                  predictProba(rows).map((matrix) => columnAt(matrix, 0)),
                  rows.nRows,
                ),
              ],
      }),
      ...(decisionFunction && { decisionFunction }),
      transform: stack.meta,
    };
  },
});

interface StackPart extends Part {
  readonly method: 'predict' | 'predictProba' | 'decisionFunction';
}

interface Stack {
  readonly final: Fitted;
  /** The features of the final model. */
  readonly meta: (rows: Data) => Data;
  readonly shape: Pick<Fitted, 'input' | 'nFeatures' | 'features' | 'children'>;
}

const STACK_METHODS: Readonly<Record<string, StackPart['method']>> = {
  predict: 'predict',
  predict_proba: 'predictProba',
  decision_function: 'decisionFunction',
};

/** `nClasses` is `len(classes_)` in Python: with 2 the first column of probabilities is left out. */
function readStack(state: EstimatorState, resolve: Resolve, nClasses: number): Stack {
  const { names } = readNamedParts(state);
  const methods = state.list('stack_method_').map(plain);
  const found = readParts(state, resolve, [], names);
  if (methods.length !== found.length) {
    throw state.wrong('stack_method_', `${found.length} methods`, state.value('stack_method_'));
  }
  const parts = found.map((part, i): StackPart => {
    const method = STACK_METHODS[String(methods[i])];
    if (method === undefined) {
      throw state.wrong('stack_method_', 'names of methods', methods[i] ?? null);
    }
    requireMethod(state, part.fitted, method, part.label);
    return { ...part, method };
  });
  const final = resolve(state.value('final_estimator_'), 'final_estimator_');
  requireMethod(state, final, 'predict', 'final_estimator_');
  const passthrough = state.boolean('passthrough');
  return {
    final,
    meta(rows) {
      const blocks = parts.flatMap((part) => answerOf(part, rows, nClasses));
      return hstack(passthrough ? [...blocks, rows] : blocks, rows.nRows);
    },
    shape: {
      input: parts[0]!.fitted.input,
      nFeatures: parts[0]!.fitted.nFeatures,
      features: mergedFeatures(parts.map(({ fitted }) => fitted)),
      children: [...parts, { label: 'final_estimator_', fitted: final }],
    },
  };
}

function answerOf(part: StackPart, rows: Data, nClasses: number): Data | Data[] {
  const { label, fitted } = part;
  switch (part.method) {
    case 'predict':
      return within(label, () => targetMatrix(fitted.predict!(rows)));
    case 'decisionFunction':
      return within(label, () => numbersMatrix(fitted.decisionFunction!(rows)));
    case 'predictProba': {
      const [first, ...more] = within(label, () => fitted.predictProba!(rows));
      if (more.length > 0) {
        return [first!, ...more].map(withoutFirst);
      }
      return nClasses === 2 ? withoutFirst(first!) : first!;
    }
  }
}

function withoutFirst(matrix: Data & { readonly nCols: number }): Data {
  return selectColumns(
    matrix,
    Int32Array.from({ length: matrix.nCols - 1 }, (_, j) => j + 1),
  );
}

/** Codes that the final model predicts as the labels they stand for. */
function decoded(target: Target, classes: readonly (readonly Label[])[], oneD: boolean): Target {
  const codes = Int32Array.from(targetNumbers(target));
  const nCols = classes.length;
  if (target.nCols !== nCols || !codes.every((code, k) => code >= 0 && code < classes[k % nCols]!.length)) {
    throw new LoadlineError(
      'LL4003',
      'The final estimator of a StackingClassifier predicted a class that is not known',
    );
  }
  return { kind: 'labels', nRows: target.nRows, nCols, oneD, codes, classes };
}
