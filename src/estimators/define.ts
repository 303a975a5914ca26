/**
 * The shape of an estimator family: one formula over one layout of fitted state, and a row for every scikit-learn class
 * that has it.
 */
import type { Fitted } from '../model/fitted.ts';
import type { Inert } from '../pickle/inert.ts';
import type { EstimatorState } from './state.ts';

/** What every row says; a family adds what its classes differ in. */
export interface EstimatorRow {
  /** Bare class name, `LassoLars`. */
  readonly name: string;
  /** Public package, `sklearn.linear_model`: the class is taken from it and from any module below it. */
  readonly module: string;
}

/**
 * Builds a fitted part found inside a composite. `label` is how the parent calls it and goes into error messages.
 * Throws LL4001 for a class that is not supported and LL3006 for one that is not scikit-learn's.
 */
export type Resolve = (value: Inert, label: string) => Fitted;

export interface EstimatorFamily<Row extends EstimatorRow = EstimatorRow> {
  readonly rows: readonly Row[];
  /** Reads the fitted state (the only place that knows Python attribute names and version differences) and builds the evaluator. */
  read(state: EstimatorState, row: Row, resolve: Resolve): Fitted;
}

/** Types a family; the list in `list.ts` is generated from the exports. */
export function defineEstimators<Row extends EstimatorRow>(
  family: EstimatorFamily<Row>,
): EstimatorFamily<Row> {
  return Object.freeze(family);
}
