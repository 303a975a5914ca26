/** Methods of a composite that hand the rows on to one fitted part. */
import type { Data } from '../model/data.ts';
import type { Fitted } from '../model/fitted.ts';
import { atLaterStep, atStep } from './step-error.ts';

/** The methods that answer something about rows. */
export type Answers = Pick<Fitted, 'predict' | 'predictProba' | 'decisionFunction' | 'scoreSamples'>;

/**
 * The answers of `part` about the rows that `prepare` makes of the caller's: the same methods, no others. An input error
 * of `part` gains `step`.
 */
export function answersAfter(part: Fitted, prepare: (rows: Data) => Data, step: string): Answers {
  function after<T>(answer: (rows: Data) => T): (rows: Data) => T {
    return (rows) => {
      const prepared = prepare(rows);
      try {
        return answer(prepared);
      } catch (error) {
        throw prepared === rows ? atStep(error, step) : atLaterStep(error, step, rows);
      }
    };
  }
  return {
    ...(part.predict && { predict: after((rows) => part.predict!(rows)) }),
    ...(part.predictProba && { predictProba: after((rows) => part.predictProba!(rows)) }),
    ...(part.decisionFunction && { decisionFunction: after((rows) => part.decisionFunction!(rows)) }),
    ...(part.scoreSamples && { scoreSamples: after((rows) => part.scoreSamples!(rows)) }),
  };
}
