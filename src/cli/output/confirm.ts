/** Asks before something is deleted. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LoadlineError } from '../../errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * Whether a person at the terminal says yes. Throws LL1001 naming --yes where nobody can be asked: a script must say
 * itself that it means it.
 */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) {
    throw new LoadlineError(
      'LL1001',
      `${question} Nobody can be asked here: pass --yes, or --dry-run to look`,
      {
        fix: 'Pass --yes to go on without a question, or --dry-run to see what would happen.',
      },
    );
  }
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    terminal.stderr.write(`  ${question} [y/N] `);
    const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
    return /^y(es)?$/i.test(line?.trim() ?? '');
  } finally {
    lines.close();
  }
}
