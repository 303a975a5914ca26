/** The files beside the schema: arrays as .npy, sparse matrices as .npz, bytes. */

import type { Zip, ZipBudget } from '../../bytes/zip.ts';
import { readZip } from '../../bytes/zip.ts';
import { LoadlineError } from '../../errors.ts';
import type { Inert, PyDict } from '../../pickle/inert.ts';
import { readScalar, toLabels } from '../../tensor/convert.ts';
import type { NdArray } from '../../tensor/ndarray.ts';
import { parseNpy } from '../../tensor/npy.ts';

/** A sparse matrix as scipy's own pickles hold it. */
export interface Sparse {
  /** `csr`, `coo`, …; `_matrix` or `_array` behind it makes the class. */
  readonly format: string;
  readonly isArray: boolean;
  readonly state: PyDict;
}

export interface SideFiles {
  bytes(name: string): Uint8Array;
  array(name: string): NdArray<never>;
  sparse(name: string): Sparse;
}

/**
 * The side files of an archive; each is read once, however often the schema names it. Everything throws LL3003 for a file
 * that is missing or is not what it should be, and what `readZip` and its entries throw.
 */
export function sideFiles(zip: Zip, budget: ZipBudget): SideFiles {
  const arrays = new Map<string, NdArray<never>>();
  const sparses = new Map<string, Sparse>();

  function bytes(name: string): Uint8Array {
    const entry = zip.get(name);
    if (entry === undefined) {
      throw broken(`schema.json asks for ${JSON.stringify(name.slice(0, 80))}, which is not in the archive`);
    }
    return entry.read();
  }

  return {
    bytes,
    array(name) {
      const known = arrays.get(name) ?? readArray(name, bytes(name));
      arrays.set(name, known);
      return known;
    },
    sparse(name) {
      const known = sparses.get(name) ?? readSparse(name, readZip(bytes(name), budget));
      sparses.set(name, known);
      return known;
    },
  };
}

function readArray(name: string, bytes: Uint8Array): NdArray<never> {
  const array = parseNpy(bytes);
  if (typeof array === 'string') {
    throw broken(`the array ${JSON.stringify(name.slice(0, 80))}: ${array}`);
  }
  return array;
}

/** What scipy.sparse.save_npz writes. Source: scipy/sparse/_matrix_io.py, 1.17. */
function readSparse(name: string, zip: Zip): Sparse {
  const array = (part: string): NdArray<never> | null => {
    const entry = zip.get(`${part}.npy`);
    return entry === undefined ? null : readArray(`${name}: ${part}.npy`, entry.read());
  };
  const format = array('format');
  const text = format === null || format.shape.length > 0 ? null : readScalar(format.dtype, format.bytes);
  const spelled = text instanceof Uint8Array ? Buffer.from(text).toString('latin1') : text;
  const shape = array('shape');
  if (typeof spelled !== 'string' || !/^(?:csr|csc|coo|bsr|dia)$/.test(spelled) || shape === null) {
    throw broken(`${JSON.stringify(name.slice(0, 80))} holds no sparse matrix that scipy writes`);
  }
  const entries: (readonly [Inert, Inert])[] = [['_shape', { kind: 'tuple', items: toLabels(shape) }]];
  for (const part of ['data', 'indices', 'indptr', 'row', 'col', 'offsets'] as const) {
    const values = array(part);
    if (values !== null) {
      entries.push([part, values]);
    }
  }
  return { format: spelled, isArray: array('_is_array') !== null, state: { kind: 'dict', entries } };
}

function broken(what: string): LoadlineError {
  return new LoadlineError('LL3003', `Cannot read the skops file: ${what}`);
}
