/** Command lines: what is parsed into which command, and how a command's end becomes an exit code. */
import { Argument, CommanderError, Option, Command as Parser } from 'commander';
import { nearest } from '../bytes/nearest.ts';
import { EXIT } from '../errors.ts';
import type { Command, Options } from './define.ts';
import { sayProblem, toProblem } from './output/problem.ts';
import { processTerminal, say } from './output/terminal.ts';
import { version } from './version.ts';

export type Action = (command: Command, args: readonly string[], options: Options) => Promise<void>;

/** The parser of these commands; `action` is called for the one that was named. */
export function buildParser(commands: readonly Command[], action: Action): Parser {
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
  for (const command of commands) {
    addCommand(parser, command, action);
  }
  return parser;
}

function addCommand(parent: Parser, command: Command, action: Action): void {
  const sub = parent.command(command.name).description(command.summary).exitOverride().helpCommand(false);
  for (const { spec, help } of command.args) {
    sub.addArgument(new Argument(spec, help));
  }
  for (const { flags, help, default: preset, choices, repeat } of command.options) {
    const option = new Option(flags, help);
    if (preset !== undefined) {
      option.default(preset);
    }
    if (repeat === true) {
      option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
    }
    sub.addOption(choices === undefined ? option : option.choices(choices));
  }
  sub.addHelpText('before', `${command.examples.map((example) => `  $ ${example}`).join('\n')}\n`);
  for (const below of command.commands ?? []) {
    addCommand(sub, below, action);
  }
  if (command.commands !== undefined) {
    // What follows may be a misspelled command, which the message below tells better than a count of arguments.
    sub.allowExcessArguments();
  }
  sub.action(async (...given: unknown[]) => {
    const [unknown] = sub.args;
    if (command.commands !== undefined && unknown !== undefined) {
      const meant = nearest(
        unknown,
        command.commands.map(({ name }) => name),
      );
      sub.error(`error: unknown command '${unknown}'${meant === null ? '' : `\n(Did you mean ${meant}?)`}`);
    }
    const args = given
      .slice(0, command.args.length)
      .flat()
      .filter((arg) => typeof arg === 'string');
    await action(command, args, sub.optsWithGlobals() as Options);
  });
}

/** Runs a command and sets `process.exitCode`; an error becomes a message and its code. */
export async function runCommand(command: Command, args: readonly string[], options: Options): Promise<void> {
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

/** Parses a command line and runs what it names; sets `process.exitCode`. */
export async function runParser(parser: Parser, argv: readonly string[]): Promise<void> {
  try {
    await parser.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

/** A reader that closed early (`| head`) is no failure of ours. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
}

/** Runs this process as a worker where `serve` started it as one, which no person does; says whether it did. */
export async function ranAsWorker(argv: readonly string[]): Promise<boolean> {
  if (argv[0] !== 'serve-worker' || process.send === undefined) {
    return false;
  }
  const { runWorker } = await import('../serve/workers/worker.ts');
  await runWorker();
  return true;
}
