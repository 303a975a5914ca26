/** The example that whoever logged a model left beside it. */
import type { Data } from './data.ts';
import type { Model } from './model.ts';
import { rowsToData } from './rows.ts';
import { fitScoringRows, scoringRows } from './scoring-rows.ts';

/**
 * The declared example as the data that the model takes; null where there is none. It goes the way of a body of
 * `/invocations`. Throws LL2002 to LL2008 where it does not fit the model.
 */
export function exampleData(model: Model): Data | null {
  const example = model.declared?.example ?? null;
  if (example === null) {
    return null;
  }
  const { signature } = model;
  return rowsToData(fitScoringRows(scoringRows(asList(example), signature), signature), signature);
}

/** MLflow takes an example of one value too, which it would not take as a list of rows. */
function asList(example: unknown): unknown {
  const inputs =
    typeof example === 'object' && example !== null ? (example as { inputs?: unknown }).inputs : null;
  const single = typeof inputs === 'string' || typeof inputs === 'number' || typeof inputs === 'boolean';
  return single ? { inputs: [inputs] } : example;
}
