/** The corpus on disk: models that scikit-learn fitted, rows to ask them, and what scikit-learn answered. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CORPUS = fileURLToPath(new URL('../../corpus/', import.meta.url));

/** scikit-learn's names, in the order they are checked and shown. */
export const METHOD_NAMES = [
  'predict',
  'predict_proba',
  'decision_function',
  'score_samples',
  'transform',
] as const;
export type SklearnMethod = (typeof METHOD_NAMES)[number];

/** A bound that replaces the contract's for one case, with the reason that is printed beside it. */
export interface Tolerance {
  readonly rel: number;
  readonly abs: number;
  readonly reason: string;
}

export interface Case {
  /** Where its files lie. */
  readonly folder: string;
  /** `linear/ridge`. */
  readonly case: string;
  /** The outermost class as a user imports it, `sklearn.linear_model.Ridge`. */
  readonly class: string;
  /** That class and every scikit-learn class inside. */
  readonly covers: readonly string[];
  readonly description: string;
  /** scikit-learn minors, `1.1`, for which the folder holds a model. */
  readonly versions: readonly string[];
  readonly methods: readonly SklearnMethod[];
  /** Methods whose answers must be equal to the last bit. */
  readonly exact?: readonly SklearnMethod[];
  readonly tolerance?: Tolerance;
  readonly inputKind: 'rows' | 'objects' | 'texts' | 'records' | 'labels';
  /** Rows as a caller sends them; null is a missing value. */
  readonly input: readonly unknown[];
}

/** A recorded value: numbers that are not finite are the strings "nan", "inf" and "-inf". */
export type Json = string | number | boolean | null | readonly Json[];

/** Answers of several outputs: one `[nRows][nClasses]` each. */
export interface Outputs {
  readonly outputs: readonly Json[];
}

export interface Recorded {
  readonly provenance: Readonly<Record<string, string>>;
  readonly expected: Readonly<Partial<Record<SklearnMethod | 'classes', Json | Outputs>>>;
}

/** Every case below a folder whose name starts with `prefix`, sorted by name. */
export function loadCases(root: string, prefix = ''): readonly Case[] {
  return globSync('*/*/case.json', { cwd: root })
    .filter((path) => path.startsWith(prefix))
    .sort()
    .map((path) => ({
      ...(readJson(join(root, path)) as Omit<Case, 'folder'>),
      folder: join(root, dirname(path)),
    }));
}

/** Kernels of Gaussian processes are values inside an estimator, with no reader of their own to be listed. */
const KERNELS = 'sklearn.gaussian_process.kernels.';

/** The classes in a case that are not among the supported ones: its model must be refused by their name. */
export function refusedClasses(entry: Case, supported: ReadonlySet<string>): readonly string[] {
  return entry.covers.filter((name) => !supported.has(name) && !name.startsWith(KERNELS));
}

/** What scikit-learn of this minor version answered. */
export function loadRecorded(entry: Case, minor: string): Recorded {
  return readJson(join(entry.folder, `${minor}.json`)) as Recorded;
}

/** The model file of a case and version, whatever its container. */
export function modelPath(entry: Pick<Case, 'case' | 'folder'>, minor: string): string {
  const found = globSync([`${minor}.pkl`, `${minor}.joblib*`], { cwd: entry.folder });
  if (found.length !== 1) {
    throw new Error(`${entry.case}: expected one model file for ${minor}, found ${found.length}`);
  }
  return join(entry.folder, found[0]!);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
