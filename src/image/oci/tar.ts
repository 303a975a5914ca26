/** Writes tar archives whose bytes depend on nothing but what they hold: POSIX ustar, with pax records where it does not reach. */

export interface TarEntry {
  /** Without a leading `/`; a folder's name ends with `/`. */
  readonly name: string;
  readonly mode: number;
  /** Bytes of `body`; 0 for a folder. */
  readonly size: number;
  /** Exactly `size` bytes; absent for a folder. */
  readonly body?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const BLOCK = 512;
/** Largest number of a field of 11 octal digits. */
const MAX_OCTAL = 0o77777777777;
/** Bytes of the field `name`. */
const NAME_BYTES = 100;
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * The archive, piece by piece: everything is root's and of the time `mtimeSec` (seconds since 1970, at most 2^33 - 1).
 * tar-stream, which reads archives here, is not used to write them: it takes times as 32 bits and ends in 2038.
 *
 * Format: POSIX.1-2017, pax.
 */
export async function* tarBytes(
  entries: AsyncIterable<TarEntry> | Iterable<TarEntry>,
  mtimeSec: number,
): AsyncGenerator<Uint8Array> {
  for await (const { name, mode, size, body } of entries) {
    const records: Record<string, string> = {};
    if (!PLAIN.test(name) || name.length > NAME_BYTES) {
      records.path = name;
    }
    if (size > MAX_OCTAL) {
      records.size = String(size);
    }
    if (Object.keys(records).length > 0) {
      const pax = paxBytes(records);
      yield header({ name: 'pax', mode: 0o644, size: pax.length, mtimeSec, type: 'x' });
      yield pax;
      yield padding(pax.length);
    }
    const type = name.endsWith('/') ? '5' : '0';
    yield header({ name, mode, size, mtimeSec, type });
    let written = 0;
    for await (const chunk of body ?? []) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) {
      throw new Error(`"${name}" has ${written} bytes, ${size} were announced`);
    }
    yield padding(size);
  }
  yield new Uint8Array(2 * BLOCK);
}

interface Header {
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly mtimeSec: number;
  readonly type: '0' | '5' | 'x';
}

function header({ name, mode, size, mtimeSec, type }: Header): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  // Where it is too long or not ASCII the pax record before it counts.
  block.write(name, 0, NAME_BYTES, 'utf8');
  writeOctal(block, 100, 8, mode);
  writeOctal(block, 108, 8, 0);
  writeOctal(block, 116, 8, 0);
  writeOctal(block, 124, 12, Math.min(size, MAX_OCTAL));
  writeOctal(block, 136, 12, mtimeSec);
  block.fill(' ', 148, 156);
  block.write(type, 156);
  block.write('ustar\0', 257);
  block.write('00', 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function writeOctal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset);
}

function padding(size: number): Uint8Array {
  return new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);
}

/** Records `LENGTH KEY=VALUE\n`, whose length counts its own digits too. */
function paxBytes(records: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const bytes = Buffer.byteLength(rest);
    let length = bytes + String(bytes).length;
    if (String(length).length > String(bytes).length) {
      length = bytes + String(length).length;
    }
    return `${length}${rest}`;
  });
  return Buffer.from(lines.join(''), 'utf8');
}
