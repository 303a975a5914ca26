/** The command line: parses, runs a command, shows errors, sets the exit code. */
import { COMMANDS } from './commands/list.ts';
import type { Command } from './define.ts';
import { print, processTerminal } from './output/terminal.ts';
import { buildParser, endWithReader, ranAsWorker, runCommand, runParser } from './parser.ts';

/** Runs one command line, without the program's name, and sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  endWithReader();
  if (await ranAsWorker(argv)) {
    return;
  }
  const parser = buildParser(COMMANDS, runCommand);
  if (argv[0] === 'complete') {
    // Shell completion: `loadline complete bash` prints the script, which calls `loadline complete -- …` back.
    const { default: tab } = await import('@bomb.sh/tab/commander');
    const { offerValues } = await import('./complete.ts');
    await offerValues(tab(parser), COMMANDS, argv, process.env);
  }
  if (argv.length === 0) {
    print(processTerminal(undefined), overview());
    return;
  }
  await runParser(parser, argv);
}

/** What `loadline` alone prints. */
function overview(): string {
  const group = (name: Command['group']): string =>
    COMMANDS.filter((command) => command.group === name)
      .map((command) => `  ${command.name.padEnd(12)}${command.summary}`)
      .join('\n');
  return [
    'Loadline serves a scikit-learn model.pkl without Python: read as data, exact, fast.',
    '',
    '  loadline inspect model.pkl                        what is in the file, and is it safe',
    '  loadline predict model.pkl --input rows.csv       score a file',
    '  loadline serve model.pkl                          the HTTP API on port 5000',
    '  loadline build model.pkl -t ml-model:v1           a container image, with Docker or without it',
    '  loadline models add model.pkl --name house-price  a version, to promote and to roll back',
    '',
    `Serve\n${group('Serve')}`,
    `Ship\n${group('Ship')}`,
    `Versions\n${group('Versions')}`,
    `Setup\n${group('Setup')}`,
    '',
    'loadline COMMAND --help shows the options; loadline complete bash prints shell completion.',
  ].join('\n');
}
