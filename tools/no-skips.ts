/**
 * A reporter for node's test runner: names every test that was skipped or marked to do, and with LOADLINE_REQUIRE_ALL=1
 * fails the run for it.
 */
import type { TestEvent } from 'node:test/reporters';

// biome-ignore lint/style/noDefaultExport: a reporter of node:test is the default export of its file
export default async function* noSkips(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const left: string[] = [];
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') {
      continue;
    }
    const { name, skip, todo, file } = event.data;
    if ((skip !== undefined && skip !== false) || (todo !== undefined && todo !== false)) {
      left.push(`${file ?? '?'}: ${name}`);
    }
  }
  if (left.length > 0) {
    yield `${left.length} tests did not run:\n${left.map((line) => `  ${line}\n`).join('')}`;
    if (process.env.LOADLINE_REQUIRE_ALL === '1') {
      yield 'LOADLINE_REQUIRE_ALL=1: a skipped test is a failure\n';
      process.exitCode = 1;
    }
  }
}
