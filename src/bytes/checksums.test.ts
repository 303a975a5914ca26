import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32Bzip2, crc64Xz, xxh32 } from './checksums.ts';

describe('checksums', () => {
  const check = Buffer.from('123456789');

  it('has the check values of the catalogue of CRC algorithms', () => {
    // CRC-32/BZIP2 0xfc891918 and CRC-64/XZ 0x995dc9bbdf1939fa, both over "123456789".
    assert.equal(crc32Bzip2(check), 0xfc891918);
    assert.deepEqual(crc64Xz(check), [0xdf1939fa, 0x995dc9bb]);
  });

  it('has the values of the xxHash reference', () => {
    // python3 -c "import xxhash; print(xxhash.xxh32(b'').hexdigest())" and so on
    assert.equal(xxh32(Buffer.from('')), 0x02cc5d05);
    assert.equal(xxh32(Buffer.from('a')), 0x550d7456);
    assert.equal(xxh32(Buffer.from('abc')), 0x32d153ff);
    assert.equal(xxh32(Buffer.from('Nobody inspects the spammish repetition')), 0xe2293b2f);
  });
});
