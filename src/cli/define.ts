/** The shape of a command: what help, completion and the parser need at start, and a `run` that loads the rest lazily. */
import type { Terminal } from './output/terminal.ts';

export interface CommandOption {
  /** As commander reads it: `--port <number>`, `--json`. */
  readonly flags: string;
  readonly help: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** May be given several times; its values come as a list. */
  readonly repeat?: boolean;
  /** What the shell offers for its value. */
  readonly completes?: readonly Completes[];
}

/** Values of the embedded store that a shell can offer. */
export type Completes = 'name' | 'version' | 'alias';

export interface Command {
  readonly name: string;
  /** Arguments as commander reads them: `<model>`, `[code]`. */
  readonly args: readonly {
    readonly spec: string;
    readonly help: string;
    /** What the shell offers for it. */
    readonly completes?: readonly Completes[];
  }[];
  readonly group: 'Serve' | 'Ship' | 'Versions' | 'Setup';
  readonly summary: string;
  /** Command lines that work as they stand. */
  readonly examples: readonly string[];
  readonly options: readonly CommandOption[];
  /** Commands below this one: `loadline models list`. It runs itself only where none of them is named. */
  readonly commands?: readonly Command[];
  /** Runs it and gives the exit code. Throws LoadlineError for what a user can mend. */
  run(args: readonly string[], options: Options, terminal: Terminal): Promise<number>;
}

/** Parsed options by camel-case name. */
export type Options = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Types a command. */
export function defineCommand(command: Command): Command {
  return Object.freeze(command);
}

/** A string option, or undefined when it was not given. */
export function text(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be repeated; none when it was not given. */
export function values(options: Options, name: string): readonly string[] {
  const value = options[name];
  return typeof value === 'object' ? value : [];
}
