import { ERRORS, type ErrorCode, EXIT, LoadlineError } from '../../errors.ts';
import { defineCommand } from '../define.ts';
import { print } from '../output/terminal.ts';

export const explain = defineCommand({
  name: 'explain',
  args: [{ spec: '[code]', help: 'an error code such as LL2003; all of them when left out' }],
  group: 'Setup',
  summary: 'what an error code means and how to fix it',
  examples: ['loadline explain LL2003', 'loadline explain --json'],
  options: [{ flags: '--json', help: 'one JSON object on stdout' }],
  async run([code], options, terminal) {
    const wanted = code?.toUpperCase();
    const rows = Object.entries(ERRORS).filter(([key]) => wanted === undefined || key === wanted);
    if (rows.length === 0) {
      throw new LoadlineError('LL1008', `There is no error code "${code}"${nearest(wanted ?? '')}`);
    }
    if (options.json) {
      const errors = rows.map(([key, row]) => ({ code: key, ...row, exitCode: EXIT[row.exit] }));
      print(terminal, JSON.stringify({ apiVersion: 'loadline/v1', kind: 'Errors', errors }, null, 2));
      return EXIT.ok;
    }
    for (const [key, row] of rows) {
      print(terminal, `${key}  ${row.title}`);
      if (wanted !== undefined) {
        print(terminal, `  fix   ${row.fix}`);
        print(terminal, `  exit  ${EXIT[row.exit]}    HTTP ${row.http}`);
      }
    }
    return EXIT.ok;
  },
});

function nearest(code: string): string {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  const same = codes.filter((known) => known.slice(0, 4) === code.slice(0, 4)).slice(0, 4);
  return same.length === 0 ? '' : `; near it are ${same.join(', ')}`;
}
