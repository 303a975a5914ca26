import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type TarEntry, tarBytes } from './tar.ts';

async function tar(entries: readonly TarEntry[], mtimeSec = 0): Promise<Buffer> {
  return buffer(tarBytes(entries, mtimeSec));
}

function field(archive: Buffer, offset: number, length: number): string {
  return archive.toString('latin1', offset, offset + length);
}

describe('a tar archive', () => {
  it('has the header of POSIX.1-2017, the body and padding, and two blocks of zeros', async () => {
    const body = [Buffer.from('hello '), Buffer.from('tar')];
    const bytes = await tar([{ name: 'a/b.txt', mode: 0o644, size: 9, body }], 1_700_000_000);
    assert.equal(bytes.length, 512 + 512 + 1024);
    assert.equal(field(bytes, 0, 8), 'a/b.txt\0');
    assert.equal(field(bytes, 100, 8), '0000644\0');
    assert.equal(field(bytes, 108, 16), '0000000\x000000000\0');
    assert.equal(field(bytes, 124, 12), '00000000011\0');
    // 1,700,000,000 in octal, by Python's oct().
    assert.equal(field(bytes, 136, 12), '14524770400\0');
    assert.equal(field(bytes, 156, 1), '0');
    assert.equal(field(bytes, 257, 8), 'ustar\x0000');
    assert.equal(field(bytes, 265, 64), '\0'.repeat(64));
    const sum = bytes
      .subarray(0, 512)
      .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
    assert.equal(Number.parseInt(field(bytes, 148, 6), 8), sum);
    assert.equal(field(bytes, 154, 2), '\0 ');
    assert.equal(field(bytes, 512, 9), 'hello tar');
    assert.ok(bytes.subarray(521).every((byte) => byte === 0));
  });

  it('marks folders', async () => {
    const bytes = await tar([{ name: 'opt/', mode: 0o755, size: 0 }]);
    assert.equal(field(bytes, 0, 5), 'opt/\0');
    assert.equal(field(bytes, 156, 1), '5');
    assert.equal(bytes.length, 512 + 1024);
  });

  it('keeps times that 32 bits do not hold', async () => {
    // 4,102,444,800 is 2100-01-01; its octal by Python's oct().
    const bytes = await tar([{ name: 'a', mode: 0o644, size: 0 }], 4_102_444_800);
    assert.equal(field(bytes, 136, 12), '36441453400\0');
  });

  // " path=" and "\n" are 7 bytes: a name of n bytes makes a record of n + 7 bytes and the digits of the whole length.
  for (const [name, record] of [
    ['x'.repeat(101), `111 path=${'x'.repeat(101)}\n`],
    ['x'.repeat(982), `992 path=${'x'.repeat(982)}\n`],
    ['x'.repeat(990), `1001 path=${'x'.repeat(990)}\n`],
    ['é', '11 path=é\n'],
    ['é'.repeat(45), `99 path=${'é'.repeat(45)}\n`],
    [`${'é'.repeat(45)}x`, `101 path=${'é'.repeat(45)}x\n`],
  ] as const) {
    it(`names ${name.length} characters ${JSON.stringify(name[0])} in a pax record`, async () => {
      const bytes = await tar([{ name, mode: 0o644, size: 0 }]);
      assert.equal(field(bytes, 156, 1), 'x');
      const { length } = Buffer.from(record);
      assert.equal(Number.parseInt(field(bytes, 124, 11), 8), length);
      assert.equal(bytes.toString('utf8', 512, 512 + length), record);
      const next = 512 + Math.ceil(length / 512) * 512;
      assert.equal(field(bytes, next + 156, 1), '0');
    });
  }

  it('says the size of more than 8 GiB in a pax record', async () => {
    const parts = tarBytes([{ name: 'big', mode: 0o644, size: 2 ** 33, body: [] }], 0);
    assert.equal(field(Buffer.from((await parts.next()).value), 156, 1), 'x');
    assert.equal(Buffer.from((await parts.next()).value).toString(), '19 size=8589934592\n');
  });

  it('fails when a body has another size than announced', async () => {
    const entry = { name: 'a', mode: 0o644, size: 3, body: [Buffer.from('four')] };
    await assert.rejects(tar([entry]), { message: '"a" has 4 bytes, 3 were announced' });
  });
});
