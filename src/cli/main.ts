/** The command line: parses, runs a command, shows errors, sets the exit code. */
import { Argument, CommanderError, Option, Command as Parser } from 'commander';
import { EXIT } from '../errors.ts';
import { COMMANDS } from './commands/list.ts';
import type { Command, Options } from './define.ts';
import { sayProblem, toProblem } from './output/problem.ts';
import { print, processTerminal, say } from './output/terminal.ts';
import { version } from './version.ts';

/** Runs one command line, without the program's name, and sets `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that closed early (`| head`) is no failure of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  if (argv[0] === 'serve-worker' && process.send !== undefined) {
    // Not a command of a person: `serve` starts its workers so.
    const { runWorker } = await import('../serve/workers/worker.ts');
    await runWorker();
    return;
  }
  const parser = buildParser((command, args, options) => runCommand(command, args, options));
  if (argv[0] === 'complete') {
    // Shell completion: `loadline complete bash` prints the script, which calls `loadline complete -- …` back.
    const { default: tab } = await import('@bomb.sh/tab/commander');
    tab(parser);
  }
  if (argv.length === 0) {
    print(processTerminal(undefined), overview());
    return;
  }
  try {
    await parser.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

type Action = (command: Command, args: readonly string[], options: Options) => Promise<void>;

/** The parser of all commands; `action` is called for the one that was named. */
export function buildParser(action: Action): Parser {
  const parser = new Parser('loadline')
    .description('Takes a scikit-learn model.pkl to production without Python.')
    .version(version(), '-V, --version', 'print the version')
    .option('--color <when>', 'colour: always, never or auto', 'auto')
    .option('--debug', 'show stack traces')
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`✗ ${text.replace(/^error: /, '')}`),
    })
    .showSuggestionAfterError(true)
    .helpCommand(false)
    .addHelpText(
      'after',
      '\nShell completion: source <(loadline complete bash)   (also zsh, fish, powershell)',
    );
  for (const command of COMMANDS) {
    const sub = parser.command(command.name).description(command.summary).exitOverride();
    for (const { spec, help } of command.args) {
      sub.addArgument(new Argument(spec, help));
    }
    for (const { flags, help, default: preset, choices } of command.options) {
      const option = new Option(flags, help);
      if (preset !== undefined) {
        option.default(preset);
      }
      sub.addOption(choices === undefined ? option : option.choices(choices));
    }
    sub.addHelpText('before', `${command.examples.map((example) => `  $ ${example}`).join('\n')}\n`);
    sub.action(async (...given: unknown[]) => {
      const args = given
        .slice(0, command.args.length)
        .flat()
        .filter((arg) => typeof arg === 'string');
      await action(command, args, sub.optsWithGlobals() as Options);
    });
  }
  return parser;
}

async function runCommand(command: Command, args: readonly string[], options: Options): Promise<void> {
  const terminal = processTerminal(typeof options.color === 'string' ? options.color : undefined);
  try {
    process.exitCode = await command.run(args, options, terminal);
  } catch (error) {
    const problem = toProblem(error);
    sayProblem(terminal, problem, options.json === true, options.debug === true);
    process.exitCode = problem.exit;
    if (problem.exit === EXIT.missing) {
      say(terminal, '  try   loadline doctor');
    }
  }
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
    '',
    `Serve\n${group('Serve')}`,
    `Setup\n${group('Setup')}`,
    '',
    'loadline COMMAND --help shows the options; loadline complete bash prints shell completion.',
  ].join('\n');
}
