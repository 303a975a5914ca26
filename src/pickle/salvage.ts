/**
 * Names in the part of a broken file that the machine did not reach. Other readers are more lenient than ours and may
 * run what lies there, so a verdict must know it. Best effort: the opcodes are walked in a line, without a stack.
 */
import { OP } from './opcodes.ts';

export interface SalvagedName {
  readonly module: string;
  readonly name: string;
  readonly offset: number;
}

/** Bytes of argument behind the opcodes that have a fixed number of them. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [OP.BININT, 4],
  [OP.BININT1, 1],
  [OP.BININT2, 2],
  [OP.BINFLOAT, 8],
  [OP.BINPUT, 1],
  [OP.LONG_BINPUT, 4],
  [OP.BINGET, 1],
  [OP.LONG_BINGET, 4],
  [OP.PROTO, 1],
  [OP.FRAME, 8],
  [OP.EXT1, 1],
  [OP.EXT2, 2],
  [OP.EXT4, 4],
]);
/** Bytes of the length before an argument of that length. */
const SIZED: ReadonlyMap<number, number> = new Map([
  [OP.BINSTRING, 4],
  [OP.SHORT_BINSTRING, 1],
  [OP.BINUNICODE, 4],
  [OP.SHORT_BINUNICODE, 1],
  [OP.BINUNICODE8, 8],
  [OP.BINBYTES, 4],
  [OP.SHORT_BINBYTES, 1],
  [OP.BINBYTES8, 8],
  [OP.BYTEARRAY8, 8],
  [OP.LONG1, 1],
  [OP.LONG4, 4],
]);
const LINES: ReadonlySet<number> = new Set([
  OP.INT,
  OP.LONG,
  OP.FLOAT,
  OP.STRING,
  OP.UNICODE,
  OP.PERSID,
  OP.PUT,
  OP.GET,
]);
const TEXTS: ReadonlySet<number> = new Set([
  OP.BINUNICODE,
  OP.SHORT_BINUNICODE,
  OP.BINUNICODE8,
  OP.BINSTRING,
  OP.SHORT_BINSTRING,
]);

const IDENTIFIER = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const MAX_NAME = 200;
/** More of them add nothing to a verdict. */
const MAX_NAMES = 1000;

/** Names that GLOBAL, INST and STACK_GLOBAL would take, from `start` on. */
export function salvageNames(bytes: Uint8Array, start: number): readonly SalvagedName[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<string, SalvagedName>();
  const texts: string[] = [];
  let pos = start;
  const add = (module: string | undefined, name: string | undefined, offset: number): boolean => {
    if (module === undefined || name === undefined || !IDENTIFIER.test(module) || !IDENTIFIER.test(name)) {
      return false;
    }
    const key = `${module}\n${name}`;
    if (!found.has(key)) {
      found.set(key, { module, name, offset });
    }
    return true;
  };
  while (pos < bytes.length && found.size < MAX_NAMES) {
    const at = pos;
    const op = bytes[pos++]!;
    const fixed = FIXED.get(op);
    const sized = SIZED.get(op);
    if (fixed !== undefined) {
      pos += fixed;
    } else if (sized !== undefined) {
      const end = endOfSized(buffer, pos, sized);
      if (end !== null) {
        if (TEXTS.has(op)) {
          texts.push(buffer.toString('latin1', pos + sized, Math.min(end, pos + sized + MAX_NAME)));
        }
        pos = end;
      }
    } else if (op === OP.GLOBAL || op === OP.INST) {
      const first = lineEnd(bytes, pos);
      const second = lineEnd(bytes, first + 1);
      if (add(buffer.toString('latin1', pos, first), buffer.toString('latin1', first + 1, second), at)) {
        pos = second + 1;
      }
    } else if (op === OP.STACK_GLOBAL) {
      add(texts.at(-2), texts.at(-1), at);
    } else if (LINES.has(op)) {
      const end = lineEnd(bytes, pos);
      const text = buffer.toString('latin1', pos, end);
      if (op === OP.UNICODE) {
        texts.push(text);
      }
      pos = end < pos + MAX_NAME ? end + 1 : pos;
    }
  }
  return [...found.values()];
}

/** Where the line ends, at most `MAX_NAME` bytes on. */
function lineEnd(bytes: Uint8Array, pos: number): number {
  const end = bytes.subarray(pos, pos + MAX_NAME).indexOf(10);
  return end < 0 ? pos + MAX_NAME : pos + end;
}

function endOfSized(buffer: Buffer, pos: number, width: number): number | null {
  if (pos + width > buffer.length) {
    return null;
  }
  const size = width === 8 ? Number(buffer.readBigUInt64LE(pos)) : buffer.readUIntLE(pos, width);
  const end = pos + width + size;
  return end <= buffer.length ? end : null;
}
