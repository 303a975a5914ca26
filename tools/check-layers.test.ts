import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLayers } from './check-layers.ts';

const CASES: readonly { name: string; files: Record<string, string>; faults: readonly RegExp[] }[] = [
  {
    name: 'imports downward and within a layer pass',
    files: {
      'pickle/a.ts': "import { b } from './b.ts';\nimport type { C } from '../bytes/c.ts';",
      'pickle/b.ts': "import { E } from '../errors.ts';",
      'bytes/c.ts': '',
      'errors.ts': '',
    },
    faults: [],
  },
  {
    name: 'an upward import fails, types included',
    files: { 'bytes/a.ts': "import type { B } from '../model/b.ts';", 'model/b.ts': '' },
    faults: [/bytes\/a\.ts imports upward: model\/b\.ts/],
  },
  {
    name: 'a lazy upward import fails',
    files: { 'serve/a.ts': "const m = await import('../cli/b.ts');", 'cli/b.ts': '' },
    faults: [/imports upward/],
  },
  {
    name: 'a cycle of three fails once',
    files: {
      'model/a.ts': "import './b.ts';",
      'model/b.ts': "export { c } from './c.ts';",
      'model/c.ts': "import type { A } from './a.ts';",
    },
    faults: [/import cycle: model\/a\.ts → model\/b\.ts → model\/c\.ts → model\/a\.ts/],
  },
  {
    name: 'a stray file fails',
    files: { 'helpers.ts': '' },
    faults: [/helpers\.ts: not in a folder/],
  },
];

for (const { name, files, faults } of CASES) {
  test(name, () => {
    const found = checkLayers(new Map(Object.entries(files)));
    assert.equal(found.length, faults.length, found.join('\n'));
    faults.forEach((fault, i) => {
      assert.match(found[i]!, fault);
    });
  });
}
