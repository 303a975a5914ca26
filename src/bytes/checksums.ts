/** Checksums that node:zlib does not have. */

/** CRC-32 as bzip2 computes it: most significant bit first, polynomial 0x04C11DB7. */
const BZIP2_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) {
    crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc;
});

export function crc32Bzip2(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) {
    crc = (crc << 8) ^ BZIP2_TABLE[(crc >>> 24) ^ bytes[i]!]!;
  }
  return ~crc >>> 0;
}

// CRC-64/XZ, reflected polynomial 0xC96C5795D7870F42, in halves of 32 bits: bigints would be slow.
const XZ_LOW = new Uint32Array(256);
const XZ_HIGH = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = low & 1;
    low = ((low >>> 1) | (high << 31)) >>> 0;
    high >>>= 1;
    if (odd) {
      low = (low ^ 0xd7870f42) >>> 0;
      high = (high ^ 0xc96c5795) >>> 0;
    }
  }
  XZ_LOW[byte] = low;
  XZ_HIGH[byte] = high;
}

/** CRC-64 as xz computes it, as its low and high 32 bits. */
export function crc64Xz(bytes: Uint8Array): readonly [low: number, high: number] {
  let low = 0xffffffff;
  let high = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    const index = (low ^ bytes[i]!) & 255;
    low = ((low >>> 8) | (high << 24)) ^ XZ_LOW[index]!;
    high = (high >>> 8) ^ XZ_HIGH[index]!;
  }
  return [~low >>> 0, ~high >>> 0];
}

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** xxHash32 with seed 0, as the LZ4 frame uses it. Source: the xxHash specification, section XXH32. */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const n = bytes.length;
  let i = 0;
  let hash: number;
  if (n >= 16) {
    let a = (P1 + P2) | 0;
    let b = P2 | 0;
    let c = 0;
    let d = -P1 | 0;
    const lane = (sum: number, at: number) =>
      Math.imul(rotate((sum + Math.imul(view.getUint32(at, true), P2)) | 0, 13), P1);
    for (; i + 16 <= n; i += 16) {
      a = lane(a, i);
      b = lane(b, i + 4);
      c = lane(c, i + 8);
      d = lane(d, i + 12);
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  } else {
    hash = P5 | 0;
  }
  hash = (hash + n) | 0;
  for (; i + 4 <= n; i += 4) {
    hash = Math.imul(rotate((hash + Math.imul(view.getUint32(i, true), P3)) | 0, 17), P4);
  }
  for (; i < n; i++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[i]!, P5)) | 0, 11), P1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
