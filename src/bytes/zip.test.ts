import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { zipSync } from 'fflate';
import { limitsOf } from './limits.ts';
import { isZip, readZip, zipBudget } from './zip.ts';

const FILES = {
  'a.txt': Buffer.from('hello'),
  'folder/b.bin': new Uint8Array(5000),
  empty: new Uint8Array(0),
};

describe('zip', () => {
  for (const level of [0, 9] as const) {
    it(`reads what another writer packed, level ${level}`, () => {
      const bytes = zipSync({ ...FILES, 'folder/': new Uint8Array(0) }, { level });
      assert.ok(isZip(bytes));
      const zip = readZip(bytes, zipBudget(limitsOf(), bytes.length));
      assert.deepEqual([...zip.keys()], Object.keys(FILES));
      for (const [name, content] of Object.entries(FILES)) {
        assert.equal(zip.get(name)?.size, content.length);
        assert.deepEqual(Buffer.from(zip.get(name)!.read()), Buffer.from(content));
      }
      assert.equal(zip.get('a.txt')!.read(), zip.get('a.txt')!.read(), 'an entry is unpacked once');
    });
  }

  it('takes declared sizes from the budget, over all archives that share it', () => {
    const bytes = zipSync(FILES);
    const budget = zipBudget(limitsOf({ decompressedBytes: 9000 }), bytes.length);
    readZip(bytes, budget);
    assert.throws(() => readZip(bytes, budget), { code: 'LL3004', message: /decompressedBytes/ });
  });

  // Refusals of archives that lie are rows of test/formats/hostile.test.ts.
});
