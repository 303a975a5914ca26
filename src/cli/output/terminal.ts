/** Where a command talks: data to stdout, talk to stderr, colour and animation only where a person watches. */
import { createColors } from 'picocolors';

export interface Terminal {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stderr can be redrawn: a TTY, not CI, not TERM=dumb. */
  readonly live: boolean;
  /** Width of the terminal in characters; 80 where it is not known. */
  readonly width: number;
  readonly color: ReturnType<typeof createColors>;
  readonly symbol: Symbols;
}

export interface Symbols {
  readonly ok: string;
  readonly warn: string;
  readonly bad: string;
  readonly branch: string;
  readonly last: string;
  readonly line: string;
  readonly dot: string;
}

const UNICODE: Symbols = { ok: '✓', warn: '!', bad: '✗', branch: '├─', last: '└─', line: '│ ', dot: '·' };
const ASCII: Symbols = { ok: 'ok', warn: '!', bad: 'x', branch: '|-', last: '`-', line: '| ', dot: '-' };

/** The terminal of this process. Colour: NO_COLOR over --color over FORCE_COLOR over whether stderr is a TTY. */
export function processTerminal(colorFlag: string | undefined): Terminal {
  const { env, stdout, stderr } = process;
  const tty = stderr.isTTY === true && env.TERM !== 'dumb';
  return {
    stdout,
    stderr,
    env,
    live: tty && !env.CI,
    width: stderr.columns || 80,
    color: createColors(wantsColor(env, colorFlag, tty)),
    symbol: usesUnicode(env) ? UNICODE : ASCII,
  };
}

function wantsColor(env: NodeJS.ProcessEnv, flag: string | undefined, tty: boolean): boolean {
  if (env.NO_COLOR) {
    return false;
  }
  if (flag === 'always' || flag === 'never') {
    return flag === 'always';
  }
  return env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : tty;
}

function usesUnicode(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return locale === '' || /utf-?8/i.test(locale);
}

/** Writes one line of data to stdout. A program gets it as it is, a terminal without what it would obey. */
export function print(terminal: Terminal, line: string): void {
  const { isTTY } = terminal.stdout as NodeJS.WritableStream & { readonly isTTY?: boolean };
  terminal.stdout.write(`${isTTY === true ? obeyless(line) : line}\n`);
}

/** Writes one line of talk to stderr. */
export function say(terminal: Terminal, line: string): void {
  terminal.stderr.write(`${obeyless(line)}\n`);
}

/**
 * Text without control characters, but for line ends, tabs and colours: names, notes and tags come from other people, by
 * way of a registry or an archive, and could move the cursor, rename the window or answer for the one who reads.
 */
export function obeyless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\u001b\[[\d;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (found) =>
    found.length > 1 ? found : '',
  );
}
