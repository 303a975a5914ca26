/** A model ready to serve: the evaluator, what its callers must send, and where it came from. */
import { LoadlineError } from '../errors.ts';
import type { Label } from './data.ts';
import type { Declared } from './declared.ts';
import type { Feature, Fitted, InputKind, MethodName } from './fitted.ts';
import { METHODS } from './fitted.ts';

/** What a caller sends and gets. */
export interface Signature {
  readonly input: InputKind;
  readonly task: Fitted['task'];
  /** The features in the order of training; null for texts, records and labels, which have no columns. */
  readonly features: readonly NamedFeature[] | null;
  /** Whether the model was trained with column names, so that rows may be objects. */
  readonly named: boolean;
  readonly nOutputs: number;
  /** Classes of each output for a classifier, else null. */
  readonly classes: readonly (readonly Label[])[] | null;
  /** Methods the model has, in the order of `METHODS`. */
  readonly methods: readonly MethodName[];
}

/** A feature with the name it is shown by: its own, or `x0`, `x1`, … */
export interface NamedFeature extends Feature {
  readonly name: string;
}

/** Where a model came from. What the file does not say is null. */
export interface Origin {
  /** File name without its folder. */
  readonly file: string;
  /** Hex digest of the file as it lies on disk. */
  readonly sha256: string;
  /** Size on disk and after decompression. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  /** `raw`, `gzip`, …; `zip` for skops. */
  readonly container: string;
  /** `pickle` covers joblib and cloudpickle. */
  readonly format: 'pickle' | 'skops';
  /** Of pickle or of skops; and whether it is a joblib stream. */
  readonly protocol: number;
  readonly joblib: boolean;
  readonly sklearn: string | null;
  readonly numpy: string | null;
  readonly python: string | null;
}

export interface Model {
  readonly fitted: Fitted;
  readonly signature: Signature;
  readonly origin: Origin;
  /** What the MLmodel beside it says; null for a bare file. */
  readonly declared: Declared | null;
}

/** More features than this are a forged count: a matrix of one such row would take 128 MiB. */
const MOST_FEATURES = 2 ** 24;

/** Derives the signature of an evaluator. Throws LL3004 when it says it takes more features than any model has. */
export function signatureOf(fitted: Fitted): Signature {
  const count = fitted.input === 'features' ? (fitted.features?.length ?? fitted.nFeatures) : null;
  if (count !== null && count > MOST_FEATURES) {
    throw new LoadlineError(
      'LL3004',
      `Cannot use ${fitted.name}: it says it takes ${count} features, the limit is ${MOST_FEATURES}`,
    );
  }
  const features =
    count === null
      ? null
      : Array.from({ length: count }, (_, i): NamedFeature => {
          const known = fitted.features?.[i];
          return {
            kind: 'number',
            missing: true,
            ...known,
            name: known?.name ?? `x${i}`,
          };
        });
  return {
    input: fitted.input,
    task: fitted.task,
    features,
    named: fitted.features?.some((feature) => feature.name !== null) ?? false,
    nOutputs: fitted.nOutputs,
    classes: fitted.classes,
    methods: (Object.keys(METHODS) as MethodName[]).filter((method) => fitted[method] !== undefined),
  };
}
