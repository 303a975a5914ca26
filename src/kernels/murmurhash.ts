/** MurmurHash3 for x86, 32 bits, of the UTF-8 bytes of a string: what scikit-learn's feature hashing uses. */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;
const encoder = new TextEncoder();
let scratch = new Uint8Array(256);

/** The hash as a signed 32-bit integer. Source: Austin Appleby's public-domain MurmurHash3_x86_32. */
export function murmurHash(text: string, seed = 0): number {
  if (scratch.length < text.length * 3) {
    scratch = new Uint8Array(text.length * 6);
  }
  const n = encoder.encodeInto(text, scratch).written;
  const bytes = scratch;
  const body = n & ~3;
  let hash = seed;
  for (let i = 0; i < body; i += 4) {
    const block = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    hash ^= mix(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = n - 1; i >= body; i--) {
    tail = (tail << 8) | bytes[i]!;
  }
  hash ^= n === body ? 0 : mix(tail);
  hash ^= n;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** Column of a hash among `nColumns`: |hash| modulo `nColumns`, without overflow for −2³¹. */
export function hashColumn(hash: number, nColumns: number): number {
  return Math.abs(hash) % nColumns;
}

function mix(block: number): number {
  const k = Math.imul(block, C1);
  return Math.imul((k << 15) | (k >>> 17), C2);
}
