/** Pickle streams put together by hand. Every part is text of one byte a character. */

/** The bytes of a stream. */
export function bytesOf(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.join(''), 'latin1');
}

/** A number in little-endian bytes. */
export function le(value: number | bigint, width: number): string {
  const out = Buffer.alloc(8);
  out.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)));
  return out.toString('latin1', 0, width);
}

/** A string: BINUNICODE, which protocol 1 knows already. */
export function text(value: string): string {
  const utf8 = Buffer.from(value).toString('latin1');
  return `X${le(utf8.length, 4)}${utf8}`;
}

/** A global by GLOBAL. */
export function global(module: string, name: string): string {
  return `c${module}\n${name}\n`;
}

/** A global by STACK_GLOBAL. */
export function stackGlobal(module: string, name: string): string {
  return `${text(module)}${text(name)}\x93`;
}

/** A tuple of parts. */
export function tuple(...parts: readonly string[]): string {
  return `(${parts.join('')}t`;
}

export function list(...parts: readonly string[]): string {
  return `(${parts.join('')}l`;
}

/** A call by REDUCE. */
export function call(callable: string, ...args: readonly string[]): string {
  return `${callable}${tuple(...args)}R`;
}

/** Bytes of protocol 3. */
export function binary(value: string): string {
  return `B${le(value.length, 4)}${value}`;
}

export const PROTO_2 = '\x80\x02';
export const PROTO_4 = '\x80\x04';
