/** numpy's .npy format, versions 1 to 3: one array behind a header that is a Python dictionary literal. Source: numpy.lib.format. */
import { LoadlineError } from '../errors.ts';
import { parseDType } from './dtypes.ts';
import type { NdArray } from './ndarray.ts';

const MAGIC = '\x93NUMPY';
const HEADER =
  /^\{\s*'descr':\s*'([<>|=]?[biuf]\d{0,2})',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\sL]*)\),?\s*\}\s*$/;
/** numpy itself refuses longer headers unless told to trust them. */
const MAX_HEADER = 10_000;
/** Largest size of one dimension of an array without elements, so that no loop over rows runs away. */
const MAX_EMPTY_DIMENSION = 2 ** 24;

/**
 * Reads an array of numbers or booleans; its bytes are a view. Throws LL2019 for another dtype (an array of objects would
 * be a pickle), a header that cannot be, or a length that the header does not agree with.
 */
export function readNpy(bytes: Uint8Array): NdArray<never> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.toString('latin1', 0, 6) !== MAGIC || buffer.length < 12) {
    throw new LoadlineError('LL2019', 'The body is not a .npy array: its first bytes are not those of one');
  }
  const version = buffer[6]!;
  const start = version === 1 ? 10 : 12;
  const size = version === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8);
  if (version < 1 || version > 3 || size > MAX_HEADER || start + size > buffer.length) {
    throw new LoadlineError(
      'LL2019',
      'Cannot read the .npy array: its header is cut off, too long or of an unknown version',
    );
  }
  const [, spec, fortran, sizes] = HEADER.exec(buffer.toString('latin1', start, start + size)) ?? [];
  const dtype = parseDType(spec ?? '');
  if (dtype === null || sizes === undefined) {
    throw new LoadlineError(
      'LL2019',
      'Cannot read the .npy header: expected an array of numbers or booleans',
    );
  }
  const shape = sizes.split(',').flatMap((text) => (text.trim() === '' ? [] : [Number.parseInt(text, 10)]));
  const data = bytes.subarray(start + size);
  const wanted = shape.reduce((product, n) => product * n, dtype.itemSize);
  const endless = wanted === 0 && shape.some((n) => n > MAX_EMPTY_DIMENSION);
  if (!shape.every(Number.isSafeInteger) || wanted !== data.length || endless) {
    throw new LoadlineError(
      'LL2019',
      `The .npy array of shape [${shape.join(', ')}] takes ${wanted} bytes, found ${data.length}`,
    );
  }
  return { kind: 'ndarray', dtype, shape, fortran: fortran === 'True', bytes: data, objects: null };
}

/** Writes float64 numbers, row-major, as a .npy file of version 1, byte for byte as numpy.save does. */
export function writeNpy(data: Float64Array, shape: readonly number[]): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${tuple}, }`;
  // numpy leaves room for the first size to grow to 21 digits, ends with a line feed, and starts the data at a multiple of 64.
  const grown = shape.length === 0 ? text.length : text.length + 21 - String(shape[0]).length;
  const size = (Math.floor((10 + grown + 1) / 64) + 1) * 64 - 10;
  const head = Buffer.alloc(10);
  head.write(MAGIC, 'latin1');
  head[6] = 1;
  head.writeUInt16LE(size, 8);
  return Buffer.concat([
    head,
    Buffer.from(`${text.padEnd(size - 1)}\n`, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}
