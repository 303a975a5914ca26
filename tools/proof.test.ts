import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { SCENARIOS, summarize } from './proof.ts';

test('every scenario’s file is there', () => {
  for (const { tests } of SCENARIOS) {
    const found = globSync(tests ?? 'test/hostile/run.ts', { cwd: new URL('..', import.meta.url).pathname });
    assert.ok(found.length > 0, String(tests));
  }
});

/** Copied from a run of node 24's spec reporter. */
const OUTPUT = `✔ 3 kills of a worker (27818.261665ms)
ℹ 3 kills: 29368 right answers
✖ counts (12.1ms)
﹣ not now (0.1ms) # SKIP
ℹ tests 3
ℹ suites 0
ℹ pass 1
ℹ fail 1
ℹ cancelled 0
ℹ skipped 1
ℹ todo 0
ℹ duration_ms 28183.954916

✖ failing tests:

test at test/serve/metrics.test.ts:26:3
✖ counts (12.1ms)
  AssertionError`;

test('counts, notes and names are read from the output of the test runner', () => {
  assert.deepEqual(summarize(OUTPUT.split('\n')), {
    passed: 1,
    failed: 1,
    skipped: 1,
    notes: ['3 kills: 29368 right answers'],
    tests: ['✔ 3 kills of a worker', '✖ counts'],
  });
});
