/** A batch in parts: rows cut out of it, and the predictions of the parts put together again. */
import type { Data, Dense, Target } from '../model/data.ts';
import type { Prediction } from '../model/prediction.ts';

/** Rows `from` to `to` of a batch; numbers are shared with it, not copied. */
export function sliceRows(rows: Data, from: number, to: number): Data {
  const nRows = to - from;
  switch (rows.kind) {
    case 'dense':
      return { ...rows, nRows, data: rows.data.subarray(from * rows.nCols, to * rows.nCols) };
    case 'table':
      return {
        ...rows,
        nRows,
        columns: rows.columns.map((column) =>
          column instanceof Float64Array ? column.subarray(from, to) : column.slice(from, to),
        ),
      };
    case 'texts':
      return { kind: 'texts', nRows, values: rows.values.slice(from, to) };
    case 'records':
      return { kind: 'records', nRows, values: rows.values.slice(from, to) };
    case 'csr': {
      const start = rows.indptr[from]!;
      const end = rows.indptr[to]!;
      return {
        ...rows,
        nRows,
        indptr: rows.indptr.subarray(from, to + 1).map((offset) => offset - start),
        indices: rows.indices.subarray(start, end),
        data: rows.data.subarray(start, end),
      };
    }
  }
}

/** The predictions of consecutive parts as one. There must be at least one. */
export function joinPredictions(parts: readonly Prediction[]): Prediction {
  const first = parts[0]!;
  return {
    target: joinTargets(parts.map((part) => part.target)),
    probabilities:
      first.probabilities?.map((_, output) => joinDense(parts.map((part) => part.probabilities![output]!))) ??
      null,
    classes: first.classes,
  };
}

function joinTargets(parts: readonly Target[]): Target {
  const first = parts[0]!;
  const nRows = parts.reduce((sum, part) => sum + part.nRows, 0);
  if (first.kind === 'numbers') {
    return {
      ...first,
      nRows,
      data: joinNumbers(parts.map((part) => (part.kind === 'numbers' ? part.data : NONE))),
    };
  }
  const codes = new Int32Array(nRows * first.nCols);
  let at = 0;
  for (const part of parts) {
    if (part.kind === 'labels') {
      codes.set(part.codes, at);
      at += part.codes.length;
    }
  }
  return { ...first, nRows, codes };
}

const NONE = new Float64Array(0);

function joinDense(parts: readonly Dense[]): Dense {
  const nRows = parts.reduce((sum, part) => sum + part.nRows, 0);
  return { ...parts[0]!, nRows, data: joinNumbers(parts.map((part) => part.data)) };
}

function joinNumbers(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
