import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { isLoadlineError } from '../errors.ts';
import { damageHint, unwrap } from './container.ts';

interface File {
  readonly container: string;
  readonly name: string;
  /** Base64. */
  readonly file: string;
}

// Made by tools/pickle-cases/make_compressed.py with Python's own modules and lz4.
const FIXTURES = JSON.parse(readFileSync(new URL('./fixtures/compressed.json', import.meta.url), 'utf8')) as {
  body: string;
  cases: File[];
  bombs: File[];
};
const BODY = Buffer.from(FIXTURES.body, 'base64');

describe('compressed files', () => {
  for (const { container, name, file } of FIXTURES.cases) {
    const bytes = Buffer.from(file, 'base64');
    // bzip2 takes 3.6 MB for every stream.
    const stride = container === 'bz2' ? 7 : 1;

    it(`${container}: ${name}`, () => {
      const found = unwrap(bytes);
      assert.equal(found.container, container);
      assert.ok(BODY.equals(found.bytes));
    });

    it(`${container}: ${name}, within the limit and one byte over it`, () => {
      assert.ok(BODY.equals(unwrap(bytes, { decompressedBytes: BODY.length }).bytes));
      assert.throws(() => unwrap(bytes, { decompressedBytes: BODY.length - 1 }), {
        code: 'LL3004',
        message: /decompressedBytes/,
      });
    });

    it(`${container}: ${name}, cut anywhere, is refused or a whole part`, () => {
      for (let size = 3; size < bytes.length; size += stride) {
        try {
          const part = unwrap(bytes.subarray(0, size)).bytes;
          // Two streams cut between them are one whole stream; a raw pickle begins like a header cut short.
          assert.ok(size < 6 || BODY.subarray(0, 500).equals(part), `cut at ${size}`);
        } catch (error) {
          assert.ok(isLoadlineError(error), String(error));
          assert.match(error.code, /^LL300[17]$/);
        }
      }
    });

    it(`${container}: ${name}, with any byte changed, is refused or the same`, () => {
      // Formats without a checksum cannot tell; they must still end cleanly.
      const checked = !/no check|lzma|lz4: default|no size|two frames/.test(`${container}: ${name}`);
      let accepted = 0;
      for (let at = 6; at < bytes.length; at += stride) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 0x10;
        try {
          const found = unwrap(changed);
          accepted += BODY.equals(found.bytes) ? 0 : 1;
        } catch (error) {
          assert.ok(isLoadlineError(error), String(error));
          assert.match(error.code, /^LL300[147]$/);
        }
      }
      if (checked) {
        assert.equal(accepted, 0);
      }
    });
  }

  it('leaves a pickle as it is', () => {
    const bytes = Buffer.from('\x80\x04N.', 'latin1');
    assert.deepEqual(unwrap(bytes), { container: 'raw', bytes });
  });
});

describe('decompression bombs', () => {
  const zeros = Buffer.alloc(100_000_000);
  const bombs = [
    ...FIXTURES.bombs.map(({ container, file }) => [container, Buffer.from(file, 'base64')] as const),
    ['zlib', deflateSync(zeros, { level: 9 })] as const,
    ['gzip', gzipSync(zeros, { level: 9 })] as const,
    [
      'gzip',
      Buffer.concat(Array.from({ length: 50 }, () => gzipSync(zeros.subarray(0, 2_000_000)))),
    ] as const,
  ];
  for (const [container, bytes] of bombs) {
    it(`${container}: ${bytes.length} bytes for 100 MB`, () => {
      const before = process.memoryUsage().arrayBuffers;
      assert.throws(() => unwrap(bytes), { code: 'LL3004', message: /ratio/ });
      assert.ok(process.memoryUsage().arrayBuffers - before < 100_000_000, 'memory stays below the content');
    });
  }

  it('opens when the limit is raised', () => {
    for (const [, bytes] of bombs) {
      const content = unwrap(bytes, { ratio: 1e6 }).bytes;
      assert.equal(content.length, 100_000_000);
      assert.ok(zeros.equals(content));
    }
  });

  it('names the size limit of the file itself', () => {
    assert.throws(() => unwrap(Buffer.from('\x80\x04N.', 'latin1'), { fileBytes: 3 }), {
      code: 'LL3004',
      message: /fileBytes/,
    });
  });

  it('refuses a z-file that lies about its size', () => {
    for (const field of ['0x7fffffff', '-0x10', '0x', 'zz']) {
      const bytes = Buffer.concat([Buffer.from(`ZF${field.padEnd(19)}`), deflateSync('N.')]);
      assert.throws(() => unwrap(bytes), { code: 'LL3007' }, field);
    }
  });
});

