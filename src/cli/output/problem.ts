/** How an error is shown on a terminal: what failed, where, why, what to do, code. */
import { isLoadlineError, LoadlineError } from '../../errors.ts';
import type { Terminal } from './terminal.ts';
import { say } from './terminal.ts';

/** Any thrown value as one of ours; what is not becomes LL1099. */
export function toProblem(error: unknown): LoadlineError {
  if (isLoadlineError(error)) {
    return error;
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new LoadlineError('LL1099', message, { cause: error });
}

/** Writes the five parts of an error to stderr, or one JSON object with `--json`. */
export function sayProblem(terminal: Terminal, problem: LoadlineError, json: boolean, debug: boolean): void {
  if (json) {
    say(terminal, JSON.stringify(problemJson(problem)));
    return;
  }
  const { color, symbol } = terminal;
  say(terminal, `${color.red(symbol.bad)} ${color.bold(problem.code)}  ${problem.title}`);
  say(terminal, `  ${color.dim('what')}  ${problem.message}`);
  if (problem.detail.where !== undefined) {
    say(terminal, `  ${color.dim('where')} ${problem.detail.where}`);
  }
  say(terminal, `  ${color.dim('fix')}   ${problem.fix}`);
  say(terminal, `  ${color.dim('docs')}  loadline explain ${problem.code}`);
  if (debug) {
    const cause = problem.detail.cause instanceof Error ? problem.detail.cause : problem;
    say(terminal, cause.stack ?? String(cause));
  }
}

/** The error as a JSON object. */
export function problemJson(problem: LoadlineError): Record<string, unknown> {
  const { where, row, field, offset } = problem.detail;
  return {
    error: {
      code: problem.code,
      title: problem.title,
      detail: problem.message,
      where,
      row,
      field,
      offset,
      fix: problem.fix,
    },
  };
}
