/** Features by the hash of their names: no vocabulary, columns may be shared. */

import { LoadlineError } from '../../errors.ts';
import { hashColumn, murmurHash } from '../../kernels/murmurhash.ts';
import { normalizeCsr } from '../../kernels/normalize.ts';
import { mapStored, sparseRows } from '../../kernels/sparse-rows.ts';
import type { Cell, Csr, NamedValues } from '../../model/data.ts';
import { toRecords, toTexts } from '../../model/documents.ts';
import type { Fitted } from '../../model/fitted.ts';
import { globalName } from '../../pickle/decode.ts';
import { defineEstimators } from '../define.ts';
import type { EstimatorState } from '../state.ts';
import { transformer } from '../transformer.ts';
import { readAnalyzer } from './analyzer.ts';

/** Adds the entry of one feature to a row. */
type AddFeature = (name: string, value: number, add: (column: number, value: number) => void) => void;

export const hashingVectorizer = defineEstimators({
  rows: [{ name: 'HashingVectorizer', module: 'sklearn.feature_extraction.text' }],
  read(state, row): Fitted {
    const analyze = readAnalyzer(state);
    const nColumns = readColumns(state);
    const addFeature = readHashing(state, nColumns);
    const norm = state.optional('norm') == null ? null : state.choice('norm', ['l1', 'l2']);
    const binary = state.boolean('binary');
    const float32 = isFloat32(state);
    const hashed = (documents: readonly string[]): Csr =>
      sparseRows(documents.length, nColumns, (i, add) => {
        for (const term of analyze(documents[i]!)) {
          addFeature(term, 1, add);
        }
      });
    return transformer(
      state,
      null,
      {
        transform(rows) {
          const sums = hashed(toTexts(rows, row.name));
          const counts = binary ? mapStored(sums, () => 1) : sums;
          if (norm === null) {
            return counts;
          }
          const scaled = normalizeCsr(counts, norm);
          return float32 ? mapStored(scaled, Math.fround) : scaled;
        },
      },
      { input: 'texts' },
    );
  },
});

export const featureHasher = defineEstimators({
  rows: [{ name: 'FeatureHasher', module: 'sklearn.feature_extraction' }],
  read(state, row): Fitted {
    state.choice('input_type', ['dict']);
    const nColumns = readColumns(state);
    const addFeature = readHashing(state, nColumns);
    const float32 = isFloat32(state);
    const hashed = (records: readonly NamedValues[]): Csr =>
      sparseRows(records.length, nColumns, (i, add) => {
        for (const [key, cell] of records[i]!) {
          if (typeof cell === 'string') {
            addFeature(`${key}=${cell}`, 1, add);
          } else {
            addFeature(key, numberOf(cell, i, key, row.name), add);
          }
        }
      });
    return transformer(
      state,
      null,
      {
        transform(rows) {
          const sums = hashed(toRecords(rows, row.name));
          return float32 ? mapStored(sums, Math.fround) : sums;
        },
      },
      { input: 'records' },
    );
  },
});

function readColumns(state: EstimatorState): number {
  const nColumns = state.integer('n_features');
  if (nColumns < 1 || nColumns > 0x7fffffff) {
    throw state.wrong('n_features', 'a number from 1 to 2³¹ − 1', nColumns);
  }
  return nColumns;
}

function readHashing(state: EstimatorState, nColumns: number): AddFeature {
  const alternate = state.boolean('alternate_sign');
  return (name, value, add) => {
    if (value !== 0) {
      const hash = murmurHash(name);
      add(hashColumn(hash, nColumns), alternate && hash < 0 ? -value : value);
    }
  };
}

function isFloat32(state: EstimatorState): boolean {
  return globalName(state.optional('dtype') ?? null) === 'numpy.float32';
}

function numberOf(cell: Cell | readonly string[], row: number, field: string, name: string): number {
  if (typeof cell === 'number' || typeof cell === 'boolean') {
    return Number(cell);
  }
  throw new LoadlineError(
    'LL2006',
    `Row ${row}, ${field}: ${name} wanted a number or a string, found ${cell === null ? 'nothing' : 'a list'}`,
    {
      row,
      field,
    },
  );
}
