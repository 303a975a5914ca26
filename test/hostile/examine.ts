/** What happens to one file on its whole way: unpacked, read, audited, built, asked for answers. */
import { isLoadlineError } from '../../src/errors.ts';
import { describe } from '../../src/estimators/state.ts';
import type { ReadFile } from '../../src/formats/model-file.ts';
import { buildModel, readModelFile } from '../../src/formats/model-file.ts';
import type { Model } from '../../src/model/model.ts';
import { predict, targetValues, transform } from '../../src/model/prediction.ts';
import { rowsToData } from '../../src/model/rows.ts';

/** How far a file came. */
export type Stage = 'read' | 'build' | 'answer' | 'answered';

export interface Outcome {
  /** Where it was refused; `answered` where it was not. */
  readonly stage: Stage;
  /** Code of the refusal, or null. */
  readonly code: string | null;
  /** Whether the audit found something dangerous. */
  readonly dangerous: boolean;
  /** Anything thrown that is no refusal: a defect. */
  readonly fault: string | null;
}

/** Takes a file all the way, with rows to ask the model if it becomes one. Never throws. */
export function examine(file: Buffer, rows: readonly unknown[]): Outcome {
  let stage: Stage = 'read';
  let dangerous = false;
  try {
    const read = readModelFile('hostile', file);
    dangerous = read.audit.verdict === 'dangerous';
    inspect(read);
    stage = 'build';
    const model = buildModel(read);
    stage = 'answer';
    answers(model, rows);
    return { stage: 'answered', code: null, dangerous, fault: null };
  } catch (error) {
    if (isLoadlineError(error)) {
      return { stage, code: error.code, dangerous, fault: null };
    }
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { stage, code: null, dangerous, fault };
  }
}

/** What `loadline inspect` does before a model is built. */
function inspect(read: ReadFile): void {
  describe(read.contents.root);
  JSON.stringify([read.origin, read.audit]);
}

/** Asks for every kind of answer the model has; the first refusal ends it. */
function answers(model: Model, rows: readonly unknown[]): void {
  const { fitted } = model;
  const data = rowsToData(rows.length > 0 ? rows : [[1, 2, 3]], model.signature);
  if (fitted.predict !== undefined) {
    targetValues(predict(model, data, fitted.predictProba !== undefined).target);
  }
  fitted.decisionFunction?.(data);
  fitted.scoreSamples?.(data);
  if (fitted.transform !== undefined) {
    transform(model, data);
  }
}
