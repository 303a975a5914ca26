/** numpy's short spelling of a dtype: `<f8`, `|b1`, `U5`. */
import type { DType, DTypeKind } from './ndarray.ts';

const SPEC = /^([<>|=]?)(?:([biufcSUVOMm])(\d{0,10})|(\?))(?:\[[^\]]*\])?$/;

/** Bytes per element that exist, by kind; kinds that are not here take any. */
const SIZES: Partial<Record<DTypeKind, readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 12, 16],
  c: [8, 16, 24, 32],
  O: [4, 8],
  M: [8],
  m: [8],
};

/** Bytes per element where the spelling does not say. */
const DEFAULT_SIZES: Partial<Record<DTypeKind, number>> = { b: 1, O: 8, M: 8, m: 8 };

/** Parses the spelling of a dtype that has no fields; null where it is none. The unit of dates is dropped. */
export function parseDType(spec: string): DType | null {
  const match = SPEC.exec(spec);
  if (match === null) {
    return null;
  }
  const kind = (match[2] ?? 'b') as DTypeKind;
  const count = match[3] === undefined || match[3] === '' ? (DEFAULT_SIZES[kind] ?? 0) : Number(match[3]);
  if (SIZES[kind]?.includes(count) === false) {
    return null;
  }
  // A 32-bit numpy has pointers of 4 bytes for objects; the elements are not bytes anyway.
  const itemSize = kind === 'O' ? 8 : kind === 'U' ? count * 4 : count;
  return { kind, itemSize, littleEndian: match[1] !== '>', fields: null, subShape: [] };
}
