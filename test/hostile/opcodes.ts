/** Where each opcode of a well-formed pickle begins and ends. Pickles need no stack for that; joblib's arrays cannot be walked so. */
import { OP } from '../../src/pickle/opcodes.ts';

export interface Op {
  readonly code: number;
  readonly start: number;
  readonly end: number;
}

const FIXED: Readonly<Record<number, number>> = {
  [OP.BININT]: 4,
  [OP.BININT1]: 1,
  [OP.BININT2]: 2,
  [OP.BINFLOAT]: 8,
  [OP.BINPUT]: 1,
  [OP.LONG_BINPUT]: 4,
  [OP.BINGET]: 1,
  [OP.LONG_BINGET]: 4,
  [OP.PROTO]: 1,
  [OP.FRAME]: 8,
};
const SIZED: Readonly<Record<number, number>> = {
  [OP.BINSTRING]: 4,
  [OP.SHORT_BINSTRING]: 1,
  [OP.BINUNICODE]: 4,
  [OP.SHORT_BINUNICODE]: 1,
  [OP.BINUNICODE8]: 8,
  [OP.BINBYTES]: 4,
  [OP.SHORT_BINBYTES]: 1,
  [OP.BINBYTES8]: 8,
  [OP.BYTEARRAY8]: 8,
  [OP.LONG1]: 1,
  [OP.LONG4]: 4,
};
const LINES: Readonly<Record<number, number>> = {
  [OP.INT]: 1,
  [OP.LONG]: 1,
  [OP.FLOAT]: 1,
  [OP.STRING]: 1,
  [OP.UNICODE]: 1,
  [OP.PUT]: 1,
  [OP.GET]: 1,
  [OP.GLOBAL]: 2,
  [OP.INST]: 2,
};

/** The opcodes up to STOP; up to where the walk leaves the bytes, for anything that is no plain pickle. */
export function opcodesOf(bytes: Buffer): readonly Op[] {
  const ops: Op[] = [];
  let pos = 0;
  while (pos < bytes.length) {
    const start = pos;
    const code = bytes[pos++]!;
    const width = SIZED[code];
    if (width !== undefined) {
      if (pos + width > bytes.length) {
        return ops;
      }
      const size = width === 8 ? Number(bytes.readBigUInt64LE(pos)) : bytes.readUIntLE(pos, width);
      pos += width + size;
    } else {
      pos += FIXED[code] ?? 0;
      for (let line = 0; line < (LINES[code] ?? 0); line++) {
        const end = bytes.indexOf(10, pos);
        if (end < 0) {
          return ops;
        }
        pos = end + 1;
      }
    }
    if (pos > bytes.length) {
      return ops;
    }
    ops.push({ code, start, end: pos });
    if (code === OP.STOP) {
      return ops;
    }
  }
  return ops;
}
