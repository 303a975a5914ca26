/**
 * A fitted estimator ready to evaluate: what `estimators/` builds, what composites call, what a Model holds at its top.
 */
import type { Cell, Data, Dense, Label, Numbers, Target } from './data.ts';

/** What one input feature of an estimator takes. */
export interface Feature {
  /** Column name seen in training, or null when it was trained without names. */
  readonly name: string | null;
  /** `number`: numeric. `category`: one of `categories`, or any value of that type. `text`: a document. `any`: passed on as it is. */
  readonly kind: 'number' | 'category' | 'text' | 'any';
  /** Categories seen in training, where the estimator keeps them. */
  readonly categories?: readonly Cell[];
  /** Whether a missing value is accepted by the estimator that takes this feature. Unknown counts as true: it is then checked where it matters. */
  readonly missing: boolean;
  /** A value usual in training (a scaler's mean), for examples; absent where nothing says. */
  readonly typical?: number;
}

/** How rows look to an estimator: a matrix or table of features, one text a row, or one record a row; `labels` for the encoders of targets. */
export type InputKind = 'features' | 'texts' | 'records' | 'labels';

/**
 * Methods are present exactly where scikit-learn has them for this instance (an SVC without `probability` has no
 * `predictProba`). All take a batch of rows and never write to it. All throw LoadlineError LL20xx when a value cannot
 * be taken, with `row` and `field` set where they are known.
 */
export interface Fitted {
  /** Bare Python class name, `RandomForestClassifier`. */
  readonly name: string;
  /** `transformer` also covers encoders; `outlier` answers −1 and 1. */
  readonly task: 'regressor' | 'classifier' | 'clusterer' | 'outlier' | 'transformer';
  readonly input: InputKind;
  /** Number of input features; null where the estimator does not say (texts, records). */
  readonly nFeatures: number | null;
  /** One entry per input feature where known, for the signature and for messages. */
  readonly features: readonly Feature[] | null;
  /**
   * Classes of each output for a classifier, else null; beside each matrix of `predictProba` the names of its columns.
   * A classifier of several labels a row that keeps them in one matrix has one list: the labels' numbers.
   */
  readonly classes: readonly (readonly Label[])[] | null;
  /** Number of outputs of `predict`; 1 for an ordinary model. */
  readonly nOutputs: number;
  /** Fitted parts, for the estimator tree that `inspect` draws. */
  readonly children: readonly Child[];

  predict?(rows: Data): Target;
  /** One dense `[nRows, nClasses]` per output. */
  predictProba?(rows: Data): readonly Dense[];
  decisionFunction?(rows: Data): Numbers;
  scoreSamples?(rows: Data): Numbers;
  transform?(rows: Data): Data;
  inverseTransform?(rows: Data): Data;
}

export interface Child {
  /** How the parent calls it: a step's name, `estimators_[0]`. */
  readonly label: string;
  /** The fitted part, or a word such as `passthrough` or `drop`. */
  readonly fitted: Fitted | string;
}

/** Names of scikit-learn's methods by ours, for messages, `inspect` and the corpus. */
export const METHODS = {
  predict: 'predict',
  predictProba: 'predict_proba',
  decisionFunction: 'decision_function',
  scoreSamples: 'score_samples',
  transform: 'transform',
  inverseTransform: 'inverse_transform',
} as const;

export type MethodName = keyof typeof METHODS;
