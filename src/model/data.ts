/**
 * What flows between the steps of a model: rows in one of five shapes, each the counterpart of what scikit-learn
 * would hold at the same place.
 */

/** One value of a table: `null` is a missing value (None, NaN or NaT alike). */
export type Cell = string | number | boolean | null;

/** A dense matrix, row-major `[nRows, nCols]`; NaN is a missing value. The holder of `data` must not be written to. */
export interface Dense {
  readonly kind: 'dense';
  readonly nRows: number;
  readonly nCols: number;
  readonly data: Float64Array;
  /** Set where scikit-learn holds float32 here, so that later steps that keep float32 can do as it does. */
  readonly float32?: true;
}

/** A sparse matrix by rows, as scipy.sparse.csr_matrix: indices within a row may be unsorted but never repeat. */
export interface Csr {
  readonly kind: 'csr';
  readonly nRows: number;
  readonly nCols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly data: Float64Array;
}

/** A column of a table: numbers with NaN for missing, or anything else cell by cell. Length `nRows`. */
export type Column = Float64Array | readonly Cell[];

/** Named or unnamed columns of mixed type: a pandas DataFrame, or numpy's object array when `names` is null. */
export interface Table {
  readonly kind: 'table';
  readonly nRows: number;
  readonly names: readonly string[] | null;
  readonly columns: readonly Column[];
}

/** A list of documents for a text vectorizer. */
export interface Texts {
  readonly kind: 'texts';
  readonly nRows: number;
  readonly values: readonly string[];
}

/** Names with their values; a list of strings is a feature that takes several at once. */
export type NamedValues = ReadonlyMap<string, Cell | readonly string[]>;

/** A list of name → value records for DictVectorizer. */
export interface Records {
  readonly kind: 'records';
  readonly nRows: number;
  readonly values: readonly NamedValues[];
}

export type Data = Dense | Csr | Table | Texts | Records;

/** A value of a target: what `predict` of a classifier answers. */
export type Label = string | number | boolean;

/** Numbers predicted: `[nRows]` when `oneD`, else row-major `[nRows, nCols]`. */
export interface Numbers {
  readonly kind: 'numbers';
  readonly nRows: number;
  readonly nCols: number;
  /** True where scikit-learn answers a one-dimensional array (then `nCols` is 1). */
  readonly oneD: boolean;
  readonly data: Float64Array;
}

/** Labels predicted, one code per row and output: `classes[output][codes[row * nCols + output]]`. */
export interface Labels {
  readonly kind: 'labels';
  readonly nRows: number;
  /** Number of outputs; 1 for an ordinary classifier. */
  readonly nCols: number;
  readonly oneD: boolean;
  /** Row-major `[nRows, nCols]`. */
  readonly codes: Int32Array;
  /** The classes of each output, in scikit-learn's order; length `nCols`. */
  readonly classes: readonly (readonly Label[])[];
}

export type Target = Numbers | Labels;

/** Makes a dense matrix over `data`, which it keeps. */
export function dense(nRows: number, nCols: number, data: Float64Array): Dense {
  return { kind: 'dense', nRows, nCols, data };
}

/** Numbers of one output, `[nRows]`, over `data`, which it keeps. */
export function numbers1d(data: Float64Array): Numbers {
  return { kind: 'numbers', nRows: data.length, nCols: 1, oneD: true, data };
}

/** Numbers of several outputs, row-major `[nRows, nCols]`, over `data`, which it keeps. */
export function numbers2d(nRows: number, nCols: number, data: Float64Array): Numbers {
  return { kind: 'numbers', nRows, nCols, oneD: false, data };
}

/** Labels of one output, over `codes`, which it keeps. */
export function labels1d(codes: Int32Array, classes: readonly Label[]): Labels {
  return { kind: 'labels', nRows: codes.length, nCols: 1, oneD: true, codes, classes: [classes] };
}

/** The label of one row and output. */
export function labelAt(labels: Labels, row: number, output = 0): Label {
  const classes = labels.classes[output];
  const code = labels.codes[row * labels.nCols + output];
  const label = classes === undefined || code === undefined ? undefined : classes[code];
  if (label === undefined) {
    throw new RangeError(`no label at row ${row}, output ${output}`);
  }
  return label;
}

/**
 * A target as the numbers scikit-learn would hold: labels by their numeric value (booleans as 0 and 1), strings as NaN.
 * For meta-estimators that feed predictions on as features.
 */
export function targetNumbers(target: Target): Float64Array {
  if (target.kind === 'numbers') {
    return target.data;
  }
  const out = new Float64Array(target.codes.length);
  for (let row = 0; row < target.nRows; row++) {
    for (let output = 0; output < target.nCols; output++) {
      const label = labelAt(target, row, output);
      out[row * target.nCols + output] = typeof label === 'string' ? Number.NaN : Number(label);
    }
  }
  return out;
}