describe('files that are no pickle', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const rows: readonly (readonly [what: RegExp, bytes: Buffer])[] = [
    [/empty/, latin1('')],
    [/git-lfs pointer/, latin1('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 123\n')],
    [/web page/, latin1('<!DOCTYPE html><html>404</html>')],
    [/web page/, latin1('\n<html><head>')],
    [/XML/, latin1('<?xml version="1.0"?><PMML/>')],
    // Python: pickle.dumps(x, 4).decode('utf8', 'replace').encode()
    [/saved as UTF-8/, latin1('\xef\xbf\xbd\x04\xef\xbf\xbd')],
    [/saved as UTF-8/, latin1('\xc2\x80\x04\xc2\x95')],
    [/skops/, latin1(`PK\x03\x04\x14\0${'\0'.repeat(24)}1.npy${'\0'.repeat(99)}schema.json`)],
    [/PyTorch/, latin1(`PK\x03\x04\0\0${'\0'.repeat(24)}archive/data.pkl`)],
    [/\.npz/, latin1(`PK\x03\x04\x14\0${'\0'.repeat(24)}arr_0.npy`)],
    [/zip file/, latin1(`PK\x03\x04\x14\0${'\0'.repeat(24)}model.pkl`)],
    [/\.npy array/, latin1("\x93NUMPY\x01\0v\0{'descr': '<f8'")],
    [/HDF5/, latin1('\x89HDF\r\n\x1a\n\0\0')],
    [/CatBoost/, latin1('CBM1\x10\0\0\0')],
    [/LightGBM/, latin1('tree\nversion=v4\n')],
    [/XGBoost.*UBJSON/, latin1('{L\0\0\0\0\0\0\0\x07learner')],
    [/XGBoost.*binary/, latin1('binf\0\0\0')],
    [/JSON/, latin1('{"learner": {}}')],
    [/JSON/, latin1(' {\n  "a": 1}')],
    [/Parquet/, latin1('PAR1\x15\x04')],
    [/ONNX/, latin1('\x08\x08\x12\x08skl2onnx')],
    [/SQLite/, latin1('SQLite format 3\0')],
    [/tar archive/, Buffer.concat([latin1('model.pkl'.padEnd(257, '\0')), latin1('ustar\0')])],
    [/7z/, latin1('7z\xbc\xaf\x27\x1c\0\x04')],
    [/RAR/, latin1('Rar!\x1a\x07\x01\0')],
    [/zstd/, latin1('\x28\xb5\x2f\xfd\x04')],
    [/ELF/, latin1('\x7fELF\x02\x01')],
  ];
  for (const [what, bytes] of rows) {
    it(`${what.source}: ${JSON.stringify(bytes.toString('latin1', 0, 20))}`, () => {
      assert.throws(() => unwrap(bytes), { code: 'LL3001', message: what });
      if (bytes.length > 0) {
        assert.throws(() => unwrap(gzipSync(bytes)), { code: 'LL3001', message: what });
      }
    });
  }

  it('sees that a file was copied in text mode', () => {
    assert.match(damageHint(latin1('\x80\x04\r\n95\r\n')) ?? '', /text mode/);
    assert.equal(damageHint(latin1('\x80\x04\r\n95\n')), null);
    assert.equal(damageHint(latin1('\x80\x04N.')), null);
  });
});
