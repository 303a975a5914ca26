/** Fitted states written by hand, for tests of what no honest file holds. */
import type { Inert, PyList, PyObject } from '../pickle/inert.ts';
import type { NdArray } from '../tensor/ndarray.ts';

/** An instance of a class by its full name, as a file of this scikit-learn version has it. */
export function fakeObject(
  className: string,
  attributes: Readonly<Record<string, Inert>>,
  version = '1.7.2',
): PyObject {
  const dot = className.lastIndexOf('.');
  const callable: Inert = {
    kind: 'global',
    module: className.slice(0, dot),
    name: className.slice(dot + 1),
    offset: 0,
  };
  const entries = Object.entries({ ...attributes, _sklearn_version: version });
  return {
    kind: 'object',
    callable,
    args: [],
    kwargs: null,
    via: 'newobj',
    state: { kind: 'dict', entries },
    listItems: null,
    dictItems: null,
    offset: 0,
  };
}

/** A float64 array in C order. */
export function fakeFloats(
  values: readonly number[],
  shape: readonly number[] = [values.length],
): NdArray<Inert> {
  return {
    kind: 'ndarray',
    dtype: { kind: 'f', itemSize: 8, littleEndian: true, fields: null, subShape: [] },
    shape,
    fortran: false,
    bytes: new Uint8Array(Float64Array.from(values).buffer),
    objects: null,
  };
}

/** A one-dimensional int64 array. */
export function fakeInts(values: readonly number[]): NdArray<Inert> {
  return {
    ...fakeFloats(values),
    dtype: { kind: 'i', itemSize: 8, littleEndian: true, fields: null, subShape: [] },
    bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
  };
}

/** A Python list. */
export function fakeList(...items: Inert[]): PyList {
  return { kind: 'list', items };
}

/** numpy's name of a field's type, for `fakeRecords`. */
export type FakeField = 'i8' | 'f8' | 'u4' | 'u1';

/** A one-dimensional structured array: the fields in their order, packed, and one list of values per record. */
export function fakeRecords(
  fields: Readonly<Record<string, FakeField>>,
  records: readonly (readonly number[])[],
): NdArray<Inert> {
  let itemSize = 0;
  const layout = Object.entries(fields).map(([name, type]) => {
    const size = Number(type.at(-1));
    const dtype = {
      kind: type[0] as 'i' | 'f' | 'u',
      itemSize: size,
      littleEndian: true,
      fields: null,
      subShape: [],
    };
    const offset = itemSize;
    itemSize += size;
    return { name, dtype, offset, type };
  });
  const bytes = new Uint8Array(itemSize * records.length);
  const view = new DataView(bytes.buffer);
  records.forEach((record, i) => {
    layout.forEach(({ offset, type }, k) => {
      const at = i * itemSize + offset;
      const value = record[k] ?? 0;
      if (type === 'f8') {
        view.setFloat64(at, value, true);
      } else if (type === 'i8') {
        view.setBigInt64(at, BigInt(value), true);
      } else if (type === 'u4') {
        view.setUint32(at, value, true);
      } else {
        view.setUint8(at, value);
      }
    });
  });
  return {
    kind: 'ndarray',
    dtype: {
      kind: 'V',
      itemSize,
      littleEndian: true,
      fields: layout.map(({ name, dtype, offset }) => ({ name, dtype, offset })),
      subShape: [],
    },
    shape: [records.length],
    fortran: false,
    bytes,
    objects: null,
  };
}

/** A one-dimensional object array. */
export function fakeObjects(...values: Inert[]): NdArray<Inert> {
  return {
    ...fakeFloats([]),
    dtype: { kind: 'O', itemSize: 8, littleEndian: true, fields: null, subShape: [] },
    shape: [values.length],
    objects: values,
  };
}
