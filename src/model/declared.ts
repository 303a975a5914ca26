/** What whoever logged a model said of it: the MLmodel file of MLflow. */

export interface DeclaredInput {
  /** Null for a tensor without a name. */
  readonly name: string | null;
  /** MLflow's column type (`double`, `long`, `string`, …) or numpy's dtype of a tensor. */
  readonly type: string;
  readonly required: boolean;
  /** Shape of a tensor, −1 for any length; null for a column. */
  readonly shape: readonly number[] | null;
}

export interface Declared {
  /** Versions that wrote it; null where it does not say. */
  readonly mlflow: string | null;
  readonly sklearn: string | null;
  readonly runId: string | null;
  readonly modelId: string | null;
  /** Null without a signature. */
  readonly inputs: readonly DeclaredInput[] | null;
  readonly outputs: readonly DeclaredInput[] | null;
  /** Method that MLflow's scoring server calls: `predict`, `predict_proba`, … */
  readonly predictFn: string;
  /** A body for `/invocations` that its author says works (serving_input_example.json), parsed; null without one. */
  readonly example: unknown;
  /** What of it could not be read, a sentence each: the model itself can be used without. */
  readonly faults: readonly string[];
}
