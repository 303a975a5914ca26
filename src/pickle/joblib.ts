/**
 * joblib's streams: a numpy array stands in the pickle as a wrapper, and its elements follow the wrapper as raw bytes
 * outside of the pickle's own grammar.
 */
import { LoadlineError } from '../errors.ts';
import type { NdArray } from '../tensor/ndarray.ts';
import { attributesOf } from './decode.ts';
import type { Inert, PyObject } from './inert.ts';
import { asKind, bytesArray, checkedCount, hasObjects, readDType, readShape } from './numpy.ts';

const MODULE = /^(?:joblib|sklearn\.externals\.joblib)\.numpy_pickle(?:_compat)?$/;

function wrapperName(object: PyObject): string | null {
  const callable = asKind(object.callable, 'global');
  return callable !== null && MODULE.test(callable.module) ? callable.name : null;
}

/** Whether an object announces that an array follows. */
export function isArrayWrapper(object: PyObject): boolean {
  return wrapperName(object) === 'NumpyArrayWrapper';
}

/** Throws LL3001 for the wrapper of joblib 0.9 and before, whose array lies in a file beside this one: no path of a stream is ever opened. */
export function refuseSideFile(object: PyObject): void {
  const name = wrapperName(object);
  if (name === 'NDArrayWrapper' || name === 'ZNDArrayWrapper') {
    throw new LoadlineError(
      'LL3001',
      `Cannot read the file: its arrays lie in files of their own, as joblib 0.9 and before wrote them (byte ${object.offset})`,
      {
        offset: object.offset,
        fix: 'Load it with the joblib that wrote it and save it again: joblib.dump(model, path) of joblib 0.10 or later writes one file.',
      },
    );
  }
}

/**
 * The array that follows its wrapper at `start`, and the offset behind it. An object array is a whole pickle of its own,
 * which `runNested` runs; the others are padding and raw elements.
 */
export function readWrappedArray(
  wrapper: PyObject,
  bytes: Uint8Array,
  start: number,
  runNested: (start: number) => { readonly root: Inert; readonly end: number },
): { readonly value: Inert; readonly end: number } {
  const state = attributesOf(wrapper);
  const dtype = readDType(state.get('dtype'));
  if (hasObjects(dtype)) {
    const nested = runNested(start);
    return { value: nested.root, end: nested.end };
  }
  const shape = readShape(state.get('shape'), wrapper.offset);
  const order = state.get('order');
  if (order !== 'C' && order !== 'F') {
    throw new LoadlineError(
      'LL3003',
      `Cannot read the file: it holds an array in an order that is not C or F (byte ${wrapper.offset})`,
      {
        offset: wrapper.offset,
      },
    );
  }
  // joblib 1.2 and later pads so that a memory map of the file is aligned: one byte n, then n bytes 0xFF.
  let from = start;
  if ((state.get('numpy_array_alignment_bytes') ?? null) !== null) {
    from += 1 + (bytes[start] ?? 0);
  }
  const count = checkedCount(shape, dtype, Math.max(0, bytes.length - from), start);
  const end = from + count * dtype.itemSize;
  const value: NdArray<Inert> = bytesArray(dtype, shape, order === 'F', bytes.subarray(from, end), start);
  return { value, end };
}
