/**
 * numpy arrays as they lie in the file: raw bytes with their dtype, shape and order. `convert.ts` turns them into typed
 * arrays when somebody reads them.
 */

/** numpy's one-letter kinds. */
export type DTypeKind = 'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'U' | 'V' | 'O' | 'M' | 'm';

export interface DType {
  readonly kind: DTypeKind;
  /** Bytes per element; 8 for objects, as numpy says. */
  readonly itemSize: number;
  readonly littleEndian: boolean;
  /** Fields of a structured dtype (kind V), else null. */
  readonly fields: readonly DTypeField[] | null;
  /** Shape of one element for a sub-array dtype, else empty. */
  readonly subShape: readonly number[];
}

export interface DTypeField {
  readonly name: string;
  readonly dtype: DType;
  /** Byte offset within the element. */
  readonly offset: number;
}

/** An array of numpy. `T` is the type of the elements of an object array. */
export interface NdArray<T> {
  readonly kind: 'ndarray';
  readonly dtype: DType;
  /** Empty for a 0-d array. Every size is a safe integer ≥ 0 and their product fits the bytes. */
  readonly shape: readonly number[];
  /** Whether `bytes` (or `objects`) lie in Fortran order. */
  readonly fortran: boolean;
  /** The elements, a view of the file; empty for an object array. */
  readonly bytes: Uint8Array;
  /** Elements of an object array, else null. */
  readonly objects: readonly T[] | null;
}

/** numpy's spelling of a dtype: `float64`, `int32`, `<U5`, `object`, or the field list of a structured one. */
export function dtypeName(dtype: DType): string {
  const { kind, itemSize } = dtype;
  switch (kind) {
    case 'b':
      return 'bool';
    case 'i':
      return `int${itemSize * 8}`;
    case 'u':
      return `uint${itemSize * 8}`;
    case 'f':
      return `float${itemSize * 8}`;
    case 'c':
      return `complex${itemSize * 8}`;
    case 'O':
      return 'object';
    case 'U':
      return `<U${itemSize / 4}`;
    case 'S':
      return `S${itemSize}`;
    case 'M':
      return 'datetime64';
    case 'm':
      return 'timedelta64';
    case 'V':
      return dtype.fields === null
        ? `void${itemSize}`
        : `struct(${dtype.fields.map((f) => `${f.name}: ${dtypeName(f.dtype)}`).join(', ')})`;
  }
}

/** Number of elements. */
export function sizeOf(array: NdArray<unknown>): number {
  return array.shape.reduce((product, n) => product * n, 1);
}
